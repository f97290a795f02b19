"""Where a public instrument stands: the streets and houses around it, as a small drawing that needs no script."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from hub.core.places import Place
from hub.web.ground import Ground

HALF = 160.0
"""Metres from the instrument to the edge of the drawing; it is twice as wide as high."""
_DEGREE = 111_320.0
_Line = list[tuple[float, float]]


class Spot(Struct, frozen=True):
    """SVG path data, in metres, y downwards, the instrument at 0 0."""

    streets: str
    buildings: str
    box: str = f"{-2 * HALF:g} {-HALF:g} {4 * HALF:g} {2 * HALF:g}"


def spot(ground: Ground, place: Place) -> Spot:
    """What of the ground is near a place."""
    shapes = [(layer, _metres(line, place)) for layer, line in _shapes(ground.body)]
    near = [(layer, line) for layer, line in shapes if any(abs(x) < 2 * HALF and abs(y) < HALF for x, y in line)]
    return Spot(
        streets=" ".join(_path(line) for layer, line in near if layer == "streets"),
        buildings=" ".join(f"{_path(line)}Z" for layer, line in near if layer == "buildings"),
    )


@lru_cache(maxsize=2)
def _shapes(body: bytes) -> list[tuple[str, _Line]]:
    found: list[tuple[str, _Line]] = []
    for feature in json.loads(body)["features"]:
        geometry, layer = feature.get("geometry"), (feature.get("properties") or {}).get("layer")
        if geometry and layer in ("streets", "buildings"):
            found.extend((layer, line) for line in _lines(geometry["coordinates"]))
    return found


def _lines(part: Any) -> Iterator[_Line]:  # noqa: ANN401 - GeoJSON nests as deep as its type says
    if not part or not isinstance(part[0], list):
        return
    if isinstance(part[0][0], list):
        for inner in part:
            yield from _lines(inner)
    else:
        yield [(float(p[0]), float(p[1])) for p in part]


def _metres(line: _Line, place: Place) -> _Line:
    across = _DEGREE * math.cos(math.radians(place.lat))
    return [((lon - place.lon) * across, (place.lat - lat) * _DEGREE) for lon, lat in line]


def _path(line: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in line)
