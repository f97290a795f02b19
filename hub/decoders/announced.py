"""States on topics of which a Home Assistant announcement told: how to read them is written in a pointer.

Rule: what was not announced is not read. A text, a missing value or a template nobody knows is no reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.numbers import number
from hub.decoders.templates import NoValue, Payload, compiled

PLAIN = "{{ value }}"


class Pointer(Struct, omit_defaults=True, frozen=True):
    """How to read a state: `template`, and of a switch the texts that mean on and off. `silent`: it holds no value."""

    template: str = PLAIN
    on: str | None = None
    off: str | None = None
    silent: bool = False


def written(pointer: Pointer) -> str:
    """The pointer as an announcement keeps it."""
    return msgspec.json.encode(pointer).decode()


SILENT = written(Pointer(silent=True))


def readings(payload: bytes, told: Sequence[Announcement]) -> list[Reading]:
    """The readings in a state as it was announced; `DecodeError` if none of the announcements can be followed."""
    seen, found, followed = Payload(payload), list[Reading](), False
    for a in told:
        pointer = _pointer(a.pointer)
        template = None if pointer is None else compiled(pointer.template)
        if pointer is None or template is None:
            continue
        followed = True
        try:
            value = None if pointer.silent else _value(template(seen), pointer)
        except NoValue:
            continue
        if value is not None:
            found.append(Reading(a.thing, a.property, value, None, None if isinstance(value, bool) else a.unit))
    if not followed:
        raise DecodeError("its announcement has a value_template that the hub cannot follow; see the format's README")
    return found


def instead(message: Message, heard: Heard) -> Decoded | None:
    """What was announced of a topic of which its own format makes nothing; None if nothing was announced.

    A device of one's own may stand by chance on a topic that `config/topics.toml` gives to a format.
    """
    told = [a for a in heard.at(message.topic) if (a.pointer or "").startswith("{")]
    if not told:
        return None
    try:
        return Decoded(readings(message.payload, told))
    except DecodeError:
        return None


def _value(found: object, pointer: Pointer) -> float | None:
    if pointer.on is None:
        return number(found)
    return {pointer.on: True, pointer.off: False}.get(str(found).strip())


@lru_cache(maxsize=65_536)
def _pointer(text: str | None) -> Pointer | None:
    try:
        return None if text is None else msgspec.json.decode(text, type=Pointer)
    except msgspec.DecodeError:
        return None
