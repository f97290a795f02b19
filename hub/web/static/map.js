// The quiet map: our own style, cells as hexagons with their value, public instruments as open rings.
//
// Markup (everything else comes from the server as HTML before it):
//   <div id="map" data-map-ground="/map/ground.geojson" data-map-values="/map/pm25.geojson"
//        data-map-label="Map of Bubeneč" [data-map-usual="yes"] [data-map-tiles="/map/ground.pmtiles"]></div>
//   <div class="legend" id="legend"></div>                        the legend, drawn here
//   <li data-id="{cell or instrument id}">…<span class="chip" data-value="6"></span></li>   rows of the list beside it
// On a wall (body.wall) nothing can be touched.
//
// data-map-ground: a FeatureCollection, optional "bbox" [west, south, east, north]; each feature has
//   layer: "streets" | "buildings" | "park" | "water" (line) | "trees" (points), and for streets optionally name.
// data-map-values: a FeatureCollection with, beside its features,
//   "property": see scale.js      "when": "18:00–19:00 · 10 min ago" (goes into the legend)
//   MultiPolygon features, areas:  cell (H3 index or "all"), key ("A"), where
//     ("north"), value (number or null: nothing is shown here), usual (number or null), room (the ring in which its
//     figure may stand).
//   Point features, public instruments: id, name, href (its page), value, usual, age ("2 min ago"), stale (older than
//     twice its cadence).

import { Map as GLMap, Marker, NavigationControl, ScaleControl, addProtocol } from "./vendor/maplibre-gl.mjs";
import { isDark, onTheme, token } from "./tokens.js";
import { cellMark, drawLegend, instrumentMark, shown } from "./marks.js";
import { classOf, scale } from "./scale.js";
import { clip, roomFor } from "./room.js";

const json = async (path) => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`The map's data did not come (${answer.status}). Reload the page.`);
  return answer.json();
};

const here = (path) => new URL(path, import.meta.url).href;

// Diagonal hatching, made here: the style has no sprite.
function hatch() {
  const size = 16;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = token("hatch");
  pen.lineWidth = 2;
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(shift - 2, size + 2);
    pen.lineTo(shift + size + 2, -2);
    pen.stroke();
  }
  return pen.getImageData(0, 0, size, size);
}

function* points(shape) {
  if (typeof shape[0] === "number") yield shape;
  else for (const part of shape) yield* points(part);
}

// [[west, south], [east, north]] of the streets and houses.
function bounds(ground) {
  if (ground.bbox) return [ground.bbox.slice(0, 2), ground.bbox.slice(2, 4)];
  const box = [[Infinity, Infinity], [-Infinity, -Infinity]];
  for (const { properties, geometry } of ground.features) {
    if (properties.layer !== "streets" && properties.layer !== "buildings") continue;
    for (const p of points(geometry.coordinates)) {
      for (const k of [0, 1]) {
        box[0][k] = Math.min(box[0][k], p[k]);
        box[1][k] = Math.max(box[1][k], p[k]);
      }
    }
  }
  return box;
}

const wider = ([[w, s], [e, n]], by) => [[w - (e - w) * by, s - (n - s) * by], [e + (e - w) * by, n + (n - s) * by]];

const load = (path) => new Promise((done, failed) => {
  const script = document.createElement("script");
  Object.assign(script, { src: here(path), onload: done, onerror: failed });
  document.head.append(script);
});

// The operator's own tiles (Protomaps basemap 4) go over the cells and under our own streets and houses, their names
// over all; read with range requests from the hub.
async function addTiles(style, file) {
  if (!globalThis.pmtiles) {
    await load("vendor/pmtiles.js");
    addProtocol("pmtiles", new globalThis.pmtiles.Protocol().tile);
  }
  style.sources.tiles = { type: "vector", url: `pmtiles://${new URL(file, location.href).href}` };
  const at = style.layers.findIndex((layer) => layer.source === "ground");
  const [names, ground] = [true, false].map((is) => style.metadata.tiles.filter((l) => (l.type === "symbol") === is));
  style.layers = [...style.layers.slice(0, at), ...ground, ...style.layers.slice(at), ...names];
}

async function styleOf(box) {
  const style = await json(here(isDark() ? "map-dark.json" : "map-light.json"));
  if (box.dataset.mapTiles) await addTiles(style, box.dataset.mapTiles);
  return style;
}

async function open(box, ground, live) {
  const extent = bounds(ground);
  const style = await styleOf(box);
  style.sources.ground.data = ground;
  const map = new GLMap({
    container: box, style, bounds: extent, fitBoundsOptions: { padding: live ? 12 : 4 }, interactive: live,
    locale: { "Map.Title": `${box.dataset.mapLabel}: arrow keys move it, plus and minus zoom` },
    attributionControl: false, dragRotate: false, pitchWithRotate: false, fadeDuration: 0,
    maxBounds: wider(extent, 0.8), minZoom: 11, maxZoom: 19,
  });
  map.touchZoomRotate?.disableRotation();
  if (live) map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
  await map.once("load");
  map.addImage("hatch", hatch(), { pixelRatio: 2 });
  return map;
}

const apart = (a, b) => a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1];

// Puts a name under or above its ring; where it would lie on another ring or name it waits for a finger or the focus.
function settleName({ node }, [x, y], [w, h], taken) {
  const name = node.querySelector(".name");
  node.classList.remove("hushed");
  const [half, tall] = [name.offsetWidth / 2 + 4, name.offsetHeight];
  if (!tall) return;
  const shift = Math.max(0, half - x) - Math.max(0, x + half - w);
  name.style.setProperty("--shift", `${shift}px`);
  const radius = node.offsetHeight / 2;
  const above = y + radius + tall > h - 36;
  name.classList.toggle("above", above);
  const top = above ? y - radius - tall : y + radius;
  const box = [x + shift - half, top, x + shift + half, top + tall];
  if (taken.every((other) => other.node === node || apart(box, other.box))) taken.push({ node, box });
  else node.classList.add("hushed");
}

// Puts figures and names where there is room, after every move.
function settle(map, marks, live) {
  const { clientWidth: w, clientHeight: h } = map.getContainer();
  const px = (at) => { const p = map.project(at); return [p.x, p.y]; };
  const room = live ? 26 : 3.5 * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const rings = marks.instruments.map(({ feature, node }) => ({ node, at: px(feature.geometry.coordinates) }));
  const taken = rings.map(({ node, at: [x, y] }) => {
    const r = node.offsetHeight / 2;
    return { node, box: [x - r, y - r, x + r, y + r] };
  });
  for (const ring of rings) settleName(ring, ring.at, [w, h], taken);
  const things = taken.map(({ box: [l, t, r, b] }) => [(l + r) / 2, (t + b) / 2, Math.max(room - 4, (r - l) / 2 / 1.5)]);
  if (live) things.push([w - 28, 50, 50], [60, h - 16, 46]);
  for (const { feature, node, marker } of marks.cells) {
    const ring = feature.properties.room.slice(1).map(px);
    const at = roomFor(clip(ring, [4, 4, w - 4, h - 30]), things, room);
    node.hidden = !at;
    if (at) marker.setLngLat(map.unproject(at));
  }
}

// Colours the list beside the map with the map's own colours.
function colourList(property, against) {
  const { steps, colours } = scale(property, against);
  for (const chip of document.querySelectorAll(".chip[data-value]")) {
    chip.style.setProperty("--fill", colours[classOf(steps, Number(chip.dataset.value))]);
  }
}

function colourCells(cells, property, against) {
  const { steps, colours } = scale(property, against);
  for (const { properties } of cells) {
    const value = shown(properties, against);
    if (value === null) delete properties.fill;
    else properties.fill = colours[classOf(steps, value)];
  }
}

// Draws the map in `box` and returns { refresh }, which fetches its values again.
export async function drawMap(box, legend) {
  const live = !document.body.classList.contains("wall");
  const [ground, first] = await Promise.all([json(box.dataset.mapGround), json(box.dataset.mapValues)]);
  let values = first;
  let chosen = null;
  let marks = { cells: [], instruments: [] };
  const against = () => box.dataset.mapUsual === "yes" && Boolean(values.property.usual_steps);
  const telling = () => drawLegend(legend, values.property, against(), values.when, {
    instruments: values.features.some((f) => f.geometry.type === "Point"),
    absent: values.features.some((f) => f.geometry.type !== "Point" && shown(f.properties, against()) === null),
  });
  telling();
  colourList(values.property, against());
  const map = await open(box, ground, live);

  function choose(id) {
    if (chosen) map.setFeatureState({ source: "cells", id: chosen }, { chosen: false });
    chosen = id;
    if (id) map.setFeatureState({ source: "cells", id }, { chosen: true });
    for (const { node } of [...marks.cells, ...marks.instruments]) node.classList.toggle("chosen", node.dataset.id === id);
    for (const row of document.querySelectorAll(".rows [data-id]")) {
      row.classList.toggle("chosen", row.dataset.id === id);
      const touched = row.querySelector("button, a");
      if (row.dataset.id === id) touched?.setAttribute("aria-current", "true");
      else touched?.removeAttribute("aria-current");
    }
  }

  function put(feature, node, at) {
    const marker = new Marker({ element: node, anchor: "center" }).setLngLat(at).addTo(map);
    // The node speaks for itself; MapLibre would call each "Map marker".
    for (const name of ["role", "aria-label", ...(live ? [] : ["tabindex"])]) node.removeAttribute(name);
    node.addEventListener("click", (event) => {
      event.stopPropagation();
      if (live) choose(node.dataset.id);
    });
    return { feature, node, marker };
  }

  function show() {
    const focused = document.activeElement?.closest("#map [data-id]")?.dataset.id;
    for (const { marker } of [...marks.cells, ...marks.instruments]) marker.remove();
    const [cells, things] = [false, true].map((is) => values.features.filter((f) => (f.geometry.type === "Point") === is));
    colourCells(cells, values.property, against());
    map.getSource("cells").setData({ type: "FeatureCollection", features: cells });
    const told = (list) => list.filter((f) => shown(f.properties, against()) !== null && f.properties.room?.length !== 0);
    marks = {
      cells: told(cells).map((f) => put(f, cellMark(values.property, f, against(), live), f.properties.room[0])),
      instruments: told(things).map((f) => put(f, instrumentMark(values.property, f, against(), live), f.geometry.coordinates)),
    };
    telling();
    colourList(values.property, against());
    settle(map, marks, live);
    choose(chosen);
    if (focused) [...marks.cells, ...marks.instruments].find(({ node }) => node.dataset.id === focused)?.node.focus();
  }

  if (live) {
    map.on("click", "cells", (event) => choose(event.features[0].properties.cell));
    document.addEventListener("click", (event) => {
      const id = event.target.closest?.(".rows button")?.closest("[data-id]")?.dataset.id;
      if (id) choose(id);
    });
  }
  for (const moved of ["moveend", "resize"]) map.on(moved, () => settle(map, marks, live));
  onTheme(async () => {
    const style = await styleOf(box);
    style.sources.ground.data = ground;
    map.setStyle(style, { diff: false });
    await map.once("styledata");
    if (!map.hasImage("hatch")) map.addImage("hatch", hatch(), { pixelRatio: 2 });
    show();
  });
  await document.fonts.ready;
  show();
  return {
    async refresh() {
      values = await json(box.dataset.mapValues);
      show();
    },
  };
}
