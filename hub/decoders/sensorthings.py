"""OGC SensorThings observations over MQTT: `v1.1/Datastreams(7)/Observations` (OGC 18-088, clauses 14 and 15).

Rule: the datastream is the thing, `result` its property; what it measures and in which unit stands in the Datastream's
own description, and is known once that was heard. An interval is dated by its end. Places are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import leaves, read_json
from hub.decoders.names import is_name, text, thing_name
from hub.decoders.numbers import number
from hub.decoders.times import instant

_STREAM = re.compile(r"((?:Multi)?Datastreams\((?:[^()/']{1,80}|'[^'/]{1,80}')\))")
_VERSION = re.compile(r"v\d+(\.\d+)?")
_TIMES = ("phenomenonTime", "phenonmenonTime", "resultTime")
"""The second is a slip that some documentation made, and devices after it."""
_KINDS = tuple((kind, f"{kind}@iot.navigationLink") for kind in ("Datastream", "MultiDatastream"))
_MOST = 20_000
_PLAIN = (float, int, str)


def decode(message: Message, heard: Heard) -> Decoded:
    """Read observations, or the description of datastreams; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    within, named, values = _address(message.topic)
    body = read_json(message.payload)
    if values:
        return Decoded(_observations(body, within, named, heard))
    return Decoded([], list(_descriptions(body, within, named)))


@lru_cache(maxsize=20_000)
def _address(topic: str) -> tuple[str, str | None, bool]:
    """(what stands before the version, the datastream if it is named, whether observations come here)."""
    levels = topic.split("?", maxsplit=1)[0].split("/")
    at = next((i for i, level in enumerate(levels) if _VERSION.fullmatch(level)), -1)
    within = "".join(f"{level}/" for level in levels[: max(at, 0)])
    named = next((level for level in reversed(levels) if _STREAM.fullmatch(level)), None)
    last = levels[-1]
    return within, named, last in {"Observations", "CreateObservations"} or last.startswith("Observations(")


def _observations(body: object, within: str, named: str | None, heard: Heard) -> list[Reading]:
    """One observation, a collection (`value`), or groups of rows (`dataArray`)."""
    listed = body.get("value") if isinstance(body, dict) and "result" not in body else None
    items = body if isinstance(body, list) else listed if isinstance(listed, list) else [body]
    if len(items) > _MOST:
        raise DecodeError(f"more than {_MOST} observations in one message; send fewer")
    found: list[Reading] = []
    for item in items:
        if not isinstance(item, dict):
            raise DecodeError("an observation is a JSON object with a result")
        stream = _stream(item) or named
        if stream is None:
            raise DecodeError("the observation does not say which Datastream it is of")
        thing = thing_name(within + stream)
        if "dataArray" in item:
            for result, time in _rows(item):
                _observation(thing, result, time, heard, found)
        else:
            time = _time(item.get("phenomenonTime")) or _first([item[key] for key in _TIMES[1:] if key in item])
            _observation(thing, item.get("result"), time, heard, found)
    return found


def _rows(group: Mapping[str, object]) -> Iterator[tuple[object, int | None]]:
    """The (result, time) of each row of a data array."""
    columns, rows = group.get("components"), group.get("dataArray")
    if not isinstance(columns, list) or not isinstance(rows, list) or len(rows) > _MOST:
        raise DecodeError(f"a dataArray has components, and at most {_MOST} rows")
    if "result" not in columns:
        return
    result, dated = columns.index("result"), [columns.index(key) for key in _TIMES if key in columns]
    for row in rows:
        if isinstance(row, list) and len(row) > result:
            yield row[result], _first([row[at] for at in dated if at < len(row)])


def _observation(thing: str, result: object, time: int | None, heard: Heard, found: list[Reading]) -> None:
    if isinstance(result, dict) and ("coordinates" in result or "geometry" in result):
        return
    plain = result is None or isinstance(result, _PLAIN)
    for name, _, part in (("result", "", result),) if plain else leaves({"result": result}):
        value = number(part)
        if value is not None and is_name(name):
            said = None if isinstance(value, bool) else heard.get((thing, name))
            found.append(Reading(thing, name, value, time, None if said is None else said.unit))


def _first(times: list[object]) -> int | None:
    """The first of these that is a time."""
    return next((when for when in map(_time, times) if when is not None), None)


def _time(said: object) -> int | None:
    """An instant, or the end of an interval: `a/b`, or in version 2 an object."""
    if isinstance(said, dict):
        return instant(said.get("end")) or instant(said.get("start"))
    return instant(said.rsplit("/", 1)[-1]) if isinstance(said, str) else None


def _stream(item: Mapping[str, object]) -> str | None:
    """The datastream that an observation says it is of, as the topic would write it."""
    for kind, linked in _KINDS:
        link = item.get(linked)
        found = None if link is None or not isinstance(link, str) else _STREAM.search(link)
        if found is not None:
            return found[1]
        entity = item.get(kind)
        own = _identity(entity) if isinstance(entity, dict) else None
        if own is not None:
            return f"{kind}s({own})"
    return None


def _identity(entity: Mapping[str, object]) -> str | None:
    own = entity.get("@iot.id", entity.get("id"))
    if isinstance(own, bool) or not isinstance(own, int | str) or own == "":
        return None
    return str(own) if isinstance(own, int) else f"'{own}'"


def _descriptions(body: object, within: str, named: str | None) -> Iterator[Announcement]:
    """Datastreams as the server describes them, alone, in a list, or under their Thing."""
    listed = body.get("value", body.get("Datastreams")) if isinstance(body, dict) else body
    alone = not isinstance(listed, list)
    for item in [body] if alone else listed[:_MOST] if isinstance(listed, list) else ():
        if not isinstance(item, dict) or not ({"unitOfMeasurement", "unitOfMeasurements"} & item.keys()):
            continue
        kind = "MultiDatastreams" if "unitOfMeasurements" in item else "Datastreams"
        own = _identity(item)
        stream = named if alone and named is not None else None if own is None else f"{kind}({own})"
        if stream is not None and is_name(within + stream):
            yield from _described(within + stream, item)


def _described(thing: str, item: Mapping[str, object]) -> Iterator[Announcement]:
    """A datastream: its name, and of its result (or of each part of it) the unit and the property."""
    name, observed = text(item.get("name")), item.get("ObservedProperty")
    kind = text(observed.get("name")) if isinstance(observed, dict) else None
    yield Announcement(thing, name=name, description=text(item.get("description")))
    several = item.get("unitOfMeasurements")
    if not isinstance(several, list):
        yield Announcement(thing, "result", name, _unit(item.get("unitOfMeasurement")), _word(kind))
        return
    for at, unit in enumerate(several[:100]):
        yield Announcement(thing, f"result[{at}]", name, _unit(unit))


def _unit(said: object) -> str | None:
    return text(said.get("symbol")) if isinstance(said, dict) else None


def _word(kind: str | None) -> str | None:
    """`Air Temperature` as properties are called: `air_temperature`."""
    return None if kind is None else kind.lower().replace(" ", "_")
