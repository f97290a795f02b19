"""One connection of a thing: bytes from the socket to the inbox, acknowledgements back.

Rule: nothing is acknowledged before `acknowledge` says that it is stored; and whoever sends too fast, or does not
read what he is sent, is not read from until that is over. What a packet means is in `door` and `session`.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Coroutine, Sequence
from enum import IntFlag
from typing import cast
from zlib import crc32

from hub.core.admission import Newcomer
from hub.core.query import StoreUnavailable
from hub.core.reading import Message
from hub.mqtt import codec, door, enrolling, session
from hub.mqtt.codec import Pieces, Side
from hub.mqtt.hot import Intake
from hub.mqtt.packets import MQTT_5, Connect, Disconnect, Filter, Packet, Publish, Will
from hub.mqtt.properties import Properties
from hub.mqtt.reasons import ProtocolError, Reason
from hub.mqtt.shared import Shared, Space
from hub.mqtt.topics import matches

KEEP_ALIVE_FACTOR = 1.5
CLOSING_SECONDS = 2.0
_CONNECT = 0x10
_ACKS = (0, 0x4002_0000, 0x5002_0000)
"""PUBACK and PUBREC of two bytes, as one number each, by QoS; the packet identifier is the lower half."""


class Hold(IntFlag):
    """Why a connection is not read from."""

    INBOX = 1
    UNREAD = 2
    RATE = 4
    REFUSED = 8
    STOPPING = 16
    DECIDING = 32


_UNREADABLE = Hold.REFUSED | Hold.DECIDING


class Connection(asyncio.Protocol):
    """The asyncio protocol of one client; it is the `Sender` of its messages."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.version: int | None = None
        self.space: Space | None = None
        self.client_id = ""
        self.mark = 0
        self.keep_alive = 0
        self.will: Will | None = None
        self.newcomer: Newcomer | None = None
        self.given = ""
        self.filters: dict[str, Filter] = {}
        self.largest = codec.MAX_PACKET
        self.pending = 0
        self.intake: Intake | None = None
        self.certificate: str | None = None
        self.address = ""
        self.heard = 0.0
        self._loop = asyncio.get_running_loop()
        self._pieces = Pieces()
        self._limit = shared.settings.max_connect
        self._holds = Hold(0)
        self._transport: asyncio.Transport | None = None
        self._opened = 0.0
        self._begun: float | None = None
        self._stalled: float | None = None
        self._closed: float | None = None

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept, unless there are too many already."""
        shared = self.shared
        self._transport = stream = cast("asyncio.Transport", transport)
        self._opened = self.heard = self._loop.time()
        full = len(shared.connections) >= shared.settings.max_connections
        if full or shared.waiting >= shared.settings.max_waiting or shared.stopping:
            shared.counters.refused["too many connections"] += 1
            self._transport = None
            stream.abort()
            return
        shared.connections.add(self)
        shared.waiting += 1
        shared.counters.connections += 1
        self.address, self.certificate = door.peer(transport)
        stream.set_write_buffer_limits(high=shared.settings.write_buffer)

    def data_received(self, data: bytes) -> None:
        """Read every packet that is complete, hand its messages over at once, keep the rest."""
        if self._closed is not None:
            return
        self.heard = self._loop.time()
        data = self._pieces.join(data)
        fault = None
        try:
            self._read(data)
        except ProtocolError as found:
            fault = found
        self._hand_over()
        if fault is not None:
            self.fail(fault.reason, str(fault), fault.version)

    @property
    def gone(self) -> bool:
        """Whether it has ended: what was not acknowledged is for the client to send again."""
        return self._transport is None

    def connection_lost(self, _exception: Exception | None) -> None:
        """Publish the will, unless the client said goodbye; leave the topic space."""
        if self._transport is None:
            return
        self._transport = None
        self.close()
        shared = self.shared
        shared.connections.discard(self)
        shared.counters.connections -= 1
        if self.space is None:
            shared.waiting -= 1
        self.pending = 0

    def pause_writing(self) -> None:
        """The client does not read: do not read from it either."""
        self._stalled = self._loop.time()
        self.hold(Hold.UNREAD)

    def resume_writing(self) -> None:
        """It reads again."""
        self._stalled = None
        self.release(Hold.UNREAD)

    # the hub calls these

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """PUBACK and PUBREC for messages of this connection, in one write; those of QoS 0 have none."""
        acks = [_ACKS[message.qos] | message.packet for message in messages if message.qos]
        if not acks or self._transport is None:
            return
        self.pending -= len(acks)
        self.shared.counters.acknowledged += len(acks)
        intake = self.intake
        if intake is not None and intake.taken:
            stored = {message.packet for message in messages if message.qos == 2}  # noqa: PLR2004
            intake.taken -= stored
            intake.stored |= stored
        if self._closed is None:
            self._transport.write(struct.pack(f">{len(acks)}I", *acks))

    def hold_up(self, _messages: Sequence[Message]) -> None:
        """End the connection: on its next one the client sends again what was not acknowledged."""
        self.fail(Reason.SERVER_BUSY, "whether this is stored cannot be told at the moment: send it again")

    def answer(self, topic: str, payload: bytes) -> None:
        """Publish to whoever listens in this connection's topic space."""
        if self.space is not None:
            self.shared.answer(self.space.credential, topic, payload)

    # the endpoint and the packets' rules call these

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is read or acknowledged."""
        return self._closed is not None

    def admit(
        self, packet: Connect, space: Space, client_id: str, keep_alive: int, newcomer: Newcomer | None = None
    ) -> None:  # fmt: skip
        """Become the connection of a credential's client, or of a newcomer, who has no will and no way to the inbox."""
        shared, settings = self.shared, self.shared.settings
        self.version = packet.version
        self.space = space
        self.client_id = client_id
        self.mark = crc32(packet.client_id.encode(), crc32(str(space.credential).encode()))
        self.keep_alive = keep_alive
        self.newcomer = newcomer
        self.largest = packet.properties.maximum_packet_size or codec.MAX_PACKET
        if newcomer is None:
            self.will = packet.will
            self.intake = Intake(
                self, space.credential, shared.known, shared.wishes, settings.max_packet, five=packet.version == MQTT_5,
                repeats=packet.bridge,
            )  # fmt: skip
            self._limit = settings.max_packet
        space.clients[client_id] = self
        shared.waiting -= 1
        shared.counters.admitted += 1
        if space.bucket is not None:
            self._slow_down(space.bucket.spend(0, self.heard))

    def send(self, packet: Packet) -> None:
        """Write a packet."""
        if self._transport is not None and self._closed is None:
            self._transport.write(codec.write(packet, self.version or MQTT_5))

    def send_raw(self, data: bytes) -> None:
        """Write bytes that are packets already."""
        if self._transport is not None and self._closed is None:
            self._transport.write(data)

    def listens(self, topic: str) -> bool:
        """Whether one of its filters has the topic."""
        return any(matches(pattern, topic) for pattern in self.filters)

    def deliver(self, packet: bytes) -> None:
        """Write the hub's answer, unless the client does not read or would not take it."""
        counters = self.shared.counters
        if self._closed is not None or self._stalled is not None or len(packet) > self.largest:
            counters.answers_dropped += 1
            return
        counters.answers += 1
        self.send_raw(packet)

    def fail(self, reason: Reason, text: str = "", version: int | None = None) -> None:
        """End the connection for a reason of the hub's, saying it where the standard has words for that."""
        if self._closed is not None:
            return
        self.shared.counters.refused[reason.word] += 1
        if self.space is None:
            door.fail(self, reason, version)
        elif self.version == MQTT_5:
            told = Properties(reason_string=text) if text and self.largest >= codec.MAX_PACKET else Properties()
            self.send(Disconnect(reason, told))
        self.close(linger=True)

    def refuse(self, refusal: bytes) -> None:
        """Stay silent for as long as every refusal takes, then say it and close."""

        def say() -> None:
            self.send_raw(refusal)
            self.close(linger=True)

        self.hold(Hold.REFUSED)
        self._loop.call_later(self.shared.settings.refusal_seconds, say)

    def taken_over(self) -> None:
        """Another connection of the same client came: its will is published unless that was to wait for its return."""
        if self.will is not None and self.will.properties.will_delay:
            self.will = None
        self.fail(Reason.SESSION_TAKEN_OVER, "another connection has the same client id")

    def close(self, *, linger: bool = False) -> None:
        """Close when what was written has gone out; nothing more is read, and the client id is free at once.

        `linger`: say only that nothing more comes, and drop what still arrives until the client closes or a moment has
        passed; closed at once over unread bytes, TCP would take the reason back from the client.
        """
        if self._closed is not None:
            return
        self._closed = self._loop.time()
        session.part(self)
        if self._transport is None:
            return
        if not linger or not self._transport.can_write_eof():
            self._transport.close()
            return
        try:
            self._transport.write_eof()
            self.release(self._holds)
        except OSError:  # the client has gone already
            self._transport.abort()

    def abort(self) -> None:
        """Close at once, whatever was not sent yet."""
        self.close()
        if self._transport is not None:
            self._transport.abort()

    def wait_for(self, act: Coroutine[None, None, None]) -> None:
        """Do this, and read nothing more before it is done; then go on with what had come."""
        self.hold(Hold.DECIDING)
        self.shared.begin(self._decided(act))

    def hold(self, why: Hold) -> None:
        """Stop reading for a reason."""
        if self._closed is not None:
            return
        if not self._holds and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self._holds |= why

    def release(self, why: Hold) -> None:
        """The reason is over; read on when it was the last."""
        if not self._holds & why:
            return
        self._holds &= ~why
        if not self._holds and self._transport is not None and not self._transport.is_closing():
            self.heard = self._loop.time()
            self._transport.resume_reading()

    def has_room(self) -> None:
        """The inbox has room again."""
        self.release(Hold.INBOX)

    def check(self, now: float) -> None:
        """Close what takes too long: CONNECT, closing, reading our answers, a packet, being heard at all."""
        settings = self.shared.settings
        if self._closed is not None:
            if now - self._closed > CLOSING_SECONDS:
                self.abort()
        elif self._stalled is not None and now - self._stalled > settings.stall_seconds:
            self._drop("does not read")
        elif self._holds:
            return
        elif self.space is None:
            if now - self._opened > settings.connect_seconds:
                self._drop("no connect in time")
        elif self.keep_alive and now - self.heard > KEEP_ALIVE_FACTOR * self.keep_alive:
            self.fail(Reason.KEEP_ALIVE_TIMEOUT, "nothing was heard for one and a half times the keep-alive")
        elif self._begun is not None and now - self._begun > settings.packet_seconds:
            self.fail(Reason.KEEP_ALIVE_TIMEOUT, "a packet took too long")
        elif self.newcomer is not None and self.newcomer.until <= self.shared.now():
            self.fail(Reason.ADMINISTRATIVE_ACTION, "this token has expired")

    # and the rest is its own

    def _read(self, data: bytes) -> None:
        position, end, received = 0, len(data), self.shared.now()
        while position < end and self._closed is None and not self._holds & _UNREADABLE:
            if self.intake is not None:
                position = self.intake.take(data, position, received)
                if position == end:
                    break
            elif self.newcomer is None and data[position] != _CONNECT:
                raise ProtocolError(Reason.PROTOCOL_ERROR, "the first packet is not CONNECT")
            body = codec.frame(data, position, self._limit)
            if body is None or body[1] > end:
                if position or self._begun is None:
                    self._begun = self.heard
                self._pieces.keep(data, position, 0 if body is None else body[1] - position)
                return
            packet = codec.read(data, position, body, self.version, Side.CLIENT)
            position = body[1]
            self._mind(packet, data, body[0], received)
        if data:
            self._begun = None
        if self._holds & Hold.DECIDING and position < end:
            self._pieces.keep(data, position, 0)

    def _mind(self, packet: Packet, data: bytes, start: int, received: int) -> None:
        """Give a packet, which was read from `start` on, to those whose matter it is."""
        if self.newcomer is not None:
            enrolling.take(self, self.newcomer, packet)
        elif self.intake is None:
            door.enter(self, packet)
        elif isinstance(packet, Publish):
            session.take(self, self.intake, packet, data, start, received)
        else:
            session.handle(self, self.intake, packet)

    async def _decided(self, act: Coroutine[None, None, None]) -> None:
        try:
            await act
        except StoreUnavailable:
            self.fail(Reason.SERVER_BUSY, "the hub cannot write this down now; come back later")
        finally:
            self.release(Hold.DECIDING)
        if not self._holds and self._closed is None and self._transport is not None:
            self.data_received(b"")

    def _hand_over(self) -> None:
        intake, shared = self.intake, self.shared
        if intake is None or not intake.messages:
            return
        messages, owed = intake.messages, intake.owed
        intake.messages, intake.owed = [], 0
        if self.version == MQTT_5 and self.pending + owed + len(intake.stored) > shared.settings.receive_maximum:
            self.fail(Reason.RECEIVE_MAXIMUM_EXCEEDED, "more messages are unacknowledged than CONNACK allowed")
            return
        self.pending += owed
        shared.counters.received += len(messages)
        shared.inbox.put(messages)
        if shared.inbox.full and not self._holds & Hold.INBOX:
            self.hold(Hold.INBOX)
            shared.await_room(self)
        bucket = None if self.space is None else self.space.bucket
        if bucket is not None:
            self._slow_down(bucket.spend(len(messages), self.heard))

    def _slow_down(self, seconds: float) -> None:
        if seconds > 0:
            self.hold(Hold.RATE)
            self._loop.call_later(seconds, self.release, Hold.RATE)

    def _drop(self, why: str) -> None:
        self.shared.counters.refused[why] += 1
        self.abort()
