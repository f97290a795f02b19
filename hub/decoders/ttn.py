"""The Things Stack v3 (TTN): `v3/{application}@{tenant}/devices/{device}/up`.

Rule: the device is the one in `end_device_ids`, within its application; the position and the radio figures in
`rx_metadata` are the gateway's. What a device calls itself in its payload (models, versions, bands) is no value.
Source: https://www.thethingsindustries.com/docs/api/reference/http/ (ApplicationUp).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import leaves, read_json
from hub.decoders.names import is_name, thing_name
from hub.decoders.numbers import number
from hub.decoders.times import instant

_SENSECAP = {
    "4097": "Cel", "4098": "%", "4099": "lx", "4100": "[ppm]", "4101": "Pa", "4102": "Cel", "4103": "%",
    "4104": "deg", "4105": "m/s", "4113": "mm/h",
}  # fmt: skip
"""Seeed SenseCAP's measurement ids and their units."""
_NORMALIZED = {
    "air.temperature": "Cel", "air.relativeHumidity": "%", "air.pressure": "hPa", "air.co2": "[ppm]",
    "air.lightIntensity": "lx", "soil.temperature": "Cel", "soil.moisture": "%", "soil.depth": "cm",
    "wind.speed": "m/s", "wind.direction": "deg", "rain.intensity": "mm/h", "rain.cumulative": "mm",
    "water.temperature.value": "Cel", "battery": "V",
}  # fmt: skip
"""Units that The Things Stack's normalized payload fixes."""
_IDENTITY = re.compile(
    r".*(?:version|firmware|hardware|model|serial|timestamp|_band|band_|node_?type|eui|address).*|id|.*_id|type|port|"
    r"work_?mode|payload|bytes|raw|latitude|longitude|altitude|lat|lon|lng|valid",
    re.IGNORECASE,
)
_NO_PROBE = frozenset({327.67, -327.68, 3276.7, -3276.8})
"""The ends of a 16-bit integer in tenths or hundredths of a degree: no probe is connected."""
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
        yield from (Reading(thing, name, value, time, unit) for name, value, unit in _reception(uplink))


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
        yield from _decoded(decoded)
        return
    normalized = uplink.get("normalized_payload")
    parts = normalized if isinstance(normalized, list) else [normalized]
    for path, value in _numbers(part for part in parts if isinstance(part, dict)):
        yield path, value, None if isinstance(value, bool) else _NORMALIZED.get(path)


def _decoded(decoded: dict[str, object]) -> Iterator[tuple[str, float, str | None]]:
    """What the device's codec made of the bytes; lists of measurements are read by their own names."""
    listed = list(_measurements(decoded.get("messages"), 0))
    rest = {key: value for key, value in decoded.items() if not listed or key not in {"messages", "err"}}
    yield from listed
    yield from ((path, value, None) for path, value in _numbers([rest]))


def _measurements(tree: object, depth: int) -> Iterator[tuple[str, float, str | None]]:
    """SenseCAP: (nested) lists of {"measurementId", "measurementValue", "type"}."""
    if isinstance(tree, list) and depth <= 3:  # noqa: PLR2004 - channels, then measurements
        for item in tree:
            yield from _measurements(item, depth + 1)
    elif isinstance(tree, dict) and "measurementValue" in tree:
        code = str(tree.get("measurementId", ""))
        value = number(tree["measurementValue"])
        if value is not None:
            yield str(tree.get("type") or code), value, _SENSECAP.get(code)


def _numbers(trees: Iterable[dict[str, object]]) -> Iterator[tuple[str, float]]:
    for tree in trees:
        for path, key, found in leaves(tree):
            value = None if _IDENTITY.fullmatch(key) else number(found)
            if value is not None and value not in _NO_PROBE:
                yield path, value


def _reception(uplink: dict[str, object]) -> Iterator[tuple[str, float, str]]:
    """How well the best gateway heard the device."""
    heard_by = uplink.get("rx_metadata")
    gateways = [g for g in heard_by if isinstance(g, dict)] if isinstance(heard_by, list) else []
    for name, unit in (("rssi", "dB[mW]"), ("snr", "dB")):
        figures = [value for value in (number(g.get(name)) for g in gateways) if value is not None]
        if figures:
            yield name, max(figures), unit


def _object(parent: dict[str, object], key: str) -> dict[str, object]:
    """The object under a key, empty if it is none."""
    child = parent.get(key)
    return child if isinstance(child, dict) else {}
