"""How one of an owner's things has been in the last seven days, in words.

Rule: what is marked is said with what it may mean and what helps; nothing here is an accusation, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.record import Gap, StreamRecord, Tally, ThingRecord, silent
from hub.settings import PropertySettings
from hub.web.words import age, clock, counted, day_and_clock, ended, how_often, listed, local, since_then

_YEARS = 1000 * DAY
_FIRST, _LAST = -(2**55), 2**55
"""Times (µs) outside of these a calendar does not know; a wrong clock may tell them."""
MOST_SILENCES = 12
"""So many are shown, the newest."""
MARKS = (
    ("implausible", "outside of what there is", "Is the sensor covered, wet or broken?"),
    ("jump", "too far from the one before", "A loose plug, or it was carried somewhere else."),
    ("flat", "the same for too long", "The sensor may be stuck: switch it off and on."),
)
"""The field of a tally, what was wrong with the readings, and what it may be."""


class Line(Struct, frozen=True):
    """One of the thing's values: how often it speaks, when last, and how often it was silent."""

    what: str
    often: str
    heard: str
    silences: int


class Silence(Struct, frozen=True):
    """A time in which these values were not heard, in words too; without an end it goes on."""

    until: int | None
    when: str
    whats: str


class Marked(Struct, frozen=True):
    """So many readings of a value were marked: what was wrong, and what it may mean."""

    what: str
    count: int
    wrong: str
    hint: str


class Late(Struct, frozen=True):
    """So many readings of a value came late; of which time, in words."""

    what: str
    count: int
    of: str


class Told(Struct, frozen=True):
    """A thing's record as its page shows it."""

    record: ThingRecord
    sentence: str
    clock: str
    lines: tuple[Line, ...]
    silences: tuple[Silence, ...]
    late: tuple[Late, ...]
    marked: tuple[Marked, ...]


def told(record: ThingRecord, properties: Mapping[str, PropertySettings], now: int, zone: ZoneInfo) -> Told:
    """The record in words."""
    names = {s.datastream: _name(s, properties) for s in record.streams}
    off = _clock(record.clock)
    silences, marked = _silences(record.streams, names, zone), tuple(_marked(record.streams, names))
    late = tuple(
        Late(names[s.datastream], s.tally.late, _of(s.tally, zone)) for s in record.streams if s.tally.late
    )  # fmt: skip
    lines = tuple(_line(s, names[s.datastream], now) for s in record.streams)
    return Told(record, _sentence(record, silences, marked, off, now, zone), off, lines, silences, late, marked)


def _name(stream: StreamRecord, properties: Mapping[str, PropertySettings]) -> str:
    observed = properties.get(stream.property)
    return stream.named if observed is None else observed.short


def _line(stream: StreamRecord, what: str, now: int) -> Line:
    heard = "never" if stream.last_heard is None else age(now - stream.last_heard)
    return Line(what, how_often(stream.cadence) if stream.cadence else "not known yet", heard, len(stream.gaps))


def _silences(
    streams: Iterable[StreamRecord], names: Mapping[int, str], zone: ZoneInfo
) -> tuple[Silence, ...]:  # fmt: skip
    """What was silent together once, the newest first."""
    whose: dict[Gap, list[str]] = {}
    for s in streams:
        for gap in s.gaps:
            whose.setdefault(gap, []).append(names[s.datastream])
    ordered = sorted(whose.items(), key=lambda one: one[0].since, reverse=True)
    return tuple(Silence(gap.until, _when(gap, zone), listed(list(dict.fromkeys(whats)))) for gap, whats in ordered)


def _when(gap: Gap, zone: ZoneInfo) -> str:
    since = day_and_clock(gap.since, zone)
    if gap.until is None:
        return f"{since} until now"
    same_day = local(gap.since, zone).date() == local(gap.until, zone).date()
    return f"{since} to {(clock if same_day else day_and_clock)(gap.until, zone)}"


def _marked(streams: Iterable[StreamRecord], names: Mapping[int, str]) -> Iterable[Marked]:
    for s in streams:
        for field, wrong, hint in MARKS:
            count = getattr(s.tally, field)
            if count:
                yield Marked(names[s.datastream], count, wrong, hint)


def _of(tally: Tally, zone: ZoneInfo) -> str:
    """Of which time what came late is."""
    if tally.late_since < _FIRST or tally.late_until > _LAST:
        return "of a time that no calendar knows"
    since, until = day_and_clock(tally.late_since, zone), day_and_clock(tally.late_until, zone)
    return f"of {since}" if since == until else f"from {since} to {until}"


def _clock(off: int | None) -> str:
    """What is wrong with its clock; empty when nothing is."""
    if off is None:
        return ""
    if abs(off) > _YEARS:
        return "Its clock was never set"
    for one, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        count = round(abs(off) / one)
        if abs(off) >= one:
            return f"Its clock is {count} {unit}{'' if count == 1 else 's'} {'ahead' if off > 0 else 'behind'}"
    return ""


def _sentence(
    record: ThingRecord, silences: tuple[Silence, ...], marked: tuple[Marked, ...], off: str, now: int, zone: ZoneInfo
) -> str:  # fmt: skip
    """What matters most: whether it speaks, then its clock, then what was doubtful or of no use."""
    if record.closed is not None:
        return ended(record.closed, zone)
    heard = max((s.last_heard for s in record.streams if s.last_heard is not None), default=None)
    if heard is None:
        return "It has not been heard yet."
    quiet = [silent(s) for s in record.streams if s.last_heard is not None]
    if all(since is not None for since in quiet):
        return f"Silent since {since_then(max(s for s in quiet if s is not None), now, zone)}."
    if off:
        return f"{off}."
    doubtful = sum(m.count for m in marked)
    refused = any(r.at > now - 7 * DAY for r in record.refusals)
    parts = [f"it was silent {_times(len(silences))}"] if silences else []
    if doubtful:
        parts.append(f"{counted(doubtful)} reading{' is' if doubtful == 1 else 's are'} doubtful")
    if refused:
        parts.append("some of what it sent could not be used")
    if not parts:
        return f"Heard {age(now - heard)}; nothing was wrong in the last seven days."
    return f"Heard {age(now - heard)}; in the last seven days {listed(parts)}."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{counted(count)} times")
