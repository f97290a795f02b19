"""NGSI-LD and NGSIv2: notifications of a context broker (FIWARE), entities as they are.

Rule: the thing is the entity. Of its attributes only numbers are read; relationships, positions, texts, and properties
of properties are none. A number written as text counts when its type or its unit says that it is one.
Sources: ETSI GS CIM 009 (NGSI-LD), FIWARE NGSI v2, UN/CEFACT Recommendation 20 (unit codes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import leaves, read_json
from hub.decoders.names import is_name, text, thing_name
from hub.decoders.numbers import number
from hub.decoders.times import instant

_CODES = {
    "CEL": "Cel", "FAH": "[degF]", "KEL": "K", "P1": "%", "C62": "1", "H87": "1", "59": "[ppm]", "61": "[ppb]",
    "GQ": "ug/m3", "GP": "mg/m3", "PAL": "Pa", "A97": "hPa", "KPA": "kPa", "MPA": "MPa", "MBR": "mbar", "BAR": "bar",
    "HN": "mm[Hg]", "F79": "[in_i'Hg]", "MTS": "m/s", "KMH": "km/h", "KNT": "[kn_i]", "HM": "[mi_i]/h", "H67": "mm/h",
    "MMT": "mm", "CMT": "cm", "DMT": "dm", "MTR": "m", "KMT": "km", "KTM": "km", "INH": "[in_i]", "FOT": "[ft_i]",
    "SMI": "[mi_i]", "MLT": "mL", "LTR": "L", "MTQ": "m3", "MQH": "m3/h", "L2": "L/min", "M1": "mg/L",
    "WTT": "W", "KWT": "kW", "MAW": "MW", "D46": "V.A", "KVA": "kV.A", "D44": "var", "KVR": "kvar",
    "WHR": "W.h", "KWH": "kW.h", "MWH": "MW.h", "JOU": "J", "3B": "MJ", "GV": "GJ",
    "VLT": "V", "2Z": "mV", "KVT": "kV", "AMP": "A", "4K": "mA", "AMH": "Ah", "OHM": "Ohm", "HTZ": "Hz", "KHZ": "kHz",
    "LUX": "lx", "D54": "W/m2", "2N": "dB", "DD": "deg", "C26": "ms", "SEC": "s", "MIN": "min", "HUR": "h",
    "DAY": "d", "MGM": "mg", "GRM": "g", "KGM": "kg", "TNE": "t", "5K": "1/min",
}  # fmt: skip
"""UN/CEFACT common code → UCUM."""
_WORDS = {
    "celsius": "Cel", "degree celsius": "Cel", "degrees celsius": "Cel", "centigrade": "Cel", "fahrenheit": "[degF]",
    "degree fahrenheit": "[degF]", "degrees fahrenheit": "[degF]", "kelvin": "K", "percent": "%", "percentage": "%",
    "hectopascal": "hPa", "pascal": "Pa", "metres per second": "m/s", "meters per second": "m/s", "lux": "lx",
    "millimetre": "mm", "millimeter": "mm", "decibel": "dB", "watt": "W", "volt": "V", "ampere": "A",
}  # fmt: skip
"""What stands in `unitCode` though it is no code, in lower case."""
_NUMBERS = frozenset({"Number", "Integer", "Float", "Double", "number", "integer", "float", "double"})
_NO_NUMBERS = frozenset({
    "Relationship", "ListRelationship", "GeoProperty", "LanguageProperty", "VocabProperty", "Text", "TextUnrestricted",
    "DateTime", "ISO8601", "String", "string", "TemporalProperty", "geo:point", "geo:json", "geo:line", "geo:box",
    "geo:polygon", "StructuredValue:Address", "PostalAddress",
})  # fmt: skip
_ABOUT_ITSELF = frozenset({
    "id", "type", "@context", "@id", "@type", "scope", "location", "observationSpace", "operationSpace", "address",
    "createdAt", "modifiedAt", "deletedAt", "observedAt", "TimeInstant", "dateObserved", "timestamp", "latitude",
    "longitude", "lat", "lon", "postalCode", "phoneNumber", "geometry",
})  # fmt: skip
_SEEN = ("observedAt", "TimeInstant", "dateObserved")
_PLACES = re.compile(r".*(?:coordinates|latitude|longitude).*", re.IGNORECASE)
_MOST = 1000


def decode(message: Message, heard: Heard) -> Decoded:  # noqa: ARG001 - every decoder is called alike
    """Read one notification, over MQTT also wrapped as {"body", "metadata"}, or bare entities; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    body = read_json(message.payload)
    if isinstance(body, dict) and isinstance(body.get("body"), dict):
        body = body["body"]
    data = body.get("data", body) if isinstance(body, dict) else body
    if isinstance(data, dict):
        features = data.get("features")
        data = features if isinstance(features, list) else [data]
    if not isinstance(data, list) or len(data) > _MOST:
        raise DecodeError('a notification is a JSON object with at most 1000 entities in a list "data"')
    return Decoded([r for entity in data if isinstance(entity, dict) for r in _entity(entity)])


def _entity(entity: dict[str, object]) -> Iterator[Reading]:
    """One entity: normalized, concise or simplified, or as a GeoJSON feature."""
    named = entity.get("id", entity.get("@id"))
    if not isinstance(named, str):
        raise DecodeError("an entity does not say who it is (id)")
    thing = thing_name(_wire(named))
    inner = entity.get("properties")
    attributes = inner if entity.get("type") == "Feature" and isinstance(inner, dict) else entity
    time = None
    for name in _SEEN:
        if time is None and name in attributes:
            time = _time(attributes[name])
    for key, found in attributes.items():
        if key in _ABOUT_ITSELF:
            continue
        name = _wire(key.replace(".", "_"))
        if isinstance(found, dict):
            yield from _attribute(thing, name, found, time)
        elif isinstance(found, list):
            yield from _instances(thing, name, found, time)
        elif isinstance(found, int | float) and is_name(name):
            value = number(found)
            if value is not None:
                yield Reading(thing, name, value, time)


def _instances(thing: str, name: str, found: list[object], time: int | None) -> Iterator[Reading]:
    """Several values of one attribute, told apart by their datasetId or their time."""
    for instance in found[:_MOST]:
        if isinstance(instance, dict):
            dataset = instance.get("datasetId")
            own = f"{name}.{_wire(dataset)}" if isinstance(dataset, str) and dataset != "@none" else name
            yield from _attribute(thing, own, instance, time)


def _attribute(thing: str, name: str, found: dict[str, object], time: int | None) -> list[Reading]:
    """One attribute with its unit and time, in it (NGSI-LD) or in its metadata (NGSIv2)."""
    kind, value = found.get("type"), found.get("value")
    if value is None or (isinstance(kind, str) and kind in _NO_NUMBERS):
        return []
    unit, when = _said(found)
    about = found.get("metadata")
    if isinstance(about, dict) and about:
        inner_unit, inner_when = _said(about)
        unit, when = unit or inner_unit, when or inner_when
    if isinstance(value, str) and unit is None and kind not in _NUMBERS:
        return []
    if isinstance(value, dict | list):
        return list(_compound(thing, name, value, when or time, unit))
    read = number(value)
    if read is None or not is_name(name):
        return []
    return [Reading(thing, name, read, when or time, None if isinstance(read, bool) else unit)]


def _said(about: dict[str, object]) -> tuple[str | None, int | None]:
    """(unit, instant) where they stand."""
    unit = about.get("unitCode") or about.get("unit")
    when = about.get("observedAt") or about.get("TimeInstant")
    return None if unit is None else _unit(_plain(unit)), None if when is None else _time(when)


def _compound(
    thing: str, name: str, value: dict[str, object] | list[object], time: int | None, unit: str | None
) -> Iterator[Reading]:
    """The numbers in a value that is a structure; a position or a date is none."""
    if isinstance(value, dict) and ("coordinates" in value or "@value" in value):
        return
    for path, _, leaf in leaves(value, name):
        read = None if isinstance(leaf, str) or _PLACES.fullmatch(path) else number(leaf)
        if read is not None and is_name(path):
            yield Reading(thing, path, read, time, None if isinstance(read, bool) else unit)


def _wire(name: str) -> str:
    """A URI as a name: `#` and `+` may not stand in one."""
    return name.replace("#", "_").replace("+", "_") if "#" in name or "+" in name else name


def _plain(found: object) -> str | None:
    """A text, or the text in a property of a property."""
    return text(found.get("value") if isinstance(found, dict) else found)


def _unit(said: str | None) -> str | None:
    """UCUM for a UN/CEFACT code (also at the end of a URI) or a word; anything else as written."""
    if said is None:
        return None
    return _CODES.get(said.rsplit("/", 1)[-1]) or _WORDS.get(said.lower()) or said


def _time(found: object) -> int | None:
    if isinstance(found, dict):
        found = found.get("value", found.get("@value"))
        found = found.get("@value") if isinstance(found, dict) else found
    return instant(found) if isinstance(found, str) else None
