"""Cells of at least fifty dwellings, each dwelling in one, none left over; and homes counted once."""

from __future__ import annotations

from collections import Counter

import h3
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.core.holdings import homes
from hub.core.places import COARSEST, Dwellings, Place, boundary, centre, partition
from tests.core.world import CORNER

around = st.builds(
    Place, st.floats(CORNER.lat - 0.05, CORNER.lat + 0.05), st.floats(CORNER.lon - 0.08, CORNER.lon + 0.08)
)
_NESTED = [
    Dwellings(Place(50.125, 14.375), 1), Dwellings(Place(50.09375, 14.375), 50),
    Dwellings(Place(50.09375, 14.3828125), 1), Dwellings(Place(50.078125, 14.375), 49),
]  # fmt: skip
"""A region inside another that must not give way before it."""
blocks = st.lists(st.builds(Dwellings, around, st.integers(1, 60)), max_size=40)


@settings(deadline=None)
@example(_NESTED, 8)
@given(blocks, st.integers(7, 9))
def test_every_cell_holds_fifty_dwellings_counted_as_the_map_counts_them(town: list[Dwellings], finest: int) -> None:
    cells = partition(town, finest)
    count: Counter[str | None] = Counter()
    for d in town:
        count[cells.cell_of(d.place)] += d.count
    assert {c for c in count if c} <= cells.cells
    assert all(count[c] >= 50 for c in cells.cells)
    assert all(COARSEST <= h3.get_resolution(c) <= finest for c in cells.cells)


@settings(deadline=None)
@given(blocks)
def test_where_enough_people_live_nobody_is_left_out(town: list[Dwellings]) -> None:
    cells = partition(town, 8)
    for coarse, count in _by_coarsest(town).items():
        if count >= 50:
            inside = [d for d in town if _coarse(d) == coarse]
            assert all(cells.cell_of(d.place) is not None for d in inside)


def _coarse(d: Dwellings) -> str:
    """By the index, not by geometry: the two differ at the edges."""
    return str(h3.cell_to_parent(h3.latlng_to_cell(d.place.lat, d.place.lon, 8), COARSEST))


def _by_coarsest(town: list[Dwellings]) -> Counter[str]:
    count: Counter[str] = Counter()
    for d in town:
        count[_coarse(d)] += d.count
    return count


def test_a_place_that_nobody_knows_has_no_cell() -> None:
    assert partition([Dwellings(CORNER, 80)], 8).cell_of(None) is None
    assert partition([], 8).cell_of(CORNER) is None


def test_a_cells_outline_is_closed_and_around_its_middle() -> None:
    cell = h3.latlng_to_cell(CORNER.lat, CORNER.lon, 8)
    ring = boundary(cell)
    assert ring[0] == ring[-1]
    assert len(ring) == 7
    middle = centre(cell)
    assert h3.latlng_to_cell(middle.lat, middle.lon, 8) == cell


def test_what_shares_an_adult_a_dwelling_or_a_voucher_is_one_home() -> None:
    found = homes([("ana", "flat 1"), ("ben", "flat 1"), ("ben", "cottage"), ("cleo", "flat 2"), ("dan", "dan")])
    assert found["ana"] == found["ben"] == found["cottage"]
    assert len({found["ana"], found["cleo"], found["dan"]}) == 3


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30))
def test_homes_do_not_depend_on_the_order_in_which_they_are_told(links: list[tuple[int, int]]) -> None:
    def together(pairs: list[tuple[int, int]]) -> set[frozenset[object]]:
        numbers = homes(pairs)
        return {frozenset(x for x in numbers if numbers[x] == n) for n in numbers.values()}

    assert together(links) == together(links[::-1])
