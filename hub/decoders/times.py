"""Times as devices write them, to whole microseconds since 1970 UTC.

Rule: a time is used only when it says which instant it means. Local time without a zone, a clock that was never set
and a date that does not exist are no time: then the time of arrival is right. Only where the hub's zone is given is a
local time read in it (`from_local`), and whoever does so says so (`Decoded.local`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from math import isfinite

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?\s?([Zz]|[+-]\d\d(?::?\d\d)?)", re.ASCII
)
_WALL = re.compile(r"(\d{4})[-./](\d\d)[-./](\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?", re.ASCII)
_DIGITS = re.compile(r"\d{9,19}(?:\.\d{1,9})?", re.ASCII)
_LONGEST = 64
"""No date is longer."""
_UNSET = 946_684_800_000_000
"""1 January 2000: no sensor of today measured before it; an earlier clock was never set."""
_LAST = 253_402_300_800_000_000
_SECONDS = 10**17
"""100,000,000,000 s: what is below and an integer is taken for seconds."""
_SCALES = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (1e20, 1e-3))
"""(below, µs per unit): seconds, milliseconds, microseconds, nanoseconds are told apart by their size."""


def instant(value: object) -> int | None:
    """The instant (µs) that a field means: an epoch in s, ms, µs or ns, or ISO 8601 with a zone; else None."""
    if value.__class__ is int and _UNSET <= value * 1_000_000 < _SECONDS:
        return value * 1_000_000
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return _from_epoch(value)
    if isinstance(value, str):
        return from_iso(value) or (_from_epoch(float(value.strip())) if _DIGITS.fullmatch(value.strip()) else None)
    return None


def from_iso(text: str) -> int | None:
    """The instant (µs) of an ISO 8601 / RFC 3339 text with a zone (finer digits are cut), or None."""
    if not 20 <= len(text) <= _LONGEST:  # noqa: PLR2004 - a date, a time and at least a Z
        return None
    return _usual(text) or _any_iso(text)


def _usual(text: str) -> int | None:
    """The same for what Python reads by itself, which is most of it and much faster."""
    if text[10] not in "Tt " or text[4] != "-":
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if when.tzinfo is None else _plausible((when - _EPOCH) // _MICROSECOND)


def _any_iso(text: str) -> int | None:
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    *date, fraction, zone = found.groups()
    try:
        when = datetime(*map(int, date), tzinfo=UTC)  # type: ignore[arg-type, misc]  # six integers by the pattern
    except ValueError:
        return None
    micros = int((fraction or "0").ljust(6, "0")[:6])
    return _plausible((when - _EPOCH) // _MICROSECOND + micros - _offset(zone))


def from_local(value: object, zone: tzinfo | None, near: int) -> int | None:
    """The instant (µs) of a local time without its zone, read in `zone`; None without a zone, or if it is no such time.

    Of the hour that comes twice when summer ends, the one nearer to `near` (the arrival, µs) is meant; a time in the
    hour that is left out in spring is none.
    """
    if zone is None or not isinstance(value, str) or len(value) > _LONGEST:
        return None
    found = _WALL.fullmatch(value.strip())
    if found is None:
        return None
    *date, fraction = found.groups()
    try:
        wall = datetime(*map(int, date))  # type: ignore[arg-type]  # noqa: DTZ001 - six integers; the zone follows
        meant = {_in(wall, zone, fold) for fold in (0, 1)} - {None}
    except (ValueError, OverflowError):
        return None
    micros = int((fraction or "0").ljust(6, "0")[:6])
    return min((_plausible(w + micros) or 0 for w in meant if w), key=lambda w: abs(w - near), default=0) or None


def _in(wall: datetime, zone: tzinfo, fold: int) -> int | None:
    """A wall clock's instant (µs), None if that clock never shows it."""
    when = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    shown = when.astimezone(zone).replace(tzinfo=None)
    return (when - _EPOCH) // _MICROSECOND if shown == wall else None


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
