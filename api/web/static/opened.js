// What was looked at: the office is told, the thumbs show it, and nobody confirms before every part was opened.

/** Of every case in this tab: a form that comes back with a correction to make keeps what was opened. */
const openedOf = new Map();

export function watchOpened(caseId, send) {
  const form = document.getElementById("confirm-form");
  const button = document.getElementById("confirm");
  const why = document.getElementById("confirm-why");
  const parts = (form?.dataset.parts ?? "").split(" ").filter(Boolean);
  const opened = openedOf.get(caseId) ?? new Set();
  openedOf.set(caseId, opened);
  for (const part of (form?.dataset.opened ?? "").split(" ").filter(Boolean)) opened.add(part);
  const failed = new Set();
  const thumbOf = (part) => document.querySelector(`.thumb[data-show="${part}"]`);
  const nameOf = (part) => form.dataset[`part${part[0].toUpperCase()}${part.slice(1)}`];

  const missing = () => parts.filter((part) => !opened.has(part) || failed.has(part));

  function paint() {
    for (const part of opened) thumbOf(part)?.querySelector(".seen")?.removeAttribute("hidden");
    if (!button) return;
    const left = missing();
    const isBarred = form.dataset.missing !== "" || left.length > 0;
    button.setAttribute("aria-disabled", String(isBarred));
    const words = failed.size > 0 ? form.dataset.failed : form.dataset.missing || (left.length > 0 ? `${form.dataset.unopened} ${left.map(nameOf).join(", ")}` : "");
    why.textContent = words;
    why.hidden = words === "";
  }

  function open(part) {
    if (!parts.includes(part) || opened.has(part) || failed.has(part)) return;
    opened.add(part);
    paint();
    send(part);
  }

  function fail(part) {
    failed.add(part);
    paint();
  }

  paint();
  return { open, fail, isBarred: () => button?.getAttribute("aria-disabled") === "true" };
}
