// Times as people read them, in the neighbourhood's zone.

const HOUR = 3600;

export function times(zone) {
  const made = new Map();
  const say = (t, options) => {
    const key = JSON.stringify(options);
    if (!made.has(key)) made.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
    return made.get(key).format(new Date(t * 1000));
  };
  const clock = (t) => say(t, { hour: "2-digit", minute: "2-digit" });
  const weekday = (t) => say(t, { weekday: "short" });
  const date = (t) => say(t, { day: "numeric", month: "short" });

  // The window that ends at t, or the instant t; with its day when more than a day is drawn.
  function when(t, step, range) {
    const start = t - step;
    if (step >= 24 * HOUR) return `${weekday(start)} ${date(start)}`;
    const day = { week: `${weekday(start)} `, own: `${date(start)} ` }[range] ?? "";
    return day + (step ? `${clock(start)}–${clock(t)}` : clock(t));
  }

  const every = (from, to, step, take) => {
    const out = [];
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) if (take(t)) out.push(t);
    return out;
  };

  // Where the axis is marked, and how: round minutes, round hours, midnights, or first days of months.
  function marks(from, to, room) {
    const span = to - from;
    const least = span / Math.max(2, room);
    if (span <= 3 * HOUR) {
      const step = [300, 600, 900, 1800, 3600].find((s) => s >= least) ?? 3600;
      return { at: every(from, to, step, () => true), text: clock };
    }
    if (span <= 50 * HOUR) {
      const hours = [1, 2, 3, 6, 12, 24].find((h) => h * HOUR >= least) ?? 24;
      return { at: every(from, to, HOUR, (t) => clock(t).endsWith(":00") && Number(clock(t).slice(0, 2)) % hours === 0), text: clock };
    }
    const midnights = every(from, to, HOUR, (t) => clock(t) === "00:00");
    if (span <= 100 * 24 * HOUR) {
      const nth = Math.ceil(midnights.length / Math.max(2, room));
      const text = span <= 10 * 24 * HOUR ? (t) => (room < 6 ? weekday(t) : `${weekday(t)} ${say(t, { day: "numeric" })}`) : date;
      return { at: midnights.filter((_, i) => i % nth === 0), text };
    }
    return { at: midnights.filter((t) => say(t, { day: "numeric" }) === "1"), text: (t) => say(t, { month: "short" }) };
  }

  return { when, marks };
}
