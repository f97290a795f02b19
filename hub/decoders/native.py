"""Barrio's own topics: `things/{thing}/readings`, `.../{datastream}`, `.../about`, `.../sealed`, `.../status`.

Rule: the topic names the thing. SenML packs on a foreign topic (config/topics.toml) name it themselves.
The hub never decodes `errors`, where it speaks itself, and of `sealed` it reads the outside only.
"""

from __future__ import annotations

from functools import lru_cache, partial

import msgspec
from msgspec import Struct

from hub.core.grade import Grade
from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.core.sealed import THING, envelope, read_key
from hub.decoders import senml
from hub.decoders.documents import clean
from hub.decoders.names import is_name, text, thing_name
from hub.decoders.numbers import number, number_from_text, says_no_value
from hub.decoders.times import instant

_RELATIVE = 2.0**28
_MILLISECONDS = 1e11
_UNNAMED = "value"
_EXPOSURES = ("indoor", "outdoor")
_LEVELS = 3
_URN = "urn:dev:"
_RESERVED = frozenset({"readings", "about", "sealed", "status", "errors"})


class Small(Struct, gc=False):
    """``{"v": 21.5, "t": 1714557600, "u": "Cel", "grade": "home"}``: only `v` is needed."""

    v: float | bool | str | None
    t: float | str | None = None
    u: str | None = None
    grade: str | None = None


class _Stream(Struct):
    unit: str | None = None
    kind: str | None = None
    name: str | None = None
    description: str | None = None


class About(Struct):
    """`things/{thing}/about`: what a thing says of itself. It never says where it is: its owner does that."""

    name: str | None = None
    exposure: str | None = None
    description: str | None = None
    signing_key: str | None = None
    datastreams: dict[str, _Stream] = {}


_small = msgspec.json.Decoder(float | bool | str | Small | None).decode
_about = msgspec.json.Decoder(About).decode


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of a thing that speaks Barrio's own format; raises `DecodeError`.

    A single value without a unit has the unit its thing announced for it.
    """
    thing, last = _address(message.topic)
    if last not in _RESERVED:
        return _single(message, heard, thing, last)
    if last == "readings":
        return Decoded(_pack(message, partial(_place, thing or None, "" if thing else message.topic)))
    if last == "sealed":
        return Decoded([], sealed=envelope(message.payload, thing))
    return _introduction(thing, message.payload) if last == "about" else Decoded([])


@lru_cache(maxsize=65_536)
def _address(topic: str) -> tuple[str, str]:
    """(thing, last level) of a topic; the thing is "" on a foreign topic, where every message is a pack."""
    if not topic.startswith("things/"):
        return "", "readings"
    levels = topic.split("/")
    if len(levels) != _LEVELS or not is_name(levels[2]):
        raise DecodeError(
            "the topic is not things/{thing}/readings or things/{thing}/{datastream}; see the native format"
        )
    return thing_name(levels[1]), levels[2]


def _single(message: Message, heard: Heard, thing: str, name: str) -> Decoded:
    try:
        found = _small(message.payload)
    except (msgspec.DecodeError, RecursionError, ValueError):
        found = _nearly(message.payload)
    time = wish = unit = None
    if type(found) is Small:
        said = found.t
        if type(said) is float and _RELATIVE <= said < _MILLISECONDS:
            time = int(said * 1e6 + 0.5)
        elif said is not None:
            time = _time(said, message.received)
        wish = None if found.grade is None else Grade.read(found.grade)
        unit = found.u
        found = found.v
    value = found if type(found) is float else _value(found)
    if value is None:
        return Decoded([])
    if unit is None and heard:
        announced = heard.get((thing, name))
        unit = None if announced is None else announced.unit
    return Decoded([Reading(thing, name, value, time, unit, wish)])


def _value(found: object) -> float | None:
    """The value, None for a device's word for "no value"; `DecodeError` for any other text."""
    value = number(found)
    if value is None and isinstance(found, str) and not says_no_value(found):
        raise DecodeError("the value is text; send a number, or on and off")
    return value


def _nearly(payload: bytes) -> float | bool | str | Small | None:
    """What is in a payload that is not JSON as it stands: a BOM and trailing NULs are forgiven."""
    plain = clean(payload)
    try:
        return _bare(payload) if plain == payload else _small(plain)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return _bare(plain)


def _bare(payload: bytes) -> float | str:
    """A payload that is not JSON but may be a number all the same: 21,5 or ON."""
    if payload[:1] in {b"{", b"["}:
        raise DecodeError('the payload is not a number or {"v": number}; packs go to things/{thing}/readings')
    try:
        words = clean(payload).decode()
    except UnicodeDecodeError:
        raise DecodeError("the payload is neither a number nor text in UTF-8") from None
    value = number_from_text(words)
    return words if value is None else value


def _time(value: float | str, received: int) -> int | None:
    """SenML's rule for small numbers (relative to the arrival), else an epoch of any scale or ISO 8601."""
    if isinstance(value, str):
        return instant(value)
    if -_RELATIVE < value < _RELATIVE:
        return received + round(value * 1e6) if value else None
    return instant(value)


def _pack(message: Message, place: senml.Place) -> list[Reading]:
    """CBOR when the first byte is that of a CBOR array, map or self-description tag, else JSON."""
    payload, received = message.payload, message.received
    first = payload[0] if payload else 0
    if 0x80 <= first <= 0xBF or first == 0xD9:  # noqa: PLR2004 - CBOR major types 4 to 5, and tag 55799
        return senml.resolve(senml.from_cbor(payload), received, place)
    return senml.resolve(senml.from_json(clean(payload)), received, place) if payload else []


@lru_cache(maxsize=65_536)
def _place(speaker: str | None, topic: str, name: str) -> tuple[str, str]:
    """(thing, property) of a resolved name in a pack of `speaker`, or of nobody (None) on a foreign `topic`.

    A pack and its resolved form come out alike: `balcony:temp` under things/balcony is its `temp`. A device URN
    (RFC 9039) that is not the thing's own name is a device behind it, with a thing's name of its own:
    `balcony/urn:dev:ow:10e2`.
    """
    device, component = _split(speaker, topic, name)
    if component and not is_name(component):
        raise DecodeError("a name in the pack is longer than 128 characters or holds + # or control characters")
    return thing_name(device), component or _UNNAMED


def _split(speaker: str | None, topic: str, name: str) -> tuple[str, str]:
    if speaker is None:
        device, component = _device_and_component(name)
        return device or topic, component
    rest = name.removeprefix(speaker)
    if rest != name and rest[:1] in {"", ":", "/", "."}:
        return speaker, rest[1:]
    if name.startswith(_URN):
        device, component = _device_and_component(name)
        return f"{speaker}/{device}", component
    return speaker, name


def _device_and_component(name: str) -> tuple[str, str]:
    """Split a SenML name into the device and what it measures; the device is "" where the name holds none."""
    if name.startswith(_URN):
        parts = name.split(":", 3)
        rest = parts[-1] if len(parts) == 4 else ""  # noqa: PLR2004 - urn, dev, its kind, the rest
        cut = next((at for at, sign in enumerate(rest) if sign in "_:/"), len(rest))
        return name[: len(name) - len(rest) + cut], rest[cut + 1 :]
    cut = max(name.rfind("/"), name.rfind(":"))
    return name[: max(cut, 0)], name[cut + 1 :]


def _introduction(thing: str, payload: bytes) -> Decoded:
    """`about`: announcements of the thing and of each datastream it names."""
    if not payload:
        return Decoded([])
    try:
        about = _about(clean(payload))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise DecodeError(f"`about` cannot be read: {problem}") from None
    if about.exposure not in {None, *_EXPOSURES}:
        raise DecodeError("`exposure` in `about` is `indoor` or `outdoor`")
    if not all(map(is_name, about.datastreams)):
        raise DecodeError("a datastream's name in `about` is empty, too long or holds + # or control characters")
    itself = Announcement(
        thing, name=text(about.name), exposure=about.exposure, description=text(about.description),
        signing_key=_signing_key(about.signing_key),
    )  # fmt: skip
    streams = [
        Announcement(thing, name, text(s.name), text(s.unit), text(s.kind), about.exposure, text(s.description))
        for name, s in about.datastreams.items()
    ]
    return Decoded([], [itself, *streams])


def _signing_key(said: str | None) -> bytes | None:
    try:
        return None if said is None else read_key(THING, said)
    except ValueError as error:
        raise DecodeError(f"`signing_key` in `about`: {error}") from None
