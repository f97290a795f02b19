"""A broker that is there already, as a source of messages: the hub subscribes and acknowledges what it has stored.

Rule: a message is acknowledged to the broker after the store's commit, and only on the connection it came by; until
then the broker keeps it, for the session is persistent. Everything is taken with QoS 1 at most, since with QoS 2 the
client library answers PUBREC, a promise to keep, before the store knows of the message.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
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
from hub.mqtt.topics import is_usable

MAX_TOPIC = 512
MAX_LEVELS = 32
RETRY_SECONDS = (1, 60)
SESSION_SECONDS = 7 * 24 * 3_600
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
    """The hub's client at one outside broker; paho runs it in a thread of its own.

    `inbox` is the endpoint's; `now` gives µs since 1970 UTC. `is_connected` and `problem` (in words, None when all is
    well) are for `barrio status`.
    """

    def __init__(self, source: Source, inbox: Inbox, now: Callable[[], int]) -> None:
        self.source = source
        self.received = 0
        self.refused: Counter[str] = Counter()
        self.problem: str | None = "not connected yet"
        self._inbox = inbox
        self._now = now
        self._mark = crc32(source.client_id.encode(), crc32(str(source.credential).encode()))
        self._client = _client(source)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._fresh: list[Message] = []
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
        self._client.loop_start()

    async def stop(self, seconds: float = 10.0) -> None:
        """Wait up to `seconds` for what was handed over to be stored, then go; the broker keeps the rest."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        link = self._link
        self._client.on_message = None
        while link is not None and link.pending and loop.time() < end:  # noqa: ASYNC110 - once, at the end
            await asyncio.sleep(_POLL_SECONDS)
        self._room.set()
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)
        if self._waits is not None:
            self._waits.cancel()

    # on the event loop

    def acknowledge(self, link: Link, messages: Sequence[Message]) -> None:
        """Acknowledge on the connection that the messages came by; the identifiers mean nothing on the next one."""
        owed = [message for message in messages if message.qos]
        with self._lock:
            link.pending -= len(owed)
            if link is self._link:
                for message in owed:
                    self._client.ack(message.packet, message.qos)

    def answer(self, topic: str, payload: bytes) -> None:
        """Publish at the broker (QoS 0); whether that is allowed is for its rules to say."""
        if self._link is not None:
            self._client.publish(topic, payload)

    def _hand_over(self) -> None:
        with self._lock:
            messages, self._fresh = self._fresh, []
        if not messages:
            return
        self.received += len(messages)
        if messages[0].sender is messages[-1].sender:
            self._inbox.put(messages)
        else:  # the connection changed in between, and each goes with its own
            for _, run in groupby(messages, key=lambda message: id(message.sender)):
                self._inbox.put(list(run))
        if self._inbox.full and self._room.is_set():
            self._room.clear()
            self._waits = asyncio.get_running_loop().create_task(self._await_room())

    async def _await_room(self) -> None:
        await self._inbox.room()
        self._room.set()

    # in paho's thread

    def _on_connect(
        self, client: Client, _userdata: object, _flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self.problem = f"the broker refuses the connection: {reason.getName().lower()}"
            return
        self.problem = None
        with self._lock:
            self._link = Link(self, self._mark)
        client.subscribe([(topic, _options(self.source)) for topic in self.source.topics])

    def _on_connect_fail(self, _client: Client, _userdata: object) -> None:
        self.problem = "the broker cannot be reached"

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        with self._lock:
            self._link = None
        self.problem = self.problem or f"the connection was lost: {reason.getName().lower()}"

    def _on_subscribe(
        self, _client: Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self.problem = "the broker does not let the hub subscribe to every topic of this source"

    def _on_message(self, client: Client, _userdata: object, found: MQTTMessage) -> None:
        link, topic = self._link, _topic(found)
        if link is None or topic is None or topic.startswith("$"):
            if topic is None:
                self.refused["topic name invalid"] += 1
            client.ack(found.mid, found.qos)
            return
        message = Message(
            link, self.source.credential, topic, bytes(found.payload), self._now(), found.mid, found.qos, found.dup,
            found.retain, _wish(found),
        )  # fmt: skip
        with self._lock:
            first = not self._fresh
            self._fresh.append(message)
            link.pending += found.qos > 0
        if first and self._loop is not None:
            self._loop.call_soon_threadsafe(self._hand_over)
        if not self._room.is_set():
            self._room.wait()


class Link:
    """One connection to the broker: the `Sender` of what came by it."""

    def __init__(self, broker: Broker, mark: int) -> None:
        self.mark = mark
        self.pending = 0
        self._broker = broker

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """PUBACK, if the connection is still the same."""
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
    client.reconnect_delay_set(*RETRY_SECONDS)
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
