// A chart over time: the first series as a line, others thinner, the usual range as a pale band, gaps as gaps.
//
// Markup: <output id="readout" class="readout"></output>
//         <div id="chart" class="chart" data-chart="/property/pm25.json?range=day" tabindex="0" role="group"
//              aria-label="Chart. Left and right arrow keys read one value after another."></div>
//   or data-chart-table="numbers" instead of data-chart: see columns.js for both. The sentence above it and the table
//   below it come from the server. `box.dataset.last` is the newest value that is drawn.

import uPlot from "./vendor/uPlot.esm.js";
import { columns } from "./columns.js";
import { drawEnds, endsWidth, letter } from "./ends.js";
import { times } from "./times.js";
import { onTheme, token } from "./tokens.js";

const NARROW = 640;
const DASHES = [[], [7, 3], [2, 3], [8, 3, 2, 3], [12, 4], [4, 4]];
const DENSE = 200; // more points than this and a dashed line is not to be read
const DIFFERENCES = new Set(["°C", "dB", "dBm", "hPa"]); // units in which nought is not nothing

// Round steps of an axis: 1, 2 or 5 times a power of ten, about six of them.
function axis(least, most) {
  const rough = (most - least || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough);
  const [from, to] = [Math.floor(least / step) * step, Math.ceil(most / step) * step];
  return { from, to: to > from ? to : from + step, step };
}

// Amounts begin at nought when they come near it; a limit is drawn when it does not press the values flat.
function vertical(data) {
  const known = [...data.series.flatMap((s) => s.values), ...(data.low ?? []), ...(data.high ?? [])].filter((v) => v !== null);
  let [least, most] = known.length ? [Math.min(...known), Math.max(...known)] : [0, 1];
  data.limitShown = Boolean(data.limit) && data.limit.value <= 4 * most;
  if (data.limitShown) most = Math.max(most, data.limit.value);
  if (!DIFFERENCES.has(data.unit) && least >= 0 && least < 0.6 * most) least = 0;
  return axis(least, most + (most - least) * 0.06);
}

// The usual range, then the series with the first one last: it is drawn over the others.
function aligned(data) {
  const tables = data.series.map((s) => [s.x, s.values]).reverse();
  if (data.low && data.high) tables.unshift([data.x, data.high, data.low]);
  // 2: a null spreads to the next values of its own series, else another series' times would shorten the gap.
  return tables.length ? uPlot.join(tables, tables.map((columns) => columns.map(() => 2))) : [[]];
}

// A value with nothing on either side would not be seen as a line.
const alone = (u, i) => u.data[i].flatMap((v, k, all) => {
  const beside = (by) => { let j = k + by; while (all[j] === undefined && j > 0 && j < all.length - 1) j += by; return all[j] ?? null; };
  return v !== null && v !== undefined && beside(-1) === null && beside(1) === null ? [k] : [];
});

function lines(data) {
  const band = data.low && data.high ? [1, 2].map(() => ({ stroke: "transparent", points: { show: false } })) : [];
  const drawn = data.series.map(({ x }, i) => ({
    stroke: token(i ? "edge" : "ink"), width: i ? 1.5 : 2.25, spanGaps: false,
    dash: x.length > DENSE ? [] : DASHES[i % DASHES.length],
    points: { show: true, size: 6, fill: token(i ? "edge" : "ink"), filter: alone },
  })).reverse();
  return { series: [{}, ...band, ...drawn], bands: band.length ? [{ series: [1, 2], fill: token("band") }] : [] };
}

const ticks = ({ from, to, step }) => Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);

const written = (v) => String(Number(v.toFixed(6))).replace("-", "−");

function options(box, state) {
  const narrow = box.clientWidth < NARROW;
  const font = `420 ${narrow ? 14 : 16}px ${token("face")}`;
  const soft = token("ink-soft");
  const plain = { font, stroke: soft, labelFont: font };
  const room = Math.floor(box.clientWidth / (narrow ? 72 : 104));
  const marks = () => times(state.data.zone).marks(state.data.from, state.data.to, room);
  const y = () => vertical(state.data);
  y();
  const names = endsWidth(state.data, narrow, font, state.write);
  const longest = Math.max(...ticks(y()).map((v) => written(v).length));
  return {
    width: box.clientWidth, height: box.clientHeight, padding: [12, names, 0, 0], legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: true, range: () => [state.data.from, state.data.to] },
      y: { range: () => { const { from, to } = y(); return [from, to]; } },
    },
    axes: [
      { ...plain, grid: { show: false }, ticks: { stroke: token("edge"), width: 1, size: 6 }, gap: 2,
        splits: () => marks().at, values: (_, at) => at.map(marks().text) },
      { ...plain, size: 12 + 9 * longest, gap: 6, ticks: { show: false }, grid: { stroke: token("rule"), width: 1 },
        splits: () => ticks(y()), values: (_, at) => at.map(written) },
    ],
    ...lines(state.data),
    hooks: { draw: [(u) => drawEnds(u, state.data, narrow, state.write)], setCursor: [(u) => state.read(u.cursor.idx)] },
  };
}

// What the series say at or just before x, as words: the value of the first alone, others with their names.
function reading(data, x, write) {
  return data.series.flatMap(({ label, x: own, values, step, cadence }, n) => {
    let i = own.length - 1;
    while (i > 0 && own[i] > x) i--;
    if (!own.length || Math.abs(own[i] - x) > 2.5 * (cadence || step || 60)) return [];
    return [{ label, n, value: values[i] === null ? null : write(values[i]), at: own[i], step }];
  });
}

function readout(node, data, x, write, narrow) {
  const said = reading(data, x, write);
  if (!said.length) { node.replaceChildren(); return; }
  const named = data.series.length > 1;
  const parts = [`${times(data.zone).when(said[0].at, said[0].step, data.range)}: `];
  said.forEach(({ label, value, n }, i) => {
    const b = document.createElement("b");
    b.textContent = value === null ? "nothing shown" : `${value} ${data.unit}`;
    const one = document.createElement("span");
    one.append(named ? `${narrow ? `${letter(n)} ` : ""}${label} ` : "", b);
    parts.push(i ? " · " : "", one);
  });
  const at = data.low ? data.x.indexOf(said[0].at) : -1;
  if (at >= 0 && data.low[at] !== null && data.high[at] !== null) parts.push(` · usual ${write(data.low[at])}–${write(data.high[at])}`);
  node.replaceChildren(...parts);
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12, Home: -Infinity, End: Infinity };

// Arrow keys read one value after another.
function keys(box, state) {
  box.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS) || !state.chart) return;
    event.preventDefault();
    const last = state.chart.data[0].length - 1;
    state.at = Math.max(0, Math.min(last, (state.at ?? last) + STEPS[event.key]));
    state.chart.setCursor({ left: state.chart.valToPos(state.chart.data[0][state.at], "x"), top: 0 });
    state.read(state.at);
  });
}

// Draws the chart in `box`, its words in `output`; returns { refresh }, which reads the columns again.
export async function drawChart(box, output) {
  const state = { data: null, chart: null, at: null, kind: "" };
  state.write = (v) => (v < 0 ? "−" : "") + Math.abs(v).toFixed(state.data.decimals);
  state.read = (i) => {
    if (!state.chart) return;
    if (i !== null && i !== undefined) state.at = i;
    const x = i === null || i === undefined ? state.data.to : state.chart.data[0][i];
    readout(output, state.data, x, state.write, box.clientWidth < NARROW);
  };
  function draw() {
    state.chart?.destroy();
    state.chart = null;
    box.classList.toggle("empty", state.data.empty);
    if (!state.data.empty) state.chart = new uPlot(options(box, state), aligned(state.data), box);
  }
  async function refresh() {
    state.data = await columns(box);
    const kind = JSON.stringify([state.data.empty, ...state.data.series.map((s) => s.label)]);
    if (kind === state.kind && state.chart) state.chart.setData(aligned(state.data));
    else draw();
    state.kind = kind;
    box.dataset.last = String(state.data.series[0]?.values.findLast((v) => v !== null) ?? "");
    if (state.at === null || !box.matches(":hover, :focus")) { state.at = null; state.read(null); }
  }
  await document.fonts.load(`16px ${token("face")}`);
  await refresh();
  keys(box, state);
  let wide = box.clientWidth;
  new ResizeObserver(() => { if (box.clientWidth !== wide) { wide = box.clientWidth; draw(); } }).observe(box);
  onTheme(draw);
  return { refresh };
}
