// The picture and what is drawn on it. Every point can be reached by Tab and moved by the arrow keys, or dragged.

import { dropPoint, growPoint, movePoint, pointsOf, shapesOf } from "./cameras_model.js";

const SVG = "http://www.w3.org/2000/svg";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HANDLE_PX = 7;
const TARGET_PX = 13;
const ZOOM = 1.5;

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function make(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

export function openDrawing(stage, model, words, speak) {
  const seen = { picture: "", grid: [], withGrid: true, claims: [], measure: null, onMeasure: null };
  let view = null;
  let drag = null;

  const frame = () => model.content.frame ?? { width: 1920, height: 1080 };
  const scale = () => 1 / (stage.getScreenCTM()?.a || 1);

  function look(next) {
    const { width, height } = frame();
    const w = Math.min(Math.max(next[2], width / 12), width);
    const h = (w * height) / width;
    view = [Math.min(Math.max(next[0], 0), width - w), Math.min(Math.max(next[1], 0), height - h), w, h];
    stage.setAttribute("viewBox", view.join(" "));
  }

  function zoom(factor, at = [view[0] + view[2] / 2, view[1] + view[3] / 2]) {
    const w = view[2] / factor;
    look([at[0] - w / 2, at[1] - view[3] / factor / 2, w, 0]);
    draw();
  }

  function at(pointer) {
    const point = new DOMPoint(pointer.clientX, pointer.clientY).matrixTransform(stage.getScreenCTM().inverse());
    return [point.x, point.y];
  }

  function shape(each, layer) {
    const points = pointsOf(model.content, each);
    const text = points.map((point) => point.join(",")).join(" ");
    if (each.look === "lamp") {
      const [[x1, y1], [x2, y2]] = points;
      make("rect", { class: "part part-lamp", x: x1, y: y1, width: Math.max(0, x2 - x1), height: Math.max(0, y2 - y1) }, layer);
    } else if (each.look === "lane" || each.look === "zone") make("polygon", { class: `part part-${each.look}`, points: text }, layer);
    else if (points.length > 1 && each.look !== "ground") make("polyline", { class: `part part-${each.look}`, points: text }, layer);
    if (each.key !== "heading_px" && each.key !== "from_px" && points.length > 0) {
      const isArea = each.look === "lane" || each.look === "zone";
      const [x, y] = isArea ? [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length) : [points[0][0], points[0][1] - 12 * scale()];
      const name = make("text", { class: "part-name", x, y, "font-size": 13 * scale(), "text-anchor": isArea ? "middle" : "start" }, layer);
      name.textContent = each.name;
    }
  }

  function handles(each, layer) {
    const part = each.look === "from" || each.look === "heading" ? `${each.name} (${words[each.look]})` : `${words[each.room]} ${each.name}`;
    pointsOf(model.content, each).forEach(([x, y], n) => {
      const label = fill(words.point, { part, n: n + 1, x, y });
      const group = make("g", { class: `handle handle-${each.look}`, tabindex: "0", role: "button", "aria-label": label, "data-id": `${each.id}-${n}` }, layer);
      make("circle", { class: "target", cx: x, cy: y, r: TARGET_PX * scale() }, group);
      make("circle", { class: "dot", cx: x, cy: y, r: HANDLE_PX * scale() }, group);
      group.addEventListener("keydown", (key) => onKey(key, each, n));
      group.addEventListener("pointerdown", (down) => {
        if (seen.measure) return;
        drag = { shape: each, number: n };
        stage.setPointerCapture(down.pointerId);
        down.preventDefault();
        group.focus();
      });
    });
  }

  function onKey(key, each, n) {
    const arrow = ARROWS[key.key];
    if (arrow && !key.ctrlKey && !key.metaKey && !key.altKey) {
      const step = key.shiftKey ? 10 : 1;
      const [x, y] = pointsOf(model.content, each)[n];
      movePoint(model, each, n, [x + arrow[0] * step, y + arrow[1] * step]);
      speak(pointsOf(model.content, each)[n].join(", "));
    } else if (key.key === "Insert") growPoint(model, each, n);
    else if (key.key === "Delete") dropPoint(model, each, n);
    else return;
    key.preventDefault();
  }

  function extras(layer) {
    const grid = make("g", { class: "grid", "aria-hidden": "true" }, layer);
    for (const line of seen.withGrid ? seen.grid : []) make("polyline", { points: line.map((point) => point.join(",")).join(" ") }, grid);
    for (const claim of seen.claims) {
      const group = make("g", { class: "claim", "aria-hidden": "true" }, layer);
      claim.boxes.forEach(([x1, y1, x2, y2], n) => make("rect", { class: n === 1 ? "box box-act" : "box", x: x1, y: y1, width: x2 - x1, height: y2 - y1 }, group));
      make("circle", { class: "dot", cx: claim.point_px[0], cy: claim.point_px[1], r: 6 * scale() }, group);
    }
    if (seen.measure?.length) make("polyline", { class: "measure", points: seen.measure.map((point) => point.join(",")).join(" ") }, layer);
  }

  function draw() {
    const focused = document.activeElement?.dataset?.id;
    const { width, height } = frame();
    if (view === null || view[2] > width) look([0, 0, width, height]);
    stage.replaceChildren();
    make("rect", { class: "no-picture", width, height }, stage);
    if (seen.picture) make("image", { href: seen.picture, width, height, preserveAspectRatio: "none" }, stage);
    const shapes = shapesOf(model.content);
    const layer = make("g", {}, stage);
    extras(layer);
    for (const each of shapes) shape(each, layer);
    for (const each of shapes) handles(each, stage);
    if (focused) stage.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  stage.addEventListener("pointerdown", (down) => {
    if (drag) return;
    if (seen.measure) {
      seen.measure = [...seen.measure, at(down)].slice(-2);
      if (seen.measure.length === 2) seen.onMeasure(seen.measure);
      draw();
      return;
    }
    drag = { from: at(down) };
    stage.setPointerCapture(down.pointerId);
  });
  stage.addEventListener("pointermove", (move) => {
    if (drag?.shape) movePoint(model, drag.shape, drag.number, at(move));
    else if (drag?.from) {
      const [x, y] = at(move);
      look([view[0] + drag.from[0] - x, view[1] + drag.from[1] - y, view[2], view[3]]);
    }
  });
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => { drag = null; });
  new ResizeObserver(() => draw()).observe(stage);

  return {
    draw,
    zoom,
    show(changes) { Object.assign(seen, changes); draw(); },
    get seen() { return seen; },
    get middle() { return [view[0] + view[2] / 2, view[1] + view[3] / 2]; },
    get size() { return view[3] / 6; },
    focus(id) { stage.querySelector(`[data-id="${id}"]`)?.focus(); },
    ZOOM,
  };
}
