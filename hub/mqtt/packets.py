"""The packets of MQTT 3.1.1 and 5 as values: what `codec` makes from bytes and writes as bytes.

Rule: a packet holds what the standard says of it and nothing of a connection. `packet` is the packet identifier;
`reason` is a code of MQTT 5, except in a CONNACK or SUBACK of 3.1.1, which have codes of their own.
"""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct

from hub.mqtt.properties import NO_PROPERTIES, Properties

MQTT_3 = 4
MQTT_5 = 5
"""Protocol levels; MQTT 3.1.1 calls itself level 4."""


class Type(IntEnum):
    """Control packet types (section 2.1.2): the upper half of the first byte."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


class Will(Struct, frozen=True):
    """What a client asks to have published when it is lost."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Properties = NO_PROPERTIES


class Connect(Struct, frozen=True):
    """A client's first packet. `bridge` is the private bit with which mosquitto's bridges mark the level."""

    client_id: str
    version: int = MQTT_5
    clean_start: bool = True
    keep_alive: int = 0
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None
    bridge: bool = False
    properties: Properties = NO_PROPERTIES


class ConnAck(Struct, frozen=True):
    """The server's answer to CONNECT."""

    reason: int = 0
    session_present: bool = False
    properties: Properties = NO_PROPERTIES


class Publish(Struct, frozen=True):
    """One message; `packet` is 0 with QoS 0. `topic` is empty only beside a topic alias."""

    topic: str
    payload: bytes
    qos: int = 0
    packet: int = 0
    dup: bool = False
    retain: bool = False
    properties: Properties = NO_PROPERTIES


class PubAck(Struct, frozen=True):
    """QoS 1: the message has arrived."""

    packet: int
    reason: int = 0
    properties: Properties = NO_PROPERTIES


class PubRec(Struct, frozen=True):
    """QoS 2, first answer: the message has arrived."""

    packet: int
    reason: int = 0
    properties: Properties = NO_PROPERTIES


class PubRel(Struct, frozen=True):
    """QoS 2: the sender lets the packet identifier go."""

    packet: int
    reason: int = 0
    properties: Properties = NO_PROPERTIES


class PubComp(Struct, frozen=True):
    """QoS 2, last answer."""

    packet: int
    reason: int = 0
    properties: Properties = NO_PROPERTIES


class Filter(Struct, frozen=True):
    """One line of a SUBSCRIBE: a topic filter and its options (3.1.1 has only the QoS)."""

    pattern: str
    qos: int = 0
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0


class Subscribe(Struct, frozen=True):
    """A client asks for what matches its filters."""

    packet: int
    filters: tuple[Filter, ...]
    properties: Properties = NO_PROPERTIES


class SubAck(Struct, frozen=True):
    """The answer to SUBSCRIBE, one code for each filter."""

    packet: int
    reasons: tuple[int, ...]
    properties: Properties = NO_PROPERTIES


class Unsubscribe(Struct, frozen=True):
    """A client gives filters back."""

    packet: int
    patterns: tuple[str, ...]
    properties: Properties = NO_PROPERTIES


class UnsubAck(Struct, frozen=True):
    """The answer to UNSUBSCRIBE, one code for each filter (none in 3.1.1)."""

    packet: int
    reasons: tuple[int, ...] = ()
    properties: Properties = NO_PROPERTIES


class PingReq(Struct, frozen=True):
    """A client says that it is there."""


class PingResp(Struct, frozen=True):
    """The server says the same."""


class Disconnect(Struct, frozen=True):
    """The last packet, of either side in MQTT 5, of the client in 3.1.1."""

    reason: int = 0
    properties: Properties = NO_PROPERTIES


class Auth(Struct, frozen=True):
    """Enhanced authentication (MQTT 5 only)."""

    reason: int = 0
    properties: Properties = NO_PROPERTIES


Packet = (
    Connect
    | ConnAck
    | Publish
    | PubAck
    | PubRec
    | PubRel
    | PubComp
    | Subscribe
    | SubAck
    | Unsubscribe
    | UnsubAck
    | PingReq
    | PingResp
    | Disconnect
    | Auth
)
