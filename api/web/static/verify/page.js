// The page: a fingerprint and a file in, a verdict out. No request is made.

import { ready } from "./crypto.js";
import { check, utc } from "./check.js";

const texts = JSON.parse(document.getElementById("texts").dataset.texts);
const t = (key) => texts[key] ?? key;
const part = (id) => document.getElementById(id);
const MARKS = { passed: "✓", failed: "✗", cannot_check: "?" };
const urls = [];

function spaced(fingerprint) {
  return (fingerprint.replace(/[^0-9a-fA-F]/g, "").toLowerCase().match(/.{1,8}/g) ?? []).join(" ");
}

function fromAddress() {
  const typed = spaced(location.hash.slice(1));
  if (typed) part("fingerprint").value = typed;
}

function clear() {
  for (const id of ["facts", "pictures", "steps", "verdict"]) part(id).hidden = true;
  for (const id of ["facts-list", "pictures-list", "steps-list"]) part(id).replaceChildren();
  while (urls.length) URL.revokeObjectURL(urls.pop());
}

function showStep({ name, outcome, said }) {
  const line = document.createElement("li");
  line.className = `step-${outcome}`;
  line.append(`${MARKS[outcome]} ${t(`verify_step.${name}`)}`);
  const found = document.createElement("span");
  found.className = "verify-found figure";
  found.textContent = said ?? t("verify.no_witness");
  line.append(found);
  part("steps-list").append(line);
  part("steps").hidden = false;
}

function showVerdict(kind, title, reason, said) {
  const box = part("verdict");
  box.className = `verdict verdict-${kind}`;
  box.dataset.code = kind === "checking" ? "" : reason ?? "genuine";
  box.hidden = false;
  part("verdict-title").textContent = title;
  part("verdict-text").textContent = kind === "checking" ? "" : t(`verify_verdict.${kind}_text`);
  part("verdict-reason").textContent = reason ? t(`verify_reason.${reason}`) : "";
  part("verdict-said").textContent = said ?? "";
}

function showFacts(found) {
  const rows = [
    ["notice_number", found.bundle.notice_number ?? "–"], ["claim", found.manifest.id],
    ["occurred", found.manifest.occurred_at_local], ["place", found.manifest.camera?.address ?? ""],
    ["sealed_by", found.sealedBy === undefined ? t("verify.no_witness") : utc(found.sealedBy)],
  ];
  for (const [name, value] of rows) {
    const row = document.createElement("div");
    const [term, said] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = t(`verify.${name}`);
    said.textContent = value;
    row.append(term, said);
    part("facts-list").append(row);
  }
  part("facts").hidden = false;
}

function showPictures(found) {
  for (const name of found.shown) {
    const isClip = name.endsWith(".mp4");
    const url = URL.createObjectURL(new Blob([found.files.get(name)], { type: isClip ? "video/mp4" : "image/jpeg" }));
    urls.push(url);
    const shown = document.createElement(isClip ? "video" : "img");
    shown.src = url;
    if (isClip) Object.assign(shown, { controls: true, muted: true });
    else shown.alt = name;
    part("pictures-list").append(shown);
  }
  part("pictures").hidden = found.shown.length === 0;
}

async function run() {
  const file = part("file").files[0];
  clear();
  if (!file) return;
  showVerdict("checking", t("verify.checking"));
  let failed = null;
  const onStep = (step) => {
    if (step.code) failed = step;
    showStep(step);
  };
  try {
    await ready;
    const found = await check(new Uint8Array(await file.arrayBuffer()), part("fingerprint").value, onStep);
    const { verdict } = found;
    const isHere = verdict === "cannot" && found.code !== "not_witnessed";
    const key = verdict === "genuine" && found.withdrawn ? "withdrawn" : isHere ? "cannot_here" : verdict;
    showVerdict(verdict, t(`verify_verdict.${key}`), found.code, failed?.said);
    if (verdict === "genuine") {
      showFacts(found);
      showPictures(found);
    }
  } catch (error) {
    showVerdict("cannot", t("verify_verdict.cannot_here"), "not_readable", error.name);
  }
  part("verdict").focus();
}

addEventListener("hashchange", () => {
  fromAddress();
  run();
});
part("file").addEventListener("change", run);
part("fingerprint").addEventListener("change", run);
fromAddress();
