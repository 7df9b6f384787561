// The envelope (DSSE) around what a worker or the log signs.

import { base64, joined, malformed, short, Tampered, utf8 } from "./bytes.js";
import { isSignedBy } from "./crypto.js";
import { canonical, loadJson } from "./json.js";
import { text } from "./bytes.js";

export const LIMIT = 131072;
const FIELDS = "payload,payloadType,signatures";

export function openEnvelope(what, bytes, type) {
  const content = loadJson(what, bytes, LIMIT);
  const isOne = content !== null && typeof content === "object" && Object.keys(content).sort().join() === FIELDS;
  if (!isOne) throw malformed(`${what}: got other fields than ${FIELDS}, expected a DSSE envelope`);
  if (content.payloadType !== type) throw malformed(`${what}: got another type, expected '${type}'`);
  const signature = Array.isArray(content.signatures) && content.signatures.length === 1 ? content.signatures[0] : null;
  if (signature === null || Object.keys(signature).sort().join() !== "keyid,sig") {
    throw malformed(`${what}: got no list of one signature, expected exactly one`);
  }
  if (canonical(content) !== text(what, bytes)) throw malformed(`${what}: got another spelling of the envelope`);
  return { what, type, signer: signature.keyid, payload: base64(what, content.payload), signature: base64(what, signature.sig) };
}

// The signed bytes; throws where the signature is not this key's.
export async function payloadOf(envelope, key) {
  const head = `DSSEv1 ${utf8(envelope.type).length} ${envelope.type} ${envelope.payload.length} `;
  const message = joined(utf8(head), envelope.payload);
  const isNamed = envelope.signer === key.fingerprint;
  if (!isNamed || !(await isSignedBy(key.raw, envelope.signature, message))) {
    throw new Tampered("signature_invalid", `${envelope.what}: got a signature by ${short(envelope.signer)} that does not hold, expected one by key ${short(key.fingerprint)}`);
  }
  return envelope.payload;
}
