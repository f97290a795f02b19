"""Sensor.Community (airRohr, NAMF, sensors.AFRICA): a station's message, one sensor's push, the API's export.

Rule: a station is its `esp8266id`, else what the topic calls it. A push holds one sensor, which stands behind a pin:
the pin begins the property's name, because two sensors of a station may measure the same. In an export each sensor is
a thing of its own, `timestamp` is UTC without saying so. The place is not read. Bridges may have made it flat.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.airrohr_words import flat, listed
from hub.decoders.documents import MOST, read_json
from hub.decoders.flat import levels
from hub.decoders.names import thing_name
from hub.decoders.times import instant

_IDLE = frozenset({
    "sensors", "sensor", "luftdaten", "sensor-community", "sensor.community", "sensorcommunity", "airrohr", "custom",
    "nam", "data.json", "data", "json", "state", "api", "v1", "now",
})  # fmt: skip
_LIST = "sensordatavalues"
_PUSH = re.compile(r"(.+)/push(?:-sensor-data)?/(\d{1,3})")
_NO_ZONE = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")


def decode(message: Message, heard: Heard) -> Decoded:  # noqa: ARG001 - every decoder is called alike
    """Read one message of a station, or a list of what the API exports; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    body = read_json(message.payload)
    entries = body if isinstance(body, list) else [body]
    objects = [entry for entry in entries if isinstance(entry, dict)]
    if len(objects) < len(entries) or len(entries) > MOST:
        raise DecodeError("a message of Sensor.Community is a JSON object with sensordatavalues, or a list of them")
    return Decoded([reading for entry in objects for reading in _entry(message.topic, entry)])


def _entry(topic: str, entry: dict[str, object]) -> list[Reading]:
    sensor = entry.get("sensor")
    said = entry.get("timestamp", entry.get("time"))
    time = instant(_NO_ZONE.sub(r"\1T\2Z", said) if isinstance(said, str) and _NO_ZONE.fullmatch(said) else said)
    if isinstance(sensor, dict) and isinstance(sensor.get("id"), int):
        return listed(thing_name(str(sensor["id"])), entry.get(_LIST), time)
    place, within = _place(topic)
    own = entry.get("esp8266id", entry.get("id"))
    station = str(own) if isinstance(own, int | str) and own else place
    thing = thing_name(station or "airrohr")
    return listed(thing, entry[_LIST], time, within) if _LIST in entry else flat(thing, entry, time)


@lru_cache(maxsize=4096)
def _place(topic: str) -> tuple[str, str]:
    """(the station, what begins its properties' names) as the topic says them."""
    pushed = _PUSH.fullmatch(topic)
    return "/".join(levels(pushed[1] if pushed else topic, _IDLE)), f"pin{pushed[2]}" if pushed else ""
