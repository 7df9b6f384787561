// The queue: J and K move, Enter opens; counts and lines follow what others do, while nobody is in the lines.

import { forgetDrafts } from "./draft.js";
import { openHelp } from "./help.js";
import { listen } from "./live.js";

const lines = document.getElementById("lines");
const links = () => [...lines.querySelectorAll(".row-link")];

document.addEventListener("keydown", (press) => {
  if (press.ctrlKey || press.metaKey || press.altKey || press.target.closest("input, textarea, select, dialog")) return;
  const step = { j: 1, J: 1, k: -1, K: -1 }[press.key];
  if (!step || links().length === 0) return;
  press.preventDefault();
  const rows = links();
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
});
document.addEventListener("submit", (submit) => { if (submit.target.action.endsWith("/logout")) forgetDrafts(); });

async function renew() {
  if (document.hidden || lines.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { headers: { "X-Renew": "1" }, redirect: "error" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const selector of ["#banner", ".tabs", "#lines"]) {
    const fresh = page.querySelector(selector);
    const stale = document.querySelector(selector);
    if (fresh && stale && fresh.innerHTML !== stale.innerHTML) stale.replaceChildren(...fresh.childNodes);
  }
}

let known;
function onNews(news) {
  for (const count of document.querySelectorAll(".count[data-states]")) {
    const sum = count.dataset.states.split(" ").reduce((all, state) => all + (news.counts[state] ?? 0), 0);
    count.textContent = sum < news.counted ? String(sum) : `${news.counted}+`;
  }
  const counts = JSON.stringify(news.counts);
  if (known !== undefined && known !== counts) {
    const announcer = document.getElementById("announcer");
    announcer.textContent = announcer.dataset.words.replace("%s", String(news.counts.new));
    renew().catch(() => undefined);
  }
  known = counts;
}

const pause = Number(lines.dataset.renew) * 1000;
if (pause > 0) setInterval(() => renew().catch(() => undefined), pause);
openHelp();
listen("", onNews);
