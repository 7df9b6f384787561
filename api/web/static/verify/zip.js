// The files of a bundle, read without trusting a name, a length or a compressor.

import { CannotCheck, joined, malformed } from "./bytes.js";

const FILES = 64;
const LIMIT = 2 ** 29;
const DIRECTORY_LIMIT = 16384;
const NAME = /^[a-z0-9_]{1,48}\.[a-z0-9]{1,8}$/;
const END = 0x06054b50, ENTRY = 0x02014b50, LOCAL = 0x04034b50;

export async function unzip(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = new Map();
  let total = 0;
  for (const member of members(view)) {
    total += member.size;
    if (files.has(member.name)) throw malformed(`${member.name}: got two files of this name, expected each name once`);
    if (total > LIMIT) throw malformed(`bundle: got more than ${LIMIT} bytes unpacked, expected at most that`);
    files.set(member.name, await content(bytes, view, member));
  }
  return files;
}

function* members(view) {
  const end = view.byteLength - 22;
  if (end < 0 || view.byteLength > LIMIT) throw malformed(`bundle: got ${view.byteLength} bytes, expected a zip`);
  const [here, count] = [view.getUint16(end + 8, true), view.getUint16(end + 10, true)];
  const [length, start] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  const isPlain = view.getUint32(end, true) === END && view.getUint16(end + 20, true) === 0 && start + length === end;
  if (!isPlain) throw malformed("bundle: got no zip, or one with something before or after it, expected a plain zip");
  if (here !== count || count > FILES || length > DIRECTORY_LIMIT) {
    throw malformed(`bundle: got ${count} files, expected at most ${FILES}`);
  }
  let at = start;
  for (let number = 0; number < count; number += 1) {
    if (at + 46 > end || view.getUint32(at, true) !== ENTRY) throw malformed("bundle: got a directory that is cut off");
    const member = entry(view, at);
    at += 46 + member.tail;
    if (at > end) throw malformed("bundle: got a directory that is cut off");
    yield member;
  }
  if (at !== end) throw malformed("bundle: got more in its directory than files");
}

function entry(view, at) {
  const nameLength = view.getUint16(at + 28, true);
  const letters = new Uint8Array(view.buffer, view.byteOffset + at + 46, Math.min(nameLength, view.byteLength - at - 46));
  const name = String.fromCharCode(...letters.subarray(0, 60));
  if (!NAME.test(name)) throw malformed(`got a file named ${JSON.stringify(name)}, expected lower-case letters, digits, _ and one dot`);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const kind = (view.getUint32(at + 38, true) >>> 16) & 0o170000;
  if (kind !== 0 && kind !== 0o100000) throw malformed(`${name}: got a link or a device, expected a file`);
  if (flags & 1 || (method !== 0 && method !== 8)) throw malformed(`${name}: got a locked or unusual member`);
  return {
    name, method,
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    local: view.getUint32(at + 42, true),
    tail: nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true),
  };
}

async function content(bytes, view, member) {
  const { name, local, packed, size } = member;
  if (local + 30 > view.byteLength || view.getUint32(local, true) !== LOCAL) throw malformed(`${name}: got no such member`);
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (start + packed > view.byteLength) throw malformed(`${name}: got a member that is cut off, expected a whole one`);
  const raw = bytes.subarray(start, start + packed);
  const body = member.method === 0 ? raw : await inflated(name, raw, size);
  if (body.length !== size) throw malformed(`${name}: got ${body.length} bytes, expected ${size}`);
  return body;
}

async function inflated(name, raw, size) {
  if (typeof DecompressionStream === "undefined") {
    throw new CannotCheck("no_unzip", "this browser cannot unpack files");
  }
  const parts = [];
  let length = 0;
  try {
    const reader = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      length += step.value.length;
      if (length > size) {
        await reader.cancel();
        break;
      }
      parts.push(step.value);
    }
  } catch {
    throw malformed(`${name}: got a member of the zip that cannot be unpacked, expected a whole one`);
  }
  if (length > size) throw malformed(`${name}: got more than ${size} bytes, expected at most that`);
  return joined(...parts);
}
