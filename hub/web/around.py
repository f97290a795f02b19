"""The place as areas: which there are, what they are called, and where they lie.

Rule: the areas of a place follow from its streets and houses alone, never from who measures there; an area in which
nothing is shown is one of them like any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import h3
from msgspec import Struct

from hub.core.grade import SOMEBODY
from hub.core.places import Place, boundary, centre

_COMPASS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MIDDLE = 0.5
"""An area whose middle is nearer than this part of an area's width to the middle of the place is the middle."""


class Area(Struct, frozen=True):
    """One cell of the place: its key letter and a compass word, as in the index of a printed map."""

    cell: str
    key: str
    where: str

    @property
    def outline(self) -> tuple[tuple[float, float], ...]:
        """Its outline as GeoJSON wants it."""
        return boundary(self.cell)


def cells_at(points: Iterable[tuple[float, float]]) -> frozenset[str]:
    """The cells in which something of the place stands; `points` are (longitude, latitude)."""
    return frozenset(h3.latlng_to_cell(lat, lon, SOMEBODY.resolution) for lon, lat in points)


def areas(place: frozenset[str], shown: Iterable[str], middle: Place | None) -> tuple[Area, ...]:
    """The cells of a place from north to south and west to east; a coarser cell that is shown stands for its parts."""
    coarse = set(shown)
    whole = coarse | {cell for cell in place if not any(_within(cell, c) for c in coarse)}
    heart = middle or _mean([centre(c) for c in whole])
    ordered = sorted(whole, key=lambda c: (-round(centre(c).lat, 3), centre(c).lon))
    return tuple(Area(cell, key_of(i), compass(centre(cell), heart, _reach(cell))) for i, cell in enumerate(ordered))


def key_of(number: int) -> str:
    """A, B, … Z, AA, AB ….

    A key says nothing but the order.
    """
    head, tail = divmod(number, len(_ALPHABET))
    return (key_of(head - 1) if head else "") + _ALPHABET[tail]


def compass(place: Place, middle: Place, reach: float) -> str:
    """Where a place lies seen from the middle; within `reach` (degrees of latitude) it is the middle."""
    north = place.lat - middle.lat
    east = (place.lon - middle.lon) * math.cos(math.radians(middle.lat))
    if math.hypot(north, east) <= reach:
        return "middle"
    return _COMPASS[round(math.atan2(north, east) / (math.pi / 4)) % 8]


def home_cell(place: Place, shown: Iterable[str]) -> str | None:
    """The finest of the shown cells in which a place lies."""
    around = [c for c in shown if h3.latlng_to_cell(place.lat, place.lon, h3.get_resolution(c)) == c]
    return max(around, key=h3.get_resolution, default=None)


def _within(cell: str, other: str) -> bool:
    resolution = h3.get_resolution(other)
    return bool(resolution < h3.get_resolution(cell) and h3.cell_to_parent(cell, resolution) == other)


def _reach(cell: str) -> float:
    lats = [lat for _, lat in boundary(cell)]
    return (max(lats) - min(lats)) * _MIDDLE


def _mean(places: list[Place]) -> Place:
    if not places:
        return Place(0.0, 0.0)
    return Place(sum(p.lat for p in places) / len(places), sum(p.lon for p in places) / len(places))
