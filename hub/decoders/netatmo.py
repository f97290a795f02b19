"""Netatmo weather stations and air monitors, as bridges put the answers of Netatmo's API on MQTT.

Rule: each module is a thing of its own, by its `_id`, and has its own time; a bare `dashboard_data` is the thing that
the topic names. Units are those of the API (always metric), whatever the app shows. The place, the names of rooms and
histories that do not say what they measure are not read.
Source: https://dev.netatmo.com/apidocumentation/weather.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.flat import Meaning, as_written, levels, object_in, placed, readings
from hub.decoders.names import thing_name
from hub.decoders.times import instant

_UNITS = {
    "Temperature": "Cel", "min_temp": "Cel", "max_temp": "Cel", "CO2": "[ppm]", "Humidity": "%", "Noise": "dB[SPL]",
    "Pressure": "hPa", "AbsolutePressure": "hPa", "Rain": "mm", "sum_rain_1": "mm", "sum_rain_24": "mm",
    "WindStrength": "km/h", "GustStrength": "km/h", "max_wind_str": "km/h", "WindAngle": "deg", "GustAngle": "deg",
    "max_wind_angle": "deg", "temperature": "Cel", "humidity": "%", "pressure": "hPa", "noise": "dB[SPL]",
    "co2": "[ppm]", "absolute_pressure": "hPa", "rain": "mm", "wind_strength": "km/h", "wind_angle": "deg",
    "gust_strength": "km/h", "gust_angle": "deg",
}  # fmt: skip
_NO_VALUE = re.compile(r"time_utc|date_.*|.*_trend|.*_id|last_.*|firmware|type")
_LISTS = ("body", "data", "home", "homes", "devices", "stations", "modules", "rooms")
_IDLE = frozenset({"netatmo", "dashboard", "dashboard_data", "data", "state"})
_EXPOSURES = {
    "NAMain": "indoor", "NAModule4": "indoor", "NHC": "indoor", "NAModule1": "outdoor", "NAModule2": "outdoor",
    "NAModule3": "outdoor",
}  # fmt: skip
"""A module's type says where it hangs."""
_OF_HOMES = frozenset({"rooms", "homes", "persons"})
_BESIDE = {
    "battery_percent": "%", "temperature": "Cel", "humidity": "%", "co2": "[ppm]", "noise": "dB[SPL]",
    "pressure": "hPa", "absolute_pressure": "hPa", "rain": "mm", "sum_rain_1": "mm", "sum_rain_24": "mm",
    "wind_strength": "km/h", "wind_angle": "deg", "gust_strength": "km/h", "gust_angle": "deg",
    "therm_measured_temperature": "Cel",
}  # fmt: skip
_PUBLIC = {
    "rain_60min": "mm", "rain_24h": "mm", "rain_live": "mm", "wind_strength": "km/h", "wind_angle": "deg",
    "gust_strength": "km/h", "gust_angle": "deg",
}  # fmt: skip
_DEEPEST = 8


def decode(message: Message, heard: Heard) -> Decoded:
    """Read a station with its modules, one module, or a module's dashboard; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    body = object_in(message.payload, "a Netatmo message")
    if "time_utc" in body and "_id" not in body:
        thing = thing_name("/".join(levels(message.topic, _IDLE)) or "netatmo")
        return Decoded(readings(thing, body, instant(body["time_utc"]), _meaning))
    modules = list(_modules(body, 0))
    found = [reading for module in modules for reading in _module(module)]
    if not modules:
        raise DecodeError("no module says in it what it measured (dashboard_data); a history does not name its values")
    said = ((str(module.get("_id", module.get("id"))), _EXPOSURES.get(str(module.get("type")))) for module in modules)
    return Decoded(found, [a for thing, exposure in said for a in placed(thing, exposure, heard)])


def _modules(tree: object, depth: int) -> Iterator[dict[str, object]]:
    """Every object that is a module or a room, the station before its modules."""
    if depth > _DEEPEST:
        return
    if isinstance(tree, dict):
        if isinstance(tree.get("_id", tree.get("id")), str) and not _OF_HOMES.intersection(tree):
            yield tree
        for within in _LISTS:
            if within in tree:
                yield from _modules(tree[within], depth + 1)
    elif isinstance(tree, list):
        for item in tree:
            yield from _modules(item, depth + 1)


def _module(module: dict[str, object]) -> Iterator[Reading]:
    """What one module measured: by its dashboard, by the status of a home, or as everybody may ask it."""
    thing = thing_name(str(module.get("_id", module.get("id"))))
    board = module.get("dashboard_data")
    if isinstance(board, dict):
        yield from readings(thing, board, instant(board.get("time_utc")), _meaning)
    said = (instant(module.get(word)) for word in ("last_seen", "ts", "last_status_store"))
    seen = next((when for when in said if when is not None), None)
    yield from readings(thing, module, seen, _of_module)
    measures = module.get("measures")
    for mac, measure in measures.items() if isinstance(measures, dict) else ():
        if isinstance(measure, dict):
            yield from _public(thing_name(mac), measure)


def _public(thing: str, measure: dict[str, object]) -> Iterator[Reading]:
    """`res`: time → values in the order of `type`; rain and wind have words and a time of their own."""
    kinds, rows = measure.get("type"), measure.get("res")
    if isinstance(kinds, list) and isinstance(rows, dict):
        for when, values in rows.items():
            said = zip(map(str, kinds), values if isinstance(values, list) else (), strict=False)
            yield from readings(thing, dict(said), instant(when), _meaning)
    else:
        time = instant(measure.get("rain_timeutc", measure.get("wind_timeutc")))
        yield from readings(thing, measure, time, _of_public)


@lru_cache(maxsize=1024)
def _meaning(word: str) -> Meaning | None:
    return None if _NO_VALUE.fullmatch(word) else as_written(word, _UNITS.get(word))


def _of_module(word: str) -> Meaning | None:
    """Words of a module beside its dashboard; everything else there is about itself."""
    return as_written(word, _BESIDE[word]) if word in _BESIDE else None


def _of_public(word: str) -> Meaning | None:
    return as_written(word, _PUBLIC[word]) if word in _PUBLIC else None
