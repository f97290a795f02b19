"""Homie 3, 4 and 5: `homie/{device}/{node}/{property}`, plain text (https://homieiot.github.io).

Rule: whatever has a `$` in its topic describes, everything else of three levels is a value, `…/set` a command. Units
and types come from the attributes (`$unit`, `$datatype`) or, since version 5, from `$description`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import read_json
from hub.decoders.names import is_name, text, thing_name
from hub.decoders.numbers import number, number_from_text

_ROOT = "homie"
_VERSION = "5"
_NUMBERS = frozenset({"integer", "float", "percent"})
_FIELDS = {"$unit": "unit", "$datatype": "kind", "$name": "name"}
_WRITTEN = re.compile(r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
"""A number where it is known to be one: more spellings than of a text that only looks like one."""
_MOST = 5000


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of a Homie device; raises `DecodeError`."""
    base, levels = _address(message.topic)
    if not levels or levels[0].startswith("$"):
        return Decoded([])  # broadcasts are nobody's
    thing = thing_name("/".join((*base, levels[0])))
    attribute = next((level for level in levels if level.startswith("$")), None)
    if attribute is not None:
        return _described(message, thing, levels[1:], heard) if levels[-1] == attribute else Decoded([])
    if len(levels) != 3 or not message.payload:  # noqa: PLR2004 - device, node, property; one more is a command
        return Decoded([])
    name = ".".join(levels[1:])
    value = _value(_text(message.payload), heard.get((thing, name)))
    if value is None or not is_name(name):
        return Decoded([])
    said = None if isinstance(value, bool) else heard.get((thing, name))
    return Decoded([Reading(thing, name, value, None, None if said is None else said.unit)])


def _address(topic: str) -> tuple[list[str], list[str]]:
    """(levels before the root, those after it and after the version) of a topic."""
    levels = topic.split("/")
    at = levels.index(_ROOT) if _ROOT in levels else 0
    rest = levels[at + 1 :]
    return levels[:at], rest[1:] if rest[:1] == [_VERSION] else rest


def _value(written: str, said: Announcement | None) -> float | None:
    """The number or switch that a payload is, if its type, where it is known, allows it."""
    kind = None if said is None else said.kind
    if kind in _NUMBERS:
        return number(float(written)) if _WRITTEN.fullmatch(written) else None
    value = number_from_text(written)
    return value if kind is None or (kind == "boolean" and isinstance(value, bool)) else None


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise DecodeError("the payload is not UTF-8 text") from None


def _described(message: Message, thing: str, levels: list[str], heard: Heard) -> Decoded:
    """An attribute of a device, a node or a property; an empty `$state` takes the device away."""
    if levels == ["$description"]:
        return _document(message, thing, heard)
    if levels == ["$state"] and not message.payload:
        own = message.topic.removesuffix("$state")
        return Decoded([], withdrawn=heard.told_on(f"{own}$description") | heard.told_on(f"{own}$homie"))
    field = _FIELDS.get(levels[-1])
    said = text(_text(message.payload)) if field is not None else None
    if field == "name" and len(levels) == 1:
        return Decoded([], [Announcement(thing, name=said)])
    name = ".".join(levels[:-1])
    if field is None or len(levels) != 3 or not is_name(name):  # noqa: PLR2004 - node, property, attribute
        return Decoded([])
    source = f"{'/'.join(message.topic.split('/')[:-3])}/$homie"
    known = heard.get((thing, name)) or Announcement(thing, name)
    return Decoded([], [replace(known, source=source, **{field: said})])


def _document(message: Message, thing: str, heard: Heard) -> Decoded:
    """`$description` (Homie 5): the device, and each property of each node."""
    before = heard.told_on(message.topic)
    if not message.payload:
        return Decoded([], withdrawn=before)
    body = read_json(message.payload)
    if not isinstance(body, dict):
        raise DecodeError("$description is a JSON object")
    found = [Announcement(thing, name=text(body.get("name"))), *_properties(thing, body.get("nodes"), message.topic)]
    told = {(a.thing, a.property) for a in found}
    return Decoded([], found, [where for where in before if where not in told])


def _properties(thing: str, nodes: object, source: str) -> Iterator[Announcement]:
    count = 0
    for node, part in nodes.items() if isinstance(nodes, dict) else ():
        listed = part.get("properties") if isinstance(part, dict) else None
        for named, said in listed.items() if isinstance(listed, dict) else ():
            count += 1
            name = f"{node}.{named}"
            if isinstance(said, dict) and is_name(name) and count <= _MOST:
                unit, kind = text(said.get("unit")), text(said.get("datatype"))
                yield Announcement(thing, name, text(said.get("name")), unit, kind, source=source)
