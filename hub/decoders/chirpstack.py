"""ChirpStack v3 and v4: `application/{id}/device/{EUI}/event/{up,status,…}`, old servers `…/rx`.

Rule: the device is its EUI, which is one in the world; the application and the gateways are not the device. Only
uplinks and status reports hold readings: joins, acknowledgements, logs, errors, positions and what another service
computed do not. The old battery scale (0 to 255) is not a percentage and not kept.
Source: https://www.chirpstack.io/docs/chirpstack/integrations/events.html and the application server's v3 pages.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from functools import lru_cache

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import read_json
from hub.decoders.lorawan import codec_values, reception
from hub.decoders.names import is_name, text, thing_name
from hub.decoders.numbers import number
from hub.decoders.times import instant

_UPLINKS = frozenset({"up", "rx"})
_OTHERS = frozenset(
    {"join", "ack", "txack", "log", "error", "location", "integration", "tx", "down", "stats", "conn", "exec", "raw"}
)
_RADIO = (("rssi", "rssi", "dB[mW]"), ("snr", "snr", "dB"), ("loRaSNR", "loRaSNR", "dB"))
_CAYENNE = {
    "temperatureSensor": "Cel", "humiditySensor": "%", "barometer": "hPa", "illuminanceSensor": "lx",
}  # fmt: skip
"""What ChirpStack's own Cayenne LPP codec fixes: quantity → unit."""
_HEX = re.compile(r"[0-9a-fA-F]{16}")
_EUI_BYTES = 8


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one event of a ChirpStack network server; raises `DecodeError` (protobuf is no JSON)."""
    if not message.payload:
        return Decoded([])
    body = read_json(message.payload)
    if not isinstance(body, dict):
        raise DecodeError("an event of ChirpStack is a JSON object")
    event = message.topic.rsplit("/", 1)[-1]
    if event in _OTHERS:
        return Decoded([])
    about = body.get("deviceInfo")
    info = about if isinstance(about, dict) else body
    eui = info.get("devEui", info.get("devEUI"))
    thing = _device(message.topic, eui if isinstance(eui, str) else "")
    readings = _status(thing, body) if event == "status" or "margin" in body else _uplink(thing, body)
    name = text(info.get("deviceName"))
    known = heard.get((thing, ""))
    named = [Announcement(thing, name=name)] if name and (known is None or known.name != name) else []
    return Decoded([r for r in readings if is_name(r.property)], named)


@lru_cache(maxsize=8192)
def _device(topic: str, said: str) -> str:
    """The EUI in hex, lower case: as the body has it (hex, or base64 of its eight bytes), else as the topic does."""
    if _HEX.fullmatch(said):
        return said.lower()
    levels = topic.split("/")
    at = next((levels.index(word) + 1 for word in ("device", "node") if word in levels), len(levels))
    if at < len(levels) and _HEX.fullmatch(levels[at]):
        return levels[at].lower()
    try:
        eui = b64decode(said, validate=True)
    except ValueError:
        eui = b""
    if len(eui) == _EUI_BYTES:
        return eui.hex()
    if at < len(levels):
        return thing_name(levels[at])
    raise DecodeError("the event does not say which device it is from (deviceInfo.devEui or devEUI)")


def _uplink(thing: str, body: dict[str, object]) -> Iterator[Reading]:
    """What the codec made of the bytes, and how well the best gateway heard them; bytes alone are no reading."""
    decoded = body.get("object")
    if not isinstance(decoded, dict):
        written = body.get("objectJSON")
        decoded = read_json(written.encode("utf-8", "replace")) if isinstance(written, str) and written else {}
    heard_by, time, found = body.get("rxInfo"), _time(body), False
    for name, value, unit in codec_values(decoded) if isinstance(decoded, dict) else ():
        found = True
        unit = None if isinstance(value, bool) else unit or _CAYENNE.get(name.split(".")[0])  # noqa: PLW2901 - the rest
        yield Reading(thing, name, value, time, unit)
    if found:
        yield from (Reading(thing, name, value, time, unit) for name, value, unit in reception(heard_by, _RADIO))


def _time(body: dict[str, object]) -> int | None:
    """When the network received it: v4 says it once, v3 by each gateway that has a clock, or when it published."""
    heard_by = body.get("rxInfo")
    gateways = [g for g in heard_by if isinstance(g, dict)] if isinstance(heard_by, list) else []
    said = [body.get("time"), *(g.get("time") for g in gateways), body.get("publishedAt")]
    return next((when for when in map(instant, said) if when is not None), None)


def _status(thing: str, body: dict[str, object]) -> Iterator[Reading]:
    """The device's own answer to the server: battery and radio margin."""
    time = _time(body)
    unknown = body.get("batteryLevelUnavailable") is True or body.get("externalPowerSource") is True
    for name, unit in (("batteryLevel", "%"), ("margin", "dB")):
        value = None if unknown and name == "batteryLevel" else number(body.get(name))
        if value is not None:
            yield Reading(thing, name, value, time, unit)
