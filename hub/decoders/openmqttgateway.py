"""OpenMQTTGateway, Theengs Gateway and rtl_433: what their radios heard.

Rule: the thing is the device that was heard, by its address (Bluetooth) or by model, channel and id (433 MHz); only
what is wired to a gateway belongs to the gateway. Remote controls, tyre pressures of passing cars, raw pulses and
advertisements that nobody could read are other people's or no measurement. `tempf` repeats `tempc`.
Source: https://docs.openmqttgateway.com, https://decoder.theengs.io, rtl_433's docs/DATA_FORMAT.md.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.flat import Meaning, as_written, object_in, readings
from hub.decoders.names import thing_name
from hub.decoders.numbers import number_from_text
from hub.decoders.times import from_local, instant

_THEENGS = {
    "hum": "%", "humidity": "%", "batt": "%", "battery": "%", "moi": "%", "volt": "V", "voltage": "V", "lux": "lx",
    "fer": "uS/cm", "pres": "hPa", "dp": "Cel", "distance": "m", "weight": "kg", "impedance": "Ohm", "co2": "[ppm]",
    "formal": "mg/m3", "pm25": "ug/m3", "pm10": "ug/m3", "accx": "m/s2", "accy": "m/s2", "accz": "m/s2",
    "rssi": "dB[mW]", "snr": "dB", "pa": "Pa",
}  # fmt: skip
"""Words of the Theengs decoder and of OpenMQTTGateway's own sensors → unit."""
_ENDS = {
    "C": "Cel", "F": "[degF]", "K": "K", "hPa": "hPa", "kPa": "kPa", "Pa": "Pa", "psi": "psi", "inHg": "[in_i'Hg]",
    "PSI": "psi", "bar": "bar", "mbar": "mbar", "deg": "deg", "m_s": "m/s", "km_h": "km/h", "mi_h": "[mi_i]/h",
    "mph": "[mi_i]/h", "kph": "km/h", "mm": "mm", "cm": "cm", "m": "m", "km": "km", "in": "[in_i]", "inch": "[in_i]",
    "ft": "[ft_i]", "mi": "[mi_i]", "mm_h": "mm/h", "in_h": "[in_i]/h", "V": "V", "mV": "mV", "A": "A", "mA": "mA",
    "W": "W", "kW": "kW", "Wh": "W.h", "kWh": "kW.h", "VA": "V.A", "var": "var", "Hz": "Hz", "lux": "lx", "klx": "klx",
    "ppm": "[ppm]", "ppb": "[ppb]", "ug_m3": "ug/m3", "pct": "%", "percent": "%", "m3": "m3", "L": "L", "l": "L",
    "gal": "[gal_us]", "dB": "dB", "dBm": "dB[mW]", "W_m2": "W/m2", "s": "s", "min": "min", "kg": "kg", "g": "g",
    "ohm": "Ohm", "kOhm": "kOhm", "uS_cm": "uS/cm", "mS_cm": "mS/cm",
}  # fmt: skip
"""How rtl_433's words end → unit."""
_END = re.compile(rf"\w+?_({'|'.join(sorted(_ENDS, key=len, reverse=True))})")
_RADIO = {"humidity": "%", "moisture": "%", "rssi": "dB", "snr": "dB"}
_NO_VALUE = re.compile(
    r"id|mac|address|addr|name|model|model_id|brand|mfr|mfid|type|subtype|channel|mac_type|adv_type|protocol|track|"
    r"prmac|cidc|cont|encr|tag|ctr|uuid|major|minor|mjid|mnid|hex|from|to|service|characteristic|read|write|success|txpower|tx_power|manufacturerdata|servicedata\w*|device|dataid|time|"
    r"mic|mod|freq\d*|noise|count|num_rows|rows|codes?|cmd|command|button\w*|data|raw\w*|value|length|delay|rawlen|"
    r"pulses\w*|flags|msg_type|message_type|sequence\w*|seq|counter|crc|checksum|unit|units|house\w*|group\w*|key|"
    r"learn|version|fw|res|altim|altift|packetSize|pferror|message|duration|debug|newbattery|startup|test|lat|lon|"
    r"alt|latitude|longitude|altitude|temp\d?_raw|\w*_raw|sync|identity|identifier|serial\w*|acts",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r".*/(?:SYStoMQTT|LWT|version|undecoded|433toMQTT|RFtoMQTT|PilighttoMQTT|IRtoMQTT|SMStoMQTT|2GtoMQTT|RF2toMQTT|ULPtoMQTT|"
    r"\w+toMQTT/(?:LWT|raw)|states|commands/.*|internal/.*|MQTTto\w+.*|log.*)"
)
"""Topics of gateways about themselves, and of what cannot be a measurement."""
_DEVICES = re.compile(r"(?:.*/)?rtl_433/[^/]+/devices/(.+)/([^/]+)")
_WIRED = re.compile(r"(?:.*/)?([^/]+)/(\w+?)toMQTT(?:/(.+))?")
_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}:?){5}[0-9A-Fa-f]{2}")
_UNIT_BESIDE = {
    "weight": {"": "kg", "kg": "kg", "lb": "[lb_av]", "lbs": "[lb_av]", "g": "g"}, "temp": {"C": "Cel", "F": "[degF]"},
}  # fmt: skip
"""What has its unit beside it in the message."""
_HEARING = frozenset({"rssi", "snr"})
_OF_PASSERS_BY = frozenset({"TPMS"})


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of a gateway; raises `DecodeError`."""
    kind, place, word = _kind(message.topic)
    if not message.payload or kind == "system":
        return Decoded([])
    if kind == "one":
        return Decoded(_one(place, word, message.payload))
    body = object_in(message.payload, "what a gateway heard")
    if body.get("type") in _OF_PASSERS_BY or body.get("model") == "status":
        return Decoded([])
    time, local = instant(body.get("time")), False
    if time is None and kind == "radio":
        time = from_local(body.get("time"), heard.zone, message.received)
        local = time is not None
    found = _by_radio(body, time) if kind == "radio" else _by_words(kind, place, body, time)
    measured = any(reading.property not in _HEARING for reading in found)
    return Decoded(found, local=local) if measured else Decoded([])


@lru_cache(maxsize=8192)
def _kind(topic: str) -> tuple[str, str, str]:
    """(kind of topic, the device or module that it names, the word it ends with)."""
    if _SYSTEM.fullmatch(topic):
        return "system", "", ""
    one = _DEVICES.fullmatch(topic)
    if one is not None:
        return "one", one[1], one[2]
    if "rtl_433" in topic or "RTL_433toMQTT" in topic:
        return "radio", "", ""
    last = topic.rsplit("/", 1)[-1]
    if _ADDRESS.fullmatch(last):
        return "heard", last, ""
    wired = _WIRED.fullmatch(topic)
    module = wired is not None and wired[2] != "BT"
    return "wired", "/".join(part for part in wired.groups() if part) if wired is not None and module else "", ""


def _one(path: str, word: str, payload: bytes) -> list[Reading]:
    """`rtl_433/{host}/devices/{model}/{channel}/{id}/{word}` with a bare value."""
    if path.startswith(tuple(f"{kind}/" for kind in _OF_PASSERS_BY)):
        return []
    value, meaning = number_from_text(payload.decode("ascii", "replace")), _of_radio(word)
    return [] if value is None or meaning is None else [Reading(thing_name(path), meaning[0], value, None, meaning[1])]


def _by_radio(body: dict[str, object], time: int | None) -> list[Reading]:
    """rtl_433: model, channel and id are who it is, words end with their unit."""
    parts = (body.get(word) for word in ("model", "subtype", "channel", "id"))
    thing = thing_name("/".join(str(part) for part in parts if isinstance(part, str | int) and part != ""))
    return readings(thing, body, time, _of_radio)


def _by_words(kind: str, place: str, body: dict[str, object], time: int | None) -> list[Reading]:
    """Bluetooth, LoRa, and what is wired to the gateway."""
    said = next((body[word] for word in ("id", "mac", "addr") if isinstance(body.get(word), str | int)), "")
    heard = kind == "heard" or bool(said)
    if not heard and not place:
        raise DecodeError("the message does not say which device was heard (id)")
    thing = _address(str(said or place)) if heard else place
    doubled = [word for word in body if word[:5] == "tempf" and f"tempc{word[5:]}" in body]
    words = {word: value for word, value in body.items() if word not in doubled} if doubled else body
    found = readings(thing_name(thing), words, time, _of_words if heard else _of_modules)
    for reading in found:
        if reading.property in _UNIT_BESIDE:
            reading.unit = _UNIT_BESIDE[reading.property].get(str(body.get("unit", "")))
    return found


@lru_cache(maxsize=8192)
def _address(written: str) -> str:
    """An address as Bluetooth devices print it, however the gateway wrote it."""
    if not _ADDRESS.fullmatch(written):
        return written
    digits = written.replace(":", "").upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


@lru_cache(maxsize=2048)
def _of_radio(word: str) -> Meaning | None:
    if _NO_VALUE.fullmatch(word):
        return None
    end = _END.fullmatch(word)
    return as_written(word, _RADIO.get(word) if end is None else _ENDS[end[1]])


@lru_cache(maxsize=2048)
def _of_words(word: str) -> Meaning | None:
    if _NO_VALUE.fullmatch(word):
        return None
    unit = "Cel" if word.startswith("tempc") else "[degF]" if word.startswith("tempf") else _THEENGS.get(word)
    return as_written(word, unit)


def _of_modules(word: str) -> Meaning | None:
    """What is wired to a gateway: its distances are not those that a signal's strength suggests."""
    if word == "value":
        return word, None
    meaning = _of_words(word)
    return None if meaning is None else (meaning[0], None if word == "distance" else meaning[1])
