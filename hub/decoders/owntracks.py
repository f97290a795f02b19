"""OwnTracks: `owntracks/{user}/{device}`, where people say where they are.

Rule: a position is a person's, and no reading; nor are places, regions, networks or who meets whom. What is left (the
battery, steps, the air pressure, a tracker's voltages and probes) is `home` at most, whatever its owner wishes.
Source: https://owntracks.org/booklet/tech/json/.
"""

from __future__ import annotations

from hub.core.grade import Grade
from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import read_json
from hub.decoders.names import is_name, thing_name
from hub.decoders.numbers import number
from hub.decoders.times import instant

_UNITS: dict[str, str | None] = {
    "batt": "%", "p": "kPa", "ubatt": "V", "uext": "V", "aiv": "V", "flvl": "%", "rpm": "1/min", "hmc": "s",
    "steps": None, "bs": None,
}  # fmt: skip
"""What is read of `location` and `steps`, and its unit."""
_NEVER_NEGATIVE = frozenset({"batt", "steps"})
"""-1 says that it is not known."""
_READ = frozenset({"location", "steps"})
_LEVELS = 3


def decode(message: Message, heard: Heard) -> Decoded:  # noqa: ARG001 - every decoder is called alike
    """Read one message of the app or a tracker; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    body = read_json(message.payload)
    if not isinstance(body, dict) or not isinstance(body.get("_type"), str):
        raise DecodeError("an OwnTracks message is a JSON object with a _type")
    if body["_type"] not in _READ:
        return Decoded([])
    thing = thing_name(_who(message.topic))
    time = instant(body.get("tst"))
    readings = []
    for key, found in body.items():
        probe = key not in _UNITS
        if probe and not (key.startswith("temp_c-") and is_name(key)):
            continue
        value = None if isinstance(found, str) else number(found)
        if value is not None and (value >= 0 or key not in _NEVER_NEGATIVE):
            readings.append(Reading(thing, key, value, time, "Cel" if probe else _UNITS[key], Grade.HOME))
    return Decoded(readings)


def _who(topic: str) -> str:
    """`{user}/{device}`, under whatever prefix."""
    levels = topic.split("/")
    at = levels.index("owntracks") + 1 if "owntracks" in levels else 0
    return "/".join(levels[at : at + _LEVELS - 1])
