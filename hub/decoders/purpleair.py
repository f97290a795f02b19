"""PurpleAir: the JSON of a sensor's own page (`/json`), as it is put on MQTT.

Rule: the thing is its SensorId, else what the topic calls it. Channel B's words end in `_b`. Only air is read: the
position, the network and the state of the sensor are not. `DateTime` is UTC, temperatures are °F.
Source: https://community.purpleair.com/t/sensor-json-documentation/6917 and https://api.purpleair.com.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hub.core.reading import Decoded, Heard, Message
from hub.decoders.flat import Meaning, by_rules, levels, object_in, placed, readings
from hub.decoders.names import thing_name
from hub.decoders.times import instant

_UNITS = (
    (re.compile(r"(?:current_)?(?:temp|dewpoint)_f(?:_\d{3})?"), "[degF]"),
    (re.compile(r"(?:current_)?humidity(?:_\d{3}|_a|_b)?"), "%"),
    (re.compile(r"temperature(?:_a|_b)?"), "[degF]"),
    (re.compile(r"pressure(?:_\d{3}|_a|_b)?"), "hPa"),
    (re.compile(r"pm\d+[._]\d_(?:cf_1|atm)(?:_a|_b)?|pm\d+\.\d(?:_alt|_a|_b|_\d+(?:minute|hour|week))*"), "ug/m3"),
    (re.compile(r"p_\d+_\d_um(?:_b)?|\d+\.\d_um_count(?:_a|_b)?"), "dL-1"),
    (
        re.compile(
            r"pm2\.5_aqi(?:_cf_1|_atm)?(?:_b)?|gas(?:_680)?|voc|ozone1|aqi|scattering_coefficient|deciviews|visual_range"
        ),
        None,
    ),
    (re.compile(r"rssi"), "dB[mW]"),
)
"""Words → unit; a word that none of them fits is no value."""
_IN_ITS_CASE = {"current_humidity": "case_humidity", "humidity": "case_humidity", "temperature": "case_temperature"}
"""What the air in the warm case of the sensor is, is not what the air is: it shall not be taken for it."""
_EXPOSURES = {"inside": "indoor", "outside": "outdoor"}
_IDLE = frozenset({"purpleair", "json", "live", "sensors", "data"})


def decode(message: Message, heard: Heard) -> Decoded:
    """Read what one PurpleAir sensor shows; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    body = object_in(message.payload, "a PurpleAir sensor's page")
    inner = body.get("sensor")
    shown = inner if isinstance(inner, dict) else body
    called = next((str(shown[word]) for word in ("SensorId", "sensor_index") if word in shown), "")
    thing = called or "/".join(levels(message.topic, _IDLE)) or "purpleair"
    said = shown.get("DateTime", shown.get("last_seen"))
    time = instant(f"{said[:10].replace('/', '-')}{said[10:].upper()}" if isinstance(said, str) else said)
    flat = {word: value for word, value in shown.items() if not isinstance(value, dict | list)}
    exposure = _EXPOSURES.get(str(shown.get("place")))
    return Decoded(readings(thing_name(thing), flat, time, _meaning), placed(thing, exposure, heard))


@lru_cache(maxsize=1024)
def _meaning(word: str) -> Meaning | None:
    return by_rules(_UNITS, word, _IN_ITS_CASE.get(word))
