"""Makes `surroundings.geojson` and `dwellings.csv`: an invented place around the real extract in `bubenec.geojson`.

    python config/demo/surroundings.py          # write both files
    python config/demo/surroundings.py --check  # write nothing; exit 1 when a file is out of date

Rule: nothing here is real and everything says so (`synthetic`), no street ends in nothing, and the same input gives
the same bytes. A slightly bent grid of streets closed by a ring road surrounds the extract; the real streets that the
extract cuts off are led on, each in its own direction, to the first invented street. The faces between the streets
become blocks: rows of houses along the streets, villas further out, one park, one brook. All lengths are metres.
"""
# ruff: noqa: INP001 - scripts beside their data, no package

from __future__ import annotations

import csv
import io
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import h3
from plane import Line, Point, apart, faces, hull, length, rectangle, shrunk, signed_area, to_line, within
from streets import COLUMNS, Street, bent, divided, grid_streets, led_on

HERE = Path(__file__).resolve().parent
REAL = HERE / "bubenec.geojson"
ATTRIBUTION = "Invented streets, houses, park and brook around the extract; not OpenStreetMap data, not a real place"

LON, LAT = 14.403, 50.103
METRES_LAT = 111_320.0
METRES_LON = METRES_LAT * math.cos(math.radians(LAT))
PARK_AT = (-325.0, 290.0)
"""A point of the grid inside the park."""
EMPTY_LOTS = 0.13
SETBACK = 11.0
BROOK_CLEAR = 13.0
TREE_IN, TREE_OFF_BROOK, TREE_APART = 4.0, 6.0, 13.0
FEWEST_DWELLINGS = 60
"""Where a cell (H3 resolution 8) would have fewer dwellings, nothing is built: a lone house is easily told."""
RESOLUTION = 8
REAL_STOREYS = 5
SHED = 60.0
MOST_DWELLINGS = 24
VILLAS_FROM = 560.0


class House(NamedTuple):
    """The outline of an invented house (open ring) and the number of its storeys."""

    ring: Line
    storeys: int


def to_metres(lon: float, lat: float) -> Point:
    """East and north of the middle of the place."""
    return (lon - LON) * METRES_LON, (lat - LAT) * METRES_LAT


def to_degrees(point: Point) -> list[float]:
    """Longitude and latitude, six decimals (0.1 m)."""
    return [round(LON + point[0] / METRES_LON, 6), round(LAT + point[1] / METRES_LAT, 6)]


class Ground(NamedTuple):
    """What a new house must respect: its block, the streets and the brook near it."""

    ring: list[Point]
    brook: Line

    def takes(self, outline: Line, built: Sequence[House], setback: float) -> bool:
        """Whether a house may stand here."""
        closed = [*self.ring, self.ring[0]]
        points = [*outline, *(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in pairwise((*outline, outline[0])))]
        return (
            all(within(p, self.ring) and to_line(p, closed) >= setback - 0.6 for p in points)
            and all(to_line(p, self.brook) >= BROOK_CLEAR for p in points)
            and all(apart(outline, h.ring) for h in built)
        )


def row_of_houses(ground: Ground, dice: random.Random) -> list[House]:
    """Houses wall to wall along all sides of a block, a lot left empty here and there."""
    built: list[House] = []
    for a, b in pairwise([*ground.ring, ground.ring[0]]):
        side, at = length(a, b), SETBACK
        along = ((b[0] - a[0]) / (side or 1), (b[1] - a[1]) / (side or 1))
        while at < side - SETBACK - 10:
            width, depth = dice.uniform(21, 31), dice.uniform(12.5, 15.5)
            width = min(width, side - SETBACK - at)
            base = (a[0] + along[0] * at - along[1] * SETBACK, a[1] + along[1] * at + along[0] * SETBACK)
            outline = rectangle(base, along, width, depth)
            if not ground.takes(outline, built, SETBACK):
                at += 2.0
                continue
            at += width
            if dice.random() > EMPTY_LOTS:
                built.append(House(outline, dice.choice((4, 5, 5, 6))))
    return built


def villas(ground: Ground, dice: random.Random) -> list[House]:
    """Detached houses in gardens along all sides of a block."""
    built: list[House] = []
    setback = SETBACK + 5
    for a, b in pairwise([*ground.ring, ground.ring[0]]):
        side, at = length(a, b), setback + dice.uniform(0, 8)
        along = ((b[0] - a[0]) / (side or 1), (b[1] - a[1]) / (side or 1))
        while at < side - setback - 8:
            width, depth, back = dice.uniform(11, 16), dice.uniform(10, 14), setback + dice.uniform(0, 5)
            base = (a[0] + along[0] * at - along[1] * back, a[1] + along[1] * at + along[0] * back)
            outline = rectangle(base, along, width, depth)
            fits = ground.takes(outline, built, setback)
            if fits:
                built.append(House(outline, dice.choice((2, 2, 3))))
            at += width + dice.uniform(10, 18) if fits else 5.0
    return built


def brook_line() -> Line:
    """The brook: in from beyond the ring, through the park, and out again."""
    west, east = COLUMNS[0] - 70, COLUMNS[-1] + 70
    points = []
    for k in range(53):
        u = west + (east - west) * k / 52
        points.append(bent(u, 294 + 30 * math.sin(u / 170) + 9 * math.sin(u / 47) + max(0.0, u + 60) * 0.16))
    return tuple(points)


def trees(park: Sequence[Point], brook: Line, dice: random.Random) -> list[Point]:
    """Trees in the park, a few metres from each other and from the water."""
    found: list[Point] = []
    xs, ys = [p[0] for p in park], [p[1] for p in park]
    for _ in range(1400):
        p = (dice.uniform(min(xs), max(xs)), dice.uniform(min(ys), max(ys)))
        free = within(p, park) and to_line(p, [*park, park[0]]) > TREE_IN and to_line(p, brook) > TREE_OFF_BROOK
        if free and all(length(p, q) > TREE_APART for q in found):
            found.append(p)
    return found


class Place(NamedTuple):
    """All that is invented, and the real buildings (for the dwellings)."""

    streets: list[Street]
    houses: list[House]
    park: list[Point]
    trees: list[Point]
    brook: Line
    real: list[Line]


def build(real: Mapping[str, Any]) -> Place:
    """The place around the parsed extract `real`."""
    lines, park_at = list(outlines(real, "streets")), bent(*PARK_AT)
    buildings = [line[:-1] for line in outlines(real, "buildings")]
    known = [Street(line, "", synthetic=False) for line in lines]
    invented = led_on(known, grid_streets(hull(p for line in lines for p in line)))
    known, invented = divided(known, invented, buildings, park_at)
    brook, dice = brook_line(), random.Random(1960)  # noqa: S311 - the same place every time
    houses: list[House] = []
    park: list[Point] = []
    for ring in faces([s.line for s in (*known, *invented)]):
        if any(within(p, ring) for b in buildings for p in b):
            continue
        if within(park_at, ring):
            park = shrunk(ring, 9)
            continue
        far = length(middle(ring), (0, 0)) > VILLAS_FROM
        houses += (villas if far else row_of_houses)(Ground(ring, brook), dice)
    return Place(invented, peopled(houses, buildings), park, trees(park, brook, dice), brook, buildings)


def outlines(real: Mapping[str, Any], layer: str) -> Iterator[Line]:
    """The lines of one layer of the extract, in metres."""
    for feature in real["features"]:
        if feature["properties"]["layer"] == layer:
            shape = feature["geometry"]["coordinates"]
            flat = shape[0] if layer == "buildings" else shape
            yield tuple(to_metres(x, y) for x, y in flat)


def dwellings(ring: Sequence[Point], storeys: int) -> int:
    """How many dwellings a building probably has: 85 m² each, stairs and walls off; sheds have none."""
    area = abs(signed_area(ring))
    return 0 if area < SHED else min(MOST_DWELLINGS, max(1, round(area * 0.75 * storeys / 85)))


def cell_of(ring: Sequence[Point]) -> str:
    """The H3 cell of a building's middle."""
    lon, lat = to_degrees(middle(ring))
    cell: str = h3.latlng_to_cell(lat, lon, RESOLUTION)
    return cell


def middle(ring: Sequence[Point]) -> Point:
    """The mean of a ring's corners."""
    return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)


def peopled(houses: Sequence[House], real: Sequence[Line]) -> list[House]:
    """The houses in cells that have enough dwellings; elsewhere nothing is built."""
    count = Counter[str]()
    for ring, storeys in [*((r, REAL_STOREYS) for r in real), *houses]:
        count[cell_of(ring)] += dwellings(ring, storeys)
    return [h for h in houses if count[cell_of(h.ring)] >= FEWEST_DWELLINGS]


def geojson(place: Place) -> str:
    """`surroundings.geojson`, one feature a line."""

    def feature(layer: str, kind: str, shape: object, **more: str) -> str:
        properties = {"layer": layer, **more, "synthetic": True}
        whole = {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": shape}}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))

    def ring(points: Sequence[Point]) -> list[list[list[float]]]:
        return [[to_degrees(p) for p in (*points, points[0])]]

    features = [feature("park", "Polygon", ring(place.park), name="Potoční sad")]
    features += [feature("trees", "MultiPoint", [to_degrees(p) for p in place.trees])]
    features += [feature("water", "LineString", [to_degrees(p) for p in place.brook], name="Zvonivý potok")]
    for street in place.streets:
        named = {"name": street.name} if street.name else {}
        features.append(feature("streets", "LineString", [to_degrees(p) for p in street.line], **named))
    features += [feature("buildings", "Polygon", ring(h.ring)) for h in place.houses]
    head = {"type": "FeatureCollection", "name": "surroundings", "synthetic": True, "attribution": ATTRIBUTION}
    bounds = [to_degrees(p) for s in place.streets for p in s.line]
    head["bbox"] = [f(b[k] for b in bounds) for f in (min, max) for k in (0, 1)]
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n' + ",\n".join(features) + "\n]}\n"


def dwellings_csv(place: Place) -> str:
    """`dwellings.csv`: every building with its middle and its guessed number of dwellings."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("building", "lat", "lon", "dwellings", "synthetic"))
    every = [("r", r, REAL_STOREYS) for r in place.real] + [("s", h.ring, h.storeys) for h in place.houses]
    for number, (kind, ring, storeys) in enumerate(every, 1):
        lon, lat = to_degrees(middle(ring))
        if count := dwellings(ring, storeys):
            rows.writerow((f"{kind}{number:04d}", lat, lon, count, int(kind == "s")))
    return out.getvalue()


def main(*, check: bool) -> int:
    """Write the two files, or only compare them; returns the exit code."""
    place = build(json.loads(REAL.read_text("utf-8")))
    made = {HERE / "surroundings.geojson": geojson(place), HERE / "dwellings.csv": dwellings_csv(place)}
    if check:
        stale = [p.name for p, text in made.items() if not p.exists() or p.read_text("utf-8") != text]
        if stale:
            print(f"out of date: {', '.join(stale)}; run python config/demo/surroundings.py")  # noqa: T201 - a script
        return 1 if stale else 0
    for path, text in made.items():
        path.write_text(text, "utf-8")
    print(f"{len(place.houses)} houses, {len(place.streets)} streets, {len(place.trees)} trees")  # noqa: T201 - a script
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
