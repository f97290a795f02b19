"""The first two stages of a reading: the MQTT message as it came, and what a decoder reads from it.

Rule: the stage is the type. A `Message` is bytes and who sent them; a `Reading` is a value and nobody's yet.
Times are whole microseconds since 1970 UTC everywhere in the hub.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import tzinfo
from typing import Protocol

from msgspec import Struct

from hub.core.grade import Grade


class DecodeError(Exception):
    """The payload cannot be read. Its text says why in words for the thing's owner; it never holds a value."""


class Sender(Protocol):
    """Whoever a message came from: it takes the acknowledgement and hears about errors."""

    mark: int
    """A number that is the same for the same client after a restart: where a message's hash starts."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Tell the sender that these messages of its are stored (PUBACK, PUBREC); called on the event loop."""

    def hold_up(self, messages: Sequence[Message]) -> None:
        """Have these messages come again: whether they were stored cannot be told now; called on the event loop."""

    def answer(self, topic: str, payload: bytes) -> None:
        """Publish the hub's own answer to the sender, in its topic space, if it listens; called on the event loop."""


class Message(Struct, gc=False):
    """One MQTT publish. `credential` is the topic space it came in by; `packet` is 0 for QoS 0."""

    sender: Sender
    credential: int
    topic: str
    payload: bytes
    received: int
    packet: int = 0
    qos: int = 0
    dup: bool = False
    retained: bool = False
    wish: Grade | None = None


class Reading(Struct, gc=False):
    """One value of one property of one thing, named as the device names them (an RFC 8428 record, resolved).

    `time` is None when the message gives none (the time of arrival is right); `unit` is UCUM or as written, or None.
    Booleans are 1.0 and 0.0. `value` is always finite.
    """

    thing: str
    property: str
    value: float
    time: int | None = None
    unit: str | None = None
    wish: Grade | None = None


class Announcement(Struct, frozen=True):
    """What a device or gateway says about one property of one thing (discovery, exposes, births, `about`).

    `kind` is the device class or property type in the format's own word; `exposure` is `indoor`, `outdoor` or None.
    An announcement whose `property` is empty describes the thing itself; `signing_key` is its public key (Ed25519),
    with which it signs what it seals. Where another message than the one with the values tells of them, `topic` is
    where they come, `pointer` where in the payload they stand (a path, a template, an alias: the format's own way),
    and `source` the topic it was told on, by which it is taken back.
    """

    thing: str
    property: str = ""
    name: str | None = None
    unit: str | None = None
    kind: str | None = None
    exposure: str | None = None
    description: str | None = None
    signing_key: bytes | None = None
    topic: str | None = None
    pointer: str | None = None
    source: str | None = None


Place = tuple[str, str]
"""(thing, property), as the wire names them."""


class Heard(dict[Place, Announcement]):
    """What was announced under one credential: (thing, property) → the last announcement, and found by topic too.

    Decoders only read it. Change it by `hear` and `clear` alone, so that what is found by topic agrees. `zone` is where
    things that tell a local time without its zone are; None: nobody said, and such a time is none.
    """

    zone: tzinfo | None = None

    def __init__(self, announcements: Iterable[Announcement] = ()) -> None:
        """Begin with these."""
        super().__init__()
        self._at: dict[str, dict[Place, Announcement]] = {}
        self._pointed: dict[tuple[str, str], Announcement] = {}
        self._from: dict[str, set[Place]] = {}
        self.hear(announcements)

    def hear(self, announcements: Iterable[Announcement], withdrawn: Iterable[Place] = ()) -> None:
        """Let go of what was withdrawn; then let each announcement take the place of the last of its kind."""
        for place in withdrawn:
            self._forget(place)
        for a in announcements:
            place = (a.thing, a.property)
            self._forget(place)
            self[place] = a
            if a.topic is not None:
                self._at.setdefault(a.topic, {})[place] = a
                if a.pointer is not None:
                    self._pointed[a.topic, a.pointer] = a
            if a.source is not None:
                self._from.setdefault(a.source, set()).add(place)

    def at(self, topic: str) -> Sequence[Announcement]:
        """What was announced to come on this topic, in the order in which it was announced."""
        found = self._at.get(topic)
        return () if found is None else tuple(found.values())

    def pointed(self, topic: str, pointer: str) -> Announcement | None:
        """What was announced to come on this topic at this place in the payload."""
        return self._pointed.get((topic, pointer))

    def told_on(self, source: str) -> frozenset[Place]:
        """Whatever was last announced by a message on this topic."""
        return frozenset(self._from.get(source, ()))

    def clear(self) -> None:
        """Let go of everything."""
        super().clear()
        for index in (self._at, self._pointed, self._from):
            index.clear()

    def _forget(self, place: Place) -> None:
        a = self.pop(place, None)
        if a is None:
            return
        if a.topic is not None:
            _drop(self._at, a.topic, place)
            if a.pointer is not None and self._pointed.get((a.topic, a.pointer)) is a:
                del self._pointed[a.topic, a.pointer]
        if a.source is not None:
            _drop(self._from, a.source, place)


def _drop(index: dict[str, dict[Place, Announcement]] | dict[str, set[Place]], key: str, place: Place) -> None:
    """Take a place out of an index, and the key with the last of them."""
    places = index.get(key)
    if isinstance(places, dict):
        places.pop(place, None)
    elif places is not None:
        places.discard(place)
    if not places:
        index.pop(key, None)


class Envelope(Struct, frozen=True):
    """What is written on the outside of what a household alone can open (`hub.core.sealed`).

    `key` is the name of the key it was sealed to (hex), `sequence` its number among the thing's, `body` all of it.
    """

    key: str
    thing: str
    sequence: int
    body: bytes


class Decoded(Struct, gc=False):
    """What a decoder makes of one message: readings, announcements, or an envelope that stays closed; maybe nothing.

    `withdrawn` are announcements that no longer hold. `local`: the readings' times were told without a zone and read in
    the hub's (`Heard.zone`).
    """

    readings: list[Reading]
    announcements: Sequence[Announcement] = ()
    withdrawn: Collection[Place] = ()
    sealed: Envelope | None = None
    local: bool = False


class Decoder(Protocol):
    """A payload format: pure, raises `DecodeError` and nothing else."""

    def __call__(self, message: Message, heard: Heard) -> Decoded:
        """Read one message; `heard` is what was announced under the same credential before."""
