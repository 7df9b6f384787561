// What is drawn over the pictures on demand; the pictures themselves stay as they were sealed.

const SVG = "http://www.w3.org/2000/svg";
const SHOWN = "overlay";

function element(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text) made.textContent = text;
  return made;
}

function shapeOf(shape, frame) {
  const group = element("g", {});
  const points = shape.points.map((point) => point.join(",")).join(" ");
  const kind = shape.kind === "heading" ? "lane drawn-heading" : shape.kind;
  group.append(element(shape.closed ? "polygon" : "polyline", { class: `drawn drawn-${kind}`, points }));
  if (shape.kind === "heading") {
    const [[x1, y1], [x2, y2]] = shape.points;
    const turn = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
    group.append(element("path", { class: "drawn drawn-lane", d: "M-10-6 0 0-10 6", transform: `translate(${x2} ${y2}) rotate(${turn})` }));
  } else {
    const [x, y] = shape.points[0];
    const size = Math.max(frame[1] / 36, 8);
    group.append(element("text", { class: "drawn-name", x: x + size / 3, y: y - size / 3, "font-size": size }, shape.name));
  }
  return group;
}

/** The way of the vehicle's ground contact, which is the middle of its box's lower side. */
const trackOf = (track) => element("polyline", {
  class: "drawn drawn-track",
  points: track.map(([, x1, , x2, y2]) => `${(x1 + x2) / 2},${y2}`).join(" "),
});

export function openDrawing() {
  const stage = document.getElementById("stage");
  const legend = document.getElementById("legend");
  const button = document.getElementById("overlay-switch");
  const clip = document.getElementById("clip");
  let box;
  let track = [];
  let asked = false;

  function moveBox(at_us) {
    if (!box || track.length === 0) return;
    let last = track[0];
    for (const row of track) {
      if (row[0] > at_us) break;
      last = row;
    }
    const [time, x1, y1, x2, y2] = last;
    const isThere = at_us >= track[0][0] - 2e5 && at_us <= track.at(-1)[0] + 2e5 && Math.abs(at_us - time) < 1e6;
    box.setAttribute("visibility", isThere ? "visible" : "hidden");
    for (const [name, value] of Object.entries({ x: x1, y: y1, width: x2 - x1, height: y2 - y1 })) box.setAttribute(name, value);
  }

  async function draw() {
    asked = true;
    const answer = await fetch(stage.dataset.drawn);
    if (!answer.ok) { asked = false; return; }
    const drawing = await answer.json();
    track = drawing.track;
    for (const overlay of stage.querySelectorAll(".overlay")) {
      overlay.setAttribute("viewBox", `0 0 ${drawing.frame[0]} ${drawing.frame[1]}`);
      overlay.prepend(...drawing.shapes.map((shape) => shapeOf(shape, drawing.frame)), trackOf(track));
    }
    box = element("rect", { class: "drawn drawn-vehicle", visibility: "hidden" });
    stage.querySelector(".view-clip .overlay")?.append(box);
    const kinds = new Set([...drawing.shapes.map((shape) => shape.kind), "vehicle", ...(track.length > 0 ? ["track"] : [])]);
    for (const line of legend.children) line.hidden = !kinds.has(line.dataset.kind);
    clip?.dispatchEvent(new Event("seeked"));
  }

  function show(isShown) {
    stage.classList.toggle("with-overlay", isShown);
    button.setAttribute("aria-pressed", String(isShown));
    legend.hidden = !isShown;
    localStorage.setItem(SHOWN, isShown ? "1" : "0");
    if (isShown && !asked) draw().catch(() => { asked = false; });
  }

  button.addEventListener("click", () => show(!stage.classList.contains("with-overlay")));
  clip?.addEventListener("moment", (moment) => moveBox(moment.detail));
  show(localStorage.getItem(SHOWN) === "1");
  return { toggle: () => button.click() };
}
