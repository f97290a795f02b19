"""What speaks JSON objects: a context broker's notifications, a phone's app, and what people program themselves.

Rule: one object a message, with all values of one instant.
"""

from __future__ import annotations

from devices.dialects.dialect import Dialect, Packet, Units, Values, iso, packed

_CODES = {
    "Cel": "CEL", "%": "P1", "ug/m3": "GQ", "W": "WTT", "kW.h": "KWH", "m3": "MTQ", "hPa": "A97", "lx": "LUX",
    "m/s": "MTS", "mm/h": "H67", "V": "VLT", "[ppm]": "59", "1": "C62", "cm": "CMT",
}  # fmt: skip
"""UCUM → UN/CEFACT; other units are written as they are."""


def _ngsi(thing: str, values: Values, units: Units, time_us: int) -> list[Packet]:
    entity: dict[str, object] = {"id": _urn(thing), "type": "Device"}
    for observed, value in values.items():
        said: dict[str, object] = {"type": "Property", "value": value, "observedAt": iso(time_us)}
        unit = units.get(observed)
        entity[observed] = said if unit is None else {**said, "unitCode": _CODES.get(unit, unit)}
    told = {"id": "urn:ngsi-ld:Notification:sim", "type": "Notification", "notifiedAt": iso(time_us), "data": [entity]}
    return [("ngsi-ld/notify", packed(told), False)]


def _urn(thing: str) -> str:
    return f"urn:ngsi-ld:Device:{thing}"


def _owntracks(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    """A location, as phones send it; the hub keeps the battery."""
    seconds = time_us // 1_000_000
    place = {"_type": "location", "lat": 0.0, "lon": 0.0, "acc": 20, "tid": "si", "tst": seconds}
    said = {OWNTRACKS.word(observed): value for observed, value in values.items()}
    return [(f"owntracks/{_phone(thing)}", packed({**place, **said}), False)]


def _phone(thing: str) -> str:
    return f"{thing}/phone"


def _plain(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    return [(_topic(thing), packed({"ts": time_us // 1000, **values}), False)]


def _topic(thing: str) -> str:
    return f"sensors/{thing}"


NGSI_LD = Dialect(
    _ngsi,
    {"air_temperature": ("warmth", "Cel"), "relative_humidity": ("humidity", "%"), "pm25": ("dust", "ug/m3")},
    heard_as=_urn,
)
OWNTRACKS = Dialect(
    _owntracks, {"battery_level": ("battery", "%")}, {"battery_level": "batt"}, heard_as=_phone, free=False
)
PLAIN = Dialect(
    _plain,
    {"air_temperature": ("warmth", "Cel"), "soil_moisture": ("soil", "%"), "battery_level": ("battery", "%")},
    heard_as=_topic,
)
