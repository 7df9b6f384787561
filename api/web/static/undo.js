// Ten seconds to think again: what was decided takes effect only afterwards, and can be undone until then.

const SAID_FOR_MS = 6000;
let timer;

function hide() {
  clearInterval(timer);
  document.getElementById("undo-bar").hidden = true;
}

/** `decided` has the case's id and number; `left_s` is how long the office still lets it be undone. */
export function showUndo(decided, kind, left_s) {
  const bar = document.getElementById("undo-bar");
  const form = document.getElementById("undo-form");
  const figure = document.getElementById("undo-left");
  const ends = performance.now() + left_s * 1000;
  form.action = `/cases/${decided.case}/undo`;
  document.getElementById("undo-text").textContent = bar.dataset[kind].replace("%s", decided.number);
  function tick() {
    const left = Math.ceil((ends - performance.now()) / 1000);
    if (left <= 0) return hide();
    figure.textContent = String(left);
    return undefined;
  }
  clearInterval(timer);
  bar.hidden = false;
  form.hidden = left_s <= 0;
  if (left_s > 0) {
    tick();
    timer = setInterval(tick, 250);
  } else timer = setTimeout(hide, SAID_FOR_MS);
  form.addEventListener("submit", hide, { once: true });
}
