"""What every bucket does, the one on the table and the one on a server: one suite for both."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hub.core.grade import DAY, HOUR
from hub.mirror import Points, Series, Shelf
from hub.mirror.comparing import Gone, compare
from hub.mirror.points import NO_POINTS, pointed

NOON = 20_000 * DAY + 12 * HOUR
REGION = Series("pm25@indoor", "region", "881e3540e7fffff", "", "", "ug/m3")
STREET = Series("pm25", "street", "881e3540e7fffff", "", "", "%")
SCHOOL = Series("pm25", "open", "50.10300,14.40300", "Škola, = na „Náměstí“ AND \U0001f333", "h4nd1e", "Cel")
TWIN = Series("pm25", "open", "50.10300,14.40300", "Škola", "0ther", "dB[SPL]")


def points(*rows: tuple[Series, int, float, int]) -> Points:
    series, time, value, homes = zip(*rows, strict=True)
    return pointed(
        series, np.arange(len(rows)), np.array(time, np.int64), np.array(value, float), np.array(homes, np.int64)
    )


SOME = points(
    (REGION, NOON, 7.5, 15),
    *[(STREET, NOON + n, v, 5) for n, v in enumerate((1e300, 1e-300, 0.1 + 0.2, -0.5))],
    (STREET, NOON + HOUR, 1e16, 5),
    (SCHOOL, NOON, math.pi, 1),
    (TWIN, NOON, -1.0, 1),
)


def same(a: Points, b: Points) -> bool:
    return a.digest() == b.digest()


class ShelfContract:
    """Inherit it and say by the fixture `shelf` which bucket it is about; it is empty."""

    def test_what_is_written_is_held(self, shelf: Shelf) -> None:
        assert same(shelf.held(0, NOON + DAY), NO_POINTS)
        shelf.write(SOME)
        assert same(shelf.held(0, NOON + DAY), SOME)

    def test_only_what_lies_in_between_is_held(self, shelf: Shelf) -> None:
        shelf.write(SOME)
        assert same(shelf.held(NOON + HOUR, NOON + DAY), SOME.where(SOME.time >= NOON + HOUR))
        assert same(shelf.held(NOON, NOON + HOUR), SOME.where(SOME.time < NOON + HOUR))
        assert same(shelf.held(0, NOON), NO_POINTS)

    def test_the_same_once_more_replaces(self, shelf: Shelf) -> None:
        shelf.write(SOME)
        shelf.write(points((REGION, NOON, 8.5, 30)))
        found = shelf.held(0, NOON + DAY)
        assert len(found) == len(SOME)
        assert values(found, REGION) == [8.5]
        assert found.homes.max() == 30

    @pytest.mark.parametrize("series", [REGION, STREET, SCHOOL, TWIN])
    def test_a_series_goes_and_no_other(self, shelf: Shelf, series: Series) -> None:
        shelf.write(SOME)
        shelf.delete(Gone(series, NOON, NOON + DAY))
        mine = np.array([SOME.series[w] == series for w in SOME.which])
        assert same(shelf.held(0, NOON + DAY), SOME.where(~mine))

    def test_an_hour_goes_and_no_other(self, shelf: Shelf) -> None:
        shelf.write(SOME)
        shelf.delete(Gone(STREET, NOON, NOON + HOUR))
        left = shelf.held(0, NOON + DAY)
        assert len(left) == 4
        assert values(left, STREET) == [1e16]

    def test_all_of_a_time_goes(self, shelf: Shelf) -> None:
        shelf.write(SOME)
        shelf.clear(NOON, NOON + HOUR)
        assert same(shelf.held(0, NOON + DAY), SOME.where(SOME.time >= NOON + HOUR))
        assert shelf.earliest() == NOON + HOUR

    def test_the_first_point_is_known(self, shelf: Shelf) -> None:
        assert shelf.earliest() is None
        shelf.write(SOME)
        assert shelf.earliest() == NOON

    def test_what_was_compared_is_what_was_wanted(self, shelf: Shelf) -> None:
        shelf.write(SOME)
        wanted = points((REGION, NOON, 7.5, 15), (STREET, NOON, 2.0, 5), (SCHOOL, NOON + HOUR, 3.0, 1))
        change = compare(shelf.held(0, NOON + DAY), wanted)
        for gone in change.gone:
            shelf.delete(gone)
        shelf.write(change.fresh)
        assert len(change.fresh) == 2
        assert same(shelf.held(0, NOON + DAY), wanted)


def values(found: Points, series: Series) -> list[float]:
    return [v for w, v in zip(found.which, found.value.tolist(), strict=True) if found.series[w] == series]
