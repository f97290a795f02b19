"""Zigbee2MQTT: `zigbee2mqtt/{friendly name}` (https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html).

Rule: everything between the base topic and the end is one friendly name, slashes and blanks included. Units stand
only in `bridge/devices`; they are kept as heard. Under another base topic than the default one, the base is part of
the thing's name, so that two bridges never fall together.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import first_sign, leaves, read_json
from hub.decoders.names import is_name, text, thing_name
from hub.decoders.numbers import number, number_from_text
from hub.decoders.times import instant

_BASE = "zigbee2mqtt/"
_NO_READINGS = ("/availability", "/set", "/get")
_ABOUT_ITSELF = frozenset({"last_seen", "elapsed", "update", "update_available", "device", "group_list", "ota"})
_SIGNS = ("°C", "°F", "%")
_TYPES_WITHOUT_TEXT = frozenset({"enum", "text", "list", "composite"})
_DEEPEST = 6


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of a Zigbee2MQTT bridge; raises `DecodeError`.

    The bridge's device list becomes announcements; its log, events and answers, availability and commands hold none.
    """
    topic = message.topic
    bridge = _bridge(topic)
    if bridge is not None:
        base, subject = bridge
        return Decoded([], list(_devices(base, message.payload))) if subject == "devices" else Decoded([])
    if not message.payload or topic.endswith(_NO_READINGS) or "/set/" in topic or "/get/" in topic:
        return Decoded([])
    if first_sign(message.payload) != b"{":
        return Decoded(_attribute(topic.removeprefix(_BASE), message.payload, heard))
    body = read_json(message.payload)
    if not isinstance(body, dict):
        raise DecodeError("a device's state is a JSON object")
    return Decoded(list(_state(thing_name(topic.removeprefix(_BASE)), body, heard)))


def _bridge(topic: str) -> tuple[str, str] | None:
    """(base, subject) of a topic about the bridge itself: `zigbee2mqtt/bridge/devices` → ("", "devices")."""
    base, found, subject = topic.partition("/bridge/")
    return ("" if f"{base}/" == _BASE else f"{base}/", subject) if found else None


def _state(thing: str, body: dict[str, object], heard: Heard) -> Iterator[Reading]:
    """A device's state: one reading for each number and switch in it."""
    time = instant(body.get("last_seen"))
    for path, _, found in leaves({key: value for key, value in body.items() if key not in _ABOUT_ITSELF}):
        said = heard.get((thing, path))
        if "[" in path or not is_name(path) or (isinstance(found, str) and _is_text(said)):
            continue
        value = number(found)
        if value is not None:
            unit = None if isinstance(value, bool) else _unit(path, said)
            yield Reading(thing, path, value, time, unit)


def _is_text(said: Announcement | None) -> bool:
    """Whether a property was announced as one whose texts are no numbers, even if they look so."""
    return said is not None and said.kind in _TYPES_WITHOUT_TEXT


def _unit(path: str, said: Announcement | None) -> str | None:
    """As announced; else the sign that some converters write into the key; else nobody said it."""
    if said is not None:
        return said.unit
    return next((sign for sign in _SIGNS if path.endswith(sign)), None)


def _attribute(path: str, payload: bytes, heard: Heard) -> list[Reading]:
    """`{friendly name}/{property}` with a bare value (setting `output: attribute`); texts are no readings."""
    thing, _, name = path.rpartition("/")
    try:
        value = number_from_text(payload.decode())
    except UnicodeDecodeError:
        raise DecodeError("the payload is neither JSON nor text in UTF-8") from None
    said = heard.get((thing, name))
    if value is None or name == "last_seen" or not is_name(name) or not thing or _is_text(said):
        return []
    unit = None if isinstance(value, bool) else _unit(name, said)
    return [Reading(thing_name(thing), name, value, None, unit)]


def _devices(base: str, payload: bytes) -> Iterator[Announcement]:
    """`bridge/devices`: the thing itself, then each property it exposes."""
    listed = read_json(payload) if payload else []
    if not isinstance(listed, list):
        raise DecodeError("bridge/devices is a list of devices")
    for device in listed:
        if not isinstance(device, dict) or not isinstance(device.get("friendly_name"), str):
            continue
        thing = f"{base}{device['friendly_name']}"
        definition = device.get("definition")
        if is_name(thing) and isinstance(definition, dict):
            yield Announcement(
                thing, name=text(device["friendly_name"]), description=text(definition.get("description"))
            )
            yield from _exposed(thing, "", definition.get("exposes"), 0)


def _exposed(thing: str, within: str, exposes: object, depth: int) -> Iterator[Announcement]:
    """Every property under `exposes`; a light or switch holds its features, a composite names them by a path."""
    for feature in exposes if isinstance(exposes, list) and depth < _DEEPEST else ():
        if not isinstance(feature, dict):
            continue
        name = feature.get("property")
        path = f"{within}.{name}" if within and isinstance(name, str) else name or within
        kind, unit = text(feature.get("type")), text(feature.get("unit"))
        if isinstance(name, str) and is_name(str(path)):
            label, description = text(feature.get("label")), text(feature.get("description"))
            yield Announcement(thing, str(path), label, unit, kind, None, description)
        yield from _exposed(thing, str(path or ""), feature.get("features"), depth + 1)
