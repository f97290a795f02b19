"""The invented surroundings: large enough, joined to the real streets, and the same every time."""

import csv
import json
import math
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import h3
import pytest

DEMO = Path(__file__).resolve().parents[2] / "config" / "demo"
METRES_LAT = 111_320.0
METRES_LON = METRES_LAT * math.cos(math.radians(50.103))

Point = tuple[float, float]


def features(name: str) -> list[dict[str, Any]]:
    whole: dict[str, Any] = json.loads((DEMO / f"{name}.geojson").read_text("utf-8"))
    found: list[dict[str, Any]] = whole["features"]
    return found


def layer(name: str, *files: str) -> list[dict[str, Any]]:
    return [f for file in files for f in features(file) if f["properties"]["layer"] == name]


def line(feature: dict[str, Any]) -> list[Point]:
    return [(x * METRES_LON, y * METRES_LAT) for x, y in feature["geometry"]["coordinates"]]


def off(p: Point, other: list[Point]) -> float:
    return min(to_segment(p, a, b) for a, b in pairwise(other))


def to_segment(p: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy or 1)
    t = min(1.0, max(0.0, t))
    return math.dist(p, (a[0] + t * dx, a[1] + t * dy))


def dwellings() -> list[dict[str, str]]:
    with (DEMO / "dwellings.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def dwellings_by_cell() -> Counter[str]:
    count = Counter[str]()
    for row in dwellings():
        count[h3.latlng_to_cell(float(row["lat"]), float(row["lon"]), 8)] += int(row["dwellings"])
    return count


def test_every_street_ends_on_another_street() -> None:
    streets = [line(f) for f in layer("streets", "bubenec", "surroundings")]
    loose = [
        end
        for n, street in enumerate(streets)
        for end in (street[0], street[-1])
        if min(off(end, other) for m, other in enumerate(streets) if m != n) > 0.5
    ]
    assert len(streets) > 80
    assert loose == []


def test_the_real_streets_alone_do_end_in_nothing() -> None:
    streets = [line(f) for f in layer("streets", "bubenec")]
    ends = [(n, end) for n, s in enumerate(streets) for end in (s[0], s[-1])]
    assert any(min(off(end, o) for m, o in enumerate(streets) if m != n) > 0.5 for n, end in ends)


def test_the_place_spans_at_least_five_cells() -> None:
    assert len(dwellings_by_cell()) >= 5


def test_no_cell_has_fewer_than_fifty_dwellings() -> None:
    assert min(dwellings_by_cell().values()) >= 50


def test_there_are_a_few_hundred_invented_houses_and_all_real_ones_stay() -> None:
    assert 400 <= len(layer("buildings", "surroundings")) <= 800
    assert len(layer("buildings", "bubenec")) == 144


def test_everything_invented_says_so() -> None:
    whole = json.loads((DEMO / "surroundings.geojson").read_text("utf-8"))
    assert whole["synthetic"] is True
    assert "not OpenStreetMap" in whole["attribution"]
    assert all(f["properties"]["synthetic"] is True for f in whole["features"])


def test_the_extract_keeps_its_attribution() -> None:
    whole = json.loads((DEMO / "bubenec.geojson").read_text("utf-8"))
    assert "OpenStreetMap contributors, ODbL" in whole["attribution"]


@pytest.mark.parametrize("name", ["park", "trees", "water"])
def test_there_is_one_park_with_trees_and_one_brook(name: str) -> None:
    assert len(layer(name, "surroundings")) == 1


@pytest.mark.slow
def test_no_house_stands_in_a_street_or_in_the_brook() -> None:
    ways = [line(f) for f in layer("streets", "surroundings") + layer("water", "surroundings")]
    corners = [
        (x * METRES_LON, y * METRES_LAT)
        for f in layer("buildings", "surroundings")
        for x, y in f["geometry"]["coordinates"][0]
    ]
    assert min(off(p, way) for p in corners for way in ways) > 8


def test_the_file_is_small_and_has_six_decimals_at_most() -> None:
    path = DEMO / "surroundings.geojson"
    assert path.stat().st_size < 600_000
    longest = max(len(repr(x).split(".")[1]) for f in layer("streets", "surroundings") for x in flat(f))
    assert longest <= 6


def flat(feature: dict[str, Any]) -> list[float]:
    return [x for point in feature["geometry"]["coordinates"] for x in point]


@pytest.mark.slow
def test_the_script_makes_the_same_files_again() -> None:
    done = subprocess.run(
        [sys.executable, str(DEMO / "surroundings.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
