"""WeeWX with its MQTT extension: `weather/loop` (one object) and `weather/{observation}` (one value).

Rule: the unit is the end of the observation's name (`outTemp_C`, `rainRate_cm_per_hour`); what WeeWX leaves without
one (percentages, directions) is known by name. A name without an end is read by `usUnits` only where the station
adds no ends at all. `dateTime` is the time of all of a message. What it measures indoors is a thing of its own.
Others use `weather/…` too: a value without an end of WeeWX's that was announced is read as it was announced.
Source: https://github.com/matthewwall/weewx-mqtt and https://www.weewx.com/docs (units, observation types).
"""

from __future__ import annotations

import re
from functools import lru_cache

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders import announced
from hub.decoders.documents import first_sign
from hub.decoders.flat import Meaning, as_written, levels, object_in, placed, readings
from hub.decoders.names import thing_name
from hub.decoders.numbers import number, number_from_text
from hub.decoders.times import instant

_ENDS = {
    "F": "[degF]", "C": "Cel", "degree_F": "[degF]", "degree_C": "Cel", "degree_K": "K", "in": "[in_i]",
    "inch": "[in_i]", "cm": "cm", "mm": "mm", "meter": "m", "foot": "[ft_i]", "km": "km", "mile": "[mi_i]",
    "mph": "[mi_i]/h", "kph": "km/h", "knot": "[kn_i]", "knot2": "[kn_i]", "mps": "m/s", "mbar": "hPa", "hPa": "hPa",
    "inHg": "[in_i'Hg]", "mmHg": "mm[Hg]", "kPa": "kPa", "centibar": "cbar", "Wpm2": "W/m2", "volt": "V", "amp": "A",
    "watt": "W", "kilowatt": "kW", "watt_hour": "W.h", "kilowatt_hour": "kW.h", "lux": "lx", "ppm": "[ppm]",
    "microgram_per_meter_cubed": "ug/m3", "inch_per_hour": "[in_i]/h", "in_per_hour": "[in_i]/h",
    "cm_per_hour": "cm/h", "mm_per_hour": "mm/h", "minute": "min", "second": "s", "hour": "h", "day": "d", "dB": "dB",
    "percent": "%", "degree_compass": "deg", "liter": "L", "gallon": "[gal_us]", "cubic_foot": "[cft_i]",
}  # fmt: skip
_BY_NAME = (
    (re.compile(r"(?:in|out|extra)Humid(?:ity)?\d?|rxCheckPercent|cloudcover|.*BatteryPercent"), "%"),
    (re.compile(r"wind(?:Gust)?Dir(?:10)?|windGustDir|vecdir|gustdir"), "deg"),
)  # fmt: skip
_ENDLESS: tuple[tuple[re.Pattern[str], dict[float, str]], ...] = (
    (re.compile(r"(?:in|out)Temp|extraTemp\d|soilTemp\d|leafTemp\d|dewpoint|windchill|heatindex|humidex|appTemp"),
     {1: "[degF]", 16: "Cel", 17: "Cel"}),
    (re.compile(r"barometer|pressure|altimeter"), {1: "[in_i'Hg]", 16: "hPa", 17: "hPa"}),
    (re.compile(r"wind(?:Speed|Gust)(?:10)?"), {1: "[mi_i]/h", 16: "km/h", 17: "m/s"}),
    (re.compile(r"(?:hour|day|month|year|storm)?[rR]ain(?:24)?"), {1: "[in_i]", 16: "cm", 17: "mm"}),
    (re.compile(r"rainRate|hail[rR]ate"), {1: "[in_i]/h", 16: "cm/h", 17: "mm/h"}),
    (re.compile(r"radiation|maxSolarRad"), {1: "W/m2", 16: "W/m2", 17: "W/m2"}),
)  # fmt: skip
"""Where no name has an end: observation → `usUnits` → unit."""
_NO_VALUE = re.compile(
    r"dateTime.*|usUnits|interval.*|sunrise|sunset|stormStart|.*Alarm\d?(?:_.*)?|forecast\w+|trendIcon|latitude|longitude|"
    r"altitude.*|hardware_name|model|heap_.*|day_of_year|minute_of_day|uptime.*|sequence",
)
_END = re.compile(rf"\w+?_({'|'.join(sorted(_ENDS, key=len, reverse=True))})")
_INDOORS = re.compile(r"in(?:Temp|Humidity|Dewpoint|HeatIndex|Heatindex)(?:_.+)?")
_TAILS = ("loop", "archive")


def decode(message: Message, heard: Heard) -> Decoded:
    """Read a packet, a record or one observation of a WeeWX station; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    called = levels(message.topic, ())
    if first_sign(message.payload) not in {b"{", b"["}:
        told = heard.at(message.topic)
        if told and called and _end(called[-1]) is None:
            return Decoded(announced.readings(message.payload, told))
        return _indoors_apart(_single(called, message.payload), heard)
    body = object_in(message.payload, "a packet of WeeWX")
    thing = thing_name("/".join(called[:-1] if called[-1:] and called[-1] in _TAILS else called) or "weewx")
    time = instant(body.get("dateTime")) or instant(body.get("dateTime_unix_epoch"))
    found = readings(thing, body, time, _meaning)
    found = found if any(_end(word) for word in body) else _by_system(found, body.get("usUnits"))
    return _indoors_apart(found, heard)


def _indoors_apart(found: list[Reading], heard: Heard) -> Decoded:
    """What a station measures indoors is a thing of its own."""
    inside = [reading for reading in found if _is_indoors(reading.property)]
    for reading in inside:
        reading.thing = thing_name(f"{reading.thing}/indoor")
    return Decoded(found, placed(inside[0].thing, "indoor", heard) if inside else ())


def _single(called: list[str], payload: bytes) -> list[Reading]:
    """`weather/barometer_mbar`: the observation is the last level, the value is text."""
    value = number_from_text(payload.decode("ascii", "replace"))
    meaning = _meaning(called[-1]) if len(called) > 1 else None
    if value is None and len(called) < 2:  # noqa: PLR2004 - a station, an observation
        raise DecodeError("a packet of WeeWX is a JSON object, an observation has a topic of its own")
    if meaning is None or value is None:
        return []
    return [Reading(thing_name("/".join(called[:-1])), meaning[0], value, None, meaning[1])]


def _by_system(found: list[Reading], said: object) -> list[Reading]:
    """Units of names without ends, by the system of units that the packet names."""
    system = number(said) or 0.0
    for reading in found:
        reading.unit = reading.unit or _endless(reading.property).get(system)
    return found


@lru_cache(maxsize=2048)
def _meaning(word: str) -> Meaning | None:
    if _NO_VALUE.fullmatch(word):
        return None
    by_name = next((unit for words, unit in _BY_NAME if words.fullmatch(word)), None)
    return as_written(word, _end(word) or by_name)


@lru_cache(maxsize=2048)
def _endless(word: str) -> dict[float, str]:
    return next((units for words, units in _ENDLESS if words.fullmatch(word)), {})


@lru_cache(maxsize=2048)
def _is_indoors(word: str) -> bool:
    return _INDOORS.fullmatch(word) is not None


@lru_cache(maxsize=2048)
def _end(word: str) -> str | None:
    """The unit that a name ends with."""
    found = _END.fullmatch(word)
    return None if found is None else _ENDS[found[1]]
