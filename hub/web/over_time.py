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
from hub.web.between import figures, indoors, of_kind
from hub.web.series import Series, daily, hourly


def read_over_time(
    gate: Gate, observed: PropertySettings, asked: Asked, zone: ZoneInfo, *, inside: bool = False
) -> tuple[Disclosed, Series | None]:
    """What is shown of a stretch, outdoors or `inside` homes, and its windows.

    None instead of windows when it is so short that instants are shown.

    Raises:
        StoreUnavailable: the store cannot answer now.
    """
    one = frozenset({observed.id})
    if asked.fine:
        shown = gate.read(Query(properties=one, since=asked.since, until=asked.until), PUBLIC)
        return indoors(shown.where(of_kind(shown, Kind.NAMED)), inside=inside), None
    since = asked.since // HOUR * HOUR
    if asked.by_day:
        shown = gate.read(Query(properties=one, since=since, until=asked.until, window=HOUR), PUBLIC)
        shown = indoors(shown, inside=inside)
        return shown, daily(figures(shown, observed), since, asked.until, zone)
    early = min(since, asked.until // HOUR * HOUR - 7 * DAY)
    week = gate.read(Query(properties=one, since=early, until=asked.until, window=HOUR), PUBLIC)
    week = indoors(week, inside=inside)
    shown = week.where(week.time >= since)
    hours, values = figures(week, observed)
    asked_for = hours >= since
    return shown, hourly((hours[asked_for], values[asked_for]), since, asked.until, zone, (hours, values))


def instants_as_series(shown: Disclosed, asked: Asked) -> Series:
    """How the instruments began and ended, to speak about: the median of their first and of their newest values."""
    each = [rows for rows in (shown.of(i) for i in range(len(shown.faces))) if len(rows[0])]
    ends = (0, -1) if each else ()
    start = np.array([max(int(time[end]) for time, _ in each) for end in ends], np.int64)
    mid = np.array([np.median([value[end] for _, value in each]) for end in ends], np.float64)
    return Series(asked.since, asked.until, 0, start, mid, None, None)
