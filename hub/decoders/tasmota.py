"""Tasmota: `tele/{topic}/SENSOR` and its relatives (https://tasmota.github.io/docs/MQTT/).

Rule: the thing is everything in the topic but the prefix and the last level, in whatever order FullTopic puts them;
each Bluetooth or Zigbee device in a message is a thing of its own. `Time` is used only when it has a zone, else
`Epoch`, else `Time` in the hub's zone if that is given, else the time of arrival is right. What identifies people or
networks (cards, beacons, remote controls, SSIDs) is not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from functools import lru_cache

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import leaves, read_json
from hub.decoders.names import LONGEST, is_name, matcher, text, thing_name
from hub.decoders.numbers import number
from hub.decoders.times import from_local, instant

Body = Mapping[str, object]
"""A message, or a part of it, by its keys."""
_NESTED = (dict, list)
_PREFIXES = frozenset({"tele", "stat", "cmnd"})
_TEMPERATURES = {"C": "Cel", "F": "[degF]", "K": "K"}
_PRESSURES = {"mmHg": "mm[Hg]", "inHg": "[in_i'Hg]"}
_SPEEDS = {"ms": "m/s", "kn": "[kn_i]", "mph": "[mi_i]/h", "ft/s": "[ft_i]/s", "yd/s": "[yd_i]/s"}
_SAID: dict[str, tuple[str, dict[str, str]]] = {
    "TempUnit": ("C", _TEMPERATURES), "PressureUnit": ("hPa", _PRESSURES), "SpeedUnit": ("km/h", _SPEEDS),
}  # fmt: skip
"""Units that the message says: the word for it → what holds without it, how it is spelled."""
_UNITS = {
    "Humidity": "%", "Moisture": "%", "Illuminance": "lx", "CarbonDioxide": "[ppm]", "eCO2": "[ppm]", "TVOC": "[ppb]",
    "PM1": "ug/m3", "PM2.5": "ug/m3", "PM4": "ug/m3", "PM10": "ug/m3", "CCT": "K", "Fertility": "uS/cm",
    "BatteryPercentage": "%", "RSSI": "dB[mW]", "Gas": "kOhm",
}  # fmt: skip
"""Units that Tasmota's documentation fixes, whatever sensor they come from."""
_ENERGY = {
    "Total": "kW.h", "Yesterday": "kW.h", "Today": "kW.h", "TotalTariff": "kW.h", "ExportActive": "kW.h",
    "ImportActive": "kW.h", "ExportTariff": "kW.h", "TodaySumImport": "kW.h", "TodaySumExport": "kW.h",
    "Period": "W.h", "Power": "W", "ApparentPower": "V.A", "ReactivePower": "var", "ExportReactive": "kvar.h",
    "ImportReactive": "kvar.h", "Voltage": "V", "Current": "A", "Frequency": "Hz", "PhaseAngle": "deg",
}  # fmt: skip
_OF_SENSORS: tuple[tuple[str, dict[str, str]], ...] = (
    ("ENERGY", _ENERGY),
    ("SR04", {"Distance": "cm"}),
    ("ZbReceived", {key: unit for key, unit in _UNITS.items() if key != "Illuminance"}),
    ("", _UNITS),
)
"""How a sensor's name begins → its units; the first that fits. (Zigbee's illuminance is a raw logarithm.)"""
_STATE = {"UptimeSec": "s", "Vcc": "V", "Wifi.RSSI": "%", "Wifi.Signal": "dB[mW]", "BatteryPercentage": "%"}
_POWER = re.compile(r"POWER\d{0,2}")
_WARM = re.compile(r".*Temp\w*|OBJTMP|AMBTMP|DewPoint|HeatIndex")
_is_bluetooth = matcher(re.compile(r".+-[0-9A-Fa-f]{6}"))
_ABOUT_ITSELF = frozenset({"Time", "Epoch", "TempUnit", "PressureUnit", "SpeedUnit", "VolumeUnit", "TotalStartTime"})
_is_no_sensor = matcher(re.compile(
    r"IBEACON.*|PN532|RC522|RDM6300|MFRC522|Wiegand|IrReceived|RfReceived|SerialReceived|SSerialReceived|TfmReceived|"
    r"BLEDevices|Zb(?!Received).*|Timers?\d*|Button\d*|Hass.*|FTC532|Status.*",
    re.IGNORECASE,
))  # fmt: skip
_IDENTITY = re.compile(
    r"id|.*_id|address|addr|mac|uid|device|name|model|type|serial|.*number|code|data|version|.*time|end|endpoint|group|"
    r"manufacturer|modelid|.*[/!<].*",
    re.IGNORECASE,
)


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of a Tasmota device; raises `DecodeError`. Commands, logs and last wills hold no readings."""
    thing, last = (_address if len(message.topic) <= LONGEST else _address.__wrapped__)(message.topic)
    if message.topic.startswith("tasmota/discovery/"):
        return _discovery(message.payload) if last == "config" else Decoded([])
    if _is_power(last):
        return Decoded(_switch(thing, last, message.payload))
    read = _READERS.get(last)
    if read is None or not message.payload:
        return Decoded([])
    body = read_json(message.payload)
    if not isinstance(body, dict):
        raise DecodeError(f"a Tasmota {last} message is a JSON object")
    local = heard.zone is not None and _dated(body, heard.zone, message.received)
    own = thing_name(thing)
    readings = [r for r in read(own, body) if r.thing is own or is_name(r.thing)]
    return Decoded(readings, local=local)


def _is_power(key: str) -> bool:
    return key.startswith("POWER") and _POWER.fullmatch(key) is not None


@lru_cache(maxsize=16_384)
def _address(topic: str) -> tuple[str, str]:
    """(thing, last level): the prefix is taken out where FullTopic put it. A command has no last level."""
    *levels, last = topic.strip("/").split("/")
    prefix = next((level for level in levels if level in _PREFIXES), None)
    if prefix is not None:
        levels.remove(prefix)
    return "/".join(levels), "" if prefix == "cmnd" else last


def _dated(body: dict[str, object], zone: tzinfo, received: int) -> bool:
    """Read local times in the hub's zone, where nothing better is in the message; whether there were any."""
    found = False
    for part in (body, body.get("StatusSNS"), body.get("StatusSTS")):
        if isinstance(part, dict) and instant(part.get("Time")) is None and instant(part.get("Epoch")) is None:
            part["Epoch"] = meant = from_local(part.get("Time"), zone, received)
            found = found or meant is not None
    return found


def _sensor(thing: str, body: Body) -> Iterator[Reading]:
    """A SENSOR body: one object per sensor, the units at the top level hold for all of it."""
    time = instant(body.get("Time")) or instant(body.get("Epoch"))
    for name, part in body.items():
        if name in _ABOUT_ITSELF or _is_no_sensor(name):
            continue
        if name == "ZbReceived" and isinstance(part, dict):
            yield from _zigbee(thing, part, body, time)
        elif _is_bluetooth(name) and isinstance(part, dict):
            yield from _part(name, "", part, name, body, time)
        else:
            yield from _part(thing, name, part, name, body, time)


def _part(thing: str, path: str, part: object, sensor: str, body: Body, time: int | None) -> list[Reading]:
    """The readings of one sensor; `path` is its name in the property, "" for a thing of its own."""
    tree = part if isinstance(part, _NESTED) else {path: part}
    within = path.replace(".", "_") if tree is part else ""
    readings: list[Reading] = []
    if len(sensor) > LONGEST:
        return readings
    for name, key, found in leaves(tree, within):
        value = number(found)
        unit = None if value is None or len(name) > LONGEST else _meant(sensor, name, key)
        if value is None or unit is None:
            continue
        if unit in _SAID:
            unit = _said(unit, body)
        unit = unit if unit and value is not True and value is not False else None
        readings.append(Reading(thing, name, value, time, unit))
    return readings


@lru_cache(maxsize=16_384)
def _meant(sensor: str, path: str, key: str) -> str | None:
    """The unit of a sensor's value, or the word that the message has for it (`_SAID`).

    Empty where nobody says one; None for what is no measurement. Of `ENERGY.Total.Phase1` and `TX23.Speed.Act` the
    level before the last says what is measured.
    """
    if _IDENTITY.fullmatch(key) or not is_name(path):
        return None
    levels = path.split(".")
    key = levels[-2] if len(levels) > 2 else key  # noqa: PLR2004 - sensor, quantity, part
    if _WARM.fullmatch(key):
        return "TempUnit"
    if key.endswith("Pressure"):
        return "PressureUnit"
    kind = key.rstrip("0123456789") if key.startswith("Illuminance") else key
    if kind == "Speed" and sensor.startswith(("TX2", "WINDMETER")):
        return "SpeedUnit"
    return next((table.get(kind, "") for begins, table in _OF_SENSORS if sensor.startswith(begins)), "")


def _zigbee(gateway: str, devices: Body, body: Body, time: int | None) -> Iterator[Reading]:
    """`ZbReceived`: every entry is a device behind this gateway, by its name if it has one."""
    for address, part in devices.items():
        if isinstance(part, dict):
            name = text(part.get("Name")) or text(part.get("Device")) or address
            yield from _part(f"{gateway}/{name}", "", part, "ZbReceived", body, time)


def _status(thing: str, body: Body) -> Iterator[Reading]:
    """STATUS, STATUS0, STATUS8 …: the same bodies, wrapped; anything else in there is about the device itself."""
    for name, read in (("StatusSNS", _sensor), ("StatusSTS", _state)):
        part = body.get(name)
        if isinstance(part, dict):
            yield from read(thing, part)


def _energy(thing: str, body: Body) -> Iterator[Reading]:
    """`tele/{topic}/ENERGY` of firmware before 6: what is under ENERGY in a SENSOR body today."""
    own = {key: value for key, value in body.items() if key not in _ABOUT_ITSELF}
    yield from _sensor(thing, {"Time": body.get("Time"), "Epoch": body.get("Epoch"), "ENERGY": own})


def _state(thing: str, body: Body) -> Iterator[Reading]:
    """A STATE body: relays, and the few diagnostics that help an owner."""
    time = instant(body.get("Time")) or instant(body.get("Epoch"))
    for path, _, found in leaves(dict(body)):
        value = number(found) if path in _STATE or _is_power(path) else None
        if value is not None:
            yield Reading(thing, path, value, time, _STATE.get(path))


def _result(thing: str, body: Body) -> Iterator[Reading]:
    """The answer to a command: relays, a status asked for, or what Zigbee devices reported."""
    yield from _status(thing, body)
    yield from _state(thing, {key: value for key, value in body.items() if _is_power(key)})
    yield from _sensor(thing, {key: value for key, value in body.items() if key in {"ZbReceived", "Time", "Epoch"}})


def _switch(thing: str, name: str, payload: bytes) -> list[Reading]:
    """`stat/{topic}/POWER`: plain ON or OFF."""
    value = number(payload.decode("ascii", "replace"))
    return [] if value is None else [Reading(thing_name(thing), name, value)]


def _discovery(payload: bytes) -> Decoded:
    """`tasmota/discovery/{mac}/config`: which topic a device speaks on, its name and model."""
    body = read_json(payload) if payload else None
    if not isinstance(body, dict):
        return Decoded([])
    full, topic = body.get("ft"), body.get("t")
    if not isinstance(full, str) or not isinstance(topic, str):
        return Decoded([])
    levels = [level for level in full.replace("%topic%", topic).split("/") if level not in {"", "%prefix%"}]
    thing = "/".join(levels)
    about = Announcement(thing, name=text(body.get("dn")), description=text(body.get("md")))
    return Decoded([], [about] if is_name(thing) else [])


def _said(word: str, body: Body) -> str | None:
    """The unit that a message has for one of its words (`_SAID`), or the usual one."""
    usual, spelled = _SAID[word]
    said = body.get(word, usual)
    return spelled.get(said, said) if isinstance(said, str) else None


_READERS: dict[str, Callable[[str, Body], Iterator[Reading]]] = {
    "SENSOR": _sensor,
    "STATE": _state,
    "RESULT": _result,
    "ENERGY": _energy,
    "STATUS": _status,
    "STATUS0": _status,
    "STATUS8": _status,
    "STATUS10": _status,
    "STATUS11": _status,
}
