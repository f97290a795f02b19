"""Sparkplug B: `spBv1.0/{group}/{type}/{edge node}[/{device}]`, protobuf (https://sparkplug.eclipse.org).

Rule: births name the metrics, their types, units and aliases; data may hold aliases alone, which mean what the last
birth on the same node said. The device is the thing, not its edge node. Commands, deaths, states of hosts, null
metrics and what controls the session are no readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from google.protobuf.message import DecodeError as Unparsable

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.names import is_name, text, thing_name
from hub.decoders.numbers import shortest
from hub.decoders.sparkplug_schema import DATATYPES, Metric, Payload, parsed

_BIRTHS = {"NBIRTH": "NDATA", "DBIRTH": "DDATA"}
_DATA = frozenset({"NDATA", "DDATA"})
_SESSION = ("bdSeq", "Node Control/", "Device Control/", "Properties/", "_types_/")
_UNIT_KEYS = frozenset({b"engunit", b"engineeringunits", b"engineering units", b"eu", b"unit", b"units"})
_QUALITIES_WITHOUT_VALUE = frozenset({0, 500})
"""The property `Quality`: bad and stale."""
_SIGNED = {"Int8": 8, "Int16": 16, "Int32": 32, "Int64": 64}
_NUMBERS = frozenset({*_SIGNED, "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double", "Boolean", ""})
_COMPRESSED = b"SPBV1.0_COMPRESSED"
_LONGEST = 1_000_000
_DEEPEST = 4
_DEVICE = 5
_UNSET, _LAST = 946_684_800_000, 253_402_300_800_000
"""Milliseconds: an earlier clock (before 2000) was never set."""
_Named = tuple[Metric, str, str | None]
"""A metric, its name, and the field that holds its value."""


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of an edge node; raises `DecodeError`."""
    levels = message.topic.split("/")
    kind = levels[2] if len(levels) > 3 else ""  # noqa: PLR2004 - namespace, group, type, edge node
    if (kind not in _BIRTHS and kind not in _DATA) or not message.payload.strip(b" \x00"):
        return Decoded([])
    thing = thing_name("/".join((levels[1], *levels[3:_DEVICE])))
    told = _parsed(message.payload)
    metrics = _named(told.metrics, "", 0, [])
    at = "/".join((*levels[:2], _BIRTHS.get(kind, kind), *levels[3:_DEVICE]))
    if kind in _DATA:
        return Decoded(_data(metrics, told.timestamp, thing, at, heard))
    found = _born(metrics, told.timestamp, thing, at, message.topic)
    before = heard.told_on(message.topic)
    if before:
        found.withdrawn = before - {(a.thing, a.property) for a in found.announcements}
    return found


def _parsed(payload: bytes) -> Payload:
    if len(payload) > _LONGEST:
        raise DecodeError(f"the message is longer than {_LONGEST} bytes; send fewer metrics in one")
    try:
        told = parsed(payload)
    except Unparsable:
        raise DecodeError("the payload is not a Sparkplug B message (protobuf)") from None
    if told.uuid == _COMPRESSED:
        raise DecodeError("the payload is compressed; send it plain")
    return told


def _born(metrics: Sequence[_Named], sent: int, thing: str, at: str, source: str) -> Decoded:
    """A birth: what it says of its thing and of each of its metrics, and their values now."""
    told, readings, time = [Announcement(thing, name=text(thing.rsplit("/", 1)[-1]), source=source)], [], _time(sent)
    for metric, name, field in metrics:
        if not name or not is_name(name):
            continue
        about = text(_decoded(metric.metadata.description)) if metric.HasField("metadata") else None
        alias = str(metric.alias) if metric.HasField("alias") else None
        kind, (unit, good) = DATATYPES.get(metric.datatype), _properties(metric)
        told.append(Announcement(thing, name, None, unit, kind, None, about, None, at, alias, source))
        value = _value(metric, field, kind or "") if good and field is not None else None
        if value is not None:
            shown = None if isinstance(value, bool) else unit
            readings.append(Reading(thing, name, value, _time(metric.timestamp) or time, shown))
    return Decoded(readings, told)


def _data(metrics: Sequence[_Named], sent: int, thing: str, at: str, heard: Heard) -> list[Reading]:
    """The values in a message; `DecodeError` if nothing in it can be understood without a birth."""
    readings: list[Reading] = []
    time, strangers, known = _time(sent), 0, 0
    for metric, name, field in metrics:
        said = heard.get((thing, name)) if name else heard.pointed(at, str(metric.alias))
        named = name or (said.property if said is not None else "")
        if not named:
            strangers += 1
            continue
        known += 1
        unit, good = _properties(metric)
        kind = DATATYPES.get(metric.datatype) or (said.kind if said is not None else None) or ""
        value = _value(metric, field, kind) if good and field is not None and is_name(named) else None
        if value is not None:
            if isinstance(value, bool):
                unit = None
            elif unit is None and said is not None:
                unit = said.unit
            readings.append(Reading(thing, named, value, _time(metric.timestamp) or time, unit))
    if strangers and not known:
        raise DecodeError("its metrics have aliases only, and the hub has not heard the birth: ask for a rebirth")
    return readings


def _named(metrics: Sequence[Metric], within: str, depth: int, found: list[_Named]) -> list[_Named]:
    """Each metric with its name, those of templates under the template's; an alias alone has the name ""."""
    for metric in metrics:
        name = _decoded(metric.name)
        if not within and name.startswith(_SESSION):
            continue
        path = f"{within}/{name}" if within and name else name
        field = metric.WhichOneof("value")
        if field == "template_value" and depth < _DEEPEST and not metric.template_value.is_definition:
            _named(metric.template_value.metrics, path, depth + 1, found)
        elif name or (not within and metric.HasField("alias")):
            found.append((metric, path, field))
    return found


def _value(metric: Metric, field: str, kind: str) -> float | None:
    """The number or switch in a metric of this type, "" if nobody said it."""
    if kind not in _NUMBERS or field == "template_value" or metric.is_null or metric.is_transient:
        return None
    found: int | float | bool = getattr(metric, field)
    if isinstance(found, bool):
        return found
    if isinstance(found, float):
        return shortest(found) if field == "float_value" else found if isfinite(found) else None
    if not kind and found >= 1 << 31:
        return None  # without a type nobody knows whether it is negative
    return bool(found) if kind == "Boolean" else float(_signed(found, _SIGNED.get(kind)))


def _signed(whole: int, bits: int | None) -> int:
    """Signed integers travel as two's complement in an unsigned field."""
    if bits is None:
        return whole
    cut = whole & ((1 << bits) - 1)
    return cut - (1 << bits) if cut >> (bits - 1) else cut


def _properties(metric: Metric) -> tuple[str | None, bool]:
    """(unit, whether the value is good): the property that Ignition and Tahu call engUnit, and `Quality`."""
    unit, good = None, True
    if metric.HasField("properties"):
        told = metric.properties
        for key, value in zip(told.keys, told.values, strict=False):
            word = key.lower()
            if word in _UNIT_KEYS and not value.is_null and unit is None:
                unit = text(_decoded(value.string_value))
            elif word == b"quality" and not value.is_null:
                good = (value.int_value or value.long_value) not in _QUALITIES_WITHOUT_VALUE
    return unit, good


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _time(milliseconds: int) -> int | None:
    return milliseconds * 1000 if _UNSET <= milliseconds < _LAST else None
