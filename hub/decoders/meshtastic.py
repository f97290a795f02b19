"""Meshtastic nodes, JSON: `msh/{region}/2/json/{channel}/{gateway}`.

Rule: the thing is the node that measured (`from`), never the gateway that passed it on (`sender`). Only telemetry and
counters are read: texts, positions, names and neighbours are people's. The firmware's words `pm10` and `pm100` mean
PM1.0 and PM10: they are renamed, so that nobody takes the one for the other.
Source: https://meshtastic.org/docs/software/integrations/mqtt/ and telemetry.proto.
"""

from __future__ import annotations

from hub.core.reading import Decoded, DecodeError, Heard, Message
from hub.decoders.flat import Meaning, as_written, object_in, readings
from hub.decoders.times import instant

_MEANINGS: dict[str, Meaning] = {
    "temperature": ("temperature", "Cel"), "relative_humidity": ("relative_humidity", "%"),
    "barometric_pressure": ("barometric_pressure", "hPa"), "gas_resistance": ("gas_resistance", None),
    "voltage": ("voltage", "V"), "current": ("current", "mA"), "distance": ("distance", "mm"), "lux": ("lux", "lx"),
    "white_lux": ("white_lux", "lx"), "ir_lux": ("ir_lux", "lx"), "uv_lux": ("uv_lux", "lx"),
    "wind_direction": ("wind_direction", "deg"), "wind_speed": ("wind_speed", "m/s"),
    "wind_gust": ("wind_gust", "m/s"), "wind_lull": ("wind_lull", "m/s"), "weight": ("weight", "kg"),
    "radiation": ("radiation", None), "rainfall_1h": ("rainfall_1h", "mm"), "rainfall_24h": ("rainfall_24h", "mm"),
    "soil_moisture": ("soil_moisture", "%"), "soil_temperature": ("soil_temperature", "Cel"),
    "pm10": ("pm1", "ug/m3"), "pm25": ("pm25", "ug/m3"), "pm100": ("pm10", "ug/m3"),
    "pm10_e": ("pm1_environmental", "ug/m3"), "pm25_e": ("pm25_environmental", "ug/m3"),
    "pm100_e": ("pm10_environmental", "ug/m3"),
    "pm10_standard": ("pm1", "ug/m3"), "pm25_standard": ("pm25", "ug/m3"), "pm40_standard": ("pm4", "ug/m3"),
    "pm100_standard": ("pm10", "ug/m3"), "pm10_environmental": ("pm1_environmental", "ug/m3"),
    "pm25_environmental": ("pm25_environmental", "ug/m3"), "pm100_environmental": ("pm10_environmental", "ug/m3"),
    "co2": ("co2", "[ppm]"), "co2_temperature": ("co2_temperature", "Cel"), "co2_humidity": ("co2_humidity", "%"),
    "voltage_ch1": ("voltage_ch1", "V"), "voltage_ch2": ("voltage_ch2", "V"), "voltage_ch3": ("voltage_ch3", "V"),
    "current_ch1": ("current_ch1", "mA"), "current_ch2": ("current_ch2", "mA"), "current_ch3": ("current_ch3", "mA"),
    "ch1_voltage": ("voltage_ch1", "V"), "ch2_voltage": ("voltage_ch2", "V"), "ch3_voltage": ("voltage_ch3", "V"),
    "ch1_current": ("current_ch1", "mA"), "ch2_current": ("current_ch2", "mA"), "ch3_current": ("current_ch3", "mA"),
    "battery_level": ("battery_level", "%"), "channel_utilization": ("channel_utilization", "%"),
    "air_util_tx": ("air_util_tx", "%"), "uptime_seconds": ("uptime_seconds", "s"), "uptime": ("uptime", "s"),
    "rssi": ("rssi", "dB[mW]"), "snr": ("snr", "dB"),
}  # fmt: skip
_RADIO = ("rssi", "snr")
_KINDS = frozenset({"telemetry", "paxcounter"})
_HIGHEST = 2**32
_NO_JSON = frozenset({"e", "c", "map"})


def decode(message: Message, heard: Heard) -> Decoded:  # noqa: ARG001 - every decoder is called alike
    """Read one packet that a gateway heard; raises `DecodeError` for the binary forms."""
    above = message.topic.split("/")[:-1]
    if "json" not in above and _NO_JSON.intersection(above):
        raise DecodeError("this is Meshtastic's binary form; switch JSON on in the node's MQTT module")
    if not message.payload or "stat" in above:
        return Decoded([])
    packet = object_in(message.payload, "a packet of Meshtastic")
    payload = packet.get("payload")
    if packet.get("type") not in _KINDS or not isinstance(payload, dict):
        return Decoded([])
    thing, time = _node(packet.get("from")), instant(packet.get("timestamp"))
    found = readings(thing, {word: v for word, v in payload.items() if word != "time"}, time, _meaning)
    radio: dict[str, object] = {word: packet.get(word) for word in _RADIO if word not in payload}
    return Decoded(found + readings(thing, radio, time, _meaning) if found else [])


def _node(number: object) -> str:
    """`!` and eight hexadecimal digits, as the nodes show it."""
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number < _HIGHEST:
        return f"!{number:08x}"
    raise DecodeError("the packet does not say which node it is from (from)")


def _meaning(word: str) -> Meaning | None:
    return _MEANINGS.get(word) or as_written(word)
