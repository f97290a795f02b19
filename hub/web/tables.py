"""The numbers of a chart as rows of a table, newest first.

Rule: the same figures as the chart draws; where nothing is shown the row says so.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from hub.core.disclosed import Disclosed
from hub.core.grade import DAY
from hub.settings import PropertySettings
from hub.web.series import Series
from hub.web.words import clock, day_and_clock, figure, local, span

MOST_ROWS = 800


class Row(Struct, frozen=True):
    """One line: when in words and as UTC, the figure (empty: nothing shown), who (instants only), the usual range.

    `number` is the value behind the figure, for a chart.
    """

    when: str
    instant: str
    value: str
    who: str = ""
    usual: str = ""
    number: str = ""


def window_rows(series: Series, observed: PropertySettings, zone: ZoneInfo) -> list[Row]:
    """One row a window."""
    return [_window(series, i, observed, zone) for i in range(len(series.start) - 1, -1, -1)][:MOST_ROWS]


def instant_rows(shown: Disclosed, observed: PropertySettings, zone: ZoneInfo) -> list[Row]:
    """One row a reading, with the instrument's name."""
    newest = np.argsort(-shown.time, kind="stable")[:MOST_ROWS]
    return [
        Row(
            when=f"{local(int(shown.time[i]), zone):%H:%M:%S}", instant=utc(int(shown.time[i])),
            value=figure(float(shown.value[i]), observed.decimals), who=shown.faces[int(shown.face[i])].name or "",
            number=f"{shown.value[i]:.10g}",
        )
        for i in newest
    ]  # fmt: skip


def utc(moment: int) -> str:
    """A moment as ISO 8601 in UTC, to the second."""
    return f"{np.datetime_as_string(np.datetime64(moment, 'us'), unit='s')}Z"


def _window(series: Series, i: int, observed: PropertySettings, zone: ZoneInfo) -> Row:
    start, value = int(series.start[i]), float(series.mid[i])
    usual = ""
    if series.low is not None and series.high is not None and not np.isnan(series.low[i]):
        ends = [figure(float(bound[i]), observed.decimals) for bound in (series.low, series.high)]
        usual = span(*ends) if ends[0] != ends[1] else ends[0]
    if series.step >= DAY:
        at = local(start, zone)
        when = f"{at:%a} {at.day} {at:%b %Y}"
    else:
        when = span(day_and_clock(start, zone), clock(start + series.step, zone))
    shown = "" if np.isnan(value) else figure(value, observed.decimals)
    return Row(when, utc(start), shown, usual=usual, number=f"{value:.10g}")
