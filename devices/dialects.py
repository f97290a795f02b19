"""How the same values look on the wire of each format: what a simulated thing says when it wakes, and then.

Rule: as the real devices say it, topics and words included. `WORDS` tells what a property is called in each format,
so that who sets up a demo knows under which names the hub will hear it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

Packet = tuple[str, bytes, bool]
"""Topic, payload, retained."""
Values = Mapping[str, float]
"""Property → value."""
APPLICATION = "barrio"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

WORDS: dict[str, dict[str, str]] = {
    "native": {},
    "tasmota": {
        "power": "ENERGY.Power", "energy": "ENERGY.Total", "voltage": "ENERGY.Voltage",
        "air_temperature": "BME280.Temperature", "relative_humidity": "BME280.Humidity",
        "air_pressure": "BME280.Pressure", "pm25": "PMS5003.PM2_5", "pm10": "PMS5003.PM10",
        "co2": "SCD40.CarbonDioxide", "illuminance": "BH1750.Illuminance",
    },
    "zigbee2mqtt": {
        "air_temperature": "temperature", "relative_humidity": "humidity", "battery_level": "battery",
        "link_quality": "linkquality", "air_pressure": "pressure",
    },
    "ttn-v3": {
        "air_temperature": "temperature", "relative_humidity": "humidity", "battery_level": "battery",
        "signal_strength": "rssi", "gas": "gas_total", "water_consumption": "water_total",
    },
}  # fmt: skip
"""Format → property of ours → the name under which the hub hears it; what is missing has our own name."""
_DOTTED = {"PM2_5": "PM2.5"}
"""As the hub hears a key of Tasmota's → as Tasmota writes it."""
_SPELLED = {"Cel": "°C", "ug/m3": "µg/m³", "kW.h": "kWh", "[ppm]": "ppm", "1": "", "m3": "m³", "dB[SPL]": "dB"}
"""UCUM → as Zigbee2MQTT spells it."""


def heard_as(form: str, thing: str) -> str:
    """The name by which the hub knows a thing that calls itself `thing` in this format."""
    return f"{APPLICATION}/{thing}" if form == "ttn-v3" else thing


def word(form: str, observed: str) -> str:
    """The name by which the hub hears a property in this format."""
    return WORDS[form].get(observed, f"SIM.{observed}" if form == "tasmota" else observed)


def introduction(form: str, thing: str, units: Mapping[str, str]) -> list[Packet]:
    """What a thing says when it connects; `units` are property → UCUM."""
    if form == "native":
        about = {"datastreams": {name: {"unit": unit} for name, unit in units.items()}}
        return [(f"things/{thing}/about", _json(about), True)]
    return []


def bridge(things: Mapping[str, Mapping[str, str]]) -> list[Packet]:
    """What a Zigbee2MQTT bridge says of all its devices when it connects: thing → its units (property → UCUM)."""
    devices = [
        {
            "friendly_name": thing, "type": "EndDevice", "supported": True,
            "definition": {"model": "SIM-1", "vendor": "Barrio", "description": "Simulated", "exposes": [
                {"type": "numeric", "access": 1, "name": name, "property": name, "unit": _SPELLED.get(unit, unit)}
                for name, unit in ((word("zigbee2mqtt", observed), unit) for observed, unit in units.items())
            ]},
        }
        for thing, units in things.items()
    ]  # fmt: skip
    return [("zigbee2mqtt/bridge/devices", _json(devices), True)] if devices else []


def message(form: str, thing: str, values: Values, units: Mapping[str, str], time_us: int) -> Packet:
    """One message with all values of one instant. Raises `KeyError` for an unknown format."""
    return _SPEAKERS[form](thing, values, units, time_us)


def _native(thing: str, values: Values, units: Mapping[str, str], time_us: int) -> Packet:
    """A SenML pack (RFC 8428)."""
    pack: list[dict[str, object]] = [{"n": name, "u": units.get(name, "1"), "v": v} for name, v in values.items()]
    pack[0] = {"bt": time_us / 1e6, **pack[0]}
    return f"things/{thing}/readings", _json(pack), False


def _tasmota(thing: str, values: Values, units: Mapping[str, str], time_us: int) -> Packet:
    body: dict[str, object] = {"Time": _iso(time_us)}
    sensors: dict[str, dict[str, float]] = {}
    for observed, value in values.items():
        sensor, _, key = word("tasmota", observed).rpartition(".")
        sensors.setdefault(sensor, {})[_DOTTED.get(key, key)] = value
    if any(unit == "Cel" for unit in units.values()):
        body["TempUnit"] = "C"
    return f"tele/{thing}/SENSOR", _json({**body, **sensors}), False


def _zigbee2mqtt(thing: str, values: Values, _units: Mapping[str, str], time_us: int) -> Packet:
    state: dict[str, object] = {word("zigbee2mqtt", observed): value for observed, value in values.items()}
    if "occupancy" in state:
        state["occupancy"] = bool(state["occupancy"])
    return f"zigbee2mqtt/{thing}", _json({**state, "last_seen": _iso(time_us)}), False


def _ttn(thing: str, values: Values, _units: Mapping[str, str], time_us: int) -> Packet:
    decoded = {word("ttn-v3", observed): value for observed, value in values.items()}
    radio = {"rssi": decoded.pop("rssi", -95.0), "snr": 6.5, "gateway_ids": {"gateway_id": "roof"}}
    up = {
        "end_device_ids": {"device_id": thing, "application_ids": {"application_id": APPLICATION}},
        "received_at": _iso(time_us),
        "uplink_message": {
            "f_port": 2, "frm_payload": b64encode(thing.encode()[:12]).decode(), "decoded_payload": decoded,
            "rx_metadata": [radio], "received_at": _iso(time_us),
        },
    }  # fmt: skip
    return f"v3/{APPLICATION}@ttn/devices/{thing}/up", _json(up), False


_SPEAKERS: dict[str, Callable[[str, Values, Mapping[str, str], int], Packet]] = {
    "native": _native,
    "tasmota": _tasmota,
    "zigbee2mqtt": _zigbee2mqtt,
    "ttn-v3": _ttn,
}


def _iso(time_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="milliseconds")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
