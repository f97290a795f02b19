"""The Things Stack v3 (TTN): `v3/{application}@{tenant}/devices/{device}/up`.

Rule: the device is the one in `end_device_ids`, within its application; the position and the radio figures in
`rx_metadata` are the gateway's. What a device calls itself in its payload (models, versions, bands) is no value.
Source: https://www.thethingsindustries.com/docs/api/reference/http/ (ApplicationUp).
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import read_json
from hub.decoders.lorawan import codec_values, plain_values, reception
from hub.decoders.names import is_name, thing_name
from hub.decoders.times import instant

_NORMALIZED = {
    "air.temperature": "Cel", "air.relativeHumidity": "%", "air.pressure": "hPa", "air.co2": "[ppm]",
    "air.lightIntensity": "lx", "soil.temperature": "Cel", "soil.moisture": "%", "soil.depth": "cm",
    "wind.speed": "m/s", "wind.direction": "deg", "rain.intensity": "mm/h", "rain.cumulative": "mm",
    "water.temperature.value": "Cel", "battery": "V",
}  # fmt: skip
"""Units that The Things Stack's normalized payload fixes."""
_RADIO = (("rssi", "rssi", "dB[mW]"), ("snr", "snr", "dB"))
_MOST_UPLINKS = 1000


def decode(message: Message, heard: Heard) -> Decoded:  # noqa: ARG001 - every decoder is called alike
    """Read one message of The Things Stack (or a list of stored uplinks); raises `DecodeError`.

    Joins, downlinks and other events hold no readings.
    """
    if not message.payload:
        return Decoded([])
    body = read_json(message.payload)
    ups = body if isinstance(body, list) else [body]
    objects = [up for up in ups if isinstance(up, dict)]
    if len(ups) > _MOST_UPLINKS or len(objects) < len(ups):
        raise DecodeError("a message of The Things Stack is one JSON object, or a list of at most 1000")
    return Decoded([reading for up in objects for reading in _uplink(message.topic, up)])


def _uplink(topic: str, body: dict[str, object]) -> Iterator[Reading]:
    """One ApplicationUp, also as the storage integration wraps it."""
    up = _object(body, "result") or body
    uplink = _object(up, "uplink_message") or _object(up, "uplink_normalized")
    if not uplink:
        return
    thing = _device(topic, _object(up, "end_device_ids"))
    time = _time(up, uplink)
    found = False
    for name, value, unit in _values(uplink):
        if is_name(name):
            found = True
            yield Reading(thing, name, value, time, unit)
    if found:
        heard = reception(uplink.get("rx_metadata"), _RADIO)
        yield from (Reading(thing, name, value, time, unit) for name, value, unit in heard)


def _device(topic: str, ids: dict[str, object]) -> str:
    """`{application}/{device}`, the application from the topic if it is the default one."""
    device = ids.get("device_id")
    if not isinstance(device, str):
        raise DecodeError("the uplink does not say which device it is from (end_device_ids.device_id)")
    levels = topic.split("/")
    said = _object(ids, "application_ids").get("application_id")
    at = levels.index("v3") + 1 if "v3" in levels else len(levels)
    application = levels[at].split("@")[0] if at < len(levels) else said
    return thing_name(f"{application}/{device}" if isinstance(application, str) and application else device)


def _time(up: dict[str, object], uplink: dict[str, object]) -> int | None:
    """When the network received it; the zero time of simulated uplinks is none."""
    settings = _object(uplink, "settings")
    candidates = (uplink.get("received_at"), up.get("received_at"), settings.get("time"))
    return next((when for when in map(instant, candidates) if when is not None), None)


def _values(uplink: dict[str, object]) -> Iterator[tuple[str, float, str | None]]:
    decoded = uplink.get("decoded_payload")
    if isinstance(decoded, dict):
        yield from codec_values(decoded)
        return
    normalized = uplink.get("normalized_payload")
    parts = normalized if isinstance(normalized, list) else [normalized]
    for part in parts:
        for path, value, unit in plain_values(part) if isinstance(part, dict) else ():
            yield path, value, None if isinstance(value, bool) else unit or _NORMALIZED.get(path)


def _object(parent: dict[str, object], key: str) -> dict[str, object]:
    """The object under a key, empty if it is none."""
    child = parent.get(key)
    return child if isinstance(child, dict) else {}
