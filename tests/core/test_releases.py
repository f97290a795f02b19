"""Closing a window: only whole blocks, only enough homes, and nothing in it but sums of blocks."""

from __future__ import annotations

import h3
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.blocks import LEVELS, Epoch, Home, Level
from hub.core.catalogue import ObservedProperty
from hub.core.grade import DAY, HOUR
from hub.core.observations import Values
from hub.core.regions import label_of
from hub.core.releases import (
    CARRIED,
    Sheet,
    band,
    band_words,
    close,
    home_values,
    seats,
    usual_means,
    windows_wanted,
)
from tests.core.towns import CELLS, CENTRE, ELSEWHERE, QUIET, enrolled, home, steady, towns

START = 20 * DAY
EIGHT = enrolled([home(n) for n in range(8)])
"""One block of eight homes, near and public."""
METER = ObservedProperty(id="meter", name="M", unit="kW.h", family="x", step_commons=0.1, meter=True,
                         release_low=0, release_high=3)  # fmt: skip


def closed(epoch: Epoch, values: Values, *, resting: tuple[int, ...] = (), observed: ObservedProperty = QUIET,
           usual: dict[int, float] | None = None) -> dict[Level, dict[str, tuple[float, int]]]:  # fmt: skip
    """Level → cell → (mean, band) of one window."""
    sheets = close(seats(epoch), START, values, [*epoch.resting, *resting], observed, usual or {})
    return {
        level: {
            label_of(int(c)): (float(m), int(h))
            for c, m, h in zip(sheets[level].cells, sheets[level].means, sheets[level].homes, strict=True)
        }
        for level in LEVELS
    }


def silent(values: Values, *rows: int, since: int = 1) -> Values:
    """The same, but these rows have nothing in this window and the `since` - 1 before."""
    values = values.copy()
    values[list(rows), :since] = np.nan
    return values


def test_a_figure_is_the_mean_of_its_homes_with_their_number_as_a_band() -> None:
    assert closed(EIGHT, steady(EIGHT)) == {"near": {CENTRE: (3.5, 5)}, "public": {CENTRE: (3.5, 5)}}


def test_five_homes_are_told_to_those_who_are_near_only() -> None:
    epoch = enrolled([home(n) for n in range(5)])
    assert closed(epoch, steady(epoch)) == {"near": {CENTRE: (2.0, 5)}, "public": {}}


def test_near_tells_each_area_and_public_what_it_was_merged_into() -> None:
    parent = h3.cell_to_parent(CENTRE, 8)
    other = next(c for c in h3.cell_to_children(parent, 9) if c != CENTRE)
    epoch = enrolled([*(home(n) for n in range(5)), *(home(n, other) for n in range(10, 15))])
    found = closed(epoch, steady(epoch))
    assert found["near"] == {CENTRE: (2.0, 5), other: (12.0, 5)}
    assert found["public"] == {parent: (7.0, 10)}


def test_a_block_that_rests_says_nothing_and_the_others_speak_on() -> None:
    epoch = enrolled([home(n) for n in range(18)])
    assert len(epoch.blocks) == 3
    for block in epoch.blocks:
        others = [h for b in epoch.blocks if b is not block for h in b.homes]
        mean, homes = closed(epoch, steady(epoch), resting=(block.number,))["public"][CENTRE]
        assert mean == pytest.approx(np.mean(others))
        assert homes == 10


@pytest.mark.parametrize(("homes", "missing"), [(5, 1), (6, 1), (9, 1), (10, 2)])
def test_a_block_speaks_while_four_in_five_are_live_and_the_others_were_lately(homes: int, missing: int) -> None:
    epoch = enrolled([home(n) for n in range(homes)], k=homes, public_k=homes)
    values = steady(epoch)
    assert closed(epoch, silent(values, *range(missing)))["near"] == closed(epoch, values)["near"]
    assert closed(epoch, silent(values, *range(missing + 1)))["near"] == {}


def test_a_value_stands_for_four_windows_and_no_longer() -> None:
    values = steady(EIGHT)
    values[0, CARRIED] = 100.0
    told = closed(EIGHT, silent(values, 0, since=CARRIED))["near"][CENTRE][0]
    assert told == pytest.approx((values[1:, 0].sum() + 100.0) / 8)
    assert closed(EIGHT, silent(values, 0, since=CARRIED + 1))["near"] == {}


def test_the_newest_value_is_carried() -> None:
    values = steady(EIGHT)
    values[0] = [np.nan, np.nan, 7.0, 8.0, 9.0]
    assert closed(EIGHT, values)["near"][CENTRE][0] == pytest.approx((values[1:, 0].sum() + 7.0) / 8)


@settings(deadline=None)
@given(towns(), st.data())
def test_sheets_are_functions_of_block_sums(town: list[Home], data: st.DataObject) -> None:
    """Passing value from one home to another of its block changes nothing that is published."""
    epoch = enrolled(town)
    values = np.round(steady(epoch) + 50, 3)
    shifted = values.copy()
    row = 0
    for block in epoch.blocks:
        gift = data.draw(st.floats(-5, 5))
        shifted[row, 0] += gift
        shifted[row + len(block.homes) - 1, 0] -= gift
        row += len(block.homes)
    one, other = closed(epoch, values), closed(epoch, shifted)
    for level in LEVELS:
        assert one[level].keys() == other[level].keys()
        assert all(one[level][c] == pytest.approx(other[level][c], abs=3e-6) for c in one[level])


@settings(deadline=None)
@given(towns(), st.integers(0, 2**32), st.sets(st.integers(0, 11)))
def test_what_is_told_where_does_not_depend_on_the_values(town: list[Home], seed: int, resting: set[int]) -> None:
    epoch = enrolled(town)
    chance = np.random.default_rng(seed)
    values = steady(epoch)
    values[chance.random(values.shape) < 0.1] = np.nan
    other = np.where(np.isnan(values), np.nan, chance.normal(0, 1e4, values.shape))
    rest = tuple(resting)
    one, two = closed(epoch, values, resting=rest), closed(epoch, other, resting=rest)
    assert [{c: h for c, (_, h) in one[level].items()} for level in LEVELS] == [
        {c: h for c, (_, h) in two[level].items()} for level in LEVELS
    ]


@settings(deadline=None)
@given(towns(), st.integers(0, 2**32))
def test_no_figure_stands_for_fewer_homes_than_its_level_asks_for(town: list[Home], seed: int) -> None:
    epoch = enrolled(town)
    chance = np.random.default_rng(seed)
    values = steady(epoch, dict.fromkeys(range(60), 1.0))
    rows = np.flatnonzero(chance.random(len(values)) < 0.15)
    ones = closed(epoch, silent(values, *rows.tolist()))
    homes = {level: _homes(epoch, level, set(rows.tolist())) for level in LEVELS}
    for level, least in zip(LEVELS, (5, 8), strict=True):
        assert {c: h for c, (_, h) in ones[level].items()} == {
            c: band(n, 5) for c, n in homes[level].items() if n >= least
        }


def _homes(epoch: Epoch, level: Level, missing: set[int]) -> dict[str, int]:
    """How many homes speak in each cell, counted the slow way."""
    found: dict[str, int] = {}
    row = 0
    for block in epoch.blocks:
        rows = set(range(row, row + len(block.homes)))
        row += len(block.homes)
        label = block.region if level == "near" else block.public
        if label is not None and len(rows - missing) * 5 >= len(rows) * 4:
            found[label] = found.get(label, 0) + len(rows)
    return found


def test_nobody_enrolled_gives_empty_sheets() -> None:
    empty = enrolled([])
    sheets = close(seats(empty), START, np.empty((0, 5)), [], QUIET, {})
    assert [len(sheets[level]) for level in LEVELS] == [0, 0]
    assert sheets["near"].cells.dtype == np.uint64
    assert sheets["near"].homes.dtype == np.uint8


def test_a_figure_is_rounded_to_the_release_step_else_the_members_step() -> None:
    values = steady(EIGHT) * 1.01 - 3.6
    for observed, expected in (
        (msgspec.structs.replace(QUIET, step_commons=0.5), 0.0),
        (msgspec.structs.replace(QUIET, release_step=0.02), -0.06),
    ):
        (told, _) = closed(EIGHT, values, observed=observed)["near"][CENTRE]
        assert told == expected
        assert not np.signbit(told) or told < 0


@pytest.mark.parametrize(
    ("homes", "k", "expected"),
    [(5, 5, 5), (9, 5, 5), (10, 5, 10), (19, 5, 10), (20, 5, 20), (900, 5, 20), (15, 15, 15), (29, 15, 15),
     (30, 15, 30), (300, 15, 30)],
)  # fmt: skip
def test_numbers_of_homes_are_told_as_bands(homes: int, k: int, expected: int) -> None:
    assert band(homes, k) == expected
    assert str(expected) in band_words(expected)


def test_one_home_can_never_be_more_than_the_public_cap() -> None:
    observed = msgspec.structs.replace(QUIET, release_low=0.0, release_high=8.0)
    assert _one_window(EIGHT, {1000: 1e6, 1001: -50.0}, observed)[:2].tolist() == [[8.0], [0.0]]


def test_bounds_are_those_of_the_property_where_none_are_given_for_releases() -> None:
    observed = msgspec.structs.replace(QUIET, low=-2.0, high=2.0)
    assert _one_window(EIGHT, {1000: 1e6, 1001: -50.0}, observed)[:2].tolist() == [[2.0], [-2.0]]


def _one_window(epoch: Epoch, means: dict[int, float], observed: ObservedProperty) -> Values:
    """Values of this window, homes in order of their datastreams."""
    table = seats(epoch)
    streams = np.array(list(means), np.int32)
    found = home_values(table, observed, streams, np.zeros(len(streams), np.int32), np.array(list(means.values())))
    return found[table.row][:, :1]


def test_a_home_with_several_things_counts_once_with_their_mean_each_clipped() -> None:
    epoch = enrolled([home(n, datastreams=(1000 + n, 2000 + n)) for n in range(5)])
    observed = msgspec.structs.replace(QUIET, release_high=10.0)
    table = seats(epoch)
    streams = np.array([1000, 2000, 1001, 999, 3000], np.int32)
    means = np.array([4.0, 1e9, 6.0, 1.0, 1.0])
    values = home_values(table, observed, streams, np.array([0, 0, 0, 0, 0], np.int32), means)
    row = dict(zip(table.datastream.tolist(), table.row.tolist(), strict=True))
    assert row[1000] == row[2000]
    assert values[row[1000], 0] == 7.0
    assert values[row[1001], 0] == 6.0
    assert np.isnan(np.delete(values[:, 0], [row[1000], row[1001]])).all()
    assert np.isnan(values[:, 1:]).all()


def test_windows_that_were_not_asked_for_and_numbers_that_are_none_are_left_out() -> None:
    table = seats(EIGHT)
    streams = np.full(4, 1000, np.int32)
    values = home_values(table, QUIET, streams, np.array([-1, CARRIED + 1, 0, 1], np.int32),
                         np.array([1.0, 2.0, np.inf, np.nan]))  # fmt: skip
    assert np.isnan(values).all()


def test_of_a_meter_a_window_tells_by_how_much_it_grew() -> None:
    assert windows_wanted(METER) == CARRIED + 2
    table = seats(EIGHT)
    readings = [[5000.5, 5000.0, 4999.0, 9000.0, 8999.0, 8998.5], [7.0, np.nan, 6.0, 5.0, 1.0, 0.0]]
    streams, back = np.repeat([1000, 1001], 6).astype(np.int32), np.tile(np.arange(6, dtype=np.int32), 2)
    row = dict(zip(table.datastream.tolist(), table.row.tolist(), strict=True))
    values = home_values(table, METER, streams, back, np.array(readings).ravel())
    assert values[row[1000]].tolist() == pytest.approx([0.5, 1.0, np.nan, 1.0, 0.5], nan_ok=True)
    assert values[row[1001]].tolist() == pytest.approx([np.nan, np.nan, 1.0, 3.0, 1.0], nan_ok=True)


def test_a_value_counts_within_the_spread_around_what_was_released_before() -> None:
    observed = msgspec.structs.replace(QUIET, release_spread=10.0)
    values = steady(EIGHT, dict.fromkeys(range(8), 50.0))
    values[0] = 1000.0
    cell = int(seats(EIGHT).labels["public"][0])
    assert closed(EIGHT, values, observed=observed)["near"][CENTRE][0] == pytest.approx((7 * 50 + 1000) / 8)
    bounded = closed(EIGHT, values, observed=observed, usual={cell: 50.0})
    assert bounded["near"][CENTRE][0] == bounded["public"][CENTRE][0] == pytest.approx((7 * 50 + 60) / 8)


def test_what_is_usual_is_the_same_time_of_day_and_else_all_the_epoch() -> None:
    here, there = np.uint64(5), np.uint64(6)
    sheets = [
        _sheet(START - DAY, {here: 10.0}), _sheet(START - DAY + HOUR, {here: 40.0, there: 1.0}),
        _sheet(START - 2 * DAY, {here: 20.0}), _sheet(START - 3 * HOUR, {there: 3.0}), _sheet(START, {}),
    ]  # fmt: skip
    assert usual_means(sheets, START) == {5: 15.0, 6: 2.0}
    assert usual_means([], START) == {}


def _sheet(start: int, means: dict[np.uint64, float]) -> Sheet:
    return Sheet("quiet", "outdoor", "public", start, HOUR, np.array(list(means), np.uint64),
                 np.array(list(means.values())), np.full(len(means), 5, np.uint8))  # fmt: skip


def test_a_sheet_is_in_order_of_cells_and_each_is_there_once() -> None:
    epoch = enrolled([home(n, [*CELLS[:4], ELSEWHERE][n % 5]) for n in range(80)])
    sheet = close(seats(epoch), START, steady(epoch), [], QUIET, {})["near"]
    assert len(sheet) == 5
    assert np.all(np.diff(sheet.cells.astype(np.int64)) > 0)
    assert (sheet.start, sheet.window, sheet.where, sheet.level) == (START, HOUR, "outdoor", "near")
