"""The properties of MQTT 5 (section 2.2.2): one table of what each is called, how it is written, what it may be.

Rule: a property that the table or the packet does not have, or that stands twice where it may stand once, is refused.
Which packet may have which property: `RULES` in hub/mqtt/codec.py.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from msgspec import Struct

from hub.mqtt import fields
from hub.mqtt.fields import Cursor
from hub.mqtt.reasons import ProtocolError, Reason
from hub.mqtt.topics import check_name


class Properties(Struct, frozen=True, kw_only=True):
    """The properties of one packet; None is absent. `user` and `subscription_identifiers` may hold several."""

    payload_format: int | None = None
    message_expiry: int | None = None
    content_type: str | None = None
    response_topic: str | None = None
    correlation_data: bytes | None = None
    subscription_identifiers: tuple[int, ...] = ()
    session_expiry: int | None = None
    assigned_client_id: str | None = None
    server_keep_alive: int | None = None
    authentication_method: str | None = None
    authentication_data: bytes | None = None
    request_problem_information: int | None = None
    will_delay: int | None = None
    request_response_information: int | None = None
    response_information: str | None = None
    server_reference: str | None = None
    reason_string: str | None = None
    receive_maximum: int | None = None
    topic_alias_maximum: int | None = None
    topic_alias: int | None = None
    maximum_qos: int | None = None
    retain_available: int | None = None
    user: tuple[tuple[str, str], ...] = ()
    maximum_packet_size: int | None = None
    wildcards_available: int | None = None
    identifiers_available: int | None = None
    shared_available: int | None = None


NO_PROPERTIES = Properties()


class Kind(NamedTuple):
    """How a type of value is read and written."""

    read: Callable[[Cursor], Any]
    write: Callable[[Any], bytes]


class Rule(NamedTuple):
    """One property: its name in `Properties`, its type, whether it repeats, and what its value may be."""

    name: str
    kind: Kind
    repeats: bool = False
    allows: Callable[[Any], bool] | None = None
    reason: Reason = Reason.PROTOCOL_ERROR


BYTE = Kind(Cursor.u8, fields.put_u8)
SHORT = Kind(Cursor.u16, fields.put_u16)
LONG = Kind(Cursor.u32, fields.put_u32)
VARINT = Kind(Cursor.varint, fields.put_varint)
TEXT = Kind(Cursor.text, fields.put_text)
BINARY = Kind(Cursor.binary, fields.put_binary)
PAIR = Kind(Cursor.pair, fields.put_pair)


def _flag(value: int) -> bool:
    return value in {0, 1}


def _positive(value: int) -> bool:
    return value > 0


def _topic(value: str) -> bool:
    check_name(value)
    return True


TABLE: dict[int, Rule] = {
    0x01: Rule("payload_format", BYTE, allows=_flag),
    0x02: Rule("message_expiry", LONG),
    0x03: Rule("content_type", TEXT),
    0x08: Rule("response_topic", TEXT, allows=_topic),
    0x09: Rule("correlation_data", BINARY),
    0x0B: Rule("subscription_identifiers", VARINT, repeats=True, allows=_positive),
    0x11: Rule("session_expiry", LONG),
    0x12: Rule("assigned_client_id", TEXT),
    0x13: Rule("server_keep_alive", SHORT),
    0x15: Rule("authentication_method", TEXT),
    0x16: Rule("authentication_data", BINARY),
    0x17: Rule("request_problem_information", BYTE, allows=_flag),
    0x18: Rule("will_delay", LONG),
    0x19: Rule("request_response_information", BYTE, allows=_flag),
    0x1A: Rule("response_information", TEXT),
    0x1C: Rule("server_reference", TEXT),
    0x1F: Rule("reason_string", TEXT),
    0x21: Rule("receive_maximum", SHORT, allows=_positive),
    0x22: Rule("topic_alias_maximum", SHORT),
    0x23: Rule("topic_alias", SHORT, allows=_positive, reason=Reason.TOPIC_ALIAS_INVALID),
    0x24: Rule("maximum_qos", BYTE, allows=_flag),
    0x25: Rule("retain_available", BYTE, allows=_flag),
    0x26: Rule("user", PAIR, repeats=True),
    0x27: Rule("maximum_packet_size", LONG, allows=_positive),
    0x28: Rule("wildcards_available", BYTE, allows=_flag),
    0x29: Rule("identifiers_available", BYTE, allows=_flag),
    0x2A: Rule("shared_available", BYTE, allows=_flag),
}
_NUMBERS = {rule.name: number for number, rule in TABLE.items()}


def read_properties(cursor: Cursor, allowed: AbstractSet[str]) -> Properties:
    """The properties at the cursor, length first; raises `ProtocolError`."""
    part = cursor.part(cursor.varint())
    if not part.left:
        return NO_PROPERTIES
    found: dict[str, Any] = {}
    while part.left:
        rule = _rule(part.varint(), allowed)
        value = rule.kind.read(part)
        if rule.allows is not None and not rule.allows(value):
            raise ProtocolError(rule.reason, f"the property {rule.name} has a value that it may not have")
        if rule.repeats:
            found.setdefault(rule.name, []).append(value)
        elif rule.name in found:
            raise ProtocolError(Reason.PROTOCOL_ERROR, f"the property {rule.name} stands twice")
        else:
            found[rule.name] = value
    for name, value in found.items():
        if isinstance(value, list):
            found[name] = tuple(value)
    return Properties(**found)


def write_properties(properties: Properties, allowed: AbstractSet[str]) -> bytes:
    """The properties as bytes, length first; raises `ValueError` for one that the packet may not have."""
    if properties is NO_PROPERTIES:
        return b"\0"
    out = bytearray()
    for name, number in _NUMBERS.items():
        value = getattr(properties, name)
        if value is None or value == ():
            continue
        if name not in allowed:
            raise ValueError(f"This packet has no property {name}.")
        rule = TABLE[number]
        for one in value if rule.repeats else (value,):
            out += fields.put_varint(number)
            out += rule.kind.write(one)
    return fields.put_varint(len(out)) + bytes(out)


def _rule(number: int, allowed: AbstractSet[str]) -> Rule:
    rule = TABLE.get(number)
    if rule is None:
        raise ProtocolError(Reason.MALFORMED, "a property is none of the standard's")
    if rule.name not in allowed:
        raise ProtocolError(Reason.PROTOCOL_ERROR, f"the property {rule.name} does not belong to this packet")
    return rule
