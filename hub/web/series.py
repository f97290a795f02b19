"""Columns over time, made from what was disclosed: the middle value of every window, and what is usual at its hour.

Rule: only what is shown counts; a window in which nothing is shown stays empty, nothing is drawn across it.
Times are µs since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.grade import DAY, HOUR
from hub.web.words import local, moment_of

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

LEAST_DAYS = 3
"""From so many days on one can speak of what is usual."""


class Series(Struct, frozen=True):
    """Windows [`start`, `start` + `step`) from `since` to `until`; values are NaN where nothing is shown or known.

    `mid` is the median of the rows of the window; `low` and `high` (p10, p90) of the rows of the same hour of other
    days, None where days are the windows.
    """

    since: int
    until: int
    step: int
    start: Ints
    mid: Values
    low: Values | None
    high: Values | None

    def known(self) -> list[tuple[int, float]]:
        """The windows in which something is shown: (start, median)."""
        return [(int(t), float(v)) for t, v in zip(self.start, self.mid, strict=True) if not np.isnan(v)]

    def summit(self) -> tuple[int, float, float | None, float | None]:
        """Start and median of the highest window, and what is usual at its hour. Needs one that is known."""
        i = int(np.nanargmax(self.mid))
        low = None if self.low is None or np.isnan(self.low[i]) else float(self.low[i])
        high = None if self.high is None or np.isnan(self.high[i]) else float(self.high[i])
        return int(self.start[i]), float(self.mid[i]), low, high

    def middle(self) -> float:
        """The median of all windows. Needs one that is known."""
        return float(np.nanmedian(self.mid))


def hourly(
    rows: tuple[Ints, Values], since: int, until: int, zone: ZoneInfo, usual: tuple[Ints, Values] | None = None
) -> Series:
    """Hour windows of rows (hours, values), over [`since`, `until`), with what is usual by the rows of `usual`."""
    start = np.arange(since // HOUR * HOUR, until, HOUR, dtype=np.int64)
    low, high = _usual(*(rows if usual is None else usual), start, zone)
    return _trimmed(Series(since, until, HOUR, start, _medians(*rows, start), low, high))


def daily(rows: tuple[Ints, Values], since: int, until: int, zone: ZoneInfo) -> Series:
    """One value a day of the neighbourhood's calendar: the median of the hour windows shown."""
    hour = np.unique(rows[0])
    mid = _medians(*rows, hour)
    start = np.array(list(_midnights(since, until, zone)), np.int64)
    day = start[np.maximum(np.searchsorted(start, hour, "right") - 1, 0)] if len(start) else hour
    return Series(since, until, DAY, start, _medians(day, mid, start), None, None)


def at_the_same_hour(time: Ints, value: Values, hour: int, zone: ZoneInfo) -> float | None:
    """What is usual at the hour that began at `hour`: the median over the seven days before; None from too few days."""
    medians = []
    for days in range(1, 8):
        rows = value[time == _days_before(hour, days, zone)]
        if len(rows):
            medians.append(float(np.median(rows)))
    return float(np.median(medians)) if len(medians) >= LEAST_DAYS else None


def cadence(time: Ints) -> int | None:
    """How often something is heard (µs): the median of the steps between its times; None from fewer than three."""
    return int(np.median(np.diff(time))) if len(time) > 2 else None  # noqa: PLR2004 - two steps are a rhythm


def _days_before(hour: int, days: int, zone: ZoneInfo) -> int:
    wall: datetime = local(hour, zone).replace(tzinfo=None) - timedelta(days=days)
    return moment_of(wall.replace(tzinfo=zone)) // HOUR * HOUR


def _midnights(since: int, until: int, zone: ZoneInfo) -> Iterator[int]:
    day = local(since, zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    while (moment := moment_of(day.replace(tzinfo=zone))) < until:
        yield moment
        day += timedelta(days=1)


def _medians(key: Ints, value: Values, wanted: Ints) -> Values:
    """The median of the values of each wanted key; NaN where there is none."""
    out = np.full(len(wanted), np.nan)
    for at, rows in _groups(key, value):
        i = int(np.searchsorted(wanted, at))
        if i < len(wanted) and wanted[i] == at:
            out[i] = np.median(rows)
    return out


def _groups(key: Ints, value: Values) -> Iterator[tuple[int, Values]]:
    order = np.argsort(key, kind="stable")
    keys, first = np.unique(key[order], return_index=True)
    yield from zip(keys.tolist(), np.split(value[order], first[1:]), strict=True) if len(keys) else ()


def _usual(time: Ints, value: Values, start: Ints, zone: ZoneInfo) -> tuple[Values | None, Values | None]:
    """p10 and p90 of the rows of each hour of the day, for the windows that start then."""
    hour, at = np.unique(time, return_inverse=True)
    known = [local(int(h), zone) for h in hour]
    days: dict[int, set[str]] = {}
    for moment in known:
        days.setdefault(moment.hour, set()).add(f"{moment:%j}")
    hours = np.array([moment.hour for moment in known], np.int64)[at]
    bounds = {
        hour: np.percentile(rows, (10, 90)) for hour, rows in _groups(hours, value) if len(days[hour]) >= LEAST_DAYS
    }
    if not bounds:
        return None, None
    none = np.array([np.nan, np.nan])
    pairs = np.array([bounds.get(local(int(t), zone).hour, none) for t in start]).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _trimmed(s: Series) -> Series:
    """Without the last windows in which nothing is shown yet: they are not closed, nothing is missing there."""
    keep = len(s.start)
    while keep > max(0, len(s.start) - 2) and np.isnan(s.mid[keep - 1]):
        keep -= 1
    low, high = (None if v is None else v[:keep] for v in (s.low, s.high))
    return Series(s.since, s.until, s.step, s.start[:keep], s.mid[:keep], low, high)
