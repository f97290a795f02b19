"""openSenseMap: a senseBox's measurements, in any of the forms that its API takes (https://docs.opensensemap.org).

Rule: the box is the thing, in the topic; a sensor is known by its id, 24 hexadecimal digits, and gets its name and unit
only from the description of the box. Where a mobile box was is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import iter_unpack

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import clean, first_sign, read_json
from hub.decoders.names import is_name, text, thing_name
from hub.decoders.numbers import number, shortest
from hub.decoders.times import instant

_ID = re.compile(r"[0-9a-fA-F]{24}")
_EXPOSURES = frozenset({"indoor", "outdoor"})
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f-\xff]")
_MOST = 20_000
_PLAIN, _TIMED = 16, 20
_EARLIEST, _LATEST = 1_300_000_000, 4_000_000_000
"""Seconds: what a clock in a binary record can show."""

_Row = tuple[str, object, object]
"""Sensor, value, time."""


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one upload or one description of a box; raises `DecodeError`."""
    thing = _box(message.topic)
    if not message.payload:
        return Decoded([])
    size = _size(message.payload) if _CONTROL.search(message.payload, 0, 64) else 0
    if size or first_sign(message.payload) not in {b"{", b"["}:
        rows = _records(message.payload, size) if size else _lines(message.payload)
        return Decoded(list(_readings(thing, rows, heard)))
    body = read_json(message.payload)
    if isinstance(body, dict) and isinstance(body.get("sensors"), list):
        return Decoded([], list(_description(thing, body)))
    rows = _listed(body) if isinstance(body, list) else _mapped(body) if isinstance(body, dict) else iter(())
    return Decoded(list(_readings(thing, rows, heard)))


def _box(topic: str) -> str:
    """The box's id in the topic; without one, the last level."""
    levels = topic.split("/")
    return thing_name(next((level for level in levels if _ID.fullmatch(level)), levels[-1]))


def _readings(thing: str, rows: Iterator[_Row], heard: Heard) -> Iterator[Reading]:
    for count, (sensor, found, time) in enumerate(rows):
        if count >= _MOST:
            raise DecodeError(f"more than {_MOST} values in one message; send fewer")
        value = number(found)
        if value is not None and not isinstance(value, bool) and _ID.fullmatch(sensor):
            said = heard.get((thing, sensor))
            yield Reading(thing, sensor, value, instant(time), None if said is None else said.unit)


def _mapped(body: dict[str, object]) -> Iterator[_Row]:
    """`{sensor: value}` or `{sensor: [value, time, place]}`."""
    for sensor, found in body.items():
        parts = found if isinstance(found, list) else [found]
        if parts:
            yield sensor, parts[0], parts[1] if len(parts) > 1 else None


def _listed(body: list[object]) -> Iterator[_Row]:
    """`[{"sensor", "value", "createdAt", "location"}]`."""
    for item in body:
        if isinstance(item, dict):
            sensor = item.get("sensor", item.get("sensor_id"))
            yield str(sensor), item.get("value"), item.get("createdAt")


def _lines(payload: bytes) -> Iterator[_Row]:
    """`sensor,value,time,longitude,latitude` in lines."""
    try:
        written = clean(payload).decode()
    except UnicodeDecodeError:
        raise DecodeError("the payload is neither JSON nor lines of text nor whole binary records") from None
    if written.count("\n") > _MOST:
        raise DecodeError(f"more than {_MOST} lines in one message; send fewer")
    if written.count("\n") > _MOST:
        raise DecodeError(f"more than {_MOST} values in one message; send fewer")
    rows = [line.split(",", 3) for line in written.splitlines() if line.strip()]
    if not any(len(row) > 1 and _ID.fullmatch(row[0].strip()) for row in rows):
        raise DecodeError("expected JSON, or lines of: sensor's id, value, time")
    for row in rows:
        if len(row) > 1:
            yield row[0].strip(), row[1], row[2].strip() if len(row) > 2 else None  # noqa: PLR2004 - id, value, time


def _size(payload: bytes) -> int:
    """The record size of a binary payload, 0 if it is none: ids of one box begin alike, clocks show a possible time."""
    for size in (_TIMED, _PLAIN):
        ids = {payload[at : at + 4] for at in range(0, min(len(payload), 100 * size), size)}
        if len(payload) % size == 0 and len(ids) == 1 and (size == _PLAIN or _has_clocks(payload)):
            return size
    return 0


def _has_clocks(payload: bytes) -> bool:
    return all(_EARLIEST <= time <= _LATEST for _, time in iter_unpack("<16sI", payload))


def _records(payload: bytes, size: int) -> Iterator[_Row]:
    """Records of 12 bytes id, a 32-bit float and perhaps the time in seconds, all little-endian."""
    if size == _TIMED:
        for sensor, value, time in iter_unpack("<12sfI", payload):
            yield sensor.hex(), shortest(value), time
    else:
        for sensor, value in iter_unpack("<12sf", payload):
            yield sensor.hex(), shortest(value), None


def _description(thing: str, body: dict[str, object]) -> Iterator[Announcement]:
    """A box as the API describes it: its name, where it stands, and what its sensors measure."""
    exposure = body.get("exposure")
    stands = exposure if isinstance(exposure, str) and exposure in _EXPOSURES else None
    yield Announcement(thing, name=text(body.get("name")), exposure=stands)
    listed = body["sensors"]
    for sensor in listed[:_MOST] if isinstance(listed, list) else ():
        own = sensor.get("_id") if isinstance(sensor, dict) else None
        if isinstance(own, str) and _ID.fullmatch(own) and is_name(own):
            title = text(sensor.get("title"))
            kind = None if title is None else title.lower()
            yield Announcement(thing, own, title, text(sensor.get("unit")), kind, None, text(sensor.get("sensorType")))
