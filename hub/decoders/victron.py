"""Victron: `N/{portal}/{service}/{instance}/{path}` of a GX device, and go-iotdevice, which reads VE.Direct.

Rule: the thing is the service (a battery, a charger, the system), never the GX device that tells. Requests (`R/`,
`W/`), settings, numbers that identify, positions and clocks are no readings; null is a value that is not valid now,
and no bytes at all a device that left.
Sources: https://github.com/victronenergy/dbus-flashmq, the units of Venus OS' Modbus register list,
https://github.com/koestler/go-iotdevice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import read_json
from hub.decoders.names import is_name, matcher, text, thing_name
from hub.decoders.numbers import number
from hub.decoders.times import instant

_LEVELS = 4
"""portal, service, instance, and at least one level of a path."""
_SILENT = frozenset({"settings", "gps", "platform", "logger", "modbustcp", "vrmlogger"})
"""Services of which nothing is measured, or only where somebody is."""
_is_identity = matcher(re.compile(
    r"(?:.*/)?(?:DeviceInstance|ProductId|CustomName|Serial|N2kUniqueNumber|.*Version|.*Id|.*Time[sS]tamp|Time|"
    r"Latitude|Longitude|Altitude|Course|Mgmt/.*|Settings/.*)"
))  # fmt: skip
_UNITS = tuple(
    (re.compile(words), unit)
    for words, unit in (
        (r"tank/(?:Level)|.*/(?:Soc|Soh|MidVoltageDeviation|Humidity)|genset/Engine/Load", "%"),
        (r"tank/(?:Capacity|Remaining)", "m3"),
        (r".*/(?:ConsumedAmphours|TotalAhDrawn|\w+Discharge)|battery/(?:\w+Capacity|Capacity)", "Ah"),
        (r".*/Energy/(?:Forward|Reverse)|.*/(?:Disc|C)hargedEnergy|vebus/Energy/\w+", "kW.h"),
        (r".*/Yield/(?:User|System)|.*/Daily/\d+/Yield", "kW.h"),
        (r".*/(?:Power|P|MaxPower)|.*/AcPowerSetpoint", "W"),
        (r".*/S", "V.A"),
        (r".*/(?:\w*Voltage|V)", "V"),
        (r".*/(?:\w*Current|I|CurrentLimit)", "A"),
        (r".*/(?:Frequency|F)", "Hz"),
        (r".*/\w*Temperature", "Cel"),
        (r".*/(?:TimeToGo|TimeSinceLastFullCharge|ChargingTime|OperatingHours)|.*/Timers/\w+", "s"),
        (r"meteo/Irradiance", "W/m2"),
        (r"meteo/WindSpeed", "m/s"),
    )
)  # fmt: skip
"""Service and path → unit, by Victron's documentation."""
_NOT_MEASURED = frozenset({"Settings", "Device Info"})
_KINDS = frozenset({"tele", "real", "struct"})


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of a GX device or of go-iotdevice; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    topic = message.topic
    at = 0 if topic.startswith("N/") else topic.find("/N/") + 1
    if topic.startswith("N/") or at:
        return Decoded(_value(topic[at + 2 :], message.payload))
    levels = topic.split("/")
    kind = next((level for level in levels if level in _KINDS), None)
    if kind is None:
        return Decoded([])
    body = read_json(message.payload)
    if not isinstance(body, dict):
        raise DecodeError("a message of go-iotdevice is a JSON object")
    return _READERS[kind](*_device(levels, kind), body, heard)


def _value(address: str, payload: bytes) -> list[Reading]:
    """`{portal}/{service}/{instance}/{path}`: {"value": …}."""
    parts = address.split("/", _LEVELS - 1)
    if len(parts) < _LEVELS or parts[1] in _SILENT:
        return []
    body = read_json(payload)
    found = body.get("value") if isinstance(body, dict) else None
    path = parts[3]
    value = None if isinstance(found, str) else number(found)
    if value is None or _is_identity(path):
        return []
    name = path.replace("/", "_")  # no dots: what a charger calls Power is not what a home uses
    if not is_name(name):
        return []
    unit = None if isinstance(value, bool) else _unit(f"{parts[1]}/{path}")
    return [Reading(thing_name("/".join(parts[:3])), name, value, None, unit)]


@lru_cache(maxsize=16_384)
def _unit(path: str) -> str | None:
    return next((unit for words, unit in _UNITS if words.fullmatch(path)), None)


def _device(levels: list[str], kind: str) -> tuple[str, str]:
    """(thing, register) of `{prefix}/tele/…/{device}[/state]` and `{prefix}/real/{device}/{register}`."""
    at = levels.index(kind)
    prefix, rest = "/".join(levels[:at]), levels[at + 1 :]
    if kind == "tele":
        rest = rest[:-1] if len(rest) > 1 and rest[-1] == "state" else rest
        device, register = rest[-1] if rest else "", ""
    else:
        device, register = (*rest, "", "")[:2]
    return thing_name(device if prefix in {"", "go-iotdevice"} else f"{prefix}/{device}"), register


def _telemetry(thing: str, _: str, body: dict[str, object], heard: Heard) -> Decoded:  # noqa: ARG001 - as its siblings
    """All values of a device; limits and settings among them are left out."""
    values = body.get("NumericValues")
    time = instant(body.get("Time"))
    return Decoded(list(_registers(thing, values, time)) if isinstance(values, dict) else [])


def _registers(thing: str, values: dict[str, object], time: int | None) -> Iterator[Reading]:
    for name, found in values.items():
        if not isinstance(found, dict) or found.get("Cat", found.get("Category")) in _NOT_MEASURED:
            continue
        value = number(found.get("Val", found.get("Value")))
        if value is not None and is_name(name) and not _is_identity(name):
            yield Reading(thing, name, value, time, text(found.get("Unit")))


def _realtime(thing: str, register: str, body: dict[str, object], heard: Heard) -> Decoded:
    """One value; its unit stood in the structure."""
    value = number(body.get("NumVal", body.get("NumericValue")))
    if value is None or not is_name(register) or _is_identity(register):
        return Decoded([])
    said = heard.get((thing, register))
    return Decoded([Reading(thing, register, value, None, None if said is None else said.unit)])


def _structure(thing: str, _: str, body: dict[str, object], heard: Heard) -> Decoded:  # noqa: ARG001 - as its siblings
    """What registers a device has."""
    listed = body.get("Regs", body.get("Registers"))
    told = []
    for register in listed if isinstance(listed, list) else ():
        name = register.get("Name") if isinstance(register, dict) else None
        if isinstance(name, str) and is_name(name) and text(register.get("Type")) == "number":
            told.append(Announcement(thing, name, text(register.get("Desc")), text(register.get("Unit"))))
    return Decoded([], told)


_READERS = {"tele": _telemetry, "real": _realtime, "struct": _structure}
