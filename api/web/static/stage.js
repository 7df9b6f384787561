// The stage: one large view at a time, the clip first; a click zooms, moving the pointer pans.

const ZOOM = 3;

export function openStage() {
  const stage = document.getElementById("stage");
  const thumbs = [...document.querySelectorAll(".thumb")];

  function show(name) {
    if (!stage.querySelector(`[data-view="${name}"]`)) return;
    stage.dataset.showing = name;
    for (const thumb of thumbs) thumb.setAttribute("aria-pressed", String(thumb.dataset.show === name));
  }

  function aim(link, x, y) {
    const box = link.getBoundingClientRect();
    const at = (value, low, size) => Math.min(Math.max(((value - low) / size) * 100, 0), 100);
    const picture = link.querySelector("img");
    picture.style.transformOrigin = `${at(x, box.left, box.width)}% ${at(y, box.top, box.height)}%`;
  }

  function turn(link, x, y) {
    const isZoomed = link.classList.toggle("zoomed");
    aim(link, x, y);
    link.querySelector("img").style.transform = isZoomed ? `scale(${ZOOM})` : "";
  }

  for (const link of stage.querySelectorAll(".zoomable")) {
    link.addEventListener("click", (click) => {
      if (click.ctrlKey || click.metaKey || click.shiftKey) return;
      click.preventDefault();
      const box = link.getBoundingClientRect();
      const byKey = click.detail === 0;
      turn(link, byKey ? box.left + box.width / 2 : click.clientX, byKey ? box.top + box.height / 2 : click.clientY);
    });
    link.addEventListener("pointermove", (move) => {
      if (link.classList.contains("zoomed")) aim(link, move.clientX, move.clientY);
    });
  }
  for (const thumb of thumbs) thumb.addEventListener("click", () => show(thumb.dataset.show));

  return {
    show,
    zoom: () => stage.querySelector(`[data-view="${stage.dataset.showing}"] .zoomable`)?.click(),
  };
}
