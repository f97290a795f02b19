"""Places as H3 cells, and the cells in which a single home may be shown.

Rule: snap, never jitter. A cell for an individual view holds at least fifty dwellings and comes from one partition
over all dwellings, never from what remains (privacy.md §1.1, §2.2: counted by the index, not by geometry).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import h3
from msgspec import Struct

LEAST_DWELLINGS = 50
COARSEST = 6


class Place(Struct, frozen=True):
    """A point on the Earth, WGS 84 degrees."""

    lat: float
    lon: float


class Dwellings(Struct, frozen=True):
    """So many dwellings at a place (one building)."""

    place: Place
    count: int


class Partition:
    """Published cells; every dwelling belongs to the finest of them that contains it."""

    def __init__(self, cells: Iterable[str], finest: int) -> None:
        self.cells = frozenset(cells)
        self.finest = finest

    def cell_of(self, place: Place | None) -> str | None:
        """The cell in which a thing at this place may be shown, or None: then it is shown nowhere."""
        if place is None:
            return None
        cell = h3.latlng_to_cell(place.lat, place.lon, self.finest)
        for resolution in range(self.finest, COARSEST - 1, -1):
            parent: str = h3.cell_to_parent(cell, resolution)
            if parent in self.cells:
                return parent
        return None


def partition(dwellings: Iterable[Dwellings], finest: int, least: int = LEAST_DWELLINGS) -> Partition:
    """Cells of resolution `finest` or coarser with at least `least` dwellings each, over all dwellings.

    A pool that is too small takes in the smallest region below the same parent until it is large enough, so that no
    region is what others left over; what never grows large enough is in no cell.
    """
    pools: dict[str, int] = defaultdict(int)
    for d in dwellings:
        pools[h3.latlng_to_cell(d.place.lat, d.place.lon, finest)] += d.count
    regions: dict[str, int] = {}
    for resolution in range(finest, COARSEST - 1, -1):
        lifted: dict[str, int] = defaultdict(int)
        for cell, count in pools.items():
            lifted[h3.cell_to_parent(cell, resolution)] += count
        pools = {cell: count for cell, count in lifted.items() if not _settle(cell, count, regions, least)}
    return Partition(regions, finest)


def boundary(cell: str) -> tuple[tuple[float, float], ...]:
    """The outline of a cell as (longitude, latitude) pairs, closed, as GeoJSON wants them."""
    ring = [(round(lon, 6), round(lat, 6)) for lat, lon in h3.cell_to_boundary(cell)]
    return (*ring, ring[0])


def centre(cell: str) -> Place:
    """The middle of a cell."""
    return Place(*h3.cell_to_latlng(cell))


def _settle(cell: str, count: int, regions: dict[str, int], least: int) -> bool:
    """Make the pool of `cell` a region, with the help of regions below it if need be; False when it stays too small.

    A region that lies in another gives way only after that one: its dwellings would fall to it, not to the pool.
    """
    below = {r for r in regions if _within(r, cell)}
    if count + sum(regions[r] for r in below) < least:
        return False
    while count < least:
        outermost = [r for r in below if not any(_within(r, other) for other in below)]
        region = min(outermost, key=lambda r: (-h3.get_resolution(r), regions[r], r))
        below.remove(region)
        count += regions.pop(region)
    regions[cell] = count + regions.get(cell, 0)
    return True


def _within(cell: str, parent: str) -> bool:
    resolution = h3.get_resolution(parent)
    return bool(h3.get_resolution(cell) > resolution and h3.cell_to_parent(cell, resolution) == parent)
