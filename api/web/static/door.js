// Signing in without leaving the case: the office's own sign-in form, in a dialog. Nothing typed is lost.

import { forgetDrafts } from "./draft.js";

const read = (text) => new DOMParser().parseFromString(text, "text/html");
export const isDoor = (page) => page.body.classList.contains("page-login");
const personOf = (page) => page.querySelector(".person-name")?.textContent;

/** Every form of this page, and of the one held ready, is bound to the new session. */
export function bindForms(page, ...roots) {
  const token = page.querySelector('input[name="form_token"]')?.value;
  if (!token) return;
  for (const root of roots) for (const field of root.querySelectorAll('input[name="form_token"]')) field.value = token;
}

/** Shows the form of `door`; the page behind it once somebody is signed in, undefined where they gave up. */
export async function signInHere(door) {
  const dialog = document.getElementById("door");
  const place = dialog.querySelector(".door-place");
  return new Promise((settle) => {
    function show(page) {
      const section = document.importNode(page.querySelector(".door"), true);
      place.replaceChildren(section);
      if (!dialog.open) dialog.showModal();
      const form = section.querySelector("form");
      (form.elements.username.value ? form.elements.password : form.elements.username).focus();
      form.addEventListener("submit", async (submit) => {
        submit.preventDefault();
        form.elements.next.value = location.pathname;
        const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        const next = read(await answer.text());
        if (isDoor(next)) return show(next);
        dialog.close("in");
        if (personOf(next) !== personOf(document)) {
          forgetDrafts();
          location.reload();
          return undefined;
        }
        return settle(next);
      });
    }
    dialog.addEventListener("close", () => { if (dialog.returnValue !== "in") settle(undefined); }, { once: true });
    dialog.returnValue = "";
    show(door);
  });
}

/** Asks the office; where the session has ended, signs in and asks once more. The page, with its address and status. */
export async function ask(address, options, onNewSession) {
  const answer = await fetch(address, options());
  if (answer.status === 204) return { status: 204, headers: answer.headers };
  const page = read(await answer.text());
  if (!isDoor(page)) return { status: answer.status, headers: answer.headers, url: answer.url, page };
  const behind = await signInHere(page);
  if (!behind) return undefined;
  onNewSession(behind);
  return ask(address, options, onNewSession);
}
