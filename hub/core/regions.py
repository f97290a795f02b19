"""Regions: cells of the H3 index merged upward until each holds enough homes. Pure arithmetic on cell numbers.

Rule: what decides is how many are where, never what they measured; so a refusal tells nothing (simulatable auditing,
privacy by block, merge and release). Regions are labels in the index, not shapes: a place belongs to the finest
published label that contains it (h3geo.org: logical containment is exact, geographic containment approximate).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

import h3

CITY = "city"
"""The label of what is coarser than any cell: the whole neighbourhood. Its number is 0."""
FINEST = 9
"""The finest resolution of a region's label."""
COARSEST = 6
_CITY_RESOLUTION = COARSEST - 1


def number_of(label: str) -> int:
    """The number of a region's label: the H3 index as an int, 0 for `CITY`; a cell finer than `FINEST` is lifted.

    Raises:
        ValueError: the label is neither a cell of resolution `COARSEST` or finer nor `CITY`.
    """
    if label == CITY:
        return 0
    if not h3.is_valid_cell(label) or h3.get_resolution(label) < COARSEST:
        raise ValueError("a home's place is an H3 cell of resolution 6 or finer, or CITY")
    cell = int(h3.str_to_int(label))
    return lift(cell, min(FINEST, resolution_of(cell)))


def label_of(number: int) -> str:
    """The label of a region's number; the opposite of `number_of`."""
    return str(h3.int_to_str(number)) if number else CITY


def resolution_of(cell: int) -> int:
    """The resolution of a cell's number (H3 index, bits 52 to 55); `CITY` stands one above the coarsest."""
    return (cell >> 52) & 15 if cell else _CITY_RESOLUTION


def lift(cell: int, resolution: int) -> int:
    """The parent of a cell at a resolution that is not finer than its own; 0 above the coarsest."""
    if resolution < COARSEST or not cell:
        return 0
    return cell & ~(15 << 52) | resolution << 52 | (1 << 3 * (15 - resolution)) - 1


def within(cell: int, region: int) -> bool:
    """Whether a cell is this region's label or lies below it in the index."""
    resolution = resolution_of(region)
    return resolution_of(cell) >= resolution and lift(cell, resolution) == region


def finest(cell: int, regions: Mapping[int, object]) -> int | None:
    """The finest of these labels that contains the cell, or None."""
    for resolution in range(resolution_of(cell), _CITY_RESOLUTION - 1, -1):
        parent = lift(cell, resolution)
        if parent in regions:
            return parent
    return None


def merge(
    cells: Sequence[int], weights: Sequence[int], least: int, stops: Container[int] = ()
) -> tuple[dict[int, list[int]], list[int]]:
    """Regions of at least `least`, as fine as they can be.

    In: for each atom (a home, or an area that stays whole) its cell and its weight in homes; `stops` are the labels of
    regions that are not to be touched: a pool that reaches one and is too small stays out. Out: label → the numbers
    of its atoms, and the atoms that are in no region. From fine to coarse: a pool
    that is large enough becomes one region labelled with its cell; one that is not takes in the finest and smallest
    region below it, if there is one, or waits for the next coarser cell. A region that lies in another gives way only
    after that one, so that every atom is in the finest region whose label contains it. Linear in atoms but for the
    choice of the smallest.
    """
    by_resolution: dict[int, list[int]] = defaultdict(list)
    for atom, cell in enumerate(cells):
        by_resolution[resolution_of(cell)].append(atom)
    made = _Made(weights)
    pools: dict[int, list[int]] = {}
    for resolution in range(FINEST, _CITY_RESOLUTION - 1, -1):
        pools = _lifted(pools, resolution)
        for atom in by_resolution[resolution]:
            pools.setdefault(cells[atom], []).append(atom)
        made.outer = _lifted(made.outer, resolution)
        pools = {cell: pools[cell] for cell in sorted(pools) if not made.settle(cell, pools[cell], least, stops)}
    return {cell: sorted(atoms) for cell, atoms in made.regions.items()}, sorted(made.left + pools.get(0, []))


class _Made:
    """The regions so far; `outer`: the labels below a cell that lie in no other region; `under`: those in a region."""

    def __init__(self, weights: Sequence[int]) -> None:
        self.weights = weights
        self.regions: dict[int, list[int]] = {}
        self.left: list[int] = []
        self.heavy: dict[int, int] = {}
        self.outer: dict[int, list[int]] = {}
        self.under: dict[int, list[int]] = {}

    def settle(self, cell: int, pool: Iterable[int], least: int, stops: Container[int]) -> bool:
        """Make a pool a region, with the help of one below it if need be; False when it has to wait for more."""
        atoms, below = list(pool), self.outer.get(cell, [])
        weight = sum(self.weights[a] for a in atoms)
        if weight < least and cell in stops:
            self.left += atoms
            return True
        if weight < least:
            if not below:
                return False
            helper = min(below, key=lambda r: (-resolution_of(r), self.heavy[r], r))
            atoms += self.regions.pop(helper)
            weight += self.heavy.pop(helper)
            below = [r for r in below if r != helper] + self.under.pop(helper)
        self.regions[cell], self.heavy[cell] = atoms, weight
        self.under[cell], self.outer[cell] = below, [cell]
        return True


def _lifted(lists: Mapping[int, list[int]], resolution: int) -> dict[int, list[int]]:
    """The same lists under the parents of their cells."""
    found: dict[int, list[int]] = defaultdict(list)
    for cell, entries in lists.items():
        found[lift(cell, resolution)] += entries
    return dict(found)
