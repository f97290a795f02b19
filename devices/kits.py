"""What the demo's homes have on their walls: kinds of things, and which home has which.

Rule: tables only. Every kind keeps to the caps (indoors and meters at most `counted`, noise at most `street`, a
thing's own state `home`), and every home's kit to one face: what can be seen of one thing, and of one home in one
property family, is seen either as `open` or under `commons`/`street` with the same single commons.
"""

from __future__ import annotations

from msgspec import Struct


class PlannedStream(Struct, frozen=True):
    """One datastream: the property's id, the shape of its curve, the unit the device sends (UCUM), the grade's word.

    `commons` is the name of the one commons it has joined. A `sealed` stream has no readings: nobody but its owner
    could make them.
    """

    property: str
    curve: str
    unit: str
    grade: str
    commons: str | None = None


class Kind(Struct, frozen=True):
    """A kind of thing: `key` is its word in topics, `format` how it speaks, `interval` seconds between readings."""

    key: str
    name: str
    format: str
    exposure: str
    interval: int
    streams: tuple[PlannedStream, ...]


COURTYARDS, STREETS, TREES = "Clean courtyards", "Quiet streets", "Cool trees"

S = PlannedStream
BATTERY = S("battery_level", "battery", "%", "home")
UPTIME = S("uptime", "uptime", "s", "home")
LINK = S("link_quality", "link", "1", "home")
SIGNAL = S("signal_strength", "signal", "dB[mW]", "home")


def _noise(grade: str, commons: str | None = None) -> Kind:
    streams = (S("noise_level", "noise", "dB[SPL]", grade, commons), UPTIME)
    return Kind("street-ear", "Noise meter at the window", "native", "outdoor", 60, streams)


def _warmth(grade: str, commons: str | None = None) -> Kind:
    humidity = S("relative_humidity", "humidity", "%", "street" if grade == "street" else "counted", None)
    streams = (S("air_temperature", "warmth", "Cel", grade, commons), humidity, BATTERY, LINK)
    return Kind("balcony", "Balcony thermometer", "zigbee2mqtt", "outdoor", 300, streams)


def _air(grade: str, commons: str | None = None) -> Kind:
    streams = (
        S("pm25", "dust", "ug/m3", grade, commons),
        S("pm10", "coarse-dust", "ug/m3", "counted"),
        S("air_temperature", "warmth", "Cel", "counted"),
        UPTIME,
    )
    return Kind("courtyard-air", "Courtyard air monitor", "native", "outdoor", 120, streams)


def _soil(grade: str, commons: str | None = None) -> Kind:
    streams = (
        S("soil_moisture", "soil", "%", grade, commons),
        S("soil_temperature", "soil-warmth", "Cel", "counted"),
        BATTERY,
        SIGNAL,
    )
    return Kind("soil-probe", "Soil probe under the tree", "ttn-v3", "outdoor", 900, streams)


INDOOR = Kind(
    "kitchen", "Kitchen climate", "zigbee2mqtt", "indoor", 300,
    (S("air_temperature", "indoor-warmth", "Cel", "counted"), S("relative_humidity", "indoor-humidity", "%", "home"),
     BATTERY, LINK),
)  # fmt: skip
BEDROOM = Kind(
    "bedroom", "Bedroom air", "native", "indoor", 300,
    (S("co2", "indoor-co2", "[ppm]", "sealed"), S("air_temperature", "indoor-warmth", "Cel", "counted"), UPTIME),
)  # fmt: skip
HALL = Kind("hall", "Hall sensor", "zigbee2mqtt", "indoor", 300, (S("occupancy", "presence", "1", "home"), BATTERY))
POWER = Kind(
    "meter", "Power meter", "tasmota", "indoor", 60,
    (S("power", "power", "W", "counted"), S("energy", "energy", "kW.h", "counted"), S("voltage", "mains", "V", "home")),
)  # fmt: skip
HEAT_PUMP = Kind(
    "heat-pump", "Heat pump", "native", "indoor", 60,
    (S("power", "heat-pump", "W", "counted"), S("water_temperature", "heating-water", "Cel", "home"), UPTIME),
)  # fmt: skip
GAS = Kind("gas-meter", "Gas meter", "ttn-v3", "indoor", 900, (S("gas", "gas", "m3", "counted"), BATTERY, SIGNAL))
WATER = Kind(
    "water-meter", "Water meter", "ttn-v3", "indoor", 900,
    (S("water_consumption", "water", "m3", "home"), BATTERY, SIGNAL),
)  # fmt: skip

KITS: tuple[tuple[Kind, ...], ...] = (
    (_noise("street", STREETS),),
    (_warmth("street"), INDOOR, _air("street")),
    (_noise("street"), _warmth("street"), _air("street")),
    (_air("commons", COURTYARDS),),
    (_warmth("street"), POWER, _air("street")),
    (_noise("street", STREETS),),
    (_air("commons", COURTYARDS), _noise("street")),
    (_warmth("street"), _soil("commons", TREES)),
    (_noise("street"), _warmth("street"), _air("street")),
    (_warmth("commons", TREES), _soil("commons", TREES)),
    (HEAT_PUMP, BEDROOM),
    (_warmth("street"), GAS, _air("street")),
    (_noise("street"),),
    (_air("counted"), _noise("street")),
    (_noise("commons", STREETS), HALL),
    (_warmth("street"), WATER, _air("street")),
)
"""What the homes of one cell have, in turn. Of each sixteen, six or more tell noise, warmth and fine dust as `street`:
a cell with sixteen homes has the company of five that `street` needs, and one to spare."""

_DUST = (S("pm25", "dust", "ug/m3", "open"), S("pm10", "coarse-dust", "ug/m3", "open"))
_OUTSIDE = (S("air_temperature", "warmth", "Cel", "open"), S("relative_humidity", "humidity", "%", "open"))
_WEATHER = (
    S("rain_rate", "rain", "mm/h", "open"),
    S("wind_speed", "wind", "m/s", "open"),
    S("air_pressure", "pressure", "hPa", "open"),
)
_LIGHT = S("illuminance", "daylight", "lx", "open")
_EAR = S("noise_level", "noise", "dB[SPL]", "open")

BALCONY = Kind("balcony-air", "Karel's balcony", "native", "outdoor", 60, (*_DUST, *_OUTSIDE, UPTIME))
CORNER = Kind("corner", "Weather at the corner", "ttn-v3", "outdoor", 600, (*_OUTSIDE, *_WEATHER, BATTERY, SIGNAL))
GARDEN = Kind(
    "garden", "Ema's garden", "native", "outdoor", 300,
    (S("soil_moisture", "soil", "%", "open"), _OUTSIDE[0], _LIGHT, UPTIME),
)  # fmt: skip
SCHOOL_ROOF = Kind(
    "roof", "School roof", "native", "station", 60, (*_DUST, *_OUTSIDE, _EAR, _WEATHER[2], _LIGHT, UPTIME)
)
LIBRARY_ROOF = Kind("roof", "Library weather station", "native", "station", 300, (*_OUTSIDE, *_WEATHER, _LIGHT, UPTIME))
LINDEN = Kind(
    "linden", "Linden in the courtyard", "ttn-v3", "outdoor", 900,
    (S("soil_moisture", "soil", "%", "open"), S("soil_temperature", "soil-warmth", "Cel", "open"), _OUTSIDE[0],
     BATTERY, SIGNAL),
)  # fmt: skip
BROOK = Kind(
    "gauge", "Brook at the footbridge", "ttn-v3", "outdoor", 600,
    (S("water_level", "brook", "cm", "open"), S("water_temperature", "brook-warmth", "Cel", "open"), BATTERY, SIGNAL),
)  # fmt: skip
