"""What an admitted client may do: each packet's handler is one line of `HANDLERS`.

Rule: what cannot be used is refused as the standard says and counted; a message is refused alone, a broken promise
ends the connection. Subscribing is granted in one's own topic space, where there are only the hub's answers, and on
the hub's notice-board.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hub.core.reading import Message
from hub.mqtt import codec
from hub.mqtt.hot import Intake, read_wish
from hub.mqtt.packets import (
    MQTT_5,
    Disconnect,
    Filter,
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
    Will,
)
from hub.mqtt.reasons import ProtocolError, Reason
from hub.mqtt.shared import MAX_DELAYED_WILLS, Space
from hub.mqtt.topics import SHARED, is_usable

if TYPE_CHECKING:
    from hub.mqtt.connection import Connection

_UNSPECIFIED_3 = 0x80


def take(connection: Connection, intake: Intake, packet: Publish, data: bytes, start: int, received: int) -> None:
    """A PUBLISH that the hot loop left: new topic or properties, a repetition, or something to refuse."""
    if packet.properties.topic_alias is not None:
        raise ProtocolError(Reason.TOPIC_ALIAS_INVALID, "there are no topic aliases here (CONNACK said 0)")
    if _is_repeated(connection, intake, packet):
        return
    settings = connection.shared.settings
    if not is_usable(packet.topic, settings.max_topic, settings.max_levels):
        _settle(connection, intake, packet, Reason.TOPIC_NAME_INVALID)
    elif packet.topic.startswith("$"):
        _settle(connection, intake, packet, Reason.SUCCESS)
    else:
        intake.add(packet, received)
        intake.learn(data, start, packet)


def handle(connection: Connection, intake: Intake, packet: Packet) -> None:
    """Any packet but PUBLISH; raises `ProtocolError` for one that a client may not send now."""
    handler = HANDLERS.get(type(packet))
    if handler is None:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "this packet has no place in a connection that is established")
    handler(connection, intake, packet)


def part(connection: Connection) -> None:
    """The connection has ended: give the client id back, and publish the will that the client left behind."""
    space, will = connection.space, connection.will
    if space is None:
        return
    if space.clients.get(connection.client_id) is connection:
        del space.clients[connection.client_id]
    connection.will = None
    if will is not None and not connection.shared.stopping and not will.topic.startswith("$"):
        _publish_will(connection, space, will)


def _is_repeated(connection: Connection, intake: Intake, packet: Publish) -> bool:
    """Whether a QoS 2 message is under way already; if it is stored, PUBREC is said again."""
    if packet.qos != 2 or packet.packet not in intake.taken | intake.stored:  # noqa: PLR2004
        return False
    if packet.packet in intake.stored:
        connection.send(PubRec(packet.packet))
    return True


def _settle(connection: Connection, intake: Intake, packet: Publish, reason: Reason) -> None:
    """Acknowledge what is not handed over, so that it does not come again."""
    if reason:
        connection.shared.counters.refused[reason.word] += 1
    if packet.qos:
        connection.send(PubAck(packet.packet, reason) if packet.qos == 1 else PubRec(packet.packet, reason))
    if packet.qos == 2 and (not reason or connection.version != MQTT_5):  # noqa: PLR2004
        intake.stored.add(packet.packet)


def _publish_will(connection: Connection, space: Space, will: Will) -> None:
    """Hand the will over, after its delay if the client does not come back."""
    delay = min(will.properties.will_delay or 0, connection.shared.settings.will_seconds)
    client_id = connection.client_id
    if not delay or client_id in space.wills or len(space.wills) >= MAX_DELAYED_WILLS:
        _put_will(connection, will)
        return

    def due() -> None:
        del space.wills[client_id]
        _put_will(connection, will)

    space.wills[client_id] = asyncio.get_running_loop().call_later(delay, due)


def _put_will(connection: Connection, will: Will) -> None:
    shared, wish = connection.shared, read_wish(will.properties)
    credential = 0 if connection.space is None else connection.space.credential
    shared.counters.received += 1
    message = Message(connection, credential, will.topic, will.payload, shared.now(), retained=will.retain, wish=wish)
    shared.inbox.put([message])


def _release(connection: Connection, intake: Intake, packet: PubRel) -> None:
    known = packet.packet in intake.stored
    intake.stored.discard(packet.packet)
    connection.send(PubComp(packet.packet, Reason.SUCCESS if known else Reason.PACKET_ID_NOT_FOUND))


def _subscribe(connection: Connection, _intake: Intake, packet: Subscribe) -> None:
    if packet.properties.subscription_identifiers:
        raise ProtocolError(Reason.IDENTIFIERS_NOT_SUPPORTED, "there are no subscription identifiers here")
    notices: list[tuple[str, bytes]] = []
    reasons = tuple(_grant(connection, one, notices) for one in packet.filters)
    if connection.version != MQTT_5:
        reasons = tuple(min(reason, _UNSPECIFIED_3) for reason in reasons)
    connection.send(SubAck(packet.packet, reasons))
    for topic, payload in notices:
        connection.deliver(codec.write(Publish(topic, payload, retain=True), connection.version or MQTT_5))


def _grant(connection: Connection, one: Filter, notices: list[tuple[str, bytes]]) -> int:
    """The answer to one filter; what hangs on the board for it is added to `notices`."""
    settings = connection.shared.settings
    if one.pattern.startswith(SHARED):
        if connection.version == MQTT_5:
            raise ProtocolError(Reason.SHARED_NOT_SUPPORTED, "there are no shared subscriptions here")
        return Reason.SHARED_NOT_SUPPORTED
    if not is_usable(one.pattern, settings.max_topic, settings.max_levels):
        return Reason.TOPIC_FILTER_INVALID
    if one.pattern not in connection.filters and len(connection.filters) >= settings.max_filters:
        return Reason.QUOTA_EXCEEDED
    notices += connection.shared.board.for_new(one, known=one.pattern in connection.filters)
    connection.filters[one.pattern] = one
    return one.qos


def _unsubscribe(connection: Connection, _intake: Intake, packet: Unsubscribe) -> None:
    had = [connection.filters.pop(pattern, None) is not None for pattern in packet.patterns]
    reasons = tuple(Reason.SUCCESS if one else Reason.NO_SUBSCRIPTION_EXISTED for one in had)
    connection.send(UnsubAck(packet.packet, reasons))


def _ping(connection: Connection, _intake: Intake, _packet: PingReq) -> None:
    connection.send(PingResp())


def _goodbye(connection: Connection, _intake: Intake, packet: Disconnect) -> None:
    if packet.reason != Reason.DISCONNECT_WITH_WILL:
        connection.will = None
    connection.close()


def _ignore(_connection: Connection, _intake: Intake, _packet: Packet) -> None:
    """An acknowledgement of something that was never sent: the hub publishes with QoS 0 only."""


HANDLERS: dict[type, Callable[[Connection, Intake, Any], None]] = {
    PubAck: _ignore,
    PubRec: _ignore,
    PubComp: _ignore,
    PubRel: _release,
    Subscribe: _subscribe,
    Unsubscribe: _unsubscribe,
    PingReq: _ping,
    Disconnect: _goodbye,
}
