"""MQTT 3.1.1 and 5: bytes in, packets out, and back. Pure: it knows no socket, no clock and no session.

Rule: each packet's rules are one line of `RULES`: who may send it, its fixed flags, its properties, its reason codes,
its reader and its writer. Whatever bytes come, the codec gives packets or raises `ProtocolError`, nothing else; it
holds at most one packet, of at most the size it was told; it gives every good packet before the fault behind it; and
how the bytes were cut into pieces changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntFlag
from typing import Any, NamedTuple

from hub.mqtt import bodies, handshake
from hub.mqtt.fields import Cursor, put_u8, put_varint, varint
from hub.mqtt.handshake import Terms
from hub.mqtt.packets import (
    MQTT_3,
    MQTT_5,
    Connect,
    Packet,
    PubAck,
    PubComp,
    Publish,
    PubRec,
    PubRel,
    Type,
)
from hub.mqtt.reasons import ProtocolError, Reason

MAX_PACKET = 268_435_460
"""The largest packet that the standard has: a head of five bytes and 268,435,455 more."""


class Side(IntFlag):
    """Who sends."""

    CLIENT = 1
    SERVER = 2
    BOTH = 3


class Rule(NamedTuple):
    """Everything about one packet type; `flags` is None where the packet has flags of its own (PUBLISH)."""

    sender: Side
    read: Callable[[Cursor, Terms], Packet]
    write: Callable[[Any, Terms], bytes]
    properties: frozenset[str] = frozenset()
    reasons: frozenset[int] = frozenset()
    flags: int | None = 0
    since: int = MQTT_3


_TOLD = frozenset({"reason_string", "user"})
_AUTHENTICATION = frozenset({"authentication_method", "authentication_data"})
_RECEIVED = frozenset({0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99})
_RELEASED = frozenset({0x00, 0x92})
_CONNECT = _AUTHENTICATION | {
    "session_expiry", "request_problem_information", "request_response_information", "receive_maximum",
    "topic_alias_maximum", "user", "maximum_packet_size",
}  # fmt: skip
_CONNACK = _AUTHENTICATION | _TOLD | {
    "session_expiry", "receive_maximum", "maximum_qos", "retain_available", "maximum_packet_size",
    "assigned_client_id", "topic_alias_maximum", "wildcards_available", "identifiers_available", "shared_available",
    "server_keep_alive", "response_information", "server_reference",
}  # fmt: skip
_PUBLISH = frozenset({
    "payload_format", "message_expiry", "topic_alias", "response_topic", "correlation_data", "user",
    "subscription_identifiers", "content_type",
})  # fmt: skip
_CONNACKED = frozenset({
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B,
    0x9C, 0x9D, 0x9F,
})  # fmt: skip
_SUBACKED = frozenset({0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2})
_UNSUBACKED = frozenset({0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91})
_DISCONNECTED = frozenset({
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
    0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
})  # fmt: skip

RULES: dict[Type, Rule] = {
    Type.CONNECT: Rule(Side.CLIENT, handshake.read_connect, handshake.write_connect, _CONNECT),
    Type.CONNACK: Rule(Side.SERVER, handshake.read_connack, handshake.write_connack, _CONNACK, _CONNACKED),
    Type.PUBLISH: Rule(Side.BOTH, bodies.read_publish, bodies.write_publish, _PUBLISH, flags=None),
    Type.PUBACK: Rule(Side.BOTH, bodies.ack_reader(PubAck), bodies.write_ack, _TOLD, _RECEIVED),
    Type.PUBREC: Rule(Side.BOTH, bodies.ack_reader(PubRec), bodies.write_ack, _TOLD, _RECEIVED),
    Type.PUBREL: Rule(Side.BOTH, bodies.ack_reader(PubRel), bodies.write_ack, _TOLD, _RELEASED, flags=2),
    Type.PUBCOMP: Rule(Side.BOTH, bodies.ack_reader(PubComp), bodies.write_ack, _TOLD, _RELEASED),
    Type.SUBSCRIBE: Rule(
        Side.CLIENT, bodies.read_subscribe, bodies.write_subscribe, frozenset({"subscription_identifiers", "user"}),
        flags=2,
    ),
    Type.SUBACK: Rule(Side.SERVER, bodies.read_suback, bodies.write_codes, _TOLD, _SUBACKED),
    Type.UNSUBSCRIBE: Rule(
        Side.CLIENT, bodies.read_unsubscribe, bodies.write_unsubscribe, frozenset({"user"}), flags=2
    ),
    Type.UNSUBACK: Rule(Side.SERVER, bodies.read_unsuback, bodies.write_codes, _TOLD, _UNSUBACKED),
    Type.PINGREQ: Rule(Side.CLIENT, bodies.read_pingreq, bodies.write_nothing),
    Type.PINGRESP: Rule(Side.SERVER, bodies.read_pingresp, bodies.write_nothing),
    Type.DISCONNECT: Rule(
        Side.BOTH, handshake.read_disconnect, handshake.write_disconnect,
        _TOLD | {"session_expiry", "server_reference"}, _DISCONNECTED,
    ),
    Type.AUTH: Rule(
        Side.BOTH, handshake.read_auth, handshake.write_auth, _TOLD | _AUTHENTICATION,
        frozenset({0x00, 0x18, 0x19}), since=MQTT_5,
    ),
}  # fmt: skip
_BY_NUMBER = [RULES.get(Type(number)) if number else None for number in range(16)]
_TYPES = {kind.__name__.upper(): kind for kind in Packet.__args__}
_NUMBERS: dict[type, Type] = {_TYPES[number.name]: number for number in Type}


def frame(data: bytes, position: int, limit: int = MAX_PACKET) -> tuple[int, int] | None:
    """Where the body of the packet at `position` begins and where it ends, which may be past the data.

    None: its head is not complete yet. Raises `ProtocolError` when the whole packet is larger than `limit` bytes.
    """
    found = varint(data, position + 1, len(data))
    if found is None:
        return None
    size, start = found
    if start + size - position > limit:
        raise ProtocolError(Reason.PACKET_TOO_LARGE, f"a packet has more than {limit} bytes")
    return start, start + size


def read(data: bytes, position: int, body: tuple[int, int], version: int | None, sender: Side) -> Packet:
    """The packet whose head is at `position` and whose body is complete; raises `ProtocolError`.

    `version` None is a connection without its CONNECT; `sender` is the side that these bytes came from.
    """
    head = data[position]
    rule = _BY_NUMBER[head >> 4]
    flags = head & 0x0F
    if rule is None or (rule.flags is not None and flags != rule.flags):
        raise ProtocolError(Reason.MALFORMED, "a packet begins with a byte that the standard does not have")
    if version is None and rule is not RULES[Type.CONNECT]:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "the first packet is not CONNECT")
    if not rule.sender & sender or (version or MQTT_5) < rule.since:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a packet does not belong to this version or this side")
    cursor = Cursor(data, *body)
    packet = rule.read(cursor, Terms(flags, version or MQTT_5, rule.properties, rule.reasons))
    if cursor.left:
        raise ProtocolError(Reason.MALFORMED, "a packet is longer than what it holds")
    _check_side(packet, sender)
    return packet


def write(packet: Packet, version: int = MQTT_5) -> bytes:
    """The packet as bytes; CONNECT goes by its own version. Raises `ValueError` for what cannot be written."""
    number = _NUMBERS[type(packet)]
    rule = RULES[number]
    if version < rule.since:
        raise ValueError("MQTT 3.1.1 does not have this packet.")
    flags = bodies.publish_flags(packet) if isinstance(packet, Publish) else rule.flags or 0
    body = rule.write(packet, Terms(flags, version, rule.properties, rule.reasons))
    return put_u8(number << 4 | flags) + put_varint(len(body)) + body


class Pieces:
    """Bytes that do not make a whole packet yet: joined once there are enough, so that a byte a time costs no more."""

    __slots__ = ("_kept", "_need")

    def __init__(self) -> None:
        self._kept = bytearray()
        self._need = 0

    def __len__(self) -> int:
        return len(self._kept)

    def join(self, data: bytes) -> bytes:
        """What was kept and `data`, when that is enough to go on with; otherwise nothing, and it is kept as well."""
        if not self._kept:
            return data
        self._kept += data
        if len(self._kept) < self._need:
            return b""
        whole = bytes(self._kept)
        self._kept.clear()
        return whole

    def keep(self, data: bytes, position: int, need: int) -> None:
        """Keep what follows `position` until there are `need` bytes of it."""
        self._kept += data[position:]
        self._need = need


class Decoder:
    """Packets from one side of one connection: `feed` bytes, iterate over what they complete, feed again.

    `sender` is the side the bytes come from; `version` is None until a CONNECT has said it. A fault is raised after
    the packets before it, and again whenever a packet is asked for afterwards: there is no way on.
    """

    def __init__(self, sender: Side, version: int | None = None, limit: int = MAX_PACKET) -> None:
        self.version = version
        self._sender = sender
        self._limit = limit
        self._pieces = Pieces()
        self._data = b""
        self._position = 0
        self._fault: ProtocolError | None = None

    def __iter__(self) -> Iterator[Packet]:
        return iter(self.take, None)

    def feed(self, data: bytes) -> None:
        """Take the next bytes, however they are cut."""
        if self._position < len(self._data):
            self._data = self._data[self._position :] + data
        else:
            self._data = self._pieces.join(data)
        self._position = 0

    def take(self) -> Packet | None:
        """The next packet; None when there is no whole one. Raises `ProtocolError`."""
        if self._fault is not None:
            raise self._fault
        try:
            return self._take()
        except ProtocolError as fault:
            self._fault = fault
            raise

    def _take(self) -> Packet | None:
        data, position = self._data, self._position
        if position >= len(data):
            return None
        body = frame(data, position, self._limit)
        if body is None or body[1] > len(data):
            self._pieces.keep(data, position, 0 if body is None else body[1] - position)
            self._position = len(data)
            return None
        packet = read(data, position, body, self.version, self._sender)
        self._position = body[1]
        if isinstance(packet, Connect):
            self.version = packet.version
        return packet


def _check_side(packet: Packet, sender: Side) -> None:
    """The property that only a server's PUBLISH may have."""
    if isinstance(packet, Publish) and sender is Side.CLIENT and packet.properties.subscription_identifiers:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a client's PUBLISH has a subscription identifier")
