// Where a figure fits inside what is seen of a cell. Pure geometry in pixels; a shape is a list of [x, y].

// The part of a convex shape inside a box.
export function clip(points, [left, top, right, bottom]) {
  const sides = [(p) => p[0] - left, (p) => right - p[0], (p) => p[1] - top, (p) => bottom - p[1]];
  return sides.reduce((shape, inside) => {
    const next = [];
    shape.forEach((b, i) => {
      const a = shape.at(i - 1);
      const [da, db] = [inside(a), inside(b)];
      if (da >= 0 !== db >= 0) {
        const t = da / (da - db);
        next.push([a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]);
      }
      if (db >= 0) next.push(b);
    });
    return next;
  }, points);
}

function toEdge([x, y], shape) {
  let least = Infinity;
  shape.forEach((b, i) => {
    const a = shape.at(i - 1);
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const t = Math.max(0, Math.min(1, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy || 1)));
    least = Math.min(least, Math.hypot(x - a[0] - t * dx, y - a[1] - t * dy));
  });
  return least;
}

function within([x, y], shape) {
  let is = false;
  shape.forEach((b, i) => {
    const a = shape.at(i - 1);
    if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) is = !is;
  });
  return is;
}

const GRID = 20;

function* inside(shape) {
  const [xs, ys] = [0, 1].map((k) => shape.map((p) => p[k]));
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  const [w, h] = [Math.max(...xs) - x, Math.max(...ys) - y];
  for (let i = 0; i <= GRID; i++)
    for (let j = 0; j <= GRID; j++) {
      const at = [x + (w * i) / GRID, y + (h * j) / GRID];
      if (within(at, shape)) yield at;
    }
}

// The best place in a shape for a figure of radius `room`, clear of `things` ([x, y, radius]); null: there is none.
export function roomFor(shape, things, room) {
  if (shape.length < 3) return null;
  const middle = [0, 1].map((k) => shape.reduce((sum, p) => sum + p[k], 0) / shape.length);
  let best = null;
  for (const at of inside(shape)) {
    const edge = toEdge(at, shape);
    const thing = Math.min(Infinity, ...things.map(([x, y, r]) => Math.hypot((at[0] - x) / 1.5, at[1] - y) - r));
    if (edge < room || thing < room) continue;
    const score = Math.min(edge, thing, room * 2.4) - 0.35 * Math.hypot(at[0] - middle[0], at[1] - middle[1]);
    if (!best || score > best.score) best = { at, score };
  }
  return best?.at ?? null;
}
