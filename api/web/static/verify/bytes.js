// Small conversions. Nothing here decides anything.

export class Tampered extends Error {
  constructor(code, message) { super(message); this.code = code; }
}

export class CannotCheck extends Error {
  constructor(code, message) { super(message); this.code = code; }
}

export const malformed = (message) => new Tampered("malformed", message);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text) => encoder.encode(text);

export function text(what, bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed(`${what}: got bytes that are no UTF-8`);
  }
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const fromHex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function base64(what, encoded) {
  if (typeof encoded !== "string" || !BASE64.test(encoded)) throw malformed(`${what}: got no base64, expected base64`);
  return Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
}

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

export const short = (digest) => `${String(digest).slice(0, 16)}…`;
