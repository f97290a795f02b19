// What a chart draws, from JSON or from the table on the page; both give the same columns. Times are seconds.
//
// JSON (data-chart="/property/pm25.json?range=day"):
//   { unit, decimals, zone: "Europe/Prague", range: "hour" | "day" | "week" | "own", from, to,
//     step: seconds that a value stands for, x being its end (0: instants),
//     x: [s], low: [number] | null, high: [number] | null,             the usual range, on x
//     series: [{ label, values: [number | null], x?: [s], step?, cadence? }],   null: nothing is shown there;
//       a series may bring its own x; further apart than 2.5 cadences is a gap
//     limit: { value, label } | null }
//
// Table (data-chart-table="numbers", the id of the table): the same as attributes
//   <table id="numbers" data-unit data-decimals data-zone data-range data-step [data-limit data-limit-label]>
//   <thead><tr><th>When</th><th data-column="value">School roof</th><th data-column="low">…</th><th data-column="high">
//   <tbody><tr><th scope="row"><time datetime="2026-11-22T18:00:00Z">…</time></th>
//     <td><data value="6.2">6</data></td> … <td class="absent">nothing shown</td>

const number = (text) => (text === undefined || text === "" ? null : Number(text));

function tableColumns(table) {
  const heads = [...table.tHead.rows[0].cells].map((th, i) => ({ i, kind: th.dataset.column, label: th.textContent.trim() }));
  const rows = [...table.tBodies[0].rows]
    .map((row) => ({ at: Date.parse(row.querySelector("time").dateTime) / 1000, row }))
    .sort((a, b) => a.at - b.at);
  const column = ({ i }) => rows.map(({ row }) => number(row.cells[i]?.querySelector("data")?.value));
  const of = (kind) => heads.filter((head) => head.kind === kind);
  const { unit, decimals, zone, range, step, limit, limitLabel } = table.dataset;
  return {
    unit, zone, range, decimals: Number(decimals ?? 0), step: Number(step ?? 0), x: rows.map(({ at }) => at),
    low: of("low").map(column)[0] ?? null, high: of("high").map(column)[0] ?? null,
    series: of("value").map((head) => ({ label: head.label, values: column(head) })),
    limit: limit ? { value: Number(limit), label: limitLabel } : null,
  };
}

// Nothing is drawn across a silence: a null goes between two values that are too far apart.
function withGaps({ x, values, cadence, ...rest }) {
  if (!cadence) return { x, values, ...rest };
  const [times, out] = [[], []];
  x.forEach((t, i) => {
    if (i && t - x[i - 1] > 2.5 * cadence) { times.push((t + x[i - 1]) / 2); out.push(null); }
    times.push(t);
    out.push(values[i]);
  });
  return { x: times, values: out, cadence, ...rest };
}

// The columns of a chart's box, ready to draw: every series with its own x and step.
export async function columns(box) {
  const { chart, chartTable } = box.dataset;
  let data;
  if (chart) {
    const answer = await fetch(chart);
    if (!answer.ok) throw new Error(`The chart's data did not come (${answer.status}). Reload the page.`);
    data = await answer.json();
  } else {
    data = tableColumns(document.getElementById(chartTable));
  }
  const series = data.series.map((s) => withGaps({ step: data.step, ...s, x: s.x ?? data.x }));
  const ends = series.flatMap((s) => (s.x.length ? [s.x[0], s.x.at(-1)] : []));
  const [from, to] = [data.from ?? Math.min(...ends), data.to ?? Math.max(...ends)];
  return { ...data, series, from, to, empty: !series.some((s) => s.values.some((v) => v !== null)) };
}
