// The case page. Without this file the page still works: the clip has its own controls, forms post, pictures open.

import { leadThrough } from "./confirm.js";
import { keepDraft } from "./draft.js";
import { openDrawing } from "./drawn.js";
import { arrived, comparePlate, openFlow, tellOpened } from "./flow.js";
import { lettersWork, openHelp, showHelpButtons } from "./help.js";
import { listen } from "./live.js";
import { watchOpened } from "./opened.js";
import { openPlayer } from "./player.js";
import { openReject } from "./reject.js";
import { openStage } from "./stage.js";
import { showUndo } from "./undo.js";

let desk;

/** Gives the case that now stands in the page its life. */
function mount() {
  const root = document.querySelector(".case-root");
  const id = root.dataset.case;
  const opened = watchOpened(id, (part) => tellOpened(id, part));
  const stage = openStage({ onShow: (name) => { if (name !== "clip") opened.open(name); }, onFail: opened.fail });
  desk = {
    stage,
    opened,
    player: openPlayer(stage, () => opened.open("clip")),
    drawing: openDrawing(),
    reject: openReject(),
    form: document.getElementById("confirm-form"),
    plate: document.getElementById("plate"),
  };
  if (desk.form) {
    keepDraft(desk.form);
    leadThrough(desk.form, (plate) => comparePlate(id, plate));
    desk.plate.addEventListener("input", () => document.getElementById("compared").replaceChildren());
    desk.form.addEventListener("submit", (submit) => {
      if (!opened.isBarred()) return;
      submit.preventDefault();
      const why = document.getElementById("confirm-why");
      document.getElementById("announcer").textContent = why.textContent;
      why.classList.add("asked");
    });
  }
  if (root.dataset.undoS) showUndo(root.dataset, root.dataset.undoKind, Number(root.dataset.undoS));
  listenAbout(root);
  letCopy();
  showHelpButtons();
  arrived(id);
}

/** Says when somebody else takes or decides what is open here, and how many wait. */
function listenAbout(root) {
  const first = { state: root.dataset.state, isMine: root.dataset.mine === "1" };
  listen(root.dataset.case, (news) => {
    const waiting = document.getElementById("waiting");
    if (waiting) waiting.textContent = waiting.dataset.words.replace("%s", String(news.counts.new));
    if (!news.case || news.case.id !== root.dataset.case) return;
    const isLost = first.isMine && !news.case.is_mine;
    const isTaken = !first.isMine && news.case.holder !== null && !news.case.is_mine && !document.querySelector(".held-by");
    if (!isLost && !isTaken && news.case.state === first.state) return;
    if (document.querySelector('form[aria-busy="true"]') || document.getElementById("undo-bar").hidden === false) return;
    const notice = document.getElementById("moved");
    notice.hidden = false;
    notice.querySelector(".moved-by").textContent = news.case.holder ?? "";
  });
}

function letCopy() {
  const copy = document.getElementById("copy-link");
  if (!copy || !navigator.clipboard) return;
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("issued-link").value);
    copy.textContent = copy.dataset.copied;
  });
}

const VIEWS = { v: "clip", 1: "before", 2: "at", 3: "beyond", 4: "vehicle" };
const PANS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const DEEDS = {
  " ": () => desk.player?.toggle(),
  ArrowLeft: () => desk.player?.step(-1),
  ArrowRight: () => desk.player?.step(1),
  "[": () => desk.player?.pace(-1),
  "]": () => desk.player?.pace(1),
  a: () => desk.player?.toAct(),
  z: () => desk.stage.zoom(),
  "+": () => desk.stage.closer(1),
  "=": () => desk.stage.closer(1),
  "-": () => desk.stage.closer(-1),
  0: () => desk.stage.whole(),
  o: () => desk.drawing.toggle(),
  b: () => { desk.plate?.focus(); desk.plate?.select(); },
  x: () => desk.reject?.open(),
};

function isTyping(target) {
  return target.closest('input:not([type="radio"], [type="checkbox"], [type="range"]), textarea, select') !== null;
}

function deedOf(key) {
  if (PANS[key] && desk.stage.isZoomed()) return () => desk.stage.pan(...PANS[key]);
  if (VIEWS[key]) return () => desk.stage.show(VIEWS[key]);
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  return DEEDS[key] ?? (button?.checkVisibility() ? () => button.click() : undefined);
}

function onKey(press) {
  if (document.querySelector("dialog[open]")) return;
  if (press.key === "Enter" && (press.ctrlKey || press.metaKey) && desk.form) {
    press.preventDefault();
    desk.form.requestSubmit();
    return;
  }
  if (press.ctrlKey || press.metaKey || press.altKey || isTyping(press.target)) return;
  if (desk.reject?.takes(press)) return;
  if (!lettersWork()) return;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const isArrowElsewhere = key.startsWith("Arrow") && press.target.closest('input[type="radio"], input[type="range"]');
  const isSpaceElsewhere = key === " " && press.target.closest("button, a, summary, input");
  const deed = isArrowElsewhere || isSpaceElsewhere ? undefined : deedOf(key);
  if (!deed) return;
  press.preventDefault();
  deed();
}

document.addEventListener("keydown", onKey);
openHelp();
openFlow(mount);
mount();
document.getElementById("problems")?.focus();
