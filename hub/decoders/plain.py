"""What people program themselves: a JSON object under a topic of their own, or a bare value.

Rule: the thing is the topic, of a bare value without its last level, which names the property. Every number in an
object is a reading under its path, except what identifies, dates or places it. A unit is one that stands behind the
number or beside it and that the hub knows; nothing is guessed from a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.core.units import UNITS
from hub.decoders import senml
from hub.decoders.announced import readings
from hub.decoders.documents import MOST, clean, leaves, parsed, read_json
from hub.decoders.names import is_name, matcher, thing_name
from hub.decoders.numbers import number, number_from_text, says_no_value
from hub.decoders.times import from_local, instant

_TIMES = (
    "time", "timestamp", "ts", "datetime", "date_time", "dateTime", "Time", "Timestamp", "DateTime", "epoch", "Epoch",
    "unixtime", "measured_at", "observed_at",
)  # fmt: skip
"""Where an object says when, in the order in which it is believed."""
_DATES = frozenset(_TIMES)
_MAYBE_TIMES = frozenset({"t", "dt", "d", "date", "utc", "when", "at"})
"""Keys that may mean a time: they do where their number is an instant of this century."""
_is_identity = matcher(re.compile(
    r"(?:.*[_-])?(?:id|uid|uuid|eui|mac|serial|version|passkey|token|key|secret|password|pin|address|model|name|type|ip)|"
    r"(?-i:.*[a-z](?:Id|ID|UID|Serial|Version|Model|Name|Type))|(?:gps[_-]?)?(?:lat|lon|lng|latitude|longitude|altitude)|"
    r"(?:date|boot|start|end)[_-]?time|date|zone|timezone|tz|port|channel|crc|checksum|seq(?:uence)?|"
    r"(?:device|sensor|node|station|chip|gateway|client|user)[_-]?(?:id|name|no|nr|number)?|coordinates",
    re.IGNORECASE,
))  # fmt: skip
_SPELLED = re.compile(r"([+-]?\d{1,12}(?:[.,]\d{1,9})?)\s{0,2}([^\d\s.,+-]\S{0,11})")
_UNIT_KEYS = frozenset({"unit", "units", "unit_of_measurement", "uom", "u"})
_VALUE_KEYS = ("value", "val", "v")
_VALUES = frozenset(_VALUE_KEYS)
_NAME_KEYS = ("property", "quantity", "measurement", "parameter", "measure", "type", "name", "sensor", "key", "id")
"""Where an item of a list, or an object with one value, says what it measures."""
_DIGITS = frozenset("0123456789")
_BEGINS = _DIGITS | frozenset("+- ")
_LONGEST = 2**63
"""Beyond it an integer is an identifier or an overflow, no measurement."""


def decode(message: Message, heard: Heard) -> Decoded:
    """Read a JSON object, a list of SenML records, or one value; raises `DecodeError` for anything else.

    Where Home Assistant's discovery said what comes on this topic, that holds.
    """
    told = heard.at(message.topic)
    if told:
        return Decoded(readings(message.payload, told))
    payload = clean(message.payload).strip()
    if not payload:
        return Decoded([])
    if payload[:1] not in b'{["':
        return _single(message.topic, _text(payload))
    body = parsed(payload)
    if isinstance(body, str) and body.lstrip()[:1] in {"{", "["}:
        body = read_json(body.encode())  # JSON inside a JSON string
    if isinstance(body, dict):
        return _object(message, body, heard)
    if isinstance(body, list):
        return _pack(message, payload, body)
    return _single(message.topic, body)


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise DecodeError("the payload is neither JSON nor text in UTF-8") from None


def _single(topic: str, found: object) -> Decoded:
    """`{thing}/{property}` with one value."""
    value, unit = _value(found)
    if value is None and isinstance(found, str) and not says_no_value(found):
        raise DecodeError('the payload is text; send a number, or JSON as in {"temperature": 21.5}')
    thing, _, name = topic.rpartition("/")
    if value is None:
        return Decoded([])
    if not is_name(name):
        raise DecodeError("the last level of the topic does not name what is measured")
    return Decoded([Reading(thing_name(thing or topic), name, value, None, unit)])


def _object(message: Message, body: dict[str, object], heard: Heard) -> Decoded:
    found = leaves(body)
    time, local = _time(body, found, heard, message.received)
    alone = None if _VALUES.isdisjoint(body) else next(key for key in _VALUE_KEYS if key in body)
    if alone is not None and not any(_counts(key, value) for path, key, value in found if path != alone):
        return Decoded(list(_alone(message.topic, body, alone, time)), local=local)
    return Decoded(list(_readings(thing_name(message.topic), found, time)), local=local)


def _counts(key: str, found: object) -> bool:
    """Whether a field is a measured number, and no value of another."""
    return number(found) is not None and key not in _UNIT_KEYS and _is_measured(key) and not _is_time(key, found)


def _alone(topic: str, body: dict[str, object], key: str, time: int | None) -> Iterator[Reading]:
    """An object with one value: the last level of the topic names it, if the object does not."""
    named = next((body[word] for word in _NAME_KEYS[:6] if isinstance(body.get(word), str)), None)
    for reading in _single(topic, body[key]).readings:
        if isinstance(named, str) and is_name(named):
            reading.thing, reading.property = thing_name(topic), named.replace(".", "_")
        reading.time, reading.unit = time, _unit(body) or reading.unit
        yield reading


def _readings(thing: str, found: list[tuple[str, str, object]], time: int | None) -> Iterator[Reading]:
    said = {path.rpartition(".")[0]: value for path, key, value in found if key in _UNIT_KEYS}
    for path, key, written in found:
        if key in _DATES or _is_identity(key) or (key in _MAYBE_TIMES and instant(written) is not None):
            continue
        value, unit = (written, None) if written.__class__ is float else _value(written)
        if value is None or not isfinite(value) or not is_name(path):
            continue
        if said and key in _VALUE_KEYS and (outer := path.rpartition(".")[0]) in said:
            known = said[outer]
            path, unit = outer or path, known if isinstance(known, str) and known in UNITS else unit  # noqa: PLW2901
        yield Reading(thing, path, value, time, unit)


def _unit(body: dict[str, object]) -> str | None:
    """The unit that stands beside a value, if the hub knows it."""
    said = next((body[key] for key in _UNIT_KEYS if key in body), None)
    return said if isinstance(said, str) and said in UNITS else None


def _is_time(key: str, found: object) -> bool:
    return key in _MAYBE_TIMES and instant(found) is not None


def _is_measured(key: str) -> bool:
    return key not in _DATES and not _is_identity(key)


def _value(found: object) -> tuple[float | None, str | None]:
    """(number, unit): as a number, a number in text, or a number with a known unit behind it."""
    if not isinstance(found, str):
        return (None if found.__class__ is int and not -_LONGEST < found < _LONGEST else number(found)), None
    if found[-1:] in _DIGITS or found[:1] not in _BEGINS:
        return number_from_text(found), None
    spelled = _SPELLED.fullmatch(found.strip()) if len(found) < 40 else None  # noqa: PLR2004 - longer is text
    if spelled is None or spelled[2] not in UNITS:
        return number_from_text(found), None
    value = number_from_text(spelled[1])
    return value, None if value is None else spelled[2]


def _time(
    body: dict[str, object], found: list[tuple[str, str, object]], heard: Heard, received: int
) -> tuple[int | None, bool]:
    """(instant, whether it was read in the hub's zone): at the top, else the one there is deeper."""
    said = [] if _DATES.isdisjoint(body) else [body[key] for key in _TIMES if key in body]
    if not said:
        said = [value for _, key, value in found if key in _DATES or _is_time(key, value)]
        said = said if len({instant(value) for value in said}) == 1 else []
        if not said:
            return None, False
    for value in said:
        time = instant(value)
        if time is not None:
            return time, False
    local = next((t for t in (from_local(value, heard.zone, received) for value in said) if t is not None), None)
    return local, local is not None


def _pack(message: Message, payload: bytes, body: list[object]) -> Decoded:
    """A list is SenML, whose records name what they measure; or objects with a name and a value."""
    records = [record for record in body if isinstance(record, dict)]
    if not records or len(records) < len(body) or len(records) > MOST:
        raise DecodeError('a list of values has no names; send an object, as in {"temperature": 21.5}')
    thing = thing_name(message.topic)
    if not any("n" in record or "bn" in record for record in records):
        return Decoded([r for record in records for r in _item(thing, record)])

    def place(name: str) -> tuple[str, str]:
        if not is_name(name):
            raise DecodeError("a record does not say what it measures (n)")
        return thing, name

    return Decoded(senml.resolve(senml.from_json(payload), message.received, place))


def _item(thing: str, record: dict[str, object]) -> Iterator[Reading]:
    """An object of a list: {"name", "value", "unit", "time"}, or whatever they are called."""
    named = next((record[word] for word in _NAME_KEYS if isinstance(record.get(word), str)), None)
    value, unit = _value(next((record[word] for word in _VALUE_KEYS if word in record), None))
    if not isinstance(named, str) or not is_name(named):
        raise DecodeError('an item of the list does not say what it measures, as in {"name": …, "value": …}')
    if value is not None:
        time = next((instant(record[word]) for word in record if word in _DATES), None)
        yield Reading(thing, named.replace(".", "_"), value, time, _unit(record) or unit)
