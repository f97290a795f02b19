// Reads tokens.css from the page, so that canvas and map follow the same decisions as the text.

const root = document.documentElement;

export const token = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

export const isDark = () =>
  root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

// Calls `redraw` when the system changes between day and night.
export const onTheme = (redraw) => matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

// WCAG 2.2 relative luminance and contrast.
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

const contrast = (a, b) => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};

// A colour printed on a ground with a strength of 0 to 1.
export function mix(top, ground, strength) {
  const [a, b] = [parts(top), parts(ground)];
  return "#" + a.map((c, i) => Math.round(c * strength + b[i] * (1 - strength)).toString(16).padStart(2, "0")).join("");
}

// Whether a dark ("ink") or a light ("paper") figure is easier to read on a colour; one of them always has 4.5:1.
export function figureOn(hex) {
  const ground = parts(hex);
  const [dark, light] = ["figure-dark", "figure-light"].map((name) => contrast(ground, parts(token(name))));
  return dark >= light ? "ink" : "paper";
}
