"""Shelly devices of every generation (https://shelly-api-docs.shelly.cloud).

Rule: generation 1 has a topic a value below `shellies/{id}/`, plain text, with units by its documentation; later ones
send JSON, as `{prefix}/status/{component}` named by the prefix and as RPC notifications named by `src`, which are the
same unless somebody changed the prefix. Settings, counters of requests and what names a network are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.announced import readings
from hub.decoders.documents import DEEPEST, first_sign, read_json
from hub.decoders.names import is_name, thing_name
from hub.decoders.numbers import number, number_from_text
from hub.decoders.shelly_units import FIRST, INFO, SILENT_COMPONENTS, SILENT_KEYS, UNITS
from hub.decoders.times import instant

_FIRST = "shellies"
_NO_SENSOR = 999.0
"""What generation 1 writes for a probe that is not there."""
_INSIDE = {"temperature": "internal_temperature", "temperature_f": "internal_temperature_f"}
"""The temperature of the device itself, so that nobody takes it for that of the room."""
_MOST_CHANNELS = 16
_NUMBERS, _NESTED = (float, int), (dict, list)
_DEGREES = {"C": "Cel", "F": "[degF]"}


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of a Shelly; raises `DecodeError`. Commands, events and announcements hold no readings.

    Others have topics of this shape too: where discovery said what comes there and it is no Shelly's, that holds.
    """
    if not message.payload:
        return Decoded([])
    told = heard.at(message.topic)
    if told and ":" not in message.topic and not message.topic.startswith(_FIRST):
        return Decoded(readings(message.payload, told))
    return _shelly(message)


def _shelly(message: Message) -> Decoded:
    levels = message.topic.split("/")
    if levels[-1] == "rpc":
        return Decoded(list(_notified(message.payload)))
    at = len(levels) - 1 - levels[::-1].index("status") if "status" in levels else -1
    if at > 0 and first_sign(message.payload) == b"{" and not levels[at - 1].isdigit():
        return Decoded(list(_status(thing_name("/".join(levels[:at])), levels[at + 1 :], message.payload)))
    if levels[0] == _FIRST and len(levels) > 2:  # noqa: PLR2004 - shellies, id, and what it is about
        return Decoded(list(_first(thing_name(levels[1]), levels[2:], message.payload)))
    return Decoded([])


def _status(thing: str, component: list[str], payload: bytes) -> Iterator[Reading]:
    """`{prefix}/status/{component}`, or `{prefix}/status` with all of them; of generation 1 a motion sensor's."""
    body = _object(payload)
    if component:
        yield from _components(thing, {component[0]: body}, None)
    elif "sys" in body or any(":" in name for name in body):
        yield from _components(thing, body, None)
    else:
        yield from _first_document(thing.removeprefix(f"{_FIRST}/"), "status.", body)


def _notified(payload: bytes) -> Iterator[Reading]:
    """An RPC frame: what changed (`params`), or the answer to a question for the status (`result`)."""
    frame = _object(payload)
    source, method = frame.get("src"), frame.get("method")
    told = frame.get("params") if method in {"NotifyStatus", "NotifyFullStatus"} else frame.get("result")
    if isinstance(source, str) and isinstance(told, dict):
        yield from _components(thing_name(source), told, instant(told.get("ts")))


def _components(thing: str, told: Mapping[str, object], time: int | None) -> list[Reading]:
    """The values of components; the device's own clock, if it was set, is the time of all that has none."""
    system = told.get("sys")
    if time is None and isinstance(system, dict):
        time = instant(system.get("unixtime"))
    found: list[Reading] = []
    for component, part in told.items():
        if isinstance(part, dict) and component.split(":", 1)[0] not in SILENT_COMPONENTS:
            _walk(thing, component, "", part, time, found, 0)
    return found


def _walk(
    thing: str, component: str, within: str, part: Mapping[str, object], time: int | None, found: list[Reading],
    depth: int,
) -> None:  # fmt: skip
    """The numbers and switches of one component; lists are energy by the minute, errors, and the like."""
    if depth > DEEPEST:
        raise DecodeError(f"values are nested deeper than {DEEPEST} levels; send them flatter")
    for key, told in part.items():
        if isinstance(told, dict):
            _walk(thing, component, f"{within}{key}.", told, time, found, depth + 1)
        elif isinstance(told, _NUMBERS):
            meaning = _meaning(component, f"{within}{key}", key)
            value = None if meaning is None else number(told)
            if value is not None and meaning is not None:
                unit = None if told is True or told is False else meaning[1]
                found.append(Reading(thing, meaning[0], value, time, unit))


@lru_cache(maxsize=20_000)
def _meaning(component: str, path: str, key: str) -> tuple[str, str | None] | None:
    """(property, unit) of a field of a component, or None if it is no measurement."""
    kind = component.split(":", 1)[0]
    units, name = UNITS.get(kind, UNITS[""]), f"{component}.{path}"
    if key in SILENT_KEYS or not is_name(name) or (kind in {"sys", "wifi"} and path not in units):
        return None
    return name, _unit(units, path)


def _unit(units: Mapping[str, str], name: str) -> str | None:
    """By the component's own table, else by what the last part of the name means for all of them."""
    if name in units:
        return units[name]
    common = UNITS[""]
    plain = name[2:] if name[:2] in {"a_", "b_", "c_", "n_"} else name.removeprefix("total_")
    return common.get(name) or common.get(plain)


def _first(thing: str, path: list[str], payload: bytes) -> Iterator[Reading]:
    """Generation 1: a plain value, or the few topics that hold JSON."""
    kind = ".".join(level for level in path if not level.isdigit())
    if kind == "info" or kind.endswith(".status"):
        yield from _first_document(thing, ".".join((*path, "")), _object(payload))
        return
    if kind not in FIRST:
        return
    try:
        value = number_from_text(payload.decode())
    except UnicodeDecodeError:
        raise DecodeError("the payload is not text in UTF-8") from None
    name = _INSIDE.get(kind) or ".".join(path)
    if value is not None and is_name(name) and not _is_absent(kind, value):
        yield Reading(thing, name, value, None, None if isinstance(value, bool) else FIRST[kind])


def _is_absent(kind: str, value: float) -> bool:
    """Whether a number stands for a probe or a position that nobody knows."""
    return (value == _NO_SENSOR and "temperature" in kind) or (kind == "roller.pos" and not 0 <= value <= 100)  # noqa: PLR2004


def _first_document(thing: str, within: str, body: Mapping[str, object]) -> list[Reading]:
    """A JSON status of generation 1: of all that is in there, what is measured."""
    found: list[Reading] = []
    _walk_first(thing, within, "", body, instant(body.get("unixtime")), found, 0)
    return found


def _walk_first(
    thing: str, within: str, kind: str, part: object, time: int | None, found: list[Reading], depth: int
) -> None:  # fmt: skip
    """`within` is the path so far, `kind` the same without its numbers; what is not valid holds no value."""
    if depth > DEEPEST:
        raise DecodeError(f"values are nested deeper than {DEEPEST} levels; send them flatter")
    if isinstance(part, list):
        for at, item in enumerate(part[:_MOST_CHANNELS]):
            _walk_first(thing, f"{within[:-1]}[{at}].", kind, item, time, found, depth + 1)
    elif isinstance(part, dict) and part.get("is_valid") is not False:
        for key, told in part.items():
            word = kind if key.isdigit() else f"{kind}{key}."
            if isinstance(told, _NESTED):
                _walk_first(thing, f"{within}{key}.", word, told, time, found, depth + 1)
            elif word[:-1] in INFO:
                value, name = number(told), f"{within}{_INSIDE.get(word[:-1], key)}"
                if value is not None and is_name(name) and not _is_absent(word[:-1], value):
                    unit = _DEGREES.get(str(part.get("units"))) or INFO[word[:-1]]
                    found.append(Reading(thing, name, value, time, None if isinstance(value, bool) else unit))


def _object(payload: bytes) -> dict[str, object]:
    body = read_json(payload)
    if not isinstance(body, dict):
        raise DecodeError("a status of a Shelly is a JSON object")
    return body
