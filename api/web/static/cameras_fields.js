// The same parts as numbers and words: for whoever cannot see the picture, and for whoever has measured.

import { dropPoint, growPoint, movePoint, pointsOf, shapesOf } from "./cameras_model.js";
import { fill } from "./cameras_draw.js";

const ROOMS = ["lines", "lanes", "zones", "signals", "ground", "rules"];
const FLAGS = { lines: "solid", zones: "exclude" };
const CHOICES = { lanes: ["street", ["one_way", "two_way"]], signals: ["layout", ["vertical", "horizontal"]] };
const MODES = ["off", "warning", "live"];

function tag(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function named(label, control, id) {
  control.id = id;
  const text = tag("label", { htmlFor: id }, label);
  return tag("div", { className: "field" }, text, control);
}

/** Settings of a rule as `key: value, …`; null where one of them is more than a word or a number. */
export function settingsText(rule) {
  const own = Object.entries(rule).filter(([key]) => !["rule", "mode", "since"].includes(key));
  if (own.some(([, value]) => typeof value === "object" || /[,:]/.test(String(value)))) return null;
  return own.map(([key, value]) => `${key}: ${value}`).join(", ");
}

export function settingsOf(text) {
  const found = {};
  for (const pair of text.split(",")) {
    const [key, ...rest] = pair.split(":");
    const value = rest.join(":").trim();
    if (!key.trim() || !value) continue;
    found[key.trim()] = value === "true" ? true : value === "false" ? false : value !== "" && !Number.isNaN(Number(value)) ? Number(value) : value;
  }
  return found;
}

export function openFields(place, model, words, speak, drawing) {
  let residuals = [];
  let groundWords = "";

  function number(value, label, id, put) {
    const input = tag("input", { type: "number", step: "any", value, className: "coordinate", id });
    input.setAttribute("aria-label", label);
    input.addEventListener("change", () => { if (input.value !== "" && Number.isFinite(input.valueAsNumber)) put(input.valueAsNumber); });
    return input;
  }

  function pointRow(shape, part, [x, y], n) {
    const label = (axis) => `${part}, ${n + 1}, ${axis}`;
    const id = `field-${shape.id}-${n}`;
    const row = tag("div", { className: "point-row" },
      tag("span", { className: "number" }, String(n + 1)),
      number(x, label("x"), `${id}-x`, (value) => movePoint(model, shape, n, [value, pointsOf(model.content, shape)[n][1]])),
      number(y, label("y"), `${id}-y`, (value) => movePoint(model, shape, n, [pointsOf(model.content, shape)[n][0], value])));
    const more = shape.room === "ground" ? metres(n) : [];
    row.append(...more.slice(0, 2));
    if (pointsOf(model.content, shape).length > shape.least && shape.look !== "lamp") {
      const drop = tag("button", { type: "button", className: "quiet", id: `${id}-drop` }, "×");
      drop.setAttribute("aria-label", `${part}: ${fill(words.remove_point, { n: n + 1 })}`);
      drop.addEventListener("click", () => dropPoint(model, shape, n));
      row.append(drop);
    }
    row.append(...more.slice(2));
    return row;
  }

  function metres(n) {
    const put = (axis) => (value) => model.change((content) => { content.ground.points_m[n][axis] = value; });
    const at = model.content.ground.points_m[n] ?? [0, 0];
    const off = residuals[n] === undefined ? "" : fill(words.residual, { error: residuals[n].toFixed(2) });
    return [0, 1].map((axis) => number(at[axis], `${words.ground}, ${n + 1}, ${words.metres} ${axis + 1}`, `metre-${n}-${axis}`, put(axis)))
      .concat(tag("span", { className: "hint residual" }, off));
  }

  function points(shape, title) {
    const part = `${words[shape.room]} ${shape.name} ${title}`.trim();
    const box = tag("fieldset", { className: "points" }, tag("legend", {}, shape.room === "ground" ? `px: x, y; ${words.metres}` : title || shape.key));
    pointsOf(model.content, shape).forEach((point, n) => box.append(pointRow(shape, part, point, n)));
    if (shape.most === Infinity && shape.room !== "ground") {
      const grow = tag("button", { type: "button", className: "quiet", id: `grow-${shape.id}` }, `+ ${words.add_point}`);
      grow.addEventListener("click", () => growPoint(model, shape, pointsOf(model.content, shape).length - 1));
      box.append(grow);
    }
    return box;
  }

  function own(room, index, part) {
    const put = (key) => (value) => model.change((content) => { content[room][index][key] = value; });
    const id = `own-${room}-${index}`;
    const made = [];
    const text = (key, label) => {
      const input = tag("input", { value: part[key] ?? "" });
      input.addEventListener("change", () => put(key)(input.value.trim()));
      made.push(named(label, input, `${id}-${key}`));
    };
    const choice = (key, options, label) => {
      const select = tag("select", {}, ...options.map((each) => tag("option", { value: each, selected: part[key] === each }, each)));
      select.addEventListener("change", () => put(key)(select.value));
      made.push(named(label, select, `${id}-${key}`));
    };
    if (room === "rules") {
      text("rule", words.rules);
      choice("mode", MODES, words.mode);
      const settings = settingsText(part);
      const input = tag("input", { value: settings ?? words.complex, disabled: settings === null });
      input.addEventListener("change", () => model.change((content) => {
        const { rule, mode, since } = content.rules[index];
        content.rules[index] = { rule, ...(mode && { mode }), ...(since && { since }), ...settingsOf(input.value) };
      }));
      made.push(named(words.settings, input, `${id}-settings`));
    } else text("id", words.name);
    if (FLAGS[room]) {
      const key = FLAGS[room];
      const box = tag("input", { type: "checkbox", checked: Boolean(part[key]), id: `${id}-${key}` });
      box.addEventListener("change", () => put(key)(box.checked));
      made.push(tag("label", { className: "flag" }, box, ` ${words[key]}`));
    }
    if (CHOICES[room]) choice(CHOICES[room][0], CHOICES[room][1], CHOICES[room][0]);
    return made;
  }

  function remove(room, index, name) {
    const button = tag("button", { type: "button", className: "danger", id: `remove-${room}-${index}` }, words.remove);
    button.setAttribute("aria-label", `${words.remove}: ${name}`);
    button.addEventListener("click", () => {
      model.change((content) => {
        if (room === "ground") delete content.ground;
        else content[room].splice(index, 1);
      });
      speak(fill(words.removed, { part: name }));
    });
    return button;
  }

  function rectangle() {
    const [w, l] = [tag("input", { type: "number", step: "any", value: 3.5 }), tag("input", { type: "number", step: "any", value: 10 })];
    w.setAttribute("aria-label", `${words.rectangle} 1`);
    l.setAttribute("aria-label", `${words.rectangle} 2`);
    const apply = tag("button", { type: "button", id: "apply-rectangle" }, words.apply);
    apply.addEventListener("click", () => model.change((content) => {
      [[0, 0], [w.valueAsNumber, 0], [w.valueAsNumber, l.valueAsNumber], [0, l.valueAsNumber]]
        .forEach((at, n) => { if (n < content.ground.points_m.length) content.ground.points_m[n] = at; });
    }));
    return tag("div", { className: "point-row" }, tag("span", { className: "hint" }, words.rectangle), w, l, apply);
  }

  function partOf(room, index, part, shapes) {
    const name = `${words[room]} ${room === "rules" ? `${part.rule ?? ""} ${settingsText(part) ?? ""}` : part.id ?? ""}`.trim();
    const box = tag("details", { className: "panel part-panel" }, tag("summary", { id: `part-${room}-${index}` }, name));
    box.dataset.part = `${room}-${index}`;
    if (room === "ground") box.firstChild.append(tag("span", { className: "hint" }, ` ${groundWords}`));
    if (room !== "ground") box.append(...own(room, index, part));
    for (const shape of shapes) box.append(points(shape, { from: words.from, heading: words.heading }[shape.look] ?? ""));
    if (room === "ground" && part.points_px.length >= 4) box.append(rectangle());
    box.append(remove(room, index, name));
    return box;
  }

  function show() {
    const open = new Set([...place.querySelectorAll("details[open]")].map((each) => each.dataset.part));
    const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
    const shapes = shapesOf(model.content);
    const parts = ROOMS.flatMap((room) => {
      const list = room === "ground" ? (model.content.ground ? [model.content.ground] : []) : model.content[room] ?? [];
      return list.map((part, n) => partOf(room, n, part, shapes.filter((each) => each.room === room && each.index === n)));
    });
    for (const part of parts) part.open = open.has(part.dataset.part);
    place.replaceChildren(...parts);
    if (focused) document.getElementById(focused)?.focus();
  }

  return {
    show,
    open(room, index) {
      const part = place.querySelector(`[data-part="${room}-${index}"]`);
      if (part) part.open = true;
      return part;
    },
    set residuals(values) { residuals = values; },
    set groundWords(said) { groundWords = said; },
    drawing,
  };
}
