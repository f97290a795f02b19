"""The first two stages of a reading: the MQTT message as it came, and what a decoder reads from it.

Rule: the stage is the type. A `Message` is bytes and who sent them; a `Reading` is a value and nobody's yet.
Times are whole microseconds since 1970 UTC everywhere in the hub.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    with which it signs what it seals.
    """

    thing: str
    property: str = ""
    name: str | None = None
    unit: str | None = None
    kind: str | None = None
    exposure: str | None = None
    description: str | None = None
    signing_key: bytes | None = None


Heard = Mapping[tuple[str, str], Announcement]
"""What was announced under one credential: (thing, property) → the last announcement."""


class Envelope(Struct, frozen=True):
    """What is written on the outside of what a household alone can open (`hub.core.sealed`).

    `key` is the name of the key it was sealed to (hex), `sequence` its number among the thing's, `body` all of it.
    """

    key: str
    thing: str
    sequence: int
    body: bytes


class Decoded(Struct, gc=False):
    """What a decoder makes of one message: readings, announcements, or an envelope that stays closed; maybe nothing."""

    readings: list[Reading]
    announcements: Sequence[Announcement] = ()
    sealed: Envelope | None = None


class Decoder(Protocol):
    """A payload format: pure, raises `DecodeError` and nothing else."""

    def __call__(self, message: Message, heard: Heard) -> Decoded:
        """Read one message; `heard` is what was announced under the same credential before."""
