// The log: signed notes, Merkle proofs (RFC 9162), and entries with what they commit to.

import { base64, fromHex, hex, joined, malformed, same, short, Tampered, utf8 } from "./bytes.js";
import { isSignedBy, sha256, sha256Hex } from "./crypto.js";
import { loadCanonical } from "./json.js";

const LOG_KEY = 1, WITNESS_KEY = 4;
const NAME = /^[^\s+]{1,200}$/;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const DASH = "— ";
const LEAF_FORM = "at_us,commitment,key_entry,kind,schema_version,subject";
const OPENING_FORM = "facts,kind,private_sha256,salt,schema_version,subject";
const HASH = /^[0-9a-f]{64}$/;

export async function parseNoteKey(line) {
  const [name, id, ...rest] = line.trim().split("+");
  const raw = base64("key", rest.join("+"));
  if (!NAME.test(name) || raw.length !== 33 || (raw[0] !== LOG_KEY && raw[0] !== WITNESS_KEY)) {
    throw malformed(`key: got ${JSON.stringify(line.slice(0, 40))}, expected name+hash+base64 of an Ed25519 key`);
  }
  const key = { name, kind: raw[0], raw: raw.subarray(1), fingerprint: await sha256Hex(raw.subarray(1)) };
  key.id = hex((await sha256(joined(utf8(`${name}\n`), raw))).subarray(0, 4));
  if (key.id !== id) throw malformed(`key ${name}: got the hash ${String(id).slice(0, 16)}, expected ${key.id}`);
  return key;
}

export async function parseTrust(what, content) {
  const trust = { logs: [], witnesses: [] };
  for (const line of content.split(/\r?\n/)) {
    const [kind, ...rest] = line.trim().split(" ");
    if (!kind || kind.startsWith("#") || kind === "worker") continue;
    const key = await parseNoteKey(rest.join(" "));
    if (kind === "log" && key.kind === LOG_KEY) trust.logs.push(key);
    else if (kind === "witness" && key.kind === WITNESS_KEY) trust.witnesses.push(key);
    else throw malformed(`${what}: got ${JSON.stringify(kind.slice(0, 20))}, expected log, witness or worker`);
  }
  return trust;
}

export function parseNote(what, whole) {
  const parted = whole.lastIndexOf("\n\n");
  const lines = whole.slice(parted + 2).replace(/\n$/, "").split("\n");
  if (whole.length > 16384 || parted < 0 || !whole.endsWith("\n") || lines.length > 32) {
    throw malformed(`${what}: got no note with 1 to 32 signatures, expected a signed note`);
  }
  if (lines.some((line) => !line.startsWith(DASH) || line.split(" ").length !== 3)) {
    throw malformed(`${what}: got a line that is no signature, expected a dash, a name and base64`);
  }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw malformed(`${what}: got control characters, expected plain text`);
  const content = whole.slice(0, parted + 1);
  const [origin, size, root, ...rest] = content.split("\n");
  if (!NAME.test(origin) || !SIZE.test(size ?? "") || rest.length !== 1 || rest[0] !== "") {
    throw malformed(`${what}: got no checkpoint, expected three lines: origin, size, root`);
  }
  const hash = base64(what, root);
  if (hash.length !== 32) throw malformed(`${what}: got a root of ${hash.length} bytes, expected 32`);
  return { content, lines, origin, size: Number(size), root: hash };
}

function signatureOf(note, key) {
  for (const line of note.lines) {
    const [name, encoded] = line.slice(DASH.length).split(" ");
    const raw = base64("signature", encoded);
    if (name === key.name && hex(raw.subarray(0, 4)) === key.id) return raw.subarray(4);
  }
  return null;
}

async function needSignature(what, key, signature, message) {
  if (!(await isSignedBy(key.raw, signature, message))) {
    throw new Tampered("signature_invalid", `${what}: got a signature that is not over these bytes, expected one by key ${short(key.fingerprint)}`);
  }
}

export async function checkCheckpoints(bundle, log) {
  const found = [];
  for (const [number, whole] of bundle.checkpoints.entries()) {
    const what = `checkpoint ${number + 1}`;
    const note = parseNote(what, whole);
    if (note.origin !== log.name) throw malformed(`${what}: got the log ${note.origin}, expected ${log.name}`);
    const signature = signatureOf(note, log);
    if (signature === null) {
      throw new Tampered("signature_invalid", `${what}: got no signature of ${log.name} by the key ${log.id}, expected one`);
    }
    await needSignature(what, log, signature, utf8(note.content));
    found.push(note);
  }
  for (const [number, proof] of bundle.consistency.entries()) {
    await checkConsistency(`checkpoints ${number + 1} and ${number + 2}`, found[number], found[number + 1], proof.map(fromHex));
  }
  return found;
}

// When this witness countersigned, in seconds since 1970 UTC; null: it did not.
export async function cosignedAt(note, key) {
  const signature = signatureOf(note, key);
  if (signature === null) return null;
  const view = new DataView(signature.buffer, signature.byteOffset, signature.byteLength);
  const at = signature.length > 8 ? view.getUint32(0) * 2 ** 32 + view.getUint32(4) : 0;
  await needSignature(`witness ${key.name}`, key, signature.subarray(8), utf8(`cosignature/v1\ntime ${at}\n${note.content}`));
  return at;
}

const leafHash = (leaf) => sha256(joined(Uint8Array.of(0), leaf));
const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));
const half = (value) => Math.floor(value / 2);

async function checkInclusion(what, leaf, index, size, proof, root) {
  const no = (why) => new Tampered("not_in_log", `${what}: ${why}`);
  if (!(index >= 0 && index < size)) throw no(`got entry ${index} of a log of ${size}, expected one below its size`);
  let [node, last, folded] = [index, size - 1, await leafHash(leaf)];
  for (const sibling of proof) {
    if (last === 0) throw no(`got a proof of ${proof.length} hashes, expected fewer`);
    if (node % 2 === 1 || node === last) {
      folded = await nodeHash(sibling, folded);
      while (node % 2 === 0 && node > 0) [node, last] = [half(node), half(last)];
    } else {
      folded = await nodeHash(folded, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0 || !same(folded, root)) {
    throw no(`got root ${short(hex(folded))} from its proof, expected ${short(hex(root))}`);
  }
}

async function checkConsistency(what, old, now, proof) {
  const no = (why) => new Tampered("log_forked", `${what}: ${why}`);
  if (old.size > now.size) throw no(`got a log of ${now.size} entries after one of ${old.size}, expected no fewer`);
  if (old.size === 0 || old.size === now.size) {
    const root = old.size === 0 ? await sha256(new Uint8Array()) : now.root;
    if (proof.length > 0 || !same(old.root, root)) throw no(`got two roots or a proof for ${old.size} entries, expected one root`);
    return;
  }
  if (proof.length === 0) throw no(`got no proof from ${old.size} to ${now.size} entries, expected one`);
  let [node, last] = [old.size - 1, now.size - 1];
  let isPower = true;
  for (let rest = old.size; rest > 1; rest /= 2) if (rest % 2 === 1) { isPower = false; break; }
  const path = isPower ? [old.root, ...proof] : proof;
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [before, after] = [path[0], path[0]];
  for (const each of path.slice(1)) {
    if (last === 0) throw no(`got a proof of ${proof.length} hashes, expected fewer`);
    if (node % 2 === 1 || node === last) {
      [before, after] = [await nodeHash(each, before), await nodeHash(each, after)];
      while (node % 2 === 0 && node > 0) [node, last] = [half(node), half(last)];
    } else {
      after = await nodeHash(after, each);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0) throw no(`got a proof of ${proof.length} hashes, expected more`);
  for (const [name, got, expected] of [["old", before, old.root], ["new", after, now.root]]) {
    if (!same(got, expected)) throw no(`got ${name} root ${short(hex(got))} from the proof, expected ${short(hex(expected))}`);
  }
}

export async function checkEntries(bundle, checkpoints) {
  const found = [];
  for (const entry of bundle.entries) {
    const what = `entry ${entry.index}`;
    const [leafBytes, openingBytes] = [utf8(entry.leaf), utf8(entry.opening)];
    const leaf = loadCanonical(what, leafBytes, 1024, 3);
    const opening = loadCanonical(what, openingBytes, 16384, 3);
    const names = [leaf, opening].map((each) => Object.keys(each ?? {}).sort().join());
    if (names[0] !== LEAF_FORM || names[1] !== OPENING_FORM || !HASH.test(leaf.commitment)) {
      throw malformed(`${what}: got no leaf or no opening, expected both`);
    }
    const checkpoint = checkpoints[entry.checkpoint];
    if (checkpoint === undefined) throw malformed(`${what}: got checkpoint ${entry.checkpoint + 1}, expected one of ${checkpoints.length}`);
    await checkInclusion(what, leafBytes, entry.index, checkpoint.size, entry.proof.map(fromHex), checkpoint.root);
    const commitment = await sha256Hex(openingBytes);
    if (commitment !== leaf.commitment || opening.kind !== leaf.kind || opening.subject !== leaf.subject) {
      throw new Tampered("entry_mismatch", `${what}: got the opening of ${opening.kind} ${opening.subject}, expected that of ${short(leaf.commitment)}`);
    }
    found.push({ index: entry.index, checkpoint: entry.checkpoint, leaf, facts: opening.facts ?? {} });
  }
  return found;
}

// The key that the log held valid at the place of an entry that a worker signed.
export async function keyAt(entries, signed) {
  const what = `entry ${signed.index}`;
  const found = entries.find((entry) => entry.index === signed.leaf.key_entry && entry.leaf.kind === "key");
  if (found === undefined || found.index >= signed.index) {
    throw new Tampered("entry_mismatch", `${what}: got no earlier entry ${signed.leaf.key_entry} about its key, expected one`);
  }
  const raw = base64("public key", String(found.facts.public_key).replace(/^ed25519:/, ""));
  const fingerprint = await sha256Hex(raw);
  if (raw.length !== 32 || fingerprint !== found.leaf.subject) {
    throw new Tampered("entry_mismatch", `entry ${found.index}: got another key than ${short(found.leaf.subject)}, expected that`);
  }
  if (found.facts.change !== "enrol") {
    throw new Tampered("key_revoked", `${what}: got a key that entry ${found.index} made '${found.facts.change}', expected an enrolled one`);
  }
  return { raw, fingerprint, entry: found.index };
}
