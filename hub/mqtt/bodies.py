"""The bodies of the packets that carry messages and subscriptions.

Rule: each reader takes a cursor over the body and the packet's terms and either gives the packet or raises
`ProtocolError`; it never looks past the body. Each writer gives the body, in the shortest form the standard allows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hub.mqtt.fields import Cursor, put_text, put_u8, put_u16
from hub.mqtt.handshake import Terms, properties, put_properties, reason
from hub.mqtt.packets import (
    Filter,
    PingReq,
    PingResp,
    PubAck,
    PubComp,
    Publish,
    PubRec,
    PubRel,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
)
from hub.mqtt.properties import NO_PROPERTIES, Properties
from hub.mqtt.reasons import ProtocolError, Reason
from hub.mqtt.topics import SHARED, check_filter, check_name

Ack = TypeVar("Ack", PubAck, PubRec, PubRel, PubComp)
AnyAck = PubAck | PubRec | PubRel | PubComp
_QOS_LIMIT = 2
_DUP, _RETAIN = 0x08, 0x01
_CODES_3 = frozenset({0, 1, 2, 0x80})


def read_publish(cursor: Cursor, terms: Terms) -> Publish:
    """Section 3.3."""
    qos = terms.flags >> 1 & 3
    dup = bool(terms.flags & _DUP)
    if qos > _QOS_LIMIT or (dup and not qos):
        raise ProtocolError(Reason.MALFORMED, "PUBLISH has flags that the standard does not have")
    topic = cursor.text()
    packet = _packet_id(cursor) if qos else 0
    given = properties(cursor, terms)
    if topic or given.topic_alias is None:
        check_name(topic)
    return Publish(topic, cursor.rest(), qos, packet, dup, bool(terms.flags & _RETAIN), given)


def write_publish(packet: Publish, terms: Terms) -> bytes:
    """Section 3.3; raises `ValueError` when the packet identifier does not go with the QoS."""
    if bool(packet.packet) != bool(packet.qos):
        raise ValueError("A PUBLISH has a packet identifier exactly when its QoS is not 0.")
    out = put_text(packet.topic) + (put_u16(packet.packet) if packet.qos else b"")
    return out + put_properties(packet.properties, terms) + packet.payload


def publish_flags(packet: Publish) -> int:
    """The lower half of the first byte."""
    return (_DUP if packet.dup else 0) | packet.qos << 1 | (_RETAIN if packet.retain else 0)


def ack_reader(kind: type[Ack]) -> Callable[[Cursor, Terms], Ack]:
    """The reader of PUBACK, PUBREC, PUBREL or PUBCOMP: sections 3.4 to 3.7 are alike."""

    def read(cursor: Cursor, terms: Terms) -> Ack:
        packet = _packet_id(cursor)
        if not terms.five or not cursor.left:
            return kind(packet)
        code = reason(cursor, terms)
        return kind(packet, code, properties(cursor, terms) if cursor.left else NO_PROPERTIES)

    return read


def write_ack(packet: AnyAck, terms: Terms) -> bytes:
    """Sections 3.4 to 3.7."""
    out = put_u16(packet.packet)
    if not terms.five or (packet.reason == 0 and packet.properties == NO_PROPERTIES):
        return out
    out += put_u8(packet.reason)
    return out if packet.properties == NO_PROPERTIES else out + put_properties(packet.properties, terms)


def read_subscribe(cursor: Cursor, terms: Terms) -> Subscribe:
    """Section 3.8."""
    packet = _packet_id(cursor)
    given = properties(cursor, terms)
    if len(given.subscription_identifiers) > 1:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "SUBSCRIBE has two subscription identifiers")
    found = []
    while cursor.left:
        found.append(_read_filter(cursor, terms))
    if not found:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "SUBSCRIBE has no topic filter")
    return Subscribe(packet, tuple(found), given)


def write_subscribe(packet: Subscribe, terms: Terms) -> bytes:
    """Section 3.8."""
    out = put_u16(packet.packet) + put_properties(packet.properties, terms)
    return out + b"".join(put_text(one.pattern) + put_u8(_options(one, terms)) for one in packet.filters)


def read_suback(cursor: Cursor, terms: Terms) -> SubAck:
    """Section 3.9."""
    return SubAck(_packet_id(cursor), *_codes(cursor, terms))


def read_unsubscribe(cursor: Cursor, terms: Terms) -> Unsubscribe:
    """Section 3.10."""
    packet = _packet_id(cursor)
    given = properties(cursor, terms)
    found = []
    while cursor.left:
        found.append(cursor.text())
        check_filter(found[-1])
    if not found:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "UNSUBSCRIBE has no topic filter")
    return Unsubscribe(packet, tuple(found), given)


def write_unsubscribe(packet: Unsubscribe, terms: Terms) -> bytes:
    """Section 3.10."""
    out = put_u16(packet.packet) + put_properties(packet.properties, terms)
    return out + b"".join(put_text(pattern) for pattern in packet.patterns)


def read_unsuback(cursor: Cursor, terms: Terms) -> UnsubAck:
    """Section 3.11."""
    packet = _packet_id(cursor)
    return UnsubAck(packet, *_codes(cursor, terms)) if terms.five else UnsubAck(packet)


def write_codes(packet: SubAck | UnsubAck, terms: Terms) -> bytes:
    """Sections 3.9 and 3.11."""
    out = put_u16(packet.packet) + put_properties(packet.properties, terms)
    return out if isinstance(packet, UnsubAck) and not terms.five else out + bytes(packet.reasons)


def read_pingreq(_cursor: Cursor, _terms: Terms) -> PingReq:
    """Section 3.12."""
    return PingReq()


def read_pingresp(_cursor: Cursor, _terms: Terms) -> PingResp:
    """Section 3.13."""
    return PingResp()


def write_nothing(_packet: PingReq | PingResp, _terms: Terms) -> bytes:
    """Sections 3.12 and 3.13: there is no body."""
    return b""


def _packet_id(cursor: Cursor) -> int:
    packet = cursor.u16()
    if not packet:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a packet identifier is 0")
    return packet


def _read_filter(cursor: Cursor, terms: Terms) -> Filter:
    pattern = cursor.text()
    check_filter(pattern)
    options = cursor.u8()
    qos, handling = options & 3, options >> 4 & 3
    if options >> (6 if terms.five else 2) or qos > _QOS_LIMIT or handling > 2:  # noqa: PLR2004 - section 3.8.3.1
        raise ProtocolError(Reason.MALFORMED, "a subscription has options that the standard does not have")
    no_local = bool(options & 0x04)
    if no_local and pattern.startswith(SHARED):
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a shared subscription cannot be without its own messages")
    return Filter(pattern, qos, no_local, bool(options & 0x08), handling)


def _options(one: Filter, terms: Terms) -> int:
    if not terms.five:
        return one.qos
    return one.qos | one.no_local << 2 | one.retain_as_published << 3 | one.retain_handling << 4


def _codes(cursor: Cursor, terms: Terms) -> tuple[tuple[int, ...], Properties]:
    given = properties(cursor, terms)
    allowed = terms.reasons if terms.five else _CODES_3
    codes = tuple(cursor.rest())
    if not codes or not allowed >= set(codes):
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a reason code does not belong to its packet")
    return codes, given
