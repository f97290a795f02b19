"""What the endpoint asks of the rest of the hub, what it may be told, and what it counts.

Rule: the endpoint knows two things of the hub, where messages go and who may enter, and both are protocols here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from hub.core.admission import Admission, Given
from hub.core.reading import Message


class Inbox(Protocol):
    """Where messages wait for the store. Its bound is by bytes as well as by number."""

    @property
    def full(self) -> bool:
        """Whether senders should wait; `put` still takes what was read already."""

    def put(self, messages: list[Message]) -> None:
        """Take messages of one sender in their order; called on the event loop, never waits, keeps the list."""

    async def room(self) -> None:
        """Wait until it is no longer full."""


class Doorkeeper(Protocol):
    """Who knows the credentials. It answers from memory, in constant time for wrong ones."""

    def admit(self, username: str, password: bytes, certificate: str | None) -> Admission | None:
        """The admission of this name, or None. `certificate` is the name in a verified client certificate.

        `username` is empty when a client shows nothing but its certificate. Raises `StoreUnavailable` when it cannot be
        known now.
        """


class Enroller(Protocol):
    """Who gives credentials to newcomers. Its methods block; each raises `StoreUnavailable` when it cannot be now."""

    def ask(self, enrolment: int) -> Given | None:
        """A fresh password for whoever came with this enrolment's token, or None when that has ended."""

    def accept(self, enrolment: int, mark: str = "") -> bool:
        """What was given (this, or empty: the last) counts from now on, durable on return; whether it does."""


class EndpointSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The endpoint's bounds. Sizes are in bytes, times in seconds."""

    max_connections: int = 10_000
    max_waiting: int = 1_000
    """Connections that have not been admitted yet; more are closed at once."""
    max_packet: int = 262_144
    max_connect: int = 32_768
    """The largest CONNECT: what somebody unknown may make the hub keep."""
    max_client_id: int = 256
    max_topic: int = 512
    max_levels: int = 32
    max_filters: int = 100
    """Subscriptions of one connection."""
    known_topics: int = 65_536
    receive_maximum: int = 16_384
    """Messages that one connection may have unacknowledged (MQTT 5 clients are told)."""
    keep_alive: int = 1_200
    """The longest keep-alive; MQTT 5 clients that ask for more, or for none, are told this one."""
    connect_seconds: float = 10.0
    packet_seconds: float = 300.0
    """How long one packet may take to arrive."""
    stall_seconds: float = 30.0
    """How long a client may leave unread what it is sent."""
    will_seconds: int = 300
    """The longest will delay that is kept."""
    refusal_seconds: float = 0.5
    """How long every refusal at the door takes, whatever its reason."""
    wrong_tries: int = 10
    """Wrong passwords for one name from one address, a minute."""
    wrong_tries_address: int = 300
    """Wrong passwords from one address, a minute."""
    write_buffer: int = 262_144
    tick_seconds: float = 1.0
    """How often timeouts are looked at."""


@dataclass
class Counters:
    """What the endpoint has done since it started; no ids, no names. `refused` goes by the reason in words."""

    connections: int = 0
    admitted: int = 0
    received: int = 0
    acknowledged: int = 0
    answers: int = 0
    answers_dropped: int = 0
    refused: Counter[str] = field(default_factory=Counter)
