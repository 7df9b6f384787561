// The queue: J and K move, Enter opens; the lines renew themselves while nobody is in them.

const lines = document.getElementById("lines");
const links = () => [...lines.querySelectorAll(".row-link")];

document.addEventListener("keydown", (press) => {
  if (press.ctrlKey || press.metaKey || press.altKey || press.target.closest("input, textarea, select")) return;
  const step = { j: 1, J: 1, k: -1, K: -1 }[press.key];
  if (!step || links().length === 0) return;
  press.preventDefault();
  const rows = links();
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
});

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

const pause = Number(lines.dataset.renew) * 1000;
if (pause > 0) setInterval(() => renew().catch(() => undefined), pause);
