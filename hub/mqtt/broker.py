"""A broker that is there already, as a source of messages: the hub subscribes and acknowledges what it has stored.

Rule: a message is acknowledged to the broker after the store's commit, and only on the connection it came by; until
then the broker keeps it, for the session is persistent. Everything is taken with QoS 1 at most, since with QoS 2 the
client library answers PUBREC, a promise to keep, before the store knows of the message.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

from msgspec import Struct
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from hub.core.grade import Grade
from hub.core.reading import Message
from hub.mqtt.contracts import Inbox
from hub.mqtt.packets import MQTT_3, MQTT_5
from hub.mqtt.pump import Pump
from hub.mqtt.topics import is_usable

MAX_TOPIC = 512
MAX_LEVELS = 32
SESSION_SECONDS = 7 * 24 * 3_600
MAX_ANSWERS = 1_000
_NEW_ONLY = 1
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
        self._client.on_message = self._on_message
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pump: Pump | None = None
        self._link: Link | None = None
        self._read: list[Message] = []
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
        while link is not None and link.is_owed and loop.time() < end:
            await asyncio.sleep(_POLL_SECONDS)
        if self._pump is not None:
            await asyncio.to_thread(self._pump.end)
            self._pump = None

    # on the event loop

    def acknowledge(self, link: Link, messages: Sequence[Message]) -> None:
        """Have messages acknowledged on the connection that they came by."""
        self._owed.append((link, list(messages)))
        self._wake()

    def answer(self, topic: str, payload: bytes) -> None:
        """Publish at the broker (QoS 0); whether that is allowed is for its rules to say."""
        self._answers.append((topic, payload))
        self._wake()

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
        """Hand what was read over to the event loop."""
        messages, self._read = self._read, []
        if messages and self._loop is not None:
            self._loop.call_soon_threadsafe(self._hand_over, messages)

    def write(self) -> None:
        """Acknowledge what is stored, if its connection is still the same; publish the hub's answers."""
        while self._owed:
            link, messages = self._owed.popleft()
            if link is self._link:
                for message in messages:
                    if message.qos:
                        self._client.ack(message.packet, message.qos)
            link.acknowledged += sum(message.qos > 0 for message in messages)
        while self._answers:
            topic, payload = self._answers.popleft()
            if self._link is not None:
                self._client.publish(topic, payload)

    def is_unreachable(self) -> None:
        """Nobody answers, or whoever does cannot be trusted."""
        self.problem = "the broker cannot be reached"

    def _on_connect(
        self, client: Client, _userdata: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self.problem = f"the broker refuses the connection: {reason.getName().lower()}"
            return
        self.has_read()
        self.problem = None
        self._link = Link(self, self._mark)
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

    def _on_message(self, client: Client, _userdata: object, found: MQTTMessage) -> None:
        self.count += 1
        link, topic = self._link, _topic(found)
        if link is None or topic is None or topic.startswith("$"):
            if topic is None:
                self.refused["topic name invalid"] += 1
            client.ack(found.mid, found.qos)
            return
        link.taken += found.qos > 0
        self._read.append(
            Message(
                link, self.source.credential, topic, bytes(found.payload), self._now(), found.mid, found.qos,
                found.dup, found.retain, _wish(found),
            )
        )  # fmt: skip


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

    def answer(self, topic: str, payload: bytes) -> None:
        """Publish the hub's answer at the broker."""
        self._broker.answer(topic, payload)


def _client(source: Source) -> Client:
    version = MQTTProtocolVersion.MQTTv5 if source.version == MQTT_5 else MQTTProtocolVersion.MQTTv311
    client = Client(
        CallbackAPIVersion.VERSION2, source.client_id, protocol=version, manual_ack=True,
        clean_session=False if source.version == MQTT_3 else None,
    )  # fmt: skip
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
    return SubscribeOptions(qos=1, noLocal=True, retainAsPublished=True, retainHandling=_NEW_ONLY)


def _topic(found: MQTTMessage) -> str | None:
    """The topic, if it is one that the hub takes."""
    try:
        topic = found.topic
    except UnicodeDecodeError:
        return None
    return topic if is_usable(topic, MAX_TOPIC, MAX_LEVELS) else None


def _wish(found: MQTTMessage) -> Grade | None:
    """The strictest of the user properties named `grade`; None when there is none."""
    user = getattr(found.properties, "UserProperty", ())
    return min((Grade.read(value) for name, value in user if name == "grade"), default=None)
