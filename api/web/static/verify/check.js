// The check of a bundle, step by step, against a fingerprint that does not come from it: as `phatnguoi verify` does it.

import { CannotCheck, malformed, same, short, Tampered, text } from "./bytes.js";
import { sha256Hex } from "./crypto.js";
import { LIMIT as ENVELOPE_LIMIT, openEnvelope, payloadOf } from "./envelope.js";
import { loadCanonical, loadJson } from "./json.js";
import { checkCheckpoints, checkEntries, cosignedAt, keyAt, parseTrust } from "./log.js";
import { unzip } from "./zip.js";

const TYPE = (kind) => `application/vnd.phatnguoi.${kind}.v1+json`;
const OWN = ["bundle.json", "trust.txt", "read_me.html", "manifest.json", "manifest_dsse.json"];
const CLOCKS_MAY_DIFFER_S = 60;

export async function check(bytes, fingerprint, onStep) {
  const here = { fingerprint, files: null };
  for (const [name, step] of STEPS) {
    try {
      onStep({ name, outcome: "passed", said: await step(here, bytes) });
    } catch (error) {
      const cannot = error instanceof CannotCheck;
      if (!cannot && !(error instanceof Tampered)) throw error;
      onStep({ name, outcome: cannot ? "cannot_check" : "failed", said: error.message, code: error.code });
      return { verdict: error.code === "unknown_issuer" ? "unknown" : cannot ? "cannot" : "tampered", code: error.code };
    }
  }
  return { verdict: "genuine", ...here };
}

const STEPS = [
  ["issuer", issuer], ["listed", listed], ["checkpoints", checkpoints], ["entries", entries], ["manifest", manifest],
  ["witness", witness], ["key", key], ["signature", signature], ["contents", contents], ["decision", decision],
];

function file(here, name, limit) {
  const body = here.files.get(name);
  if (body === undefined) throw malformed(`${name}: got no such file, expected one`);
  if (body.length > limit) throw malformed(`${name}: got more than ${limit} bytes, expected at most that`);
  return body;
}

async function issuer(here, bytes) {
  here.files = await unzip(bytes);
  const expected = String(here.fingerprint ?? "").replace(/\s/g, "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(expected)) {
    throw new CannotCheck("unknown_issuer", "got no fingerprint of the agency's keys, expected the 64 characters that the notice prints");
  }
  const trustBytes = file(here, "trust.txt", 65536);
  const got = await sha256Hex(trustBytes);
  if (got !== expected) {
    throw new CannotCheck("unknown_issuer", `trust.txt: got keys of fingerprint ${short(got)}, expected ${short(expected)}`);
  }
  here.trust = await parseTrust("trust.txt", text("trust.txt", trustBytes));
  const envelope = openEnvelope("bundle.json", file(here, "bundle.json", ENVELOPE_LIMIT), TYPE("bundle"));
  here.log = here.trust.logs.find((log) => log.fingerprint === envelope.signer);
  if (here.log === undefined) {
    throw new CannotCheck("unknown_issuer", `got a bundle signed by key ${short(envelope.signer)}, expected one of the ${here.trust.logs.length} logs that you trust`);
  }
  here.bundle = formed(loadJson("bundle.json", await payloadOf(envelope, here.log), 98304));
  return `${here.log.name}, ${short(here.log.fingerprint)}`;
}

const FORM = "case_id,checkpoints,claim_id,consistency,entries,files,notice_number,schema_version";
const ENTRY_FORM = "checkpoint,index,leaf,opening,proof";
const FILE_FORM = "length_bytes,name,sha256";
const HASHES = (list) => Array.isArray(list) && list.length <= 128 && list.every((each) => /^[0-9a-f]{64}$/.test(each));
const has = (value, form) => value !== null && typeof value === "object" && Object.keys(value).sort().join() === form;
const isText = (value) => typeof value === "string";
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

function isEntry(each) {
  return has(each, ENTRY_FORM) && isCount(each.index) && isCount(each.checkpoint) && isText(each.leaf) && isText(each.opening)
    && HASHES(each.proof);
}

function isForm(bundle) {
  if (!has(bundle, FORM) || bundle.schema_version !== 1 || !isText(bundle.claim_id) || !isText(bundle.case_id)) return false;
  const { checkpoints, consistency, entries, files } = bundle;
  if (![checkpoints, consistency, entries, files].every(Array.isArray) || checkpoints.length < 1 || checkpoints.length > 4) return false;
  return checkpoints.every(isText) && consistency.length === checkpoints.length - 1 && consistency.every(HASHES)
    && entries.length >= 2 && entries.length <= 32 && entries.every(isEntry) && files.length <= 64
    && files.every((each) => has(each, FILE_FORM) && isText(each.name) && isText(each.sha256) && isCount(each.length_bytes));
}

function formed(bundle) {
  if (!isForm(bundle)) throw malformed("bundle.json: got no such fields, expected the bundle's form");
  return bundle;
}

async function compare(name, body, sha256, length) {
  const got = await sha256Hex(body);
  if (got !== sha256 || body.length !== length) {
    throw new Tampered("digest_mismatch", `${name}: got ${body.length} bytes of SHA-256 ${short(got)}, expected ${length} bytes of ${short(sha256)}`);
  }
}

async function listed(here) {
  const names = new Map(here.bundle.files.map((each) => [each.name, each]));
  for (const name of here.files.keys()) {
    if (name !== "bundle.json" && !names.has(name)) throw malformed(`${name}: got a file that is not listed, expected exactly the listed files`);
  }
  for (const each of names.values()) {
    if (!here.files.has(each.name)) throw malformed(`${each.name}: got no file, expected exactly the listed files`);
    await compare(each.name, here.files.get(each.name), each.sha256, each.length_bytes);
  }
  return String(names.size);
}

async function checkpoints(here) {
  here.checkpoints = await checkCheckpoints(here.bundle, here.log);
  return here.checkpoints.map((note) => note.size).join(", ");
}

async function entries(here) {
  here.entries = await checkEntries(here.bundle, here.checkpoints);
  return here.entries.map((entry) => `${entry.leaf.kind} ${entry.index}`).join(", ");
}

async function manifest(here) {
  here.body = file(here, "manifest.json", 65536);
  here.manifest = loadCanonical("manifest.json", here.body, 65536);
  here.digest = await sha256Hex(here.body);
  const { id, files } = here.manifest;
  if (typeof id !== "string" || !Array.isArray(files)) throw malformed("manifest.json: got no manifest, expected one");
  if (id !== here.bundle.claim_id) throw new Tampered("entry_mismatch", `manifest.json: got claim ${id}, expected ${here.bundle.claim_id}`);
  const about = here.entries.filter((entry) => entry.leaf.kind === "manifest" && entry.leaf.subject === id);
  here.sealed = about.find((entry) => entry.facts.manifest_sha256 === here.digest);
  if (here.sealed === undefined) {
    throw new Tampered("entry_mismatch", `manifest.json: got SHA-256 ${short(here.digest)}, expected one that the log has for claim ${id}`);
  }
  return `${id}, ${here.sealed.index}`;
}

async function witness(here) {
  const occurred = here.manifest.occurred_at_us / 1e6;
  const note = here.checkpoints[here.sealed.checkpoint];
  const times = [];
  for (const each of here.trust.witnesses) {
    const at = await cosignedAt(note, each);
    if (at !== null) times.push([at, each.name]);
  }
  if (here.trust.witnesses.length === 0) return null;
  if (times.length === 0) {
    const names = here.trust.witnesses.map((each) => each.name).join(", ");
    throw new CannotCheck("not_witnessed", `got no countersignature on the checkpoint of size ${note.size}, expected one of ${names}`);
  }
  const [at, name] = times.sort((a, b) => a[0] - b[0])[0];
  if (at + CLOCKS_MAY_DIFFER_S < occurred) {
    throw new Tampered("time_contradiction", `got an act at ${utc(occurred)}, expected one before ${utc(at)}, when ${name} saw it sealed`);
  }
  here.sealedBy = at;
  return `${utc(at)}, ${name}`;
}

export const utc = (seconds) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, " UTC").replace("T", " ");

async function key(here) {
  here.key = await keyAt(here.entries, here.sealed);
  return `${short(here.key.fingerprint)}, ${here.key.entry}`;
}

async function signedBody(here, name, type, signer, body, what) {
  const payload = await payloadOf(openEnvelope(name, file(here, name, ENVELOPE_LIMIT), type), signer);
  if (!same(payload, body)) throw new Tampered("entry_mismatch", `${what}: got other bytes than the signed ones`);
}

async function signature(here) {
  await signedBody(here, "manifest_dsse.json", TYPE("manifest"), here.key, here.body, "manifest.json");
  return "Ed25519, DSSE";
}

async function contents(here) {
  const sealed = new Map(here.manifest.files.map((each) => [each.name, each]));
  let compared = 0;
  for (const each of sealed.values()) {
    if (here.files.has(each.name)) {
      await compare(each.name, here.files.get(each.name), each.sha256, each.length_bytes);
      compared += 1;
    }
  }
  const made = here.files.has("derived.json") ? await derived(here, sealed) : [];
  const known = new Set([...OWN, ...sealed.keys(), ...made]);
  for (const name of here.files.keys()) {
    if (!known.has(name)) throw malformed(`${name}: got a file that nobody sealed, expected only sealed ones`);
  }
  here.shown = [...here.files.keys()].filter((name) => /\.(?:jpg|mp4)$/.test(name)).sort();
  return `${compared} + ${made.length ? made.length - 2 : 0}`;
}

async function derived(here, sealed) {
  const body = file(here, "derived.json", 65536);
  const digest = await sha256Hex(body);
  const entry = here.entries.find((each) => each.leaf.kind === "derived" && each.facts.derived_sha256 === digest);
  if (entry === undefined) throw new Tampered("entry_mismatch", `derived.json: got SHA-256 ${short(digest)}, expected one that the log has`);
  await signedBody(here, "derived_dsse.json", TYPE("derived"), await keyAt(here.entries, entry), body, "derived.json");
  const found = loadCanonical("derived.json", body, 65536);
  if (found.id !== here.manifest.id || found.manifest_sha256 !== here.digest || !Array.isArray(found.files)) {
    throw new Tampered("entry_mismatch", `derived.json: got claim ${found.id}, expected ${here.manifest.id}`);
  }
  for (const each of found.files) {
    if (sealed.get(each.original)?.sha256 !== each.original_sha256) {
      throw new Tampered("entry_mismatch", `${each.name}: got the original ${each.original} ${short(each.original_sha256)}, expected ${short(sealed.get(each.original)?.sha256)}`);
    }
    if (here.files.has(each.name)) await compare(each.name, here.files.get(each.name), each.sha256, each.length_bytes);
  }
  return ["derived.json", "derived_dsse.json", ...found.files.map((each) => each.name)];
}

async function decision(here) {
  const decisions = here.entries.filter((entry) => ["review", "notice", "withdrawal"].includes(entry.leaf.kind));
  decisions.sort((a, b) => a.index - b.index);
  for (const { index, leaf, facts } of decisions) {
    const pairs = [
      ["subject", leaf.subject, here.bundle.case_id], ["claim", facts.claim, here.manifest.id],
      ["act_code", facts.act_code, here.manifest.act_code],
    ];
    for (const [name, got, expected] of pairs) {
      if (got !== expected) throw new Tampered("entry_mismatch", `entry ${index}: ${name}: got ${got}, expected ${expected}`);
    }
  }
  const notice = decisions.find((entry) => entry.leaf.kind === "notice");
  const number = here.bundle.notice_number;
  if ((notice === undefined) !== (number === null) || (notice && notice.facts.number !== number)) {
    throw new Tampered("entry_mismatch", "got a notice without its own entry, expected both");
  }
  const confirmed = decisions.filter((entry) => entry.leaf.kind === "review" && entry.facts.decision === "confirm");
  if (notice && !(confirmed.length && confirmed[0].index < notice.index)) {
    throw new Tampered("entry_mismatch", `entry ${notice.index}: got a notice before any review said yes, expected one after`);
  }
  here.withdrawn = decisions.some((entry) => entry.leaf.kind === "withdrawal");
  return decisions.map((entry) => `${entry.leaf.kind} ${entry.facts.decision ?? ""}`.trim()).join(", ");
}
