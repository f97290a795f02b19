"""Days of the neighbourhood's calendar, as the fields of a form say them.

Rule: a day begins and ends by the clock of the place; what is no day is refused in words, before anything is done.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.actions import ActionRefused
from hub.web.words import moment_of


def begins(text: str, zone: ZoneInfo) -> int | None:
    """The moment (µs) at which a day (``2026-12-31``) begins; None when none is named.

    Raises:
        ActionRefused: it is no day.
    """
    return _midnight(text, zone, 0)


def is_over(text: str, zone: ZoneInfo) -> int | None:
    """The moment (µs) at which a day is over; None when none is named.

    Raises:
        ActionRefused: it is no day.
    """
    return _midnight(text, zone, 1)


def _midnight(text: str, zone: ZoneInfo, later: int) -> int | None:
    if not text:
        return None
    try:
        return moment_of(datetime.combine(date.fromisoformat(text) + timedelta(days=later), time(), zone))
    except (ValueError, OverflowError) as error:
        raise ActionRefused("time", "Write a day as in 2026-12-31, or leave it empty.") from error
