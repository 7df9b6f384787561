// A length on the road between two points of the picture, by the plane that the office fitted; nothing of it is saved.

import { fill } from "./cameras_draw.js";

export function openMeasure(drawing, words, speak) {
  let matrix = null;

  function onRoad([x, y]) {
    const [a, b, c, d, e, f, g, h, i] = matrix;
    const w = g * x + h * y + i;
    return [(a * x + b * y + c) / w, (d * x + e * y + f) / w];
  }

  function measured(points) {
    if (!matrix) { speak(words.no_ground); return; }
    const [p, q] = points.map(onRoad);
    const metres = Math.hypot(p[0] - q[0], p[1] - q[1]);
    const known = Object.assign(document.createElement("input"), { type: "number", step: "any", min: "0", className: "coordinate" });
    known.setAttribute("aria-label", words.known_length);
    const off = document.createElement("span");
    known.addEventListener("input", () => {
      const difference = metres - known.valueAsNumber;
      off.textContent = known.valueAsNumber > 0 ? ` ${fill(words.length_off, { off: difference.toFixed(2), share: ((100 * difference) / known.valueAsNumber).toFixed(1) })}` : "";
    });
    document.getElementById("spoken").replaceChildren(`${fill(words.length, { metres: metres.toFixed(2) })}. ${words.known_length}: `, known, off);
  }

  return {
    set ground(found) { matrix = found; },
    toggle() {
      const isOn = drawing.seen.measure === null;
      drawing.show({ measure: isOn ? [] : null, onMeasure: measured });
      document.querySelector('[data-do="measure"]').setAttribute("aria-pressed", String(isOn));
    },
  };
}
