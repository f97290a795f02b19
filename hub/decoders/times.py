"""Times as devices write them, to whole microseconds since 1970 UTC.

Rule: a time is used only when it says which instant it means. Local time without a zone, a clock that was never set
and a date that does not exist are no time: then the time of arrival is right.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import isfinite

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?\s?([Zz]|[+-]\d\d(?::?\d\d)?)", re.ASCII
)
_DIGITS = re.compile(r"\d{9,19}(?:\.\d{1,9})?", re.ASCII)
_UNSET = 946_684_800_000_000
"""1 January 2000: no sensor of today measured before it; an earlier clock was never set."""
_LAST = 253_402_300_800_000_000
_SCALES = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (1e20, 1e-3))
"""(below, µs per unit): seconds, milliseconds, microseconds, nanoseconds are told apart by their size."""


def instant(value: object) -> int | None:
    """The instant (µs) that a field means: an epoch in s, ms, µs or ns, or ISO 8601 with a zone; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_epoch(value)
    if isinstance(value, str):
        return from_iso(value) or (_from_epoch(float(value)) if _DIGITS.fullmatch(value) else None)
    return None


def from_iso(text: str) -> int | None:
    """The instant (µs) of an ISO 8601 / RFC 3339 text with a zone (finer digits are cut), or None."""
    found = _ISO.fullmatch(text.strip()) if len(text) <= 64 else None  # noqa: PLR2004 - no date is longer
    if found is None:
        return None
    *date, fraction, zone = found.groups()
    try:
        when = datetime(*map(int, date), tzinfo=UTC)  # type: ignore[arg-type, misc]  # six integers by the pattern
    except ValueError:
        return None
    micros = int((fraction or "0").ljust(6, "0")[:6])
    return _plausible((when - _EPOCH) // _MICROSECOND + micros - _offset(zone))


def _offset(zone: str) -> int:
    """The zone's distance from UTC in µs."""
    if zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return (-minutes if zone[0] == "-" else minutes) * 60_000_000


def _from_epoch(value: float) -> int | None:
    if not isinstance(value, int) and not isfinite(value):
        return None
    for below, scale in _SCALES:
        if 0 <= value < below:
            return _plausible(_scaled(value, scale))
    return None


def _scaled(value: float, scale: float) -> int:
    """Exact for integers, to the nearest µs for fractions."""
    if isinstance(value, int):
        return value * int(scale) if scale >= 1 else value // 1000
    return round(value * scale)


def _plausible(micros: int) -> int | None:
    return micros if _UNSET <= micros < _LAST else None
