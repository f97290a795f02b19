"""Cells as numbers, and the merging of pools into regions: each atom at most once, each region large enough."""

from __future__ import annotations

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.regions import CITY, COARSEST, FINEST, finest, label_of, lift, merge, number_of, resolution_of, within
from tests.core.towns import CELLS, CENTRE, ELSEWHERE, cells
from tests.core.world import CORNER

points = st.tuples(st.floats(-89, 89), st.floats(-179, 179))
pools = st.lists(st.tuples(cells, st.integers(1, 6)), max_size=40)


@given(points, st.integers(COARSEST, FINEST), st.integers(COARSEST, FINEST))
def test_lifting_a_number_is_what_the_index_calls_the_parent(where: tuple[float, float], a: int, b: int) -> None:
    cell = h3.latlng_to_cell(*where, max(a, b))
    number = number_of(cell)
    assert resolution_of(number) == max(a, b)
    assert label_of(lift(number, min(a, b))) == h3.cell_to_parent(cell, min(a, b))
    assert within(number, number_of(h3.cell_to_parent(cell, min(a, b))))


def test_a_cell_finer_than_a_region_may_be_is_lifted() -> None:
    assert number_of(h3.latlng_to_cell(CORNER.lat, CORNER.lon, 12)) == number_of(CENTRE)


@pytest.mark.parametrize("word", ["", "nonsense", "852a1073fffffff", "8928308280fffff0"])
def test_what_is_no_cell_or_too_coarse_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="H3 cell"):
        number_of(word)


def test_everything_lies_in_the_city() -> None:
    assert number_of(CITY) == 0
    assert label_of(0) == CITY
    assert all(within(number_of(cell), 0) for cell in [*CELLS, ELSEWHERE, CITY])
    assert not within(0, number_of(CENTRE))


@given(pools, st.integers(1, 12))
def test_every_atom_is_in_one_region_or_left_over(atoms: list[tuple[str, int]], least: int) -> None:
    regions, left = merge([number_of(c) for c, _ in atoms], [w for _, w in atoms], least)
    assert sorted([*left, *(a for members in regions.values() for a in members)]) == list(range(len(atoms)))
    assert all(sum(atoms[a][1] for a in members) >= least for members in regions.values())
    assert all(within(number_of(atoms[a][0]), label) for label, members in regions.items() for a in members)


@given(pools, st.integers(1, 12))
def test_nobody_is_left_over_where_there_are_enough(atoms: list[tuple[str, int]], least: int) -> None:
    _, left = merge([number_of(c) for c, _ in atoms], [w for _, w in atoms], least)
    assert bool(left) == (0 < sum(w for _, w in atoms) < least)


@given(pools, st.integers(1, 12))
def test_an_atom_is_in_the_finest_region_whose_label_contains_it(atoms: list[tuple[str, int]], least: int) -> None:
    regions, _ = merge([number_of(c) for c, _ in atoms], [w for _, w in atoms], least)
    for label, members in regions.items():
        assert {finest(number_of(atoms[a][0]), regions) for a in members} == {label}


def test_a_cell_with_enough_is_a_region_of_its_own() -> None:
    regions, left = merge([number_of(CENTRE)] * 7, [1] * 7, 5)
    assert regions == {number_of(CENTRE): list(range(7))}
    assert left == []


def test_too_small_a_pool_takes_in_the_smallest_neighbour_and_leaves_the_larger_alone() -> None:
    parent = h3.cell_to_parent(CENTRE, 8)
    small, large, lone = sorted(h3.cell_to_children(parent, 9))[:3]
    cells_of = [number_of(c) for c in [small] * 5 + [large] * 9 + [lone]]
    regions, _ = merge(cells_of, [1] * 15, 5)
    assert regions == {number_of(large): list(range(5, 14)), number_of(parent): [0, 1, 2, 3, 4, 14]}


def test_a_pool_that_reaches_a_stop_and_is_too_small_stays_out() -> None:
    parent = number_of(h3.cell_to_parent(CENTRE, 8))
    numbers = [number_of(CENTRE)] * 3 + [number_of(ELSEWHERE)] * 6
    assert merge(numbers, [1] * 9, 5, {parent}) == ({number_of(ELSEWHERE): [3, 4, 5, 6, 7, 8]}, [0, 1, 2])
