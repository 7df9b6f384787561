// SHA-256 and Ed25519: by the browser where it has them, else by the vendored code (noble, MIT, pinned by hash).

import { CannotCheck, hex } from "./bytes.js";

let vendored = null;

async function fallback() {
  try {
    vendored ??= Promise.all([import("./vendor/noble-ed25519.js"), import("./vendor/sha2.js")]);
    const [ed25519, sha2] = await vendored;
    ed25519.hashes.sha512 = sha2.sha512;
    return { ed25519, sha2 };
  } catch {
    throw new CannotCheck("no_crypto", "this browser has neither SHA-256 nor Ed25519, and the page's own do not run in it");
  }
}

// Fetched with the page, so that nothing has to be fetched later.
export const ready = fallback().then(() => true, () => false);

const subtle = () => globalThis.crypto?.subtle;

export async function sha256(bytes) {
  if (subtle()?.digest) return new Uint8Array(await subtle().digest("SHA-256", bytes));
  return (await fallback()).sha2.sha256(bytes);
}

export const sha256Hex = async (bytes) => hex(await sha256(bytes));

export async function isSignedBy(publicKey, signature, message) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const native = await byBrowser(publicKey, signature, message);
  if (native !== null) return native;
  const { ed25519 } = await fallback();
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

async function byBrowser(publicKey, signature, message) {
  if (!subtle()?.importKey) return null;
  try {
    const key = await subtle().importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    return await subtle().verify({ name: "Ed25519" }, key, signature, message);
  } catch {
    return null; // no Ed25519 here, or a key that it does not take: the vendored code decides
  }
}
