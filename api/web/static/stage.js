// The stage: one large view at a time, the clip first; clicks zoom in two steps and out, moving the pointer pans.

const ZOOMS = [1, 3, 8];

export function openStage() {
  const stage = document.getElementById("stage");
  const thumbs = [...document.querySelectorAll(".thumb")];

  function show(name) {
    if (!stage.querySelector(`[data-view="${name}"]`)) return;
    stage.dataset.showing = name;
    if (name !== "clip") document.getElementById("clip")?.pause();
    for (const thumb of thumbs) thumb.setAttribute("aria-pressed", String(thumb.dataset.show === name));
  }

  function aim(link, x, y) {
    const box = link.getBoundingClientRect();
    const at = (value, low, size) => Math.min(Math.max(((value - low) / size) * 100, 0), 100);
    const origin = `${at(x, box.left, box.width)}% ${at(y, box.top, box.height)}%`;
    for (const layer of link.children) layer.style.transformOrigin = origin;
  }

  function turn(link, x, y) {
    const zoom = ZOOMS[(ZOOMS.indexOf(Number(link.dataset.zoom ?? 1)) + 1) % ZOOMS.length];
    link.dataset.zoom = String(zoom);
    link.classList.toggle("zoomed", zoom > 1);
    aim(link, x, y);
    for (const layer of link.children) layer.style.transform = zoom > 1 ? `scale(${zoom})` : "";
  }

  /** Where the accused vehicle is on the screen: the picture lies in its box by `contain`. */
  function vehicleIn(link, box) {
    const picture = link.querySelector("img");
    const scale = Math.min(box.width / picture.naturalWidth, box.height / picture.naturalHeight);
    const along = (low, size, own, per_cent) => low + (size - own * scale) / 2 + own * scale * (per_cent / 100);
    return [
      along(box.left, box.width, picture.naturalWidth, Number(link.dataset.aimX ?? 50)),
      along(box.top, box.height, picture.naturalHeight, Number(link.dataset.aimY ?? 50)),
    ];
  }

  /** A file that cannot be had, or is not what was sealed: said in words, and nobody confirms without it. */
  for (const medium of stage.querySelectorAll("img, video")) {
    const fail = () => {
      medium.closest(".view").querySelector(".failed").hidden = false;
      medium.hidden = true;
      const confirm = document.getElementById("confirm");
      if (confirm) confirm.disabled = true;
    };
    medium.addEventListener("error", fail);
    if (medium.error || (medium.complete && medium.naturalWidth === 0)) fail();
  }

  for (const link of stage.querySelectorAll(".zoomable")) {
    link.addEventListener("click", (click) => {
      if (click.ctrlKey || click.metaKey || click.shiftKey) return;
      click.preventDefault();
      const box = link.getBoundingClientRect();
      if (click.detail > 0) turn(link, click.clientX, click.clientY);
      else turn(link, ...vehicleIn(link, box));
    });
    link.addEventListener("pointermove", (move) => {
      if (link.classList.contains("zoomed")) aim(link, move.clientX, move.clientY);
    });
  }
  for (const thumb of thumbs) {
    thumb.addEventListener("click", () => show(thumb.dataset.show));
    const small = thumb.querySelector("img");
    small?.addEventListener("error", () => { small.hidden = true; });
    if (small?.complete && small.naturalWidth === 0) small.hidden = true;
  }

  const overlay = document.getElementById("overlay-switch");
  function drawOverlay(isDrawn) {
    stage.classList.toggle("with-overlay", isDrawn);
    overlay.setAttribute("aria-pressed", String(isDrawn));
    localStorage.setItem("overlay", isDrawn ? "1" : "0");
  }
  overlay.hidden = false;
  overlay.addEventListener("click", () => drawOverlay(!stage.classList.contains("with-overlay")));
  drawOverlay(localStorage.getItem("overlay") === "1");

  return {
    show,
    overlay: () => overlay.click(),
    zoom: () => stage.querySelector(`[data-view="${stage.dataset.showing}"] .zoomable`)?.click(),
  };
}
