// The case page. Without this file the page still works: the clip has its own controls, forms post, pictures open.

import { openStage } from "./stage.js";
import { openPlayer } from "./player.js";
import { openReject } from "./reject.js";
import { keepDraft } from "./draft.js";
import { leadThrough } from "./confirm.js";

const stage = openStage();
const player = openPlayer(stage);
const reject = openReject();
const confirmForm = document.getElementById("confirm-form");
const plate = document.getElementById("plate");
const keysOn = document.getElementById("keys-on");

if (confirmForm) {
  keepDraft(confirmForm);
  leadThrough(confirmForm);
}

keysOn.checked = localStorage.getItem("keys-off") === null;
keysOn.addEventListener("change", () => {
  if (keysOn.checked) localStorage.removeItem("keys-off");
  else localStorage.setItem("keys-off", "1");
});

const VIEWS = { v: "clip", 1: "before", 2: "at", 3: "beyond", 4: "vehicle" };
const DEEDS = {
  " ": () => player?.toggle(),
  ArrowLeft: () => player?.step(-1),
  ArrowRight: () => player?.step(1),
  "[": () => player?.pace(-1),
  "]": () => player?.pace(1),
  a: () => player?.toAct(),
  z: () => stage.zoom(),
  o: () => stage.overlay(),
  b: () => { plate?.focus(); plate?.select(); },
  x: () => reject?.open(),
};

function isTyping(target) {
  return target.closest('input:not([type="radio"], [type="checkbox"], [type="range"]), textarea, select') !== null;
}

function onKey(press) {
  if (press.key === "Enter" && (press.ctrlKey || press.metaKey) && confirmForm) {
    press.preventDefault();
    if (!document.getElementById("confirm").disabled) confirmForm.requestSubmit();
    return;
  }
  if (press.ctrlKey || press.metaKey || press.altKey || isTyping(press.target)) return;
  if (reject?.takes(press)) return;
  if (!keysOn.checked) return;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const isArrowElsewhere = key.startsWith("Arrow") && press.target.closest('input[type="radio"], input[type="range"]');
  const isSpaceElsewhere = key === " " && press.target.closest("button, a, summary, input");
  if (isArrowElsewhere || isSpaceElsewhere) return;
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const deed = VIEWS[key] ? () => stage.show(VIEWS[key]) : DEEDS[key] ?? (button ? () => button.click() : undefined);
  if (!deed) return;
  press.preventDefault();
  deed();
}

document.addEventListener("keydown", onKey);
document.getElementById("problems")?.focus();

const copy = document.getElementById("copy-link");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("issued-link").value);
    copy.textContent = copy.dataset.copied;
  });
}
