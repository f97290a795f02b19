"""From the words an operator types to what they mean.

Rule: a number or a name; a name that several have is refused with their numbers, so that nothing happens to the wrong
one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from hub.core.catalogue import Exposure
from hub.core.holdings import Commons, Datastream, Party, Thing
from hub.core.places import Place
from hub.registry import Registry


class CommandError(Exception):
    """A command could not be done; the text says why and what to do."""


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=_Numbered)


def the_party(registry: Registry, word: str) -> Party:
    """The party of this number or name."""
    parties = registry.holdings().parties.values()
    return _one(word, parties, [p for p in parties if p.name == word], "party")


def the_thing(registry: Registry, word: str) -> Thing:
    """The thing of this number, name or title; before those that were handed over or given up."""
    things = registry.holdings().things.values()
    called = [t for t in things if word in (t.name, t.title, t.handle)]
    return _one(word, things, [t for t in called if t.closed is None] or called, "thing")


def the_commons(registry: Registry, word: str) -> Commons:
    """The commons of this number or name."""
    every = registry.holdings().commons.values()
    return _one(word, every, [c for c in every if word in (c.name, c.handle)], "commons")


def the_datastream(registry: Registry, thing: Thing, word: str) -> Datastream:
    """A thing's datastream, by its property or by what the device calls it."""
    own = [d for d in registry.holdings().datastreams if d.thing == thing.id]
    found = [d for d in own if word in (d.property, d.named)]
    if not found:
        there = ", ".join(sorted(d.property or d.named for d in own))
        raise CommandError(
            f"{thing.name} has not measured {word!r} yet; it has {there}"
            if there
            else f"{thing.name} has not sent anything yet: let it publish once, then say how far it may be known"
        )
    return _one(word, own, found, "datastream")


def place_of(word: str) -> Place:
    """A place written as LAT,LON."""
    try:
        lat, lon = (float(part) for part in word.split(","))
    except ValueError as error:
        raise CommandError(f"{word!r} is no place: write latitude,longitude, as in 50.1031,14.4032") from error
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):  # noqa: PLR2004 - degrees
        raise CommandError(f"{word!r} is not on this Earth: latitude first, then longitude")
    return Place(lat, lon)


def exposure_of(word: str | None) -> Exposure | None:
    """An exposure by its word; None when nothing is said."""
    words = {e.value: e for e in Exposure}
    if word is not None and word not in words:
        raise CommandError(f"no exposure is called {word!r}; there are {', '.join(words)}")
    return None if word is None else words[word]


def moment_of(zone: str, word: str) -> int:
    """A time (µs) as people write it, by the clock of `zone` unless it says otherwise."""
    try:
        when = datetime.fromisoformat(word)
    except ValueError as error:
        raise CommandError(f"{word!r} is no time: write 2027-05-01 or 2027-05-01T18:30") from error
    when = when if when.tzinfo is not None else when.replace(tzinfo=ZoneInfo(zone))
    return round((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000


def day_of(zone: str, moment: int) -> str:
    """The day and minute of a moment (µs) by the clock of `zone`."""
    return datetime.fromtimestamp(moment / 1e6, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def _one(word: str, every: Iterable[T], named: list[T], what: str) -> T:
    found = named or [x for x in every if str(x.id) == word]
    if not found:
        raise CommandError(
            f"there is no {what} {word!r}; `barrio party list` and `barrio thing list` show what there is"
        )
    if len(found) > 1:
        numbers = ", ".join(str(x.id) for x in found)
        raise CommandError(f"several are called {word!r}: use a number, one of {numbers}")
    return found[0]
