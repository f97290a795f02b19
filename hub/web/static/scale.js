// From a property of config/properties.toml to the classes and colours that are drawn. Rule: little is near the ground,
// much is far from it, by day and by night; "as usual" is nearly the ground.
//
// A property here is the `property` object of /map/{id}.geojson:
//   { id, name, short, symbol, decimals, steps: [number], words: [string] | null, source: string,
//     usual_steps: [number] | null, ramp: { name, light: [from, to], dark: [from, to], even?: true } }

import { isDark, mix, token } from "./tokens.js";

const DIFFERENCE = {
  light: [2, 3, 4, 5, 6, 7, 8].map((i) => `vik-${i}`),
  dark: [4, 3, 2, 5, 8, 7, 6].map((i) => `vik-${i}`), // the arms turned round: far is bright
};
const NIGHT = [1.2, 0.9, 0.6, 0.2, 0.6, 0.9, 1.2];

export const USUAL_WORDS = [
  "far less than usual", "less than usual", "a little less than usual", "as usual",
  "a little more than usual", "more than usual", "far more than usual",
];

function stops({ name, light, dark }, n) {
  const [from, to] = isDark() ? dark : light;
  return Array.from({ length: n }, (_, i) => `${name}-${Math.round(from + ((to - from) * i) / Math.max(1, n - 1))}`);
}

// { steps, colours, words }: one colour more than steps, from little to much, as printed on the map's ground.
export function scale(property, usual) {
  const steps = usual ? property.usual_steps : property.steps;
  const names = usual ? DIFFERENCE[isDark() ? "dark" : "light"] : stops(property.ramp, steps.length + 1);
  const [least, most, even] = ["fill-least", "fill-most", "fill-even"].map((name) => Number(token(name)));
  const amount = (i) => least + ((most - least) * i) / Math.max(1, steps.length);
  const strength = (i) => {
    if (usual) return isDark() ? even * NIGHT[i] : even;
    return property.ramp.even ? even : amount(i);
  };
  const colours = names.map((name, i) => mix(token(name), token("map-ground"), strength(i)));
  return { steps, colours, words: usual ? USUAL_WORDS : property.words };
}

export const classOf = (steps, value) => steps.filter((step) => value > step).length;

// A value as it is written: with a true minus, and with its sign when it is a difference.
export function figure(property, value, usual) {
  const text = Math.abs(value).toFixed(property.decimals);
  if (!usual) return (value < 0 && Number(text) ? "−" : "") + text;
  return Number(text) === 0 ? "±0" : (value < 0 ? "−" : "+") + text;
}
