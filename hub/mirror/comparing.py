"""What is to go and what is to come, so that what is held becomes what is wanted.

Rule: an hour of a series is as it is wanted, or it only lacks something, or it goes whole and is written anew: what is
withdrawn is nowhere left between two rows that may stay, and nothing is shown that is half old and half new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.grade import HOUR
from hub.mirror.points import Points, Series, hours

Mask = NDArray[np.bool_]


class Gone(Struct, frozen=True):
    """Of one series all that lies in [`since`, `until`) µs."""

    series: Series
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Change:
    """What goes first, and the points that come then."""

    gone: tuple[Gone, ...]
    fresh: Points


def compare(held: Points, wanted: Points) -> Change:
    """The change that makes `held` what is `wanted`."""
    series = sorted({*held.series, *wanted.series})
    a, b = _table(held, series), _table(wanted, series)
    stays, there = _among(a, b), _among(b, a)
    spot_a, spot_b = _spots(a), _spots(b)
    leaving = np.unique(spot_a[~stays])
    gone = tuple(_ranges(spot_a, leaving, series))
    return Change(gone, wanted.where(~there | np.isin(spot_b, leaving)))


def _table(points: Points, series: list[Series]) -> NDArray[np.void]:
    """The points as rows that can be compared, their series numbered alike on both sides."""
    number = {s: n for n, s in enumerate(series)}
    again = np.array([number[s] for s in points.series] or [0], np.int64)
    rows = np.empty(len(points), [("which", "i8"), ("time", "i8"), ("value", "i8"), ("homes", "i8")])
    rows["which"], rows["time"], rows["homes"] = again[points.which], points.time, points.homes
    rows["value"] = points.value.view(np.int64)
    return rows


def _among(rows: NDArray[np.void], others: NDArray[np.void]) -> Mask:
    """Which rows are there among the others, in all their columns; both are in order of series and time."""
    if not len(rows) or not len(others):
        return np.zeros(len(rows), bool)
    both = np.concatenate([others, rows])
    order = np.lexsort((both["time"], both["which"]))  # stable: the other's row of the same series and time is before
    there = np.zeros(len(both), bool)
    there[order[1:]] = both[order[1:]] == both[order[:-1]]
    return there[len(others) :]


def _spots(rows: NDArray[np.void]) -> NDArray[np.int64]:
    """The series and hour of each row in one number."""
    return rows["which"] << 32 | hours(rows["time"])


def _ranges(held: NDArray[np.int64], leaving: NDArray[np.int64], series: list[Series]) -> Iterator[Gone]:
    """Hours that leave, as ranges: those of a series between which nothing stays go together."""
    there = np.unique(held)
    place = np.searchsorted(there, leaving)
    breaks = (np.diff(place) != 1) | (np.diff(leaving >> 32) != 0)
    for part in np.split(leaving, np.flatnonzero(breaks) + 1):
        if len(part):
            first, last = int(part[0]), int(part[-1])
            hour, end = first & 0xFFFFFFFF, (last & 0xFFFFFFFF) + 1
            yield Gone(series[first >> 32], hour * HOUR, end * HOUR)
