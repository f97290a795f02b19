"""One property over time, read through the gate: windows, or every instant of the public instruments.

Rule: averages exist once an hour, so what is shorter shows public instruments alone.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from hub.core.audience import PUBLIC
from hub.core.disclosed import Disclosed
from hub.core.grade import DAY, HOUR, Kind
from hub.core.query import Query
from hub.gate import Gate
from hub.settings import PropertySettings
from hub.web.asked import Asked
from hub.web.between import between_steps
from hub.web.series import Series, daily, hourly


def read_over_time(
    gate: Gate, observed: PropertySettings, asked: Asked, zone: ZoneInfo
) -> tuple[Disclosed, Series | None]:
    """What is shown of a stretch, and its windows; None instead of windows when it is so short that instants are.

    Raises:
        StoreUnavailable: the store cannot answer now.
    """
    one = frozenset({observed.id})
    if asked.fine:
        shown = gate.read(Query(properties=one, since=asked.since, until=asked.until), PUBLIC)
        named = np.array([f.kind is Kind.NAMED for f in shown.faces] or [False])
        return shown.where(named[shown.face]), None
    since = asked.since // HOUR * HOUR
    if asked.by_day:
        shown = gate.read(Query(properties=one, since=since, until=asked.until, window=HOUR), PUBLIC)
        return shown, daily(between_steps(shown, observed), since, asked.until, zone)
    early = min(since, asked.until // HOUR * HOUR - 7 * DAY)
    week = gate.read(Query(properties=one, since=early, until=asked.until, window=HOUR), PUBLIC)
    shown = week.where(week.time >= since)
    hours, values = between_steps(week, observed)
    inside = hours >= since
    return shown, hourly((hours[inside], values[inside]), since, asked.until, zone, (hours, values))


def instants_as_series(shown: Disclosed, asked: Asked) -> Series:
    """How the instruments began and ended, to speak about: the median of their first and of their newest values."""
    each = [rows for rows in (shown.of(i) for i in range(len(shown.faces))) if len(rows[0])]
    ends = (0, -1) if each else ()
    start = np.array([max(int(time[end]) for time, _ in each) for end in ends], np.int64)
    mid = np.array([np.median([value[end] for _, value in each]) for end in ends], np.float64)
    return Series(asked.since, asked.until, 0, start, mid, None, None)
