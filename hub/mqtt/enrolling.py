"""Newcomers: what may be done by whoever was let in with a one-time token.

Rule: a token opens two topics in a space of its own. SUBSCRIBE to `enrol/credential` brings one message there, a fresh
user name and password, which count when the newcomer has published to `enrol/done`, or has come in with them
(`hub.mqtt.door`). Whatever else he sends is refused, and nothing of it goes to the inbox. What is acknowledged is
written down.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hub.core.admission import Newcomer
from hub.mqtt import codec
from hub.mqtt.packets import (
    MQTT_5,
    Disconnect,
    Packet,
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
from hub.mqtt.reasons import ProtocolError, Reason

if TYPE_CHECKING:
    from hub.mqtt.connection import Connection

CREDENTIAL = "enrol/credential"
DONE = "enrol/done"
ASKED_A_MINUTE = 10
"""So often a minute one token may ask; each time is a write of the registry."""
_UNSPECIFIED_3 = 0x80
_TOO_LITTLE = "a token opens enrol/credential to subscribe to and enrol/done to publish to, and nothing else"
_OVER = "this token has ended: ask whoever gave it to you for a new one"
_NOT_THAT = "there is nothing to be done with: subscribe to enrol/credential, keep what comes, then say so"


def take(connection: Connection, newcomer: Newcomer, packet: Packet) -> None:
    """Any packet of a newcomer; raises `ProtocolError` for one that a client may not send now."""
    handler = _HANDLERS.get(type(packet))
    if handler is None:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "this packet has no place in a connection that is established")
    handler(connection, newcomer, packet)


def _subscribe(connection: Connection, newcomer: Newcomer, packet: Subscribe) -> None:
    if packet.properties.subscription_identifiers:
        raise ProtocolError(Reason.IDENTIFIERS_NOT_SUPPORTED, "there are no subscription identifiers here")
    reasons = tuple(_grant(connection, newcomer, one.pattern) for one in packet.filters)
    asks = Reason.SUCCESS in reasons
    if connection.version != MQTT_5:
        reasons = tuple(min(reason, _UNSPECIFIED_3) for reason in reasons)
    connection.send(SubAck(packet.packet, reasons))
    if asks:
        connection.shared.asked.note(newcomer.enrolment, connection.heard)
        connection.wait_for(_give(connection, newcomer))


def _grant(connection: Connection, newcomer: Newcomer, pattern: str) -> int:
    """The answer to one filter: what the hub gives, it gives with QoS 0."""
    if pattern != CREDENTIAL:
        connection.shared.counters.refused[Reason.NOT_AUTHORIZED.word] += 1
        return Reason.NOT_AUTHORIZED
    spent = connection.shared.asked.spent(newcomer.enrolment, connection.heard)
    return Reason.QUOTA_EXCEEDED if spent else Reason.SUCCESS


async def _give(connection: Connection, newcomer: Newcomer) -> None:
    """Give him a password, in one message; the one before is none any more."""
    enroller = connection.shared.enroller
    given = None if enroller is None else await asyncio.to_thread(enroller.ask, newcomer.enrolment)
    if given is None:
        connection.fail(Reason.ADMINISTRATIVE_ACTION, _OVER)
        return
    connection.given = given.mark
    connection.deliver(codec.write(Publish(CREDENTIAL, given.payload), connection.version or MQTT_5))


def _publish(connection: Connection, newcomer: Newcomer, packet: Publish) -> None:
    if packet.properties.topic_alias is not None:
        raise ProtocolError(Reason.TOPIC_ALIAS_INVALID, "there are no topic aliases here (CONNACK said 0)")
    if packet.topic != DONE:
        _refuse(connection, packet, _TOO_LITTLE)
        return
    connection.pending += 1
    connection.wait_for(_accept(connection, newcomer, packet))


async def _accept(connection: Connection, newcomer: Newcomer, packet: Publish) -> None:
    """What he was given counts from now on; then say that it was heard."""
    enroller = connection.shared.enroller
    try:
        counts = enroller is not None and await asyncio.to_thread(
            enroller.accept, newcomer.enrolment, connection.given
        )  # fmt: skip
    finally:
        connection.pending = max(0, connection.pending - 1)
    if not counts:
        _refuse(connection, packet, _NOT_THAT)
    elif packet.qos:
        connection.send(PubAck(packet.packet) if packet.qos == 1 else PubRec(packet.packet))


def _refuse(connection: Connection, packet: Publish, why: str) -> None:
    """Say no to one message, where the version has a word for that; where it has none, end the connection."""
    if packet.qos and connection.version != MQTT_5:
        connection.fail(Reason.NOT_AUTHORIZED, why)
        return
    connection.shared.counters.refused[Reason.NOT_AUTHORIZED.word] += 1
    if packet.qos:
        answer = PubAck if packet.qos == 1 else PubRec
        connection.send(answer(packet.packet, Reason.NOT_AUTHORIZED))


def _release(connection: Connection, _newcomer: Newcomer, packet: PubRel) -> None:
    connection.send(PubComp(packet.packet))


def _unsubscribe(connection: Connection, _newcomer: Newcomer, packet: Unsubscribe) -> None:
    connection.send(UnsubAck(packet.packet, tuple(Reason.SUCCESS for _ in packet.patterns)))


def _ping(connection: Connection, _newcomer: Newcomer, _packet: PingReq) -> None:
    connection.send(PingResp())


def _goodbye(connection: Connection, _newcomer: Newcomer, _packet: Disconnect) -> None:
    connection.close()


def _ignore(_connection: Connection, _newcomer: Newcomer, _packet: Packet) -> None:
    """An acknowledgement of something that was never sent: the hub publishes with QoS 0 only."""


_HANDLERS: dict[type, Any] = {
    PubAck: _ignore,
    PubRec: _ignore,
    PubComp: _ignore,
    PubRel: _release,
    Publish: _publish,
    Subscribe: _subscribe,
    Unsubscribe: _unsubscribe,
    PingReq: _ping,
    Disconnect: _goodbye,
}
