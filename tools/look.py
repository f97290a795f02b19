"""Checks the colours in `hub/web/static/tokens.css` and makes the two map styles from them.

    python tools/look.py          # write the table of contrasts, the dark copy and the map styles
    python tools/look.py --check  # write nothing; exit 1 when a pair is too weak or a file is out of date

Rule: a size, a colour or a glyph is decided in `tokens.css` and nowhere else; what is made from it is never edited.
The styles follow the MapLibre style specification, version 8, without sprite and glyphs: the hatching is drawn by the
page, names are set in the page's own font.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parent.parent / "hub" / "web" / "static"
TOKENS = STATIC / "tokens.css"
BASE, LIGHT = ":root {", ':root, :root[data-theme="light"] {'
DARK, SYSTEM = ':root[data-theme="dark"] {', ':root:not([data-theme="light"]) {'

TEXT, SHAPE = 4.5, 3.0
PAIRS = (
    # foreground, ground, least ratio (WCAG 2.2 AA), where
    ("ink", "paper", TEXT, "text"),
    ("ink", "paper-raised", TEXT, "text on a raised sheet"),
    ("ink-soft", "paper", TEXT, "second text"),
    ("ink-soft", "paper-raised", TEXT, "second text on a raised sheet"),
    ("ink-soft", "map-ground", TEXT, "legend, attribution"),
    ("ink", "accent-quiet", TEXT, "chosen row"),
    ("ink-soft", "accent-quiet", TEXT, "second text in a chosen row"),
    ("accent", "paper", TEXT, "links"),
    ("accent", "paper-raised", TEXT, "links on a raised sheet"),
    ("on-accent", "accent", TEXT, "buttons"),
    ("stale", "paper", TEXT, "values older than twice their cadence"),
    ("stale", "paper-raised", TEXT, "the same, raised"),
    ("limit", "paper", TEXT, "limit line and its name"),
    ("ink", "band", TEXT, "labels on the usual range"),
    ("map-name", "map-street", TEXT, "street names"),
    ("edge", "paper", SHAPE, "edges of controls"),
    ("edge", "paper-raised", SHAPE, "edges of controls, raised"),
    ("accent", "map-ground", SHAPE, "focus ring on the map"),
    ("accent", "paper", SHAPE, "focus ring"),
)
LINEAR_BELOW = 0.04045
"""Where sRGB's curve begins (IEC 61966-2-1, as WCAG 2.2 uses it)."""
NIGHT_STOPS = (4, 3, 2, 5, 8, 7, 6)
NIGHT_STRENGTHS = (1.2, 0.9, 0.6, 0.2, 0.6, 0.9, 1.2)
"""Differences by night: the arms of vik turned round, "as usual" nearly the ground (also in `scale.js`)."""

Theme = dict[str, str]
Style = dict[str, Any]


def block(css: str, head: str) -> Theme:
    """The tokens of one rule, by name."""
    body = css[css.index(head) + len(head) :]
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", body[: body.index("}")]))


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(top: str, ground: str, strength: float) -> str:
    """A colour printed on a ground with a strength of 0 to 1."""
    both = zip(rgb(top), rgb(ground), strict=True)
    return "#" + "".join(f"{round(a * strength + b * (1 - strength)):02x}" for a, b in both)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [c / 255 for c in rgb(colour)]
    r, g, b = (c / 12.92 if c <= LINEAR_BELOW else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def ratio(a: str, b: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def pairs(themes: dict[str, Theme]) -> tuple[list[str], bool]:
    """A line for every pair, and whether all are strong enough."""
    lines, good = [], True
    for fore, back, least, where in PAIRS:
        light, dark = (ratio(t[fore], t[back]) for t in themes.values())
        good &= min(light, dark) >= least
        lines.append(f"   {fore + ' on ' + back:<28} {light:5.1f} · {dark:5.1f}  ({least})  {where}")
    return lines, good


def ramp(name: str, theme: Theme, *, night: bool) -> list[tuple[str, float]]:
    """The stops of a ramp from little to much, each with the strength it is printed with (as `scale.js` does)."""
    least, most, even = (float(theme[f"fill-{k}"]) for k in ("least", "most", "even"))
    if name == "vik" and night:
        return [(f"vik-{i}", even * s) for i, s in zip(NIGHT_STOPS, NIGHT_STRENGTHS, strict=True)]
    order = [f"{name}-{i}" for i in (range(2, 10) if night else range(9, 0, -1))]
    last = len(order) - 1
    return [(stop, least + (most - least) * n / last if name == "cividis" else even) for n, stop in enumerate(order)]


def figures(themes: dict[str, Theme], base: Theme) -> tuple[list[str], bool]:
    """A line for every ramp: the weakest figure that may be written on it."""
    lines = ["   values written on the ramps (the better of figure-dark and figure-light; the least over the stops):"]
    good = True
    for name in ("batlow", "cividis", "vik"):
        found = []
        for theme, tokens in themes.items():
            stops = ramp(name, tokens, night=theme == "dark")
            printed = [mix(base[stop], tokens["map-ground"], strength) for stop, strength in stops]
            found.append(min(max(ratio(p, base[f"figure-{k}"]) for k in ("dark", "light")) for p in printed))
        good &= min(found) >= TEXT
        lines.append(f"   {'value on ' + name:<28} {found[0]:5.1f} · {found[1]:5.1f}  ({TEXT})")
    return lines, good


def wide(*widths: float) -> list[object]:
    """A line's width in pixels at zoom 13, 16 and 19."""
    steps = [x for zoom, width in zip((13, 16, 19), widths, strict=True) for x in (zoom, width)]
    return ["interpolate", ["exponential", 1.6], ["zoom"], *steps]


def drawn(t: Theme, source: str, kind: str, *, layers: dict[str, list[object]]) -> list[Style]:
    """The ground, from either source: parks, water, streets, trees; `layers` is the filter of each."""
    style: dict[str, tuple[str, Style]] = {
        "park": ("fill", {"fill-color": t["map-park"], "fill-opacity": 0.5}),
        "water-areas": ("fill", {"fill-color": t["map-water"]}),
        "water": ("line", {"line-color": t["map-water"], "line-width": wide(1.5, 6, 30)}),
        "streets": ("line", {"line-color": t["map-street"], "line-width": wide(1, 7, 40)}),
        "trees": ("circle", {"circle-color": t["map-tree"], "circle-radius": wide(0.6, 3, 16)}),
    }
    rounded = {"line-cap": "round", "line-join": "round"}
    return [
        {
            "id": f"{kind}{name}", "type": style[name][0], "source": source, "filter": only, "paint": style[name][1],
            **({"layout": rounded} if style[name][0] == "line" else {}),
        }
        for name, only in layers.items()
    ]  # fmt: skip


def buildings(t: Theme) -> Style:
    """How a building is printed."""
    return {"fill-color": t["map-building"], "fill-opacity": float(t["map-building-opacity"])}


def names(t: Theme, only: list[object], **more: str) -> Style:
    """Street names along their streets, from zoom 15."""
    return {
        "type": "symbol", "minzoom": 15, "filter": only, **more,
        "layout": {"symbol-placement": "line", "text-field": ["get", "name"], "text-size": 14, "symbol-spacing": 320,
                   "text-max-angle": 30, "text-font": ["Atkinson Hyperlegible Next Variable"]},
        "paint": {"text-color": t["map-name"], "text-halo-color": t["map-street"], "text-halo-width": 2},
    }  # fmt: skip


def tiles(t: Theme) -> list[Style]:
    """Layers for an operator's PMTiles file (Protomaps basemap, version 4), put under our own streets by `map.js`."""
    kinds: dict[str, tuple[str, list[object]]] = {
        "park": ("landuse", ["in", ["get", "kind"], ["literal", ["park", "forest", "wood", "cemetery", "grass"]]]),
        "water-areas": ("water", ["==", ["geometry-type"], "Polygon"]),
        "water": ("water", ["==", ["geometry-type"], "LineString"]),
        "streets": ("roads", ["in", ["get", "kind"], ["literal", ["highway", "major_road", "minor_road"]]]),
    }
    ground = drawn(t, "tiles", "tiles-", layers={name: only for name, (_, only) in kinds.items()})
    for layer, (source, _) in zip(ground, kinds.values(), strict=True):
        layer["source-layer"] = source
    houses = {"id": "tiles-buildings", "type": "fill", "source": "tiles", "source-layer": "buildings"}
    named = names(t, ["has", "name"], **{"id": "tiles-names", "source": "tiles", "source-layer": "roads"})
    return [*ground, {**houses, "paint": buildings(t)}, named]


def style(t: Theme, name: str) -> Style:
    """The whole style of one theme; sources are empty, the page fills them."""
    empty = {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}
    layer: dict[str, list[object]] = {
        k: ["==", ["get", "layer"], k] for k in ("park", "water", "streets", "trees", "buildings")
    }
    above = drawn(t, "ground", "", layers={k: layer[k] for k in ("park", "water", "streets", "trees")})
    edge = {"line-color": t["map-cell-edge"], "line-opacity": float(t["map-cell-edge-opacity"]), "line-width": 1}
    chosen = ["case", ["boolean", ["feature-state", "chosen"], False], 1, 0]
    fill = {"fill-color": ["to-color", ["get", "fill"]], "fill-antialias": False}
    return {
        "version": 8,
        "name": name,
        "metadata": {"note": "Made from tokens.css by tools/look.py.", "tiles": tiles(t)},
        "sources": {"ground": empty, "cells": {**empty, "promoteId": "cell"}},
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": t["map-ground"]}},
            {"id": "cells", "type": "fill", "source": "cells", "filter": ["has", "fill"], "paint": fill},
            {"id": "nothing-shown", "type": "fill", "source": "cells", "filter": ["!", ["has", "fill"]],
             "paint": {"fill-pattern": "hatch"}},
            *above,
            {"id": "buildings", "type": "fill", "source": "ground", "filter": layer["buildings"],
             "paint": buildings(t)},
            {"id": "cell-edges", "type": "line", "source": "cells", "paint": edge},
            {"id": "cell-chosen", "type": "line", "source": "cells",
             "paint": {"line-color": t["accent"], "line-width": 4, "line-opacity": chosen}},
            names(t, ["all", layer["streets"], ["has", "name"]], id="street-names", source="ground"),
        ],
    }  # fmt: skip


def made(css: str) -> tuple[dict[Path, str], list[str], bool]:
    """Every file as it ought to be, the table, and whether all contrasts are strong enough."""
    base, light, dark = block(css, BASE), block(css, LIGHT), block(css, DARK)
    themes = {"light": light, "dark": {**light, **dark}}
    (plain, good), (written, readable) = pairs(themes), figures(themes, base)
    table = ["   WCAG 2.2 AA, ratio (least allowed), light · dark:", *plain, *written]
    start = css.index("/* CONTRAST")
    end = css.index("*/", start) + 2
    css = css[:start] + "/* CONTRAST (made by tools/look.py)\n" + "\n".join(table) + " */" + css[end:]
    body = css[css.index(DARK) + len(DARK) :]
    body = body[: body.index("}")]
    css = css.split("\n/* SYSTEM")[0].rstrip() + "\n"
    css += "\n/* SYSTEM: made by tools/look.py, the same as DARK */\n@media (prefers-color-scheme: dark) {\n"
    css += f"{SYSTEM}{body}}}\n}}\n"
    files = {TOKENS: css}
    for name, theme in themes.items():
        text = json.dumps(style(theme, f"Barrio {name}"), indent=1, ensure_ascii=False)
        files[STATIC / f"map-{name}.json"] = text + "\n"
    return files, table, good and readable


def main(*, check: bool) -> int:
    """Write or compare; returns the exit code."""
    files, table, good = made(TOKENS.read_text("utf-8"))
    print("\n".join(table))
    stale = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    if check:
        for path in stale:
            print(f"out of date: {path.name}; run python tools/look.py")
        return 0 if good and not stale else 1
    for path in stale:
        path.write_text(files[path], "utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
