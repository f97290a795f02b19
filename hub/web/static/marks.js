// What stands on the map as HTML: a cell's figure, a public instrument's ring, and the legend below.
// Rule: never colour alone; what is read aloud is one sentence.

import { figureOn } from "./tokens.js";
import { classOf, figure, scale } from "./scale.js";

export const element = (tag, cls, ...children) => {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  node.append(...children);
  return node;
};

const ears = (text) => element("span", "unseen", text);

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

// The `open` glyph itself, large.
function ring() {
  const svg = shape("svg", { viewBox: "0 0 48 48", "aria-hidden": "true" });
  svg.append(
    shape("circle", { cx: 24, cy: 24, r: 21, class: "disc" }),
    shape("path", { d: "M31.2 4.27A21 21 0 1 0 43.73 16.8", class: "arc" }),
  );
  return svg;
}

// The value that is shown: as it is, or its difference from usual; null: nothing.
export const shown = ({ value, usual }, against) => {
  if (value === null || value === undefined) return null;
  if (!against) return value;
  return usual === null || usual === undefined ? null : value - usual;
};

export function cellMark(property, feature, against, live) {
  const { cell, key, where } = feature.properties;
  const { steps, colours, words } = scale(property, against);
  const value = shown(feature.properties, against);
  const n = classOf(steps, value);
  const node = element(live ? "button" : "div", `cell on-${figureOn(colours[n])}`,
    ears("Area "), element("span", "key", key), ears(`, ${where}: `),
    element("span", "value", figure(property, value, against)),
    ears(` ${property.symbol}${words ? `, ${words[n]}` : ""}`));
  if (live) node.type = "button";
  node.dataset.id = cell;
  node.style.setProperty("--fill", colours[n]);
  return node;
}

export function instrumentMark(property, feature, against, live) {
  const { id, name, href, age, stale } = feature.properties;
  const text = figure(property, shown(feature.properties, against), against);
  const node = element(live && href ? "a" : "div", `instrument${stale ? " stale" : ""}${text.length > 3 ? " long" : ""}`,
    ring(), element("span", "value", text), ears(` ${property.symbol}, `), element("span", "name", name),
    ears(`, ${age}${stale ? ", out of date" : ""}`));
  if (live && href) node.href = href;
  node.dataset.id = id;
  return node;
}

const sign = (value, against) => (against && value > 0 ? `+${value}` : String(value).replace("-", "−"));

// Whole numbers in few classes are named under their box; everything else where two boxes meet.
function under(steps, i, edges, against) {
  const [low, high] = [steps[i - 1], steps[i]];
  if (edges) return i ? sign(low, against) : "";
  if (!i) return `to ${high}`;
  return high === undefined ? `over ${low}` : `${low + 1}–${high}`;
}

// Fills `node` (class "legend"). `when` says which time is shown; `kinds` which marks there are.
export function drawLegend(node, property, against, when, kinds) {
  const { steps, colours, words } = scale(property, against);
  const edges = against || steps.length > 5 || !steps.every(Number.isInteger);
  const bar = element("ol", edges ? "bar edges" : "bar", ...colours.map((colour, i) => {
    const box = element("span", "box");
    box.style.setProperty("--fill", colour);
    const item = element("li", "", box, element("span", "step", under(steps, i, edges, against)));
    if (against) item.append(element("span", "word", { 0: "less", 3: "as usual", 6: "more" }[i] ?? ""));
    else if (words && !edges) item.append(element("span", "word", words[i]));
    return item;
  }));
  const title = element("p", "title", element("b", "", against ? `${property.short}, against usual` : property.name),
    ` ${property.symbol}${when ? ` · ${when}` : ""}`);
  node.replaceChildren(title, ...(steps.length ? [bar] : []));
  if (kinds.instruments) {
    const glyph = element("span", "grade");
    glyph.dataset.grade = "open";
    node.append(element("p", "openring", glyph, "public instrument, live"));
  }
  if (kinds.absent) {
    node.append(element("p", "absent", element("span", "swatch hatch"), "Nothing is shown here: too few homes, or they rest."));
  }
  if (property.source && !against) node.append(element("p", "cite", `Classes: ${property.source}`));
}
