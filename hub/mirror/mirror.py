"""Keeping the mirror: week after week what the gate shows is compared with what is held there.

Rule: nothing is remembered that has to be true. After a start every week is compared with the server itself, once a
day again; what failed in between is not known, and is compared with the server too, so no deletion is ever forgotten.
Of a week deletions come before additions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from hub.core.audience import PUBLIC
from hub.core.disclosed import Disclosed
from hub.core.face import Face
from hub.core.grade import DAY, HOUR, Kind
from hub.core.query import Query
from hub.gate import Gate
from hub.mirror.comparing import Gone, compare
from hub.mirror.points import NO_POINTS, STEP, Points, points_of

WEEK = 7 * DAY
LASTS = 8 * DAY
"""So long ago (µs) something may still change by itself: `street` rows last seven days."""
_PATIENCE = 20.0
"""So long (seconds) weeks are compared at once; the others are when the time comes again."""
_LONG_AGO, _LONG_AFTER = -9_000_000_000 * 1_000_000, 9_000_000_000 * 1_000_000
"""The years 1684 and 2255 (µs): what a server may hold at all lies between 1677 and 2262."""
Week = tuple[int, int]
"""From when until when (µs)."""


class _Past:
    """What lies before, stretch by stretch: weeks while there is something, ever longer ones while there is nothing."""

    def __init__(self, before: int) -> None:
        self._before, self.weeks = before, 1

    @property
    def stretch(self) -> Week | None:
        """The next; None: there is no more time."""
        return (max(0, self._before - self.weeks * WEEK), self._before) if self._before > 0 else None

    def was(self, *, empty: bool) -> None:
        """Whether there was anything in it; in a long one it is looked for again, week by week."""
        if empty or self.weeks == 1:
            self._before = max(0, self._before - self.weeks * WEEK)
        self.weeks = 2 * self.weeks if empty else 1


class Shelf(Protocol):
    """Where the points are: the bucket. Its methods block, and raise `StoreUnavailable` when they cannot do it now."""

    def earliest(self) -> int | None:
        """The time (µs) of the first point there is; None: it is empty."""

    def held(self, since: int, until: int) -> Points:
        """All that lies in [`since`, `until`) µs."""

    def delete(self, gone: Gone) -> None:
        """Delete this, durable on return."""

    def clear(self, since: int, until: int) -> None:
        """Delete everything that lies in [`since`, `until`) µs, whatever it is."""

    def write(self, points: Points) -> None:
        """Store these; one of the same series and time is replaced."""

    def close(self) -> None:
        """Let go of it."""


class _Known(Struct, frozen=True):
    """What is held of a week: how many points, and the digest of them all."""

    size: int
    digest: bytes


class Mirror:
    """The mirror of one hub. `step` blocks, and is called by one thread at a time."""

    def __init__(
        self, gate: Gate, units: Mapping[str, str], shelf: Shelf, *, patience: float = _PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Show on `shelf` what `gate` shows; `units` are the properties' own (UCUM)."""
        self._gate, self._units, self._shelf = gate, units, shelf
        self._patience, self._clock = patience, clock
        self._version: object = None
        self._shown: object = None
        self._once_more = self._due = False
        self._known: dict[Week, _Known] = {}
        self._newest: dict[Week, Points] = {}
        self._past = _Past(0)
        self._earliest: int | None = None
        self._day = self._hour = -1
        self._wrote = self._deleted = 0

    def step(self, now: int) -> str:
        """Do what is due at `now` (µs); in words, what was done.

        Raises:
            StoreUnavailable: the gate or the server cannot answer now; what is not done is done at the next step.
        """
        version = self._gate.version
        if now // DAY != self._day:
            self._begin_again(now)
        elif version == self._version and self._done:
            return ""
        self._version = None
        self._wrote = self._deleted = 0
        recent = list(_recent(now))
        self._newest = {week: points for week, points in self._newest.items() if week in recent}
        faces = frozenset(face for week in recent for face in self._bring(week, now))
        self._notice((version[0], faces), now)
        began = self._clock()
        while not self._done and self._clock() - began < self._patience:
            self._go_back(now)
        self._version = version
        some = [
            f"points written: {self._wrote:,}" if self._wrote else "",
            f"ranges deleted: {self._deleted:,}" if self._deleted else "",
        ]
        return ", ".join(words for words in some if words)

    @property
    def told(self) -> str:
        """What it holds and what is still to be compared, in words."""
        size = sum(known.size for known in list(self._known.values()))
        more = "" if self._done else "; older weeks are still to be compared"
        return f"points: {size:,}{more}" if self._day >= 0 else "not compared yet"

    def close(self) -> None:
        """Let go of the bucket; a step that is under way ends with the week it is at."""
        self._patience = -1.0
        self._shelf.close()

    def _begin_again(self, now: int) -> None:
        """Believe nothing: ask the server for every week; of a time for which the gate is not asked nothing stays."""
        self._known.clear()
        self._newest.clear()
        self._shelf.clear(_LONG_AGO, 0)
        self._shelf.clear(_ends(now), _LONG_AFTER)
        self._earliest = self._shelf.earliest()
        self._past, self._due = _before(now), False
        self._day = now // DAY

    @property
    def _done(self) -> bool:
        return not self._due and self._past.stretch is None

    def _go_back(self, now: int) -> None:
        """Go on with what lies before all that was compared; begin again where something may have changed since."""
        stretch = self._past.stretch
        if stretch is None:
            self._past, self._due = _before(now), False
        elif self._past.weeks == 1:
            self._bring(stretch, now)
            self._past.was(empty=self._known[stretch].size == 0)
        else:
            wanted = points_of(self._read(stretch), self._units, now)
            self._past.was(empty=not len(wanted) and not len(self._at_the_server(stretch)))

    def _notice(self, shown: object, now: int) -> None:
        """Have the past compared again when the registry or a face has changed, and every hour.

        And once more at the next step: an erasure is written down in the registry first, and done a moment after.
        """
        changed = shown != self._shown
        self._due |= changed or self._once_more or now // HOUR != self._hour
        self._once_more, self._shown, self._hour = changed, shown, now // HOUR

    def _bring(self, week: Week, now: int) -> Iterable[Face]:
        """Make one week what the gate shows of it; the faces that are there without a release."""
        shown = self._read(week)
        wanted = points_of(shown, self._units, now)
        known = _Known(len(wanted), wanted.digest())
        if self._known.get(week) != known:
            self._change(week, wanted)
            self._known[week] = known
            if week[1] > now - LASTS:
                self._newest[week] = wanted
        return (face for face in shown.faces if face.kind is not Kind.RELEASE)

    def _read(self, week: Week) -> Disclosed:
        return self._gate.read(Query(since=week[0], until=week[1], window=STEP), PUBLIC)

    def _change(self, week: Week, wanted: Points) -> None:
        """Deletions, then additions; whatever fails, the week is not known until it was compared with the server."""
        held = self._newest.pop(week, None)
        self._known.pop(week, None)
        if held is None:
            held = self._at_the_server(week)
        change = compare(held, wanted)
        for gone in change.gone:
            self._shelf.delete(gone)
        self._deleted += len(change.gone)
        if len(change.fresh):
            self._earliest = week[0] if self._earliest is None else min(self._earliest, week[0])
            self._shelf.write(change.fresh)
        self._wrote += len(change.fresh)

    def _at_the_server(self, week: Week) -> Points:
        if self._earliest is None or week[1] <= self._earliest:  # nothing was there, and nothing was tried
            return NO_POINTS
        held = self._shelf.held(*week)
        if any(not (s.kind and s.place and s.unit) for s in held.series):  # nothing of ours
            self._shelf.clear(*week)
            return NO_POINTS
        return held


def _ends(now: int) -> int:
    """The end of this week."""
    return (now // WEEK + 1) * WEEK


def _weeks(before: int, since: int) -> Iterator[Week]:
    """The weeks that reach from the one of `since` to `before`, the newest first."""
    for week in range(before // WEEK - 1, max(0, since) // WEEK - 1, -1):
        yield week * WEEK, (week + 1) * WEEK


def _before(now: int) -> _Past:
    """All that lies before the weeks in which something may still change by itself."""
    return _Past((now - LASTS) // WEEK * WEEK)


def _recent(now: int) -> Iterator[Week]:
    """The weeks in which something may still change by itself, the newest first."""
    return _weeks(_ends(now), now - LASTS)
