"""The place as areas: which there are, what they are called, and where they lie.

Rule: the areas of a place follow from its streets and houses and from what is shown, never from who measures there; an
area in which nothing is shown is one of them like any other. A place belongs to the finest shown cell that contains it
in the index of H3; the outlines are those of the cells, which is nearly the same.
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


ALL = "all"
"""Stands for the cell of what is shown of the whole place: whatever no other shown cell contains."""


class Area(Struct, frozen=True):
    """One cell of the place: its key letter and a compass word, as in the index of a printed map.

    `parts` are the cells it is drawn as: of a cell in which finer ones are shown only what they leave of it.
    """

    cell: str
    key: str
    where: str
    parts: tuple[str, ...]

    @property
    def outlines(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """The outlines of its parts as GeoJSON wants them."""
        return tuple(boundary(cell) for cell in self.parts)


def cells_at(points: Iterable[tuple[float, float]]) -> frozenset[str]:
    """The cells in which something of the place stands; `points` are (longitude, latitude)."""
    return frozenset(h3.latlng_to_cell(lat, lon, SOMEBODY.resolution) for lon, lat in points)


def areas(place: frozenset[str], shown: Iterable[str], middle: Place | None) -> tuple[Area, ...]:
    """The areas of a place from north to south and west to east; `ALL` among what is shown comes last."""
    every = set(shown)
    cells = every - {ALL}
    whole = cells | {cell for cell in place if not any(cell == c or _within(cell, c) for c in cells)}
    pieces = {cell: _left(cell, cells) for cell in whole}
    heart = middle or _mean([centre(c) for c in whole])
    told = [c for c in whole if pieces[c] and (ALL not in every or c in cells)]
    reach = max(map(_reach, place or whole), default=0.0)
    ordered = sorted(told, key=lambda c: (-round(centre(c).lat, 3), centre(c).lon))
    found = [
        Area(cell, key_of(i), compass(_mean([centre(p) for p in pieces[cell]]), heart, reach), pieces[cell])
        for i, cell in enumerate(ordered)
    ]
    if ALL in every:
        left = tuple(sorted(part for c in whole - cells for part in pieces[c]))
        found.append(Area(ALL, key_of(len(found)), "everywhere else" if found else "everywhere", left))
    return tuple(found)


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


def _left(cell: str, shown: set[str]) -> tuple[str, ...]:
    """What finer shown cells leave of a cell: itself when there is none."""
    finer = {c for c in shown if _within(c, cell)}
    if not finer:
        return (cell,)
    children = sorted(h3.cell_to_children(cell))
    return tuple(part for child in children if child not in finer for part in _left(child, finer))


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
