"""Messages that are one JSON object of a station's own words: word → value.

Rule: what a word means (the property's name and its unit, or that it is no value at all) is said once per format by
a function of the word alone, and remembered. Words that nobody described keep their own name and have no unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from hub.core.reading import Announcement, DecodeError, Heard, Reading
from hub.decoders.documents import leaves, read_json
from hub.decoders.names import is_name
from hub.decoders.numbers import number

Meaning = tuple[str, str | None]
"""(the property's name, its unit)."""
Rule = tuple[re.Pattern[str], str | None]
"""Words, and the unit of what they name."""
MeaningOf = Callable[[str], Meaning | None]
"""A device's word → what it means, or None where it is no value."""


def object_in(payload: bytes, whose: str) -> dict[str, object]:
    """The JSON object that a payload is, or `DecodeError`: "`whose` is a JSON object"."""
    body = read_json(payload)
    if not isinstance(body, dict):
        raise DecodeError(f"{whose} is a JSON object")
    return body


def readings(thing: str, body: Mapping[str, object], time: int | None, meaning_of: MeaningOf) -> list[Reading]:
    """A reading for each number and switch in `body`; objects and lists within are read by their paths."""
    found: list[Reading] = []
    for word, written in body.items():
        if written.__class__ is dict or written.__class__ is list:
            found.extend(_within(thing, word, written, time, meaning_of))
            continue
        meaning = meaning_of(word)
        value = None if meaning is None else number(written)
        if meaning is not None and value is not None:
            found.append(Reading(thing, meaning[0], value, time, None if value.__class__ is bool else meaning[1]))
    return found


def as_written(word: str, unit: str | None = None) -> Meaning | None:
    """The meaning of a word that names its property itself; None if no property may have that name."""
    plain = word.replace(".", "_")
    return (plain, unit) if is_name(plain) else None


def by_rules(rules: Sequence[Rule], word: str, name: str | None = None) -> Meaning | None:
    """What the first rule that fits the whole word says: it names its property itself, unless a `name` is given.

    None if no rule fits, or if no property may have that name.
    """
    found = next((rule for rule in rules if rule[0].fullmatch(word)), None)
    return None if found is None else as_written(name or word, found[1])


def levels(topic: str, idle: Container[str]) -> list[str]:
    """A topic's levels, empty ones and those that say nothing about the device (`idle`) left out."""
    return [level for level in topic.split("/") if level and level not in idle]


def placed(thing: str, exposure: str | None, heard: Heard) -> list[Announcement]:
    """An announcement that a thing is `indoor` or `outdoor`, unless that is known; none if nobody says it."""
    known = heard.get((thing, ""))
    said = exposure is not None and (known is None or known.exposure != exposure)
    return [Announcement(thing, exposure=exposure)] if said else []


def _within(thing: str, word: str, tree: object, time: int | None, meaning_of: MeaningOf) -> Iterator[Reading]:
    """What stands deeper: the path is the name, the last word says the unit."""
    outer = meaning_of(word)
    if outer is None:
        return
    for path, key, written in leaves(tree, outer[0]):
        meaning = meaning_of(key)
        value = None if meaning is None else number(written)
        if meaning is not None and value is not None and is_name(path):
            yield Reading(thing, path, value, time, None if value.__class__ is bool else meaning[1])
