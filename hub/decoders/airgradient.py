"""AirGradient ONE and Open Air: `airgradient/readings/{serial number}`.

Rule: the thing is its serial number. Raw and compensated values stand side by side under their own names; what the
gas sensors tick before they are understood, and how often the device started, are no values.
Units: https://github.com/airgradienthq/arduino/blob/master/docs/local-server.md; messages have no time.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hub.core.reading import Decoded, Heard, Message
from hub.decoders.flat import Meaning, by_rules, levels, object_in, placed, readings
from hub.decoders.names import thing_name
from hub.decoders.times import instant

_UNITS = (
    (re.compile(r"pm\d+Count", re.IGNORECASE), "dL-1"),
    (re.compile(r"pm\d+(?:Standard|Compensated|_corrected)?"), "ug/m3"),
    (re.compile(r"atmp(?:Compensated|_corrected)?"), "Cel"),
    (re.compile(r"rhum(?:Compensated|_corrected)?"), "%"),
    (re.compile(r"r?co2(?:_corrected)?"), "[ppm]"),
    (re.compile(r"wifi|signal"), "dB[mW]"),
    (re.compile(r"volt|voltage|batteryVoltage|solarVoltage"), "V"),
    (re.compile(r"(?:tvoc|nox)(?:Index)?|channels|satellites"), None),
)
"""Words → unit; a word that none of them fits (settings, states, raw ticks) is no value."""

_EXPOSURES = {"I-": "indoor", "O-": "outdoor"}
"""How a model's name begins: AirGradient ONE, Open Air."""


def decode(message: Message, heard: Heard) -> Decoded:
    """Read the measures of one AirGradient monitor; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    body = object_in(message.payload, "a message of an AirGradient monitor")
    serial = body.get("serialno")
    named = serial if isinstance(serial, str) and serial else (levels(message.topic, ("readings",)) or [""])[-1]
    thing, model = thing_name(named), body.get("model", body.get("fwMode"))
    time = instant(body.get("timestamp", body.get("measurementTime")))
    exposure = _EXPOSURES.get(model[:2]) if isinstance(model, str) else None
    return Decoded(readings(thing, body, time, _meaning), placed(thing, exposure, heard))


@lru_cache(maxsize=1024)
def _meaning(word: str) -> Meaning | None:
    return by_rules(_UNITS, word)
