"""A broker that is there already, as a source of messages: the hub subscribes and acknowledges what it has stored.

Rule: a message is acknowledged to the broker after the store's commit, and only on the connection it came by; until
then the broker keeps it, for the session is persistent. Everything is taken with QoS 1 at most, since with QoS 2 the
client library answers PUBREC, a promise to keep, before the store knows of the message.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

from msgspec import Struct
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from hub.core.reading import Message
from hub.mqtt import codec
from hub.mqtt.codec import Side
from hub.mqtt.contracts import Inbox
from hub.mqtt.hot import Intake, Known, Wishes
from hub.mqtt.packets import MQTT_3, MQTT_5, Publish
from hub.mqtt.pump import Pump, Reader
from hub.mqtt.reasons import ProtocolError
from hub.mqtt.topics import is_usable

MAX_TOPIC = 512
MAX_LEVELS = 32
SESSION_SECONDS = 7 * 24 * 3_600
MAX_ANSWERS = 1_000
KNOWN = 16_384
AGAIN_SECONDS = 1.0
"""When what could not be told apart from something stored is looked at again."""
_NEW_ONLY = 1
_PUBACK = 0x4002_0000
_POLL_SECONDS = 0.01


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """An outside broker. `credential` is the topic space of what comes from it.

    `shared` says that many parties publish there, so that ingest attributes by their prefixes. `version` is 4 (MQTT
    3.1.1) or 5. `client_id` names the session that the broker keeps and must be the same after a restart. With a
    `ca_file` (or `tls`, for the system's authorities) the connection is encrypted and the broker's name checked.
    `in_flight` is how many messages the broker may send before the first is stored; a broker may have a lower bound of
    its own (mosquitto: `max_inflight_messages`).
    """

    name: str
    credential: int
    host: str
    client_id: str
    topics: tuple[str, ...]
    port: int = 1_883
    username: str | None = None
    password: str | None = None
    tls: bool = False
    ca_file: str | None = None
    version: int = MQTT_5
    shared: bool = False
    keep_alive: int = 60
    in_flight: int = 20_000


class Broker:
    """The hub's client at one outside broker.

    `inbox` is the endpoint's; `now` gives µs since 1970 UTC. `is_connected` and `problem` (in words, None when all is
    well) are for `barrio status`.
    """

    def __init__(self, source: Source, inbox: Inbox, now: Callable[[], int]) -> None:
        self.source = source
        self.count = 0
        self.refused: Counter[str] = Counter()
        self.problem: str | None = "not connected yet"
        self._inbox = inbox
        self._now = now
        self._mark = crc32(source.client_id.encode(), crc32(str(source.credential).encode()))
        self._client = _client(source)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pump: Pump | None = None
        self._link: Link | None = None
        self._intake: Intake | None = None
        self._known, self._wishes = Known(KNOWN), Wishes(KNOWN)
        self._owed: deque[tuple[Link, list[Message]]] = deque()
        self._answers: deque[tuple[str, bytes]] = deque(maxlen=MAX_ANSWERS)
        self._room = threading.Event()
        self._waits: asyncio.Task[None] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted the connection."""
        return self._link is not None

    async def start(self) -> None:
        """Begin to connect, and go on with growing pauses until `stop`; does not wait for the connection."""
        source = self.source
        self._loop = asyncio.get_running_loop()
        self._room.set()
        if source.version == MQTT_5:
            self._client.connect_async(
                source.host, source.port, source.keep_alive, clean_start=False, properties=_connect_properties(source)
            )
        else:
            self._client.connect_async(source.host, source.port, source.keep_alive)
        self._pump = Pump(self._client, self, lambda: self.is_connected)
        self._pump.start()

    async def stop(self, seconds: float = 10.0) -> None:
        """Read no more, wait up to `seconds` for what was read to be stored, then go; the broker keeps the rest."""
        loop = asyncio.get_running_loop()
        end, link = loop.time() + seconds, self._link
        if self._waits is not None:
            self._waits.cancel()
        self._room.clear()
        while link is not None and link.is_owed and loop.time() < end:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(_POLL_SECONDS)
        if self._pump is not None:
            await asyncio.to_thread(self._pump.end)
            self._pump = None

    # on the event loop

    def acknowledge(self, link: Link, messages: Sequence[Message]) -> None:
        """Have messages acknowledged on the connection that they came by."""
        self._owed.append((link, list(messages)))
        self._wake()

    def hold_up(self, link: Link, messages: Sequence[Message]) -> None:
        """Take messages up again in a moment, unless the broker sends them again by then, on another connection."""
        asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._take_again, link, list(messages))

    def answer(self, topic: str, payload: bytes) -> None:
        """Publish at the broker (QoS 0); whether that is allowed is for its rules to say."""
        self._answers.append((topic, payload))
        self._wake()

    def _take_again(self, link: Link, messages: list[Message]) -> None:
        if link is self._link:
            self._hand_over(messages)

    def _hand_over(self, messages: list[Message]) -> None:
        self._inbox.put(messages)
        if self._inbox.full and self._room.is_set():
            self._room.clear()
            self._waits = asyncio.get_running_loop().create_task(self._await_room())

    async def _await_room(self) -> None:
        await self._inbox.room()
        self._room.set()
        self._wake()

    def _wake(self) -> None:
        if self._pump is not None:
            self._pump.wake()

    # in the pump's thread

    def may_read(self) -> bool:
        """Whether the inbox has room."""
        return self._room.is_set()

    def has_read(self) -> None:
        """Make messages of what was read, and hand them over to the event loop."""
        data, intake, link = self._client.taken(), self._intake, self._link
        if intake is None or not data:
            return
        position, received = 0, self._now()
        while position < len(data):
            position = intake.take(data, position, received)
            if position < len(data):
                position = self._look(intake, data, position, received)
        messages, intake.messages = intake.messages, []
        if link is not None:
            link.taken += intake.owed
        intake.owed = 0
        self.count += len(messages)
        if messages and self._loop is not None:
            self._loop.call_soon_threadsafe(self._hand_over, messages)

    def acks(self) -> bytes:
        """PUBACK for what is stored, unless its connection has gone: identifiers mean nothing on the next one."""
        packets: list[int] = []
        while self._owed:
            link, messages = self._owed.popleft()
            owed = [_PUBACK | message.packet for message in messages if message.qos]
            link.acknowledged += len(owed)
            if link is self._link:
                packets += owed
        return struct.pack(f">{len(packets)}I", *packets)

    def publish(self) -> None:
        """The hub's answers."""
        while self._answers:
            topic, payload = self._answers.popleft()
            if self._link is not None:
                self._client.publish(topic, payload)

    def is_unreachable(self) -> None:
        """Nobody answers, or whoever does cannot be trusted."""
        self._link = None
        self.problem = "the broker cannot be reached"

    def _on_connect(
        self, client: Client, _userdata: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self.problem = f"the broker refuses the connection: {reason.getName().lower()}"
            return
        self.problem = None
        self._link = Link(self, self._mark)
        self._intake = Intake(
            self._link, self.source.credential, self._known, self._wishes, codec.MAX_PACKET,
            five=self.source.version == MQTT_5, repeats=True,
        )  # fmt: skip
        client.subscribe([(topic, _options(self.source)) for topic in self.source.topics])

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        self._link = None
        self.problem = self.problem or f"the connection was lost: {reason.getName().lower()}"

    def _on_subscribe(
        self, _client: Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self.problem = "the broker does not let the hub subscribe to every topic of this source"

    def _look(self, intake: Intake, data: bytes, position: int, received: int) -> int:
        """A packet that the hot loop left: a topic or properties that are new, or nothing that the hub takes."""
        body = codec.frame(data, position) or (len(data), len(data))
        try:
            packet = codec.read(data, position, body, self.source.version, Side.SERVER)
        except ProtocolError as fault:
            self.refused[fault.reason.word] += 1
            return body[1]
        if isinstance(packet, Publish) and self._link is not None:
            if is_usable(packet.topic, MAX_TOPIC, MAX_LEVELS) and not packet.topic.startswith("$"):
                intake.add(packet, received)
                intake.learn(data, body[0], packet)
            else:
                self.refused["topic name invalid"] += not packet.topic.startswith("$")
                self._client.ack(packet.packet, packet.qos)
        return body[1]


class Link:
    """One connection to the broker: the `Sender` of what came by it.

    `taken` and `acknowledged` count what wants an acknowledgement; only the pump's thread writes them.
    """

    def __init__(self, broker: Broker, mark: int) -> None:
        self.mark = mark
        self.taken = 0
        self.acknowledged = 0
        self._broker = broker

    @property
    def is_owed(self) -> bool:
        """Whether the broker still waits for an acknowledgement."""
        return self.acknowledged < self.taken

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """PUBACK, if the connection is still the same; packet identifiers mean nothing on the next one."""
        self._broker.acknowledge(self, messages)

    def hold_up(self, messages: Sequence[Message]) -> None:
        """Have these messages taken up again in a moment."""
        self._broker.hold_up(self, messages)

    def answer(self, topic: str, payload: bytes) -> None:
        """Publish the hub's answer at the broker."""
        self._broker.answer(topic, payload)


def _client(source: Source) -> Reader:
    version = MQTTProtocolVersion.MQTTv5 if source.version == MQTT_5 else MQTTProtocolVersion.MQTTv311
    client = Reader(source.client_id, version, clean_session=False if source.version == MQTT_3 else None)
    if source.username is not None:
        client.username_pw_set(source.username, source.password)
    if source.tls or source.ca_file is not None:
        client.tls_set(ca_certs=source.ca_file)
    return client


def _connect_properties(source: Source) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_SECONDS
    properties.ReceiveMaximum = source.in_flight
    return properties


def _options(source: Source) -> Any:  # noqa: ANN401 - paho's own two forms
    """QoS 1; in MQTT 5 without the hub's own answers, and without what was retained already when it comes back."""
    if source.version != MQTT_5:
        return 1
    return SubscribeOptions(qos=1, noLocal=True, retainAsPublished=False, retainHandling=_NEW_ONLY)
