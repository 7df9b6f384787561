// The camera file as it is drawn: one plain value, what was before it, and the shapes in it.

const KEPT = 200;

/** `onChange` is called after every change, undone or not. Changes with the same key, one after another, are one. */
export function openModel(content, onChange) {
  let now = content;
  let past = [];
  let future = [];
  let lastKey = null;

  function change(edit, key = null) {
    const next = structuredClone(now);
    edit(next);
    if (key === null || key !== lastKey) past = [...past.slice(1 - KEPT), now];
    [now, future, lastKey] = [next, [], key];
    onChange();
  }

  function step(from, to) {
    if (from.length === 0) return [from, to];
    const next = from.at(-1);
    const kept = [...to, now];
    now = next;
    lastKey = null;
    return [from.slice(0, -1), kept];
  }

  return {
    get content() { return now; },
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
    change,
    undo() { [past, future] = step(past, future); onChange(); },
    redo() { [future, past] = step(future, past); onChange(); },
  };
}

/** Every list of points: where it stands, how it looks, and how few points it must keep. */
export function shapesOf(content) {
  const shapes = [];
  const add = (room, index, key, look, least, most = Infinity) => {
    const part = room === "ground" ? content.ground : content[room][index];
    if (!part?.[key]) return;
    shapes.push({ room, index, key, look, least, most, id: `${room}-${index}-${key}`, name: part.id ?? room });
  };
  (content.zones ?? []).forEach((_, n) => add("zones", n, "polygon_px", "zone", 3));
  (content.lanes ?? []).forEach((_, n) => { add("lanes", n, "polygon_px", "lane", 3); add("lanes", n, "heading_px", "heading", 2, 2); });
  (content.lines ?? []).forEach((_, n) => { add("lines", n, "points_px", "line", 2); add("lines", n, "from_px", "from", 1, 1); });
  (content.signals ?? []).forEach((_, n) => add("signals", n, "head_px", "lamp", 2, 2));
  if (content.ground) add("ground", 0, "points_px", "ground", 1);
  return shapes;
}

function owner(content, shape) {
  return shape.room === "ground" ? content.ground : content[shape.room][shape.index];
}

export function pointsOf(content, shape) {
  const value = owner(content, shape)[shape.key];
  if (shape.look === "lamp") return [[value[0], value[1]], [value[2], value[3]]];
  return shape.look === "from" ? [value] : value;
}

function put(content, shape, points) {
  const part = owner(content, shape);
  if (shape.look === "lamp") {
    const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]).sort((a, b) => a - b));
    part[shape.key] = [xs[0], ys[0], xs[1], ys[1]];
  } else part[shape.key] = shape.look === "from" ? points[0] : points;
}

/** The nearest place in the frame, in quarters of a px. */
export function inFrame(content, [x, y]) {
  const fit = (value, size) => Math.round(Math.min(Math.max(value, 0), size) * 4) / 4;
  return [fit(x, content.frame.width), fit(y, content.frame.height)];
}

export function movePoint(model, shape, number, point) {
  const to = inFrame(model.content, point);
  model.change((content) => {
    const points = pointsOf(content, shape).map((each, n) => (n === number ? to : each));
    put(content, shape, points);
  }, `${shape.id}-${number}`);
}

/** Another point behind this one: in the middle towards the next, or a little further where there is none. */
export function growPoint(model, shape, number) {
  if (shape.look === "ground" || pointsOf(model.content, shape).length >= shape.most) return false;
  model.change((content) => {
    const points = pointsOf(content, shape);
    const here = points[number];
    const isClosed = shape.look === "lane" || shape.look === "zone";
    const next = points[number + 1] ?? (isClosed ? points[0] : [here[0] + 40, here[1]]);
    const middle = inFrame(content, [(here[0] + next[0]) / 2, (here[1] + next[1]) / 2]);
    put(content, shape, [...points.slice(0, number + 1), middle, ...points.slice(number + 1)]);
  });
  return true;
}

export function dropPoint(model, shape, number) {
  if (pointsOf(model.content, shape).length <= shape.least || shape.look === "lamp") return false;
  model.change((content) => {
    if (shape.room === "ground") content.ground.points_m.splice(number, 1);
    put(content, shape, pointsOf(content, shape).filter((_, n) => n !== number));
  });
  return true;
}

const NEW = {
  lines: (x, y, dx) => ({ points_px: [[x - dx, y], [x + dx, y]], from_px: [x, y + dx / 2] }),
  lanes: (x, y, dx) => ({ polygon_px: [[x - dx, y + dx], [x - dx / 2, y - dx], [x + dx / 2, y - dx], [x + dx, y + dx]], heading_px: [[x, y + dx], [x, y - dx]] }),
  zones: (x, y, dx) => ({ polygon_px: [[x - dx, y - dx / 2], [x + dx, y - dx / 2], [x + dx, y + dx / 2], [x - dx, y + dx / 2]] }),
  signals: (x, y, dx) => ({ head_px: [x - dx / 8, y - dx / 4, x + dx / 8, y + dx / 4], layout: "vertical" }),
};
const PREFIX = { lines: "line", lanes: "lane", zones: "zone", signals: "lamp" };

/** A new part in the middle of what is seen; its points are moved where they belong. */
export function addPart(model, room, [x, y], size) {
  model.change((content) => {
    const spot = (value) => Math.round(value);
    if (room === "rules") content.rules = [...(content.rules ?? []), { rule: "red_light", mode: "warning" }];
    else if (room === "ground") {
      content.ground ??= { points_px: [], points_m: [] };
      const count = content.ground.points_px.length;
      const corner = [[-1, 1], [1, 1], [1, -1], [-1, -1]][count % 4];
      content.ground.points_px.push(inFrame(content, [x + corner[0] * size + 8 * count, y + corner[1] * size]));
      content.ground.points_m.push([corner[0] > 0 ? 3.5 : 0, corner[1] > 0 ? 0 : 10]);
    } else {
      const taken = new Set((content[room] ?? []).map((part) => part.id));
      let number = 1;
      while (taken.has(`${PREFIX[room]}-${number}`)) number += 1;
      const part = NEW[room](spot(x), spot(y), spot(size));
      for (const key of Object.keys(part)) {
        if (key === "head_px") part[key] = [...inFrame(content, part[key]), ...inFrame(content, part[key].slice(2))];
        else if (key === "from_px") part[key] = inFrame(content, part[key]);
        else if (Array.isArray(part[key])) part[key] = part[key].map((point) => inFrame(content, point));
      }
      content[room] = [...(content[room] ?? []), { id: `${PREFIX[room]}-${number}`, ...part }];
    }
  });
}
