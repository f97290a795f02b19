"""What gateways hear by radio: Bluetooth tags and sensors, and the nodes of a mesh.

Rule: the device is in the message, the gateway in the topic.
"""

from __future__ import annotations

from zlib import crc32

from devices.dialects.dialect import Dialect, Packet, Units, Values, packed

_GATEWAY = "C0:FF:EE:00:00:01"
_CLIMATE = {"air_temperature": ("indoor-warmth", "Cel"), "relative_humidity": ("indoor-humidity", "%")}


def _openmqttgateway(thing: str, values: Values, _units: Units, _time_us: int) -> list[Packet]:
    words = {OPENMQTTGATEWAY.word(observed): value for observed, value in values.items()}
    body = {"id": thing, "mac_type": 0, "rssi": -71, "brand": "Barrio", "model": "SIM-1", **words}
    return [(f"home/simulated/BTtoMQTT/{thing}", packed(body), False)]


def _ruuvi(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    """RAWv2 (format 5); what is not measured says "not available"."""
    warm, damp = values.get("air_temperature"), values.get("relative_humidity")
    raw = b"\x05" + (-32768 if warm is None else round(warm * 200)).to_bytes(2, "big", signed=True)
    raw += (65535 if damp is None else round(damp * 400)).to_bytes(2, "big")
    raw += b"\xff\xff" + 3 * b"\x80\x00" + b"\xff\xff\xff\xff\xff" + crc32(thing.encode()).to_bytes(6, "big")
    data = b"\x02\x01\x06" + bytes((len(raw) + 3, 0xFF, 0x99, 0x04)) + raw
    seconds = str(time_us // 1_000_000)
    body = {"gw_mac": _GATEWAY, "rssi": -67, "aoa": [], "gwts": seconds, "ts": seconds, "data": data.hex().upper()}
    return [(f"ruuvi/{_GATEWAY}/{thing}", packed(body), False)]


def _meshtastic(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    payload = {MESHTASTIC.word(observed): value for observed, value in values.items()}
    body = {
        "channel": 0, "from": _number(thing), "id": time_us // 1_000_000 % 2**31, "payload": payload,
        "sender": "!a1b2c3d4", "timestamp": time_us // 1_000_000, "to": 2**32 - 1, "type": "telemetry",
    }  # fmt: skip
    return [("msh/EU_868/2/json/LongFast/!a1b2c3d4", packed(body), False)]


def _number(thing: str) -> int:
    return crc32(thing.encode()) or 1


def _node(thing: str) -> str:
    return f"!{_number(thing):08x}"


OPENMQTTGATEWAY = Dialect(
    _openmqttgateway,
    {**_CLIMATE, "battery_level": ("battery", "%")},
    {"air_temperature": "tempc", "relative_humidity": "hum", "battery_level": "batt", "soil_moisture": "moi",
     "illuminance": "lux"},
    free=False,
)  # fmt: skip
RUUVI = Dialect(
    _ruuvi, _CLIMATE, {"air_temperature": "temperature", "relative_humidity": "humidity"}, free=False,
)  # fmt: skip
MESHTASTIC = Dialect(
    _meshtastic,
    {"air_temperature": ("warmth", "Cel"), "relative_humidity": ("humidity", "%"), "battery_level": ("battery", "%")},
    {"air_temperature": "temperature", "relative_humidity": "relative_humidity", "battery_level": "battery_level",
     "air_pressure": "barometric_pressure", "illuminance": "lux", "soil_moisture": "soil_moisture"},
    heard_as=_node,
    free=False,
)  # fmt: skip
