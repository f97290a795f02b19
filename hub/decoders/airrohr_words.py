"""What the words of airRohr and its relatives mean: `sensordatavalues`, a list of `value_type` and `value`.

Rule: a word is the sensor's name and the quantity (`SDS_P1`, `BME280_pressure`); the quantity fixes the unit. P1 is
PM10, P2 is PM2.5, P0 is PM1, P4 is PM4. Positions and how often the controller looped are no values.
Source: https://github.com/opendata-stuttgart/sensors-software and https://github.com/opendata-stuttgart/meta/wiki.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hub.core.reading import DecodeError, Reading
from hub.decoders.documents import MOST
from hub.decoders.flat import Meaning, as_written, readings

_UNITS = tuple(
    (re.compile(rf"(?:\w+_)?(?:{quantity})", re.IGNORECASE), unit)
    for quantity, unit in (
        (r"P0|P1|P2|P4|P10|P25", "ug/m3"),
        (r"temperature", "Cel"),
        (r"humidity", "%"),
        (r"pressure|pressure_sealevel|pressure_at_sealevel", "Pa"),
        (r"co2_ppm", "[ppm]"),
        (r"(?:noise_)?LA(?:eq|_?min|_?max|_?\d\d)", "dB[SPL]"),
        (r"counts_per_minute", "1/min"),
        (r"signal", "dB[mW]"),
    )
)
_OWN = re.compile(r"(?:[A-Z0-9]{3,8}_)?P[0124]|[A-Z]{2,4}\d\d?[A-Z0-9]?_(?:temperature|humidity|pressure)|conc_co2_ppm")
_NO_VALUE = re.compile(
    r"GPS_.*|lat|lon|height|altitude|latitude|longitude|samples|(?:min|max)_micro|interval|id|time|timestamp|sensor_id|location_id|esp8266id|software_version|age|sample_time_ms|last_.*",
    re.IGNORECASE,
)


def listed(thing: str, values: object, time: int | None, within: str = "") -> list[Reading]:
    """A reading for each entry of `sensordatavalues`; `within` begins the properties' names. Raises `DecodeError`."""
    if not isinstance(values, list) or len(values) > MOST:
        raise DecodeError("sensordatavalues is a list of objects with value_type and value")
    body: dict[str, object] = {}
    for entry in values:
        if isinstance(entry, dict) and not isinstance(entry.get("value"), dict | list):
            body[str(entry.get("value_type", "id"))] = entry.get("value")
    found = readings(thing, body, time, _meaning)
    for reading in found if within else ():
        reading.property = f"{within}.{reading.property}"
    return found


def flat(thing: str, body: dict[str, object], time: int | None) -> list[Reading]:
    """The same where a bridge made one object of the list.

    Words without a sensor's name (`temperature`) are as good as anybody's: then no unit is believed, unless a word of
    airRohr's own is among them.
    """
    own = any(_OWN.fullmatch(word) for word in body)
    return readings(thing, body, time, _meaning if own else _unsaid)


def _unsaid(word: str) -> Meaning | None:
    meaning = _meaning(word)
    return None if meaning is None else (meaning[0], None)


@lru_cache(maxsize=1024)
def _meaning(word: str) -> Meaning | None:
    if _NO_VALUE.fullmatch(word) or len(word) > 100:  # noqa: PLR2004 - room for the sensor's pin before it
        return None
    return as_written(word, next((unit for words, unit in _UNITS if words.fullmatch(word)), None))
