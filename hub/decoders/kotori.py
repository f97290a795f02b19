"""Kotori: `{realm}/{network}/{gateway}/{node}/data.json`, and one value under `…/data/{name}`.

Rule: the thing is the path above `data`. Nobody says units, except where the body is one that a known station uploads
(Ecowitt, airRohr): then it is read as theirs. Events, errors and status are no readings. `time`, `timestamp` or
`dateTime` is the time, if it says which instant it means.
Source: https://kotori.readthedocs.io (handbook: acquisition, timestamps).
"""

from __future__ import annotations

import re
from datetime import tzinfo
from functools import lru_cache

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.airrohr_words import listed
from hub.decoders.documents import MOST, read_json
from hub.decoders.ecowitt_words import INDOORS, is_station, station
from hub.decoders.flat import Meaning, as_written, placed, readings
from hub.decoders.names import thing_name
from hub.decoders.numbers import number_from_text
from hub.decoders.times import from_local, instant

_BODY = re.compile(r"(.+)/(?:data\.json|data/__json__|message-json|data)")
_ONE = re.compile(r"(.+)/(?:data|measure)/([^/]+)")
_DENSE = re.compile(r"^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?=[.Z+-])", re.ASCII)
_TIMES = ("time", "timestamp", "dateTime", "Time", "datetime")
_NO_VALUE = frozenset({*_TIMES, "latitude", "longitude", "lat", "lon", "geohash", "altitude", "id", "PASSKEY"})


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message, or a list of moments, of a node; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    whole = _BODY.fullmatch(message.topic)
    if whole is None:
        one = _ONE.fullmatch(message.topic)
        return Decoded([] if one is None else _one(thing_name(one[1]), one[2], message.payload))
    thing, body = thing_name(whole[1]), read_json(message.payload)
    moments = body if isinstance(body, list) else [body]
    objects = [moment for moment in moments if isinstance(moment, dict)]
    if len(objects) < len(moments) or len(moments) > MOST:
        raise DecodeError("data.json is one JSON object, or a list of them")
    dated = [_dated(moment, heard.zone, message.received) for moment in objects]
    found = [reading for moment in objects for reading in _moment(thing, moment)]
    inside = any(reading.thing != thing for reading in found)
    return Decoded(found, placed(f"{thing}{INDOORS}", "indoor", heard) if inside else (), local=any(dated))


def _moment(thing: str, body: dict[str, object]) -> list[Reading]:
    if is_station(body):
        return station(thing, body)
    time = _time(body)
    if "sensordatavalues" in body:
        return listed(thing, body["sensordatavalues"], time)
    return readings(thing, body, time, _meaning)


def _time(body: dict[str, object]) -> int | None:
    """The first of the usual words that says an instant; dates may be written without dashes and colons."""
    for word in _TIMES:
        said = body.get(word)
        if said is not None:
            when = instant(_DENSE.sub(r"\1-\2-\3T\4:\5:\6", said) if isinstance(said, str) else said)
            if when is not None:
                return when
    return None


def _dated(body: dict[str, object], zone: tzinfo | None, received: int) -> bool:
    """Read a local time in the hub's zone, where nothing better is there; whether there was one."""
    if zone is None or is_station(body) or _time(body) is not None:
        return False
    meant = next((when for when in (from_local(body.get(word), zone, received) for word in _TIMES) if when), None)
    if meant is not None:
        body[_TIMES[0]] = meant
    return meant is not None


def _one(thing: str, word: str, payload: bytes) -> list[Reading]:
    """`…/data/temperature` with a bare number."""
    meaning, value = _meaning(word), number_from_text(payload.decode("ascii", "replace"))
    return [] if meaning is None or value is None else [Reading(thing, meaning[0], value)]


@lru_cache(maxsize=4096)
def _meaning(word: str) -> Meaning | None:
    return None if word in _NO_VALUE else as_written(word)
