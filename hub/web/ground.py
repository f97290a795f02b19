"""What lies under the values: the operator's streets and houses, and his tiles if he has some.

Rule: read once at the start and sent as it is; whose data it is stands with it, and on every map.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from hub.core.places import Place
from hub.settings import PlaceSettings, SettingsError
from hub.web.around import cells_at


class Ground(Struct, frozen=True):
    """One FeatureCollection as JSON; the cells it covers, its middle; whose data it is; a PMTiles file or None."""

    body: bytes
    cells: frozenset[str]
    middle: Place | None
    attribution: tuple[str, ...]
    tiles: Path | None


def read_ground(place: PlaceSettings) -> Ground:
    """The files of a place as one.

    Raises:
        SettingsError: a file is missing or is no GeoJSON FeatureCollection.
    """
    collections = [_collection(file) for file in place.ground]
    features = [feature for c in collections for feature in c["features"]]
    credits_ = tuple(dict.fromkeys(str(c["attribution"]) for c in collections if c.get("attribution")))
    points = list(_points([f.get("geometry") for f in features]))
    box = _box(points)
    whole = {"type": "FeatureCollection", "attribution": "; ".join(credits_), "features": features}
    if box:
        whole["bbox"] = box
    if place.pmtiles is not None and not place.pmtiles.is_file():
        raise SettingsError(f"place.pmtiles: {place.pmtiles}: no such file; take the line out or put the file there")
    middle = Place((box[1] + box[3]) / 2, (box[0] + box[2]) / 2) if box else None
    body = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
    return Ground(body, cells_at(points), middle, credits_, place.pmtiles)


def _collection(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"place.ground: {file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"place.ground: {file}: is no JSON: {error}") from error
    if not isinstance(found, dict) or found.get("type") != "FeatureCollection" or "features" not in found:
        raise SettingsError(f"place.ground: {file}: a GeoJSON FeatureCollection is needed (RFC 7946)")
    return found


def _points(geometries: Sequence[Any]) -> Iterator[tuple[float, float]]:
    """Every position in some geometries (RFC 7946 §3.1), as (longitude, latitude)."""
    stack = [g.get("coordinates") for g in geometries if isinstance(g, dict)]
    while stack:
        part = stack.pop()
        if not isinstance(part, list) or not part:
            continue
        if isinstance(part[0], int | float):
            yield float(part[0]), float(part[1])
        else:
            stack.extend(part)


def _box(points: Sequence[tuple[float, float]]) -> list[float]:
    if not points:
        return []
    lons, lats = zip(*points, strict=True)
    return [min(lons), min(lats), max(lons), max(lats)]
