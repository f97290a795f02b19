"""What stretch of time a page is asked for: the last hour, day or week, or one's own from and to.

Rule: what is not understood is refused with an example of what would be; nothing is guessed. Times asked for are
those of the neighbourhood's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.query import QueryError
from hub.web.words import local, moment_of

RANGES = {"hour": HOUR, "day": DAY, "week": 7 * DAY}
LONGEST = 366 * DAY
FINE = 3 * HOUR
"""Up to so long, every reading of the public instruments is shown, and only those: averages come once an hour."""
BY_DAY = 62 * DAY
"""Longer than this, one value a day is shown."""


class Asked(Struct, frozen=True):
    """A stretch [`since`, `until`) in µs and what it is called: ``hour``, ``day``, ``week`` or ``own``."""

    name: str
    since: int
    until: int

    @property
    def fine(self) -> bool:
        """Whether it is so short that instants are shown."""
        return self.until - self.since <= FINE

    @property
    def by_day(self) -> bool:
        """Whether it is so long that days are shown."""
        return self.until - self.since > BY_DAY

    @property
    def parameters(self) -> str:
        """The same as the address had it, to ask for the numbers of the same stretch."""
        return f"range={self.name}" if self.name in RANGES else ""


def asked(parameters: Mapping[str, str], now: int, zone: ZoneInfo) -> Asked:
    """The stretch that ``range=…`` or ``from=…&to=…`` name; a day when nothing is asked.

    Raises:
        QueryError: what to write instead.
    """
    if "from" in parameters or "to" in parameters:
        return _own(parameters, now, zone)
    name = parameters.get("range", "day")
    if name not in RANGES:
        raise QueryError("“range” can be hour, day or week. For any other time use “from” and “to”.")
    if name == "hour":
        until = now // MINUTE * MINUTE + MINUTE
        return Asked(name, until - HOUR, until)
    until = now // HOUR * HOUR
    return Asked(name, until - RANGES[name], until)


def _own(parameters: Mapping[str, str], now: int, zone: ZoneInfo) -> Asked:
    since = _moment("from", parameters.get("from", ""), zone, 0)
    until = _moment("to", parameters["to"], zone, 1) if parameters.get("to") else now
    until = min(until, now // MINUTE * MINUTE + MINUTE)
    if since >= until:
        raise QueryError("“from” has to be before “to”, and in the past. Swap the two, or choose an earlier beginning.")
    if until - since > LONGEST:
        raise QueryError("A year is the longest that can be shown at once. Choose a shorter time.")
    return Asked("own", since, until)


def _moment(name: str, text: str, zone: ZoneInfo, days_on: int) -> int:
    """A local time; a date alone means its beginning, or as an end, its last moment."""
    try:
        wall = datetime.fromisoformat(text.strip())
        if len(text.strip()) <= len("2026-11-20"):
            wall += timedelta(days=days_on)
        return moment_of(wall if wall.tzinfo else wall.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise QueryError(f"“{name}” should look like 2026-11-20 or 2026-11-20T18:00.") from error


def form_time(moment: int, zone: ZoneInfo) -> str:
    """A moment as an input of type ``datetime-local`` wants it."""
    return f"{local(moment, zone):%Y-%m-%dT%H:%M}"
