"""The bodies of the packets that open and close a connection: CONNECT, CONNACK, DISCONNECT, AUTH.

Rule: as in `bodies`. Each reader takes a cursor over the body and the packet's terms, each writer gives the body.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from hub.mqtt.fields import Cursor, put_binary, put_text, put_u8, put_u16
from hub.mqtt.packets import MQTT_3, MQTT_5, Auth, ConnAck, Connect, Disconnect, Will
from hub.mqtt.properties import NO_PROPERTIES, Properties, read_properties, write_properties
from hub.mqtt.reasons import ProtocolError, Reason
from hub.mqtt.topics import check_name

BRIDGE = 0x80
_NAME_3_1 = b"MQIsdp"
_QOS_LIMIT = 2
_WILL_PROPERTIES = frozenset(
    {"payload_format", "message_expiry", "content_type", "response_topic", "correlation_data", "will_delay", "user"}
)
_RESERVED, _CLEAN, _WILL, _WILL_RETAIN, _PASSWORD, _USERNAME = 0x01, 0x02, 0x04, 0x20, 0x40, 0x80
_WILL_QOS_SHIFT = 3


class Terms(NamedTuple):
    """What a body is read or written under: the head's flags, the version, and the packet's line in the table."""

    flags: int
    version: int
    properties: AbstractSet[str]
    reasons: AbstractSet[int]

    @property
    def five(self) -> bool:
        """Whether this is MQTT 5."""
        return self.version == MQTT_5


def properties(cursor: Cursor, terms: Terms) -> Properties:
    """The properties at the cursor; none in 3.1.1."""
    return read_properties(cursor, terms.properties) if terms.five else NO_PROPERTIES


def put_properties(given: Properties, terms: Terms) -> bytes:
    """The properties as bytes; nothing in 3.1.1."""
    return write_properties(given, terms.properties) if terms.five else b""


def reason(cursor: Cursor, terms: Terms) -> int:
    """A reason code that this packet may carry."""
    code = cursor.u8()
    if code not in terms.reasons:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a reason code does not belong to its packet")
    return code


def read_connect(cursor: Cursor, terms: Terms) -> Connect:
    """Section 3.1. A fault behind the level is raised with the version, so that it can be answered in its form."""
    name = cursor.binary()
    if name != b"MQTT":
        version = MQTT_3 if name == _NAME_3_1 else None
        raise ProtocolError(Reason.UNSUPPORTED_VERSION, "the protocol is not MQTT 3.1.1 or 5", version)
    level = cursor.u8()
    version = level & ~BRIDGE
    if version not in {MQTT_3, MQTT_5}:
        raise ProtocolError(Reason.UNSUPPORTED_VERSION, "the protocol level is not 4 or 5", MQTT_3)
    try:
        return _read_connect(cursor, terms._replace(version=version), bridge=level != version)
    except ProtocolError as fault:
        fault.version = version
        raise


def write_connect(packet: Connect, terms: Terms) -> bytes:
    """Section 3.1; raises `ValueError` for a password without a name in 3.1.1."""
    terms = terms._replace(version=packet.version)
    if packet.version == MQTT_3 and packet.password is not None and packet.username is None:
        raise ValueError("In MQTT 3.1.1 a password needs a user name.")
    will = packet.will
    flags = _CLEAN if packet.clean_start else 0
    flags |= _USERNAME if packet.username is not None else 0
    flags |= _PASSWORD if packet.password is not None else 0
    if will is not None:
        flags |= _WILL | will.qos << _WILL_QOS_SHIFT | (_WILL_RETAIN if will.retain else 0)
    out = put_binary(b"MQTT") + put_u8(packet.version | (BRIDGE if packet.bridge else 0)) + put_u8(flags)
    out += put_u16(packet.keep_alive) + put_properties(packet.properties, terms) + put_text(packet.client_id)
    if will is not None:
        out += put_properties(will.properties, terms._replace(properties=_WILL_PROPERTIES))
        out += put_text(will.topic) + put_binary(will.payload)
    out += b"" if packet.username is None else put_text(packet.username)
    return out + (b"" if packet.password is None else put_binary(packet.password))


def read_connack(cursor: Cursor, terms: Terms) -> ConnAck:
    """Section 3.2."""
    flags = cursor.u8()
    if flags > 1:
        raise ProtocolError(Reason.MALFORMED, "CONNACK has reserved flags set")
    if terms.five:
        code = reason(cursor, terms)
        return ConnAck(code, bool(flags), properties(cursor, terms))
    code = cursor.u8()
    if code > 5:  # noqa: PLR2004 - the six codes of 3.1.1
        raise ProtocolError(Reason.MALFORMED, "CONNACK has a return code that is none of MQTT 3.1.1")
    return ConnAck(code, bool(flags))


def write_connack(packet: ConnAck, terms: Terms) -> bytes:
    """Section 3.2."""
    return put_u8(packet.session_present) + put_u8(packet.reason) + put_properties(packet.properties, terms)


def read_disconnect(cursor: Cursor, terms: Terms) -> Disconnect:
    """Section 3.14: without a body it is a normal disconnection."""
    return Disconnect(*_short(cursor, terms))


def read_auth(cursor: Cursor, terms: Terms) -> Auth:
    """Section 3.15."""
    found = Auth(*_short(cursor, terms))
    if found.properties is not NO_PROPERTIES and found.properties.authentication_method is None:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "AUTH has no authentication method")
    return found


def write_auth(packet: Auth, terms: Terms) -> bytes:
    """Section 3.15, in full: not every reader knows the short form."""
    return put_u8(packet.reason) + put_properties(packet.properties, terms)


def write_disconnect(packet: Disconnect, terms: Terms) -> bytes:
    """Section 3.14, in the shortest form."""
    if not terms.five or (packet.reason == 0 and packet.properties == NO_PROPERTIES):
        return b""
    out = put_u8(packet.reason)
    return out if packet.properties == NO_PROPERTIES else out + put_properties(packet.properties, terms)


def _short(cursor: Cursor, terms: Terms) -> tuple[int, Properties]:
    """A reason and properties, each of which may be left out at the end."""
    if not terms.five or not cursor.left:
        return 0, NO_PROPERTIES
    code = reason(cursor, terms)
    return code, properties(cursor, terms) if cursor.left else NO_PROPERTIES


def _read_connect(cursor: Cursor, terms: Terms, *, bridge: bool) -> Connect:
    flags = cursor.u8()
    _check_flags(flags, terms)
    keep_alive = cursor.u16()
    given = properties(cursor, terms)
    if given.authentication_data is not None and given.authentication_method is None:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "CONNECT has authentication data without a method")
    return Connect(
        client_id=cursor.text(),
        version=terms.version,
        clean_start=bool(flags & _CLEAN),
        keep_alive=keep_alive,
        will=_read_will(cursor, flags, terms) if flags & _WILL else None,
        username=cursor.text() if flags & _USERNAME else None,
        password=cursor.binary() if flags & _PASSWORD else None,
        bridge=bridge,
        properties=given,
    )


def _check_flags(flags: int, terms: Terms) -> None:
    if flags & _RESERVED:
        raise ProtocolError(Reason.MALFORMED, "CONNECT has its reserved flag set")
    will_qos = flags >> _WILL_QOS_SHIFT & 3
    if will_qos > _QOS_LIMIT or (not flags & _WILL and (will_qos or flags & _WILL_RETAIN)):
        raise ProtocolError(Reason.MALFORMED, "CONNECT has will flags that the standard does not have")
    if not terms.five and flags & _PASSWORD and not flags & _USERNAME:
        raise ProtocolError(Reason.MALFORMED, "CONNECT has a password and no user name")


def _read_will(cursor: Cursor, flags: int, terms: Terms) -> Will:
    given = properties(cursor, terms._replace(properties=_WILL_PROPERTIES))
    topic = cursor.text()
    check_name(topic)
    qos = flags >> _WILL_QOS_SHIFT & 3
    return Will(topic, cursor.binary(), qos, bool(flags & _WILL_RETAIN), given)
