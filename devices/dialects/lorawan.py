"""Networks of LoRaWAN: an uplink as the network server passes it on.

Rule: the device's values are those its codec made; how well it was heard is the gateway's.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import blake2s

from devices.dialects.dialect import Dialect, Packet, Units, Values, iso, packed

APPLICATION = "barrio"
_WORDS = {
    "air_temperature": "temperature", "relative_humidity": "humidity", "battery_level": "battery",
    "signal_strength": "rssi", "gas": "gas_total", "water_consumption": "water_total",
}  # fmt: skip


def _heard_as(thing: str) -> str:
    return f"{APPLICATION}/{thing}"


def _ttn(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    decoded = {TTN.word(observed): value for observed, value in values.items()}
    radio = {"rssi": decoded.pop("rssi", -95.0), "snr": 6.5, "gateway_ids": {"gateway_id": "roof"}}
    up = {
        "end_device_ids": {"device_id": thing, "application_ids": {"application_id": APPLICATION}},
        "received_at": iso(time_us),
        "uplink_message": {
            "f_port": 2, "frm_payload": b64encode(thing.encode()[:12]).decode(), "decoded_payload": decoded,
            "rx_metadata": [radio], "received_at": iso(time_us),
        },
    }  # fmt: skip
    return [(f"v3/{APPLICATION}@ttn/devices/{thing}/up", packed(up), False)]


def _eui(thing: str) -> str:
    """A device's EUI, made of its name."""
    return blake2s(thing.encode(), digest_size=8).hexdigest()


def _chirpstack(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    decoded = {CHIRPSTACK.word(observed): value for observed, value in values.items()}
    radio = {"gatewayId": "a84041ffff000001", "rssi": decoded.pop("rssi", -95.0), "snr": 6.5}
    up = {
        "time": iso(time_us), "deviceInfo": {"applicationId": APPLICATION, "deviceName": thing, "devEui": _eui(thing)},
        "fPort": 2, "data": b64encode(thing.encode()[:12]).decode(), "object": decoded, "rxInfo": [radio],
    }  # fmt: skip
    return [(f"application/{APPLICATION}/device/{_eui(thing)}/event/up", packed(up), False)]


CHIRPSTACK = Dialect(
    _chirpstack,
    {"soil_moisture": ("soil", "%"), "soil_temperature": ("soil-warmth", "Cel"), "battery_level": ("battery", "%")},
    _WORDS,
    heard_as=_eui,
)
TTN = Dialect(
    _ttn,
    {"soil_moisture": ("soil", "%"), "soil_temperature": ("soil-warmth", "Cel"), "battery_level": ("battery", "%")},
    _WORDS,
    heard_as=_heard_as,
)
