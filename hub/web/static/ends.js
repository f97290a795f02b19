// What uPlot does not draw: the names at the ends of the lines, the limit, and where nothing is shown.
// Rule: no list of boxes and colours; a line is named where it ends. All lengths are device pixels times `ratio`.

import { token } from "./tokens.js";

// On a phone a line's name has no room at its end: a letter stands there, and again before the name above the chart.
export const letter = (n) => "abcdefghij"[n] ?? "";

const endText = (text, label, n, count, narrow) => {
  if (count === 1) return narrow ? text : `${text} now`;
  return `${text}  ${narrow ? letter(n) : label}`;
};

const known = ({ x, values }) => x.map((t, i) => [t, values[i]]).filter(([, value]) => value !== null);

// How much room the names at the ends need, in CSS pixels.
export function endsWidth(data, narrow, font, text) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font.replace(/^\d+/, "640");
  const names = data.series.flatMap((s, n) => {
    const last = known(s).at(-1);
    return last ? [endText(text(last[1]), s.label, n, data.series.length, narrow)] : [];
  });
  if (!narrow && data.limitShown) names.push(`${data.limit.value}  ${data.limit.label}`);
  if (!narrow && data.high) names.push("usual range");
  return 18 + Math.ceil(Math.max(0, ...names.map((name) => pen.measureText(name).width)));
}

const scaled = (font, ratio) => font.replace(/(\d+)px/, (_, n) => `${n * ratio}px`);

function pencil(u, narrow) {
  const ratio = devicePixelRatio;
  const size = narrow ? 14 : 16;
  const [font, strong] = [420, 640].map((weight) => scaled(`${weight} ${size}px ${token("face")}`, ratio));
  const { left, top, width, height } = u.bbox;
  return { pen: u.ctx, ratio, font, strong, left, right: left + width, top, bottom: top + height, narrow };
}

function limitLine(u, p, limit) {
  const y = u.valToPos(limit.value, "y", true);
  p.pen.strokeStyle = token("limit");
  p.pen.lineWidth = 1.5 * p.ratio;
  p.pen.setLineDash([6 * p.ratio, 4 * p.ratio]);
  p.pen.beginPath();
  p.pen.moveTo(p.left, y);
  p.pen.lineTo(p.right, y);
  p.pen.stroke();
  p.pen.setLineDash([]);
}

// On paper, so that a line behind it does not cross it out.
function onPaper(p, text, x, y, colour) {
  p.pen.lineWidth = 5 * p.ratio;
  p.pen.lineJoin = "round";
  p.pen.strokeStyle = token("paper");
  p.pen.strokeText(text, x, y);
  p.pen.fillStyle = colour;
  p.pen.fillText(text, x, y);
}

// On a phone the limit's name stands on its line, at the side where no series crosses it.
function limitName(u, p, limit, lines) {
  const text = `${limit.label}, ${limit.value}`;
  p.pen.font = p.font;
  const wide = p.pen.measureText(text).width;
  const y = u.valToPos(limit.value, "y", true);
  const crossed = (a, b) => lines.some(({ points }) => points.some(([x, at]) => x > a && x < b && Math.abs(at - y) < 24 * p.ratio));
  const right = !crossed(p.right - wide, p.right) || crossed(p.left, p.left + wide);
  p.pen.textAlign = right ? "right" : "left";
  p.pen.textBaseline = "bottom";
  onPaper(p, text, right ? p.right : p.left, y - 4 * p.ratio, token("limit"));
}

// Pushes the names apart and keeps them inside the picture.
function spread(ends, apart, top, bottom) {
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => { if (i) end.y = Math.max(end.y, ends[i - 1].y + apart); });
  const over = ends.length ? ends.at(-1).y - bottom : 0;
  if (over > 0) ends.toReversed().forEach((end, i, all) => { end.y = Math.min(end.y, i ? all[i - 1].y - apart : bottom); });
  for (const end of ends) end.y = Math.max(end.y, top);
}

const nameEnds = (lines, p, y) => lines.flatMap(({ label, last, text }, n) => (last ? [{
  text: endText(text, label, n, lines.length, p.narrow), y: y(last[1]),
  colour: token(n ? "ink-soft" : "ink"), font: n ? p.font : p.strong,
}] : []));

function writeEnds(p, ends) {
  p.pen.textAlign = "left";
  p.pen.textBaseline = "middle";
  for (const end of ends) {
    p.pen.font = end.font;
    p.pen.fillStyle = end.colour;
    p.pen.fillText(end.text, p.right + 10 * p.ratio, end.y);
  }
}

function besideTheLines(u, p, data, lines) {
  const [soft, red] = ["ink-soft", "limit"].map(token);
  const y = (value) => u.valToPos(value, "y", true);
  const ends = nameEnds(lines, p, y);
  if (data.limit && data.limitShown) ends.push({ text: `${data.limit.value}  ${data.limit.label}`, y: y(data.limit.value), colour: red, font: p.font });
  const band = data.high?.at(-1);
  if (band !== null && band !== undefined) ends.push({ text: "usual range", y: y((band + data.low.at(-1)) / 2), colour: soft, font: p.font });
  spread(ends, 19 * p.ratio, p.top, p.bottom);
  writeEnds(p, ends);
}

function onTheLines(u, p, data, lines) {
  if (data.limit && data.limitShown) limitName(u, p, data.limit, lines);
  const ends = nameEnds(lines, p, (value) => u.valToPos(value, "y", true));
  spread(ends, 17 * p.ratio, p.top, p.bottom);
  writeEnds(p, ends);
}

// A gap is a gap; where it is wide enough it is named.
function gap(p, a, b) {
  p.pen.font = p.font;
  p.pen.textAlign = "center";
  p.pen.textBaseline = "middle";
  const wide = b - a;
  if (wide > p.pen.measureText("nothing shown").width / 2) onPaper(p, "nothing shown", (a + b) / 2, p.bottom - 19 * p.ratio, token("ink-soft"));
  p.pen.save();
  p.pen.strokeStyle = token("hatch");
  p.pen.lineWidth = 1.2 * p.ratio;
  p.pen.beginPath();
  p.pen.rect(a, p.bottom - 8 * p.ratio, wide, 8 * p.ratio);
  p.pen.clip();
  p.pen.beginPath();
  for (let x = a - 10 * p.ratio; x < b + 10 * p.ratio; x += 6 * p.ratio) {
    p.pen.moveTo(x, p.bottom);
    p.pen.lineTo(x + 8 * p.ratio, p.bottom - 8 * p.ratio);
  }
  p.pen.stroke();
  p.pen.restore();
}

// Where none of the series has a value.
function gaps(u, p, data) {
  if (data.series.length !== 1) return;
  const [{ x, values }] = data.series;
  const at = (t) => u.valToPos(t, "x", true);
  let start = null;
  values.forEach((value, i) => {
    if (value === null && start === null) start = i;
    if (value !== null && start !== null) { gap(p, at(x[Math.max(0, start - 1)]), at(x[i])); start = null; }
  });
  if (start !== null) gap(p, at(x[Math.max(0, start - 1)]), at(x.at(-1)));
}

// Draws all of it; `text(value)` writes a value.
export function drawEnds(u, data, narrow, text) {
  const p = pencil(u, narrow);
  p.pen.save();
  const lines = data.series.map(({ label, x, values }) => {
    const told = known({ x, values });
    const last = told.at(-1) ?? null;
    const points = told.map(([t, value]) => [u.valToPos(t, "x", true), u.valToPos(value, "y", true)]);
    return { label, last, points, text: last ? text(last[1]) : "" };
  });
  gaps(u, p, data);
  if (data.limit && data.limitShown) limitLine(u, p, data.limit);
  (narrow ? onTheLines : besideTheLines)(u, p, data, lines);
  const end = lines[0]?.points.at(-1);
  if (end) {
    p.pen.fillStyle = token("ink");
    p.pen.beginPath();
    p.pen.arc(...end, 4.5 * p.ratio, 0, 2 * Math.PI);
    p.pen.fill();
  }
  p.pen.restore();
}
