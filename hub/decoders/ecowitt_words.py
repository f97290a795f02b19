"""What the words of Ecowitt's upload protocol mean; Ambient, Froggit, Misol and others speak it too.

Rule: the unit is part of the word (`tempf`, `windspeedkmh`, `dailyrainin`) or fixed by the protocol. `dateutc` is
UTC. A station has sensors outdoors and, in its display, indoors: these are two things, so that whoever shows the
garden does not show the living room. PASSKEY, MAC and the like are secrets or identities and never values.
Source: Ecowitt's customized upload, as its gateways send it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hub.core.reading import Reading
from hub.decoders.flat import as_written
from hub.decoders.names import is_name
from hub.decoders.numbers import number, number_from_text
from hub.decoders.times import instant

_WARM = (
    r"(?:temp|dewpoint|dewpt|windchill|heatindex|feelslike|tempfeels|indoortemp|soiltemp|humidex|w?bgt)(?:in|\d{1,2})?"
)
_FELL = r"(?:event|hourly|daily|weekly|monthly|yearly|total|last24h|24h|24hour)"
_BLOWS = r"(?:windspeed|windgust|windspd|maxdailygust)"
_BATTERY = r"(?:wh40|wh68|wh80|wh85|wh90|ws80|ws85|ws90|console_?)batt|(?:soilbatt|tf_batt|leaf_batt)\d{1,2}"
_UNITS = tuple(
    (re.compile(pattern), unit)
    for pattern, unit in (
        (rf"{_WARM}f|tf_ch\d{{1,2}}|tf_co2(?:in)?|pm_in_temp_aqin", "[degF]"),
        (rf"{_WARM}c|tf_ch\d{{1,2}}c|tf_co2(?:in)?c", "Cel"),
        (r"(?:indoor)?humidity(?:in|\d{1,2})?|humi_co2(?:in)?|soilmoisture\d{0,2}|leafwetness(?:_ch)?\d?", "%"),
        (r"barom(?:rel|abs)in|(?:abs)?baromin", "[in_i'Hg]"),
        (r"barom(?:rel|abs)hpa", "hPa"),
        (r"winddir(?:_avg10m|_avg2m)?|windgustdir", "deg"),
        (rf"{_BLOWS}mph(?:_avg\d+m)?|maxdailygust", "[mi_i]/h"),
        (rf"{_BLOWS}kmh(?:_avg\d+m)?", "km/h"),
        (rf"{_BLOWS}ms(?:_avg\d+m)?", "m/s"),
        (r"rainratein|rrain_piezo", "[in_i]/h"),
        (r"rainratemm|rrain_piezomm", "mm/h"),
        (rf"{_FELL}rainin|[ehdwmy]rain_piezo|last24hrain_?piezo", "[in_i]"),
        (rf"{_FELL}rainmm|[ehdwmy]rain_piezomm", "mm"),
        (r"solarradiation", "W/m2"),
        (r"solarradiation_lux", "lx"),
        (r"pm(?:1|25|4|10)(?:_ch\d|_avg_24h_ch\d|(?:_24h)?_co2(?:in)?|_24h)?", "ug/m3"),
        (r"co2(?:_24h|in|in_24h)?", "[ppm]"),
        (r"lightning", "km"),
        (r"lightning_mi", "[mi_i]"),
        (rf"{_BATTERY}|ws\d+cap_volt", "V"),
    )
)
"""Patterns of words → unit, the first that fits; `vpd` and the rest have none that all stations agree on."""
_NO_VALUE = re.compile(
    r"passkey|key|mac|id|password|stationtype|model|freq|firmware|.*_ver|runtime|heap|interval|rfdata|action|realtime|"
    r"dateutc|date|time|tz|lightning_time|lightning_num_time|gain\d+_piezo|softwaretype|indoorsensor",
    re.IGNORECASE,
)
INDOORS = "/indoor"
"""What ends the name of the thing that a station has indoors."""
_INDOORS = re.compile(
    r"(?:temp|dewpoint|dewpt|humidity|feelslike|heatindex)in[fc]?|indoor.*|.*_co2(?:in)?c?|co2(?:_24h|in\w*)?|.*aqin"
)
_PADDED = len("2026-06-01 12:00:00")
_UTC = re.compile(r"\d{4}-\d\d?-\d\d? \d\d?:\d\d?:\d\d?", re.ASCII)


def station(thing: str, body: dict[str, object]) -> list[Reading]:
    """The readings of one upload, all of the time it says; what hangs indoors is a thing of its own."""
    time, inside = _time(body.get("dateutc")), f"{thing}{INDOORS}"
    found: list[Reading] = []
    for word, written in body.items():
        meaning = _meaning(word)
        if meaning is None:
            continue
        value = number_from_text(written) if written.__class__ is str else number(written)
        if value is not None:
            found.append(Reading(inside if meaning[2] else thing, meaning[0], value, time, meaning[1]))
    return found if is_name(inside) else [reading for reading in found if reading.thing == thing]


def is_station(body: dict[str, object]) -> bool:
    """Whether an object is such an upload and no other."""
    return "stationtype" in body and "dateutc" in body


def _time(said: object) -> int | None:
    """`dateutc`: UTC without saying so, digits not always padded."""
    if not isinstance(said, str):
        return instant(said)
    usual = instant(f"{said}Z") if len(said) == _PADDED else None
    if usual is not None or _UTC.fullmatch(said.strip()) is None:
        return usual or instant(said)
    day, clock = said.strip().split(" ")
    padded = "-".join(part.zfill(2) for part in day.split("-")), ":".join(part.zfill(2) for part in clock.split(":"))
    return instant("T".join(padded) + "Z")


@lru_cache(maxsize=4096)
def _meaning(word: str) -> tuple[str, str | None, bool] | None:
    """(the property, its unit, whether it is measured indoors) or None where it is no value."""
    plain = None if _NO_VALUE.fullmatch(word) else as_written(word)
    unit = next((unit for words, unit in _UNITS if words.fullmatch(word)), None)
    return None if plain is None else (plain[0], unit, _INDOORS.fullmatch(word) is not None)
