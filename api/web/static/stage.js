// The stage: one large view at a time, the clip first. Zoom by key, button, wheel or click; pan by arrow or by dragging.

const ZOOMS = [1, 1.5, 2, 3, 4.5, 6, 8];
const VEHICLE_ZOOM = 3;
const PAN_PER_CENT = 12;
const DRAG_FROM_PX = 4;

const within = (value, low, high) => Math.min(Math.max(value, low), high);

/** One zoomable view. `x` and `y` say in per cent which point of it stays where it is. */
function zoomer(box, onZoom) {
  const state = { zoom: 1, x: 50, y: 50 };

  function paint() {
    box.classList.toggle("zoomed", state.zoom > 1);
    for (const layer of box.children) {
      layer.style.transformOrigin = `${state.x}% ${state.y}%`;
      layer.style.transform = state.zoom > 1 ? `scale(${state.zoom})` : "";
    }
    onZoom(state.zoom);
  }

  function to(zoom, x = state.x, y = state.y) {
    Object.assign(state, { zoom: within(zoom, 1, ZOOMS.at(-1)), x: within(x, 0, 100), y: within(y, 0, 100) });
    paint();
  }

  /** By so many per cent of what is seen. */
  function pan(x, y) {
    if (state.zoom > 1) to(state.zoom, state.x + x / (state.zoom - 1), state.y + y / (state.zoom - 1));
  }

  function step(count, x, y) {
    const at = ZOOMS.findIndex((zoom) => zoom >= state.zoom);
    to(ZOOMS[within(at + count, 0, ZOOMS.length - 1)], x, y);
  }

  return { state, to, pan, step, paint };
}

/** A place on the screen as per cent of the box. */
function placeIn(box, pointer) {
  const rect = box.getBoundingClientRect();
  return [((pointer.clientX - rect.left) / rect.width) * 100, ((pointer.clientY - rect.top) / rect.height) * 100];
}

/** Where the accused vehicle is in the box, in per cent: the picture lies in it by `contain`. */
function vehicleIn(box) {
  const picture = box.querySelector("img");
  const rect = box.getBoundingClientRect();
  if (!picture || !box.dataset.aimX) return [50, 50];
  const scale = Math.min(rect.width / picture.naturalWidth, rect.height / picture.naturalHeight);
  const along = (size, own, aim) => 50 + (((aim - 50) / 100) * own * scale * 100) / size;
  return [
    along(rect.width, picture.naturalWidth, Number(box.dataset.aimX)),
    along(rect.height, picture.naturalHeight, Number(box.dataset.aimY)),
  ];
}

/** Dragging pans; what was a drag is no click. */
function letDrag(box, zoom) {
  let from;
  let moved = false;
  box.addEventListener("pointerdown", (press) => {
    moved = false;
    if (zoom.state.zoom > 1 && press.button === 0) {
      from = [press.clientX, press.clientY];
      box.setPointerCapture(press.pointerId);
    }
  });
  box.addEventListener("pointermove", (move) => {
    if (!from) return;
    const [dx, dy] = [move.clientX - from[0], move.clientY - from[1]];
    if (!moved && Math.hypot(dx, dy) < DRAG_FROM_PX) return;
    moved = true;
    const rect = box.getBoundingClientRect();
    zoom.pan((-dx / rect.width) * 100, (-dy / rect.height) * 100);
    from = [move.clientX, move.clientY];
  });
  for (const name of ["pointerup", "pointercancel"]) box.addEventListener(name, () => { from = undefined; });
  return () => moved;
}

/** A file that cannot be had, or is not what was sealed: said in words, and nobody confirms without it. */
function watchForFailure(stage, onFail) {
  for (const medium of stage.querySelectorAll("img, video")) {
    const fail = () => {
      const view = medium.closest(".view");
      view.querySelector(".failed").hidden = false;
      medium.hidden = true;
      onFail(view.dataset.view);
    };
    medium.addEventListener("error", fail);
    if (medium.error || (medium.complete && medium.naturalWidth === 0 && medium.src)) fail();
  }
}

export function openStage({ onShow = () => {}, onFail = () => {} } = {}) {
  const stage = document.getElementById("stage");
  const thumbs = [...document.querySelectorAll(".thumb")];
  const figure = document.getElementById("zoom-figure");
  const zoomers = new Map();
  const showing = () => zoomers.get(stage.dataset.showing);

  function show(name) {
    if (!stage.querySelector(`[data-view="${name}"]`)) return;
    stage.dataset.showing = name;
    if (name !== "clip") document.getElementById("clip")?.pause();
    for (const thumb of thumbs) thumb.setAttribute("aria-pressed", String(thumb.dataset.show === name));
    showing()?.zoom.paint();
    onShow(name);
  }

  for (const box of stage.querySelectorAll(".zoomable")) {
    const name = box.closest(".view").dataset.view;
    const zoom = zoomer(box, (value) => { figure.textContent = `${value}×`; });
    const wasDragged = letDrag(box, zoom);
    zoomers.set(name, { box, zoom });
    box.addEventListener("wheel", (turn) => {
      turn.preventDefault();
      zoom.step(turn.deltaY < 0 ? 1 : -1, ...(zoom.state.zoom > 1 ? [] : placeIn(box, turn)));
    }, { passive: false });
    if (name === "clip") continue; // there a click plays
    box.addEventListener("click", (click) => {
      if (click.ctrlKey || click.metaKey || click.shiftKey) return;
      click.preventDefault();
      if (wasDragged()) return;
      if (zoom.state.zoom > 1) zoom.to(1);
      else zoom.to(VEHICLE_ZOOM, ...(click.detail > 0 ? placeIn(box, click) : vehicleIn(box)));
    });
  }
  for (const thumb of thumbs) {
    thumb.addEventListener("click", () => show(thumb.dataset.show));
    const small = thumb.querySelector("img");
    small?.addEventListener("error", () => { small.hidden = true; });
    if (small?.complete && small.naturalWidth === 0) small.hidden = true;
  }
  document.getElementById("stage-tools").hidden = false;
  document.getElementById("zoom-in").addEventListener("click", () => showing()?.zoom.step(1));
  document.getElementById("zoom-out").addEventListener("click", () => showing()?.zoom.step(-1));
  watchForFailure(stage, onFail);

  return {
    show,
    isZoomed: () => (showing()?.zoom.state.zoom ?? 1) > 1,
    isClip: () => stage.dataset.showing === "clip",
    pan: (x, y) => showing()?.zoom.pan(x * PAN_PER_CENT, y * PAN_PER_CENT),
    closer: (count) => showing()?.zoom.step(count),
    whole: () => showing()?.zoom.to(1),
    zoom: () => {
      const view = showing();
      if (!view) return;
      if (view.zoom.state.zoom > 1) view.zoom.to(1);
      else view.zoom.to(VEHICLE_ZOOM, ...vehicleIn(view.box));
    },
  };
}
