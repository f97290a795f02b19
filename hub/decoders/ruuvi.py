"""Ruuvi: advertisements that a Ruuvi Gateway passes on (`ruuvi/{gateway}/{tag}`), and RuuviBridge's JSON and values.

Rule: the thing is the tag, the gateway is none. The bytes of formats 3, 5, 6 and E1 are read here; a field that says
"not available" is no value; advertisements of others are not read. `ts` is when the tag was heard.
Source: https://docs.ruuvi.com/communication/bluetooth-advertisements and /ruuvi-gateway-firmware/data-formats.
"""

from __future__ import annotations

import re

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import first_sign
from hub.decoders.flat import as_written, object_in, readings
from hub.decoders.names import thing_name
from hub.decoders.numbers import number, number_from_text
from hub.decoders.ruuvi_bytes import advertised
from hub.decoders.times import instant

_UNITS = {
    "temperature": "Cel", "humidity": "%", "pressure": "Pa", "accelerationX": "[g]", "accelerationY": "[g]",
    "accelerationZ": "[g]", "accelerationTotal": "[g]", "accelX": "[g]", "accelY": "[g]", "accelZ": "[g]",
    "batteryVoltage": "V", "voltage": "V", "txPower": "dB[mW]", "rssi": "dB[mW]", "absoluteHumidity": "g/m³",
    "dewPoint": "Cel", "equilibriumVaporPressure": "Pa", "airDensity": "kg/m³", "pm1p0": "ug/m3", "pm2p5": "ug/m3",
    "pm4p0": "ug/m3", "pm10p0": "ug/m3", "pm1_0": "ug/m3", "pm2_5": "ug/m3", "pm4_0": "ug/m3", "pm10_0": "ug/m3",
    "PM1.0": "ug/m3", "PM2.5": "ug/m3", "PM4.0": "ug/m3", "PM10.0": "ug/m3", "pm25": "ug/m3", "pm1": "ug/m3",
    "pm4": "ug/m3", "pm10": "ug/m3", "co2": "[ppm]", "CO2": "[ppm]", "luminosity": "lx", "illuminance": "lx",
    "accelerationAngleFromX": "deg", "accelerationAngleFromY": "deg", "accelerationAngleFromZ": "deg",
    "measurementSequenceNumber": None, "movementCounter": None, "voc": None, "VOC": None, "nox": None, "NOx": None,
    "NOX": None, "aqi": None, "airQualityIndex": None, "soundInstant": "dB[SPL]", "soundAverage": "dB[SPL]",
    "soundPeak": "dB[SPL]", "sound_inst_dba": "dB[SPL]", "sound_avg_dba": "dB[SPL]", "sound_peak_spl_db": "dB[SPL]",
}  # fmt: skip
"""Words of the gateway and of RuuviBridge → unit; others are no values."""
_MEANINGS = {word: as_written(word, unit) for word, unit in _UNITS.items()}
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{12}")
_MOST_TAGS = 1000
_SECONDS = len("1780315200")


def decode(message: Message, heard: Heard) -> Decoded:  # noqa: ARG001 - every decoder is called alike
    """Read one tag or a gateway's list of them; raises `DecodeError`. The gateway's own state holds no readings."""
    if not message.payload or message.topic.endswith("/gw_status"):
        return Decoded([])
    levels = message.topic.split("/")
    if first_sign(message.payload) != b"{":
        return Decoded(_value(levels, message.payload))
    body = object_in(message.payload, "a message of a Ruuvi gateway")
    data = body.get("data")
    tags = (data if isinstance(data, dict) else body).get("tags")
    if isinstance(tags, dict):
        if len(tags) > _MOST_TAGS:
            raise DecodeError(f"a message holds more than {_MOST_TAGS} tags")
        listed = [(mac, tag) for mac, tag in tags.items() if isinstance(tag, dict)]
        return Decoded([reading for mac, tag in listed for reading in _tag(thing_name(mac), tag)])
    if "nonce" in body and "gw_mac" in body:
        return Decoded([])
    said = body.get("mac", body.get("id"))
    return Decoded(_tag(thing_name(said if isinstance(said, str) and said else levels[-1]), body))


def _tag(thing: str, tag: dict[str, object]) -> list[Reading]:
    """What one tag said: in bytes, or as the gateway understood it."""
    time = _heard_at(tag.get("ts")) or _heard_at(tag.get("timestamp"))
    data = tag.get("data")
    rows = advertised(data) if isinstance(data, str) else ()
    found = [Reading(thing, name, value, time, unit) for name, value, unit in rows]
    if not found:
        found = readings(thing, {word: value for word, value in tag.items() if word != "rssi"}, time, _MEANINGS.get)
    heard = number(tag.get("rssi")) if found else None
    if heard is not None:
        found.append(Reading(thing, "rssi", heard, time, "dB[mW]"))
    return found


def _heard_at(said: object) -> int | None:
    """Seconds, mostly written as text."""
    return instant(int(said) if isinstance(said, str) and len(said) == _SECONDS and said.isdecimal() else said)


def _value(levels: list[str], payload: bytes) -> list[Reading]:
    """`ruuvibridge/{tag}/{word}` with a bare number."""
    word, tag = levels[-1], levels[-2] if len(levels) > 1 else ""
    value = number_from_text(payload.decode("ascii", "replace"))
    meaning = _MEANINGS.get(word)
    if not _MAC.fullmatch(tag):
        raise DecodeError("a tag is a JSON object, or one of its values under its own topic (…/{tag}/temperature)")
    return [] if value is None or meaning is None else [Reading(tag, meaning[0], value, None, meaning[1])]
