// From case to case without a page load: forms are sent by fetch, the next case is held ready and swapped in.

import { ask, bindForms } from "./door.js";
import { forgetDraft, forgetDrafts } from "./draft.js";
import { showUndo } from "./undo.js";

const main = document.getElementById("main");
const seen = [];
let ahead;
let isSending = false;

const caseOf = (root) => root.querySelector(".case-root")?.dataset.case;
const tokenHere = () => document.querySelector('input[name="form_token"]')?.value ?? "";

/** A page that was fetched, with its pictures and the head of its clip already on the way. */
function prepare(page, url) {
  const ready = document.importNode(page.getElementById("main"), true);
  for (const picture of ready.querySelectorAll("img")) picture.decode?.().catch(() => undefined);
  return { page, main: ready, url, id: caseOf(ready) };
}

const post = (fields) => () => ({ method: "POST", headers: { "X-Swap": "1" }, body: new URLSearchParams(fields()) });

function onNewSession(page) {
  bindForms(page, document, ...(ahead?.ready ? [ahead.ready.main] : []));
}

/** Holds the next case ready; without one, `ready` stays undefined. */
async function holdAhead() {
  const asked = { ready: undefined };
  ahead = asked;
  asked.coming = (async () => {
    const fields = () => ({ form_token: tokenHere(), seen: seen.slice(-200).join(",") });
    const answer = await fetch("/ahead", post(fields)());
    const id = answer.headers.get("X-Case");
    if (!answer.ok || !id) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    asked.ready = prepare(page, `/cases/${id}`);
    main.dataset.ahead = id;
  })().catch(() => undefined);
}

/** Puts a prepared page into this one. `mode`: push a step of history, replace it, or leave it as it is. */
export function swap(next, mount, mode = "push") {
  document.title = next.page.title;
  document.body.className = next.page.body.className;
  for (const selector of ["#banner", ".preferences"]) {
    const fresh = next.page.querySelector(selector);
    if (fresh) document.querySelector(selector)?.replaceChildren(...document.importNode(fresh, true).childNodes);
  }
  main.replaceChildren(...next.main.childNodes);
  if (mode === "push") history.pushState({ isCase: true }, "", next.url);
  if (mode === "replace") history.replaceState({ isCase: true }, "", next.url);
  scrollTo(0, 0);
  mount();
  const place = document.getElementById("problems") ?? main.querySelector("h1");
  place?.focus({ preventScroll: true });
  document.getElementById("announcer").textContent = main.querySelector(".case-root")?.dataset.spoken ?? "";
}

/** Called by every mount: this case was seen, and the one after it is made ready where this one is to be decided. */
export function arrived(id) {
  if (!seen.includes(id)) seen.push(id);
  const isToDecide = document.getElementById("confirm-form") !== null;
  if (isToDecide && (!ahead || ahead.ready?.id === id)) holdAhead();
}

/** After an undo the case that was left for it, and the one held ready, may come again. */
function askAgain() {
  const here = seen.indexOf(caseOf(document));
  if (here >= 0) seen.splice(here, 1);
  ahead = undefined;
}

async function goAhead(mount) {
  await ahead?.coming;
  const next = ahead?.ready;
  ahead = undefined;
  if (!next || next.id === caseOf(document)) return false;
  swap(next, mount);
  return true;
}

async function show(answer, mount) {
  if (!answer.page.querySelector(".case-root")) return location.assign(answer.url);
  const path = new URL(answer.url).pathname;
  const id = caseOf(answer.page);
  const mode = answer.status >= 400 || path.split("/").length > 3 || id === caseOf(document) ? "keep" : "push";
  return swap(prepare(answer.page, `/cases/${id}`), mount, mode);
}

/** What follows a sent form. */
async function follow(form, answer, mount) {
  if (answer.status !== 204) return show(answer, mount);
  const root = document.querySelector(".case-root");
  forgetDraft(root.dataset.case);
  const kind = form.id === "reject-form" ? "rejected" : "confirmed";
  showUndo(root.dataset, kind, Number(answer.headers.get("X-Undo-S") ?? 0));
  if (await goAhead(mount)) return undefined;
  const stay = await ask(answer.headers.get("X-Stay"), () => ({}), onNewSession);
  return stay && show(stay, mount);
}

export async function send(form, submitter, mount) {
  if (isSending) return;
  isSending = true;
  form.setAttribute("aria-busy", "true");
  try {
    const action = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
    const answer = await ask(action, post(() => new FormData(form, submitter)), onNewSession);
    if (answer) await follow(form, answer, mount);
  } catch {
    document.getElementById("offline").hidden = false;
  } finally {
    isSending = false;
    form.removeAttribute("aria-busy");
  }
}

export function openFlow(mount) {
  document.addEventListener("submit", (submit) => {
    const form = submit.target;
    if (form.action.endsWith("/logout")) { forgetDrafts(); return; }
    if (!form.matches(".swaps form, form.swaps") || submit.defaultPrevented) return;
    submit.preventDefault();
    document.getElementById("offline").hidden = true;
    if (form.id === "next-form") goAhead(mount).then((went) => { if (!went) send(form, submit.submitter, mount); });
    else {
      if (form.id === "undo-form") askAgain();
      send(form, submit.submitter, mount);
    }
  });
  history.replaceState({ isCase: true }, "");
  addEventListener("popstate", async (step) => {
    if (!step.state?.isCase) return;
    const answer = await ask(location.href, () => ({}), onNewSession);
    if (answer?.page.querySelector(".case-root")) swap(prepare(answer.page, location.pathname), mount, "keep");
    else if (answer) location.reload();
  });
  addEventListener("pagehide", () => {
    const held = ahead?.ready;
    if (held) navigator.sendBeacon(`/cases/${held.id}/release`, new URLSearchParams({ form_token: tokenHere() }));
  });
}

/** The machine's reading, for a plate that was typed first. True where it differs. */
export async function comparePlate(caseId, plate) {
  const place = document.getElementById("compared");
  const fields = () => ({ form_token: tokenHere(), plate });
  const answer = await ask(`/cases/${caseId}/plate`, post(fields), onNewSession).catch(() => undefined);
  if (!answer || answer.status !== 200) return false;
  place.replaceChildren(...document.importNode(answer.page.body, true).childNodes);
  return document.getElementById("settled") !== null || place.querySelector(".field-problem") !== null;
}

/** Tells the office that a part was opened; asked again where it did not hear. */
export function tellOpened(caseId, part) {
  const body = () => new URLSearchParams({ form_token: tokenHere(), part });
  const tell = () => fetch(`/cases/${caseId}/opened`, { method: "POST", body: body(), keepalive: true });
  return tell().then((answer) => (answer.status === 204 ? undefined : tell())).catch(() => tell().catch(() => undefined));
}
