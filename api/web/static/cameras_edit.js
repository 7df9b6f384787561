// The editor: a drawing, numbers and a text that always say the same; the office's own reader judges all three.

import { addPart, openModel } from "./cameras_model.js";
import { fill, openDrawing } from "./cameras_draw.js";
import { openFields } from "./cameras_fields.js";
import { showTrial } from "./cameras_trial.js";
import { openMeasure } from "./cameras_measure.js";

const CHECK_AFTER_MS = 250;
const ASK_EVERY_MS = 700;
const byId = (id) => document.getElementById(id);

const form = byId("camera-form");
const words = JSON.parse(form.dataset.words);
const first = JSON.parse(form.dataset.answer);
const text = byId("text");
const speak = (said) => { byId("spoken").textContent = said; };

if (first.content) openEditor();

function openEditor() {
  byId("editor").hidden = false;
  let isFromText = false;
  let due = 0;
  let pending = null;
  let asked = 0;
  const model = openModel({ frame: { width: 1920, height: 1080 }, ...first.content }, () => { show(); if (!isFromText) checkSoon("content"); });
  const drawing = openDrawing(byId("stage"), model, words, speak);
  const fields = openFields(byId("parts"), model, words, speak, drawing);
  const measure = openMeasure(drawing, words, speak);

  function show() {
    drawing.draw();
    fields.show();
    form.querySelector('[data-do="undo"]').disabled = !model.canUndo;
    form.querySelector('[data-do="redo"]').disabled = !model.canRedo;
  }

  function checkSoon(what) {
    clearTimeout(due);
    pending = what;
    due = setTimeout(settle, CHECK_AFTER_MS);
  }

  /** What was drawn or typed last is judged now, if it was not yet. */
  async function settle() {
    clearTimeout(due);
    const what = pending;
    pending = null;
    if (what) await check(what);
  }

  async function send(address, values) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ form_token: form.elements.form_token.value, ...values })) body.append(name, value);
    const answer = await fetch(address, { method: "POST", body });
    return [answer.ok, answer.status === 422 || answer.ok ? await answer.json() : null];
  }

  async function check(what) {
    asked += 1;
    const mine = asked;
    const value = what === "content" ? JSON.stringify(model.content) : text.value;
    const [isGood, found] = await send("/cameras/draw/check", { camera: form.dataset.camera, [what]: value }).catch(() => [false, null]);
    if (mine !== asked) return;
    if (!isGood) { speak(words.failed); return; }
    if (what === "content") text.value = found.text;
    else if (found.content && JSON.stringify(found.content) !== JSON.stringify(model.content)) {
      isFromText = true;
      model.change((content) => { for (const key of Object.keys(content)) delete content[key]; Object.assign(content, found.content); });
      isFromText = false;
    }
    judge(found);
  }

  function judge(found) {
    byId("problem").hidden = !found.problem;
    for (const marked of form.querySelectorAll("[aria-invalid]")) marked.removeAttribute("aria-invalid");
    const ground = found.ground;
    fields.residuals = ground?.residuals_m ?? [];
    measure.ground = ground?.matrix?.length ? ground.matrix : null;
    drawing.show({ grid: ground?.grid_px ?? [] });
    fields.groundWords = ground ? groundSaid(ground) : model.content.ground ? words.ground_few : "";
    fields.show();
    showChanges(found.changes);
    if (found.problem) {
      byId("problem-place").textContent = found.problem.place || "YAML";
      byId("problem-message").textContent = found.problem.message;
      mark(found.problem.place);
    }
  }

  function groundSaid(ground) {
    const values = { error: ground.error_m.toFixed(3), step: ground.step_m };
    return ground.problem ?? fill(ground.residuals_m.length > 4 ? words.ground_error : words.ground_four, values);
  }

  /** The error stands at its field: the part opens, and its control is marked. */
  function mark(place) {
    const [room, index, key] = place.split(".");
    const part = room === "ground" ? fields.open("ground", 0) : fields.open(room, index);
    const own = part && (byId(`own-${room}-${index}-${key}`) ?? (room === "rules" ? byId(`own-rules-${index}-settings`) : null));
    const field = own ?? byId(room) ?? text;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-errormessage", "problem-message");
    byId("problem-place").href = `#${own ? own.id : field.id}`;
  }

  function showChanges(changes) {
    const cell = (name, content, look = "") => Object.assign(document.createElement(name), { textContent: content, className: look });
    const table = cell("table", "", "changes");
    const head = document.createElement("tr");
    head.append(cell("th", words.what), cell("th", words.before), cell("th", words.after));
    table.append(head, ...changes.map((each) => {
      const row = document.createElement("tr");
      row.append(cell("th", each.place), cell("td", each.before ?? "–", "removed"), cell("td", each.after ?? "–", "added"));
      return row;
    }));
    byId("changes").replaceChildren(changes.length ? table : cell("p", words.unchanged, "hint"));
  }

  async function ask(values) {
    await settle();
    speak("…");
    const [isGood, found] = await send("/cameras/draw/ask", { text: text.value, worker: byId("worker").value, ...values }).catch(() => [false, null]);
    if (!isGood) {
      speak(found?.problem ? `${found.problem.place}: ${found.problem.message}` : words.failed);
      if (found?.problem) byId(found.problem.place)?.focus();
      return null;
    }
    for (;;) {
      const answer = await fetch(`/cameras/answers/${found.id}`).then((each) => each.json());
      speak(answer.words);
      if (answer.state === "done") return { id: found.id, ...answer };
      if (answer.state === "failed") return null;
      await new Promise((wake) => { setTimeout(wake, ASK_EVERY_MS); });
    }
  }

  async function snapshot() {
    const answer = await ask({ kind: "snapshot" });
    if (!answer) return;
    const name = answer.pictures.includes("live.jpg") ? "live.jpg" : "road.jpg";
    const { width, height } = answer.content;
    if (width * model.content.frame.height !== height * model.content.frame.width && !(model.content.lines ?? []).length) {
      model.change((content) => { content.frame = { width, height }; });
      speak(fill(words.use_size, { width, height }));
    }
    drawing.show({ picture: `/cameras/answers/${answer.id}/${name}` });
  }

  const acts = {
    undo: () => model.undo(),
    redo: () => model.redo(),
    closer: () => drawing.zoom(drawing.ZOOM),
    wider: () => drawing.zoom(1 / drawing.ZOOM),
    measure: () => measure.toggle(),
    snapshot,
    trial: async () => {
      const answer = await ask({ kind: "try_rules", seconds: byId("seconds").value });
      if (answer) showTrial(answer, byId("trial"), words, drawing);
    },
  };
  form.addEventListener("click", (click) => {
    const button = click.target.closest("[data-do], [data-add]");
    if (!button) return;
    if (button.dataset.do) acts[button.dataset.do](button);
    else {
      const room = button.dataset.add;
      addPart(model, room, drawing.middle, drawing.size);
      const index = room === "ground" ? 0 : model.content[room].length - 1;
      fields.open(room, index);
      if (room === "rules") byId(`own-rules-${index}-rule`).focus();
      else drawing.focus(room === "ground" ? `ground-0-points_px-${model.content.ground.points_px.length - 1}` : `${room}-${index}-${{ lines: "points_px", signals: "head_px" }[room] ?? "polygon_px"}-0`);
    }
  });
  document.addEventListener("keydown", (key) => {
    const isTyping = key.target.matches("textarea, input:not([type=checkbox], [type=number])");
    if (!(key.ctrlKey || key.metaKey) || isTyping) return;
    if (key.key === "z" && !key.shiftKey) model.undo();
    else if (key.key === "y" || (key.key === "z" && key.shiftKey) || key.key === "Z") model.redo();
    else return;
    key.preventDefault();
  });
  byId("with-grid").addEventListener("change", (change) => drawing.show({ withGrid: change.target.checked }));
  text.addEventListener("input", () => checkSoon("text"));
  form.addEventListener("submit", async (submit) => {
    if (!pending) return;
    submit.preventDefault();
    await settle();
    form.requestSubmit(byId("propose"));
  });

  if (form.dataset.picture) drawing.show({ picture: form.dataset.picture });
  show();
  if (first.problem === null || form.dataset.camera) judge(first);
}
