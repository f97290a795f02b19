"""Stand-ins for the inbox and the registry, and a client that speaks in packets."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from hub.core.admission import Admission, Given
from hub.core.reading import Message
from hub.mqtt.codec import Decoder, Side, write
from hub.mqtt.contracts import EndpointSettings
from hub.mqtt.endpoint import Endpoint
from hub.mqtt.packets import MQTT_5, ConnAck, Connect, Packet

HOST = "127.0.0.1"
QUICK = EndpointSettings(refusal_seconds=0.01, tick_seconds=0.02)


def now() -> int:
    return time.time_ns() // 1_000


class FakeInbox:
    """Keeps what it is given; acknowledges at once, after a delay, or when `store` is called (delay None)."""

    def __init__(self, delay: float | None = 0, bound: int = 1_000_000) -> None:
        self.messages: list[Message] = []
        self.waiting: list[Message] = []
        self.delay = delay
        self.bound = bound
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self.waiting) >= self.bound

    def put(self, messages: list[Message]) -> None:
        self.messages += messages
        self.waiting += messages
        self._changed.set()
        if self.delay == 0:
            self.store()
        elif self.delay is not None:
            asyncio.get_running_loop().call_later(self.delay, self.store)

    async def room(self) -> None:
        while self.full:
            self._room.clear()
            await self._room.wait()

    def store(self) -> None:
        """Acknowledge everything that waits, each sender's together."""
        stored, self.waiting = self.waiting, []
        senders = {id(message.sender): message.sender for message in stored}
        for key, sender in senders.items():
            sender.acknowledge([message for message in stored if id(message.sender) == key])
        self._room.set()

    async def holds(self, count: int, seconds: float = 5) -> list[Message]:
        """Wait until so many messages have come."""
        async with asyncio.timeout(seconds):
            while len(self.messages) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.messages


class FakeDoorkeeper:
    """Names are `thing-<credential>`, the password is `right`; a certificate's name does for a name."""

    def __init__(self, rate: int = 0, connections: int = 1_100) -> None:
        self.rate = rate
        self.connections = connections
        self.lock = ""

    def admit(self, username: str, password: bytes, certificate: str | None) -> Admission | None:
        name = certificate or username
        known = name.startswith("thing-") and (certificate is not None or password == b"right")
        number = name.removeprefix("thing-")
        return Admission(int(number), self.rate, self.connections, lock=self.lock) if known else None


class Enrolling(FakeDoorkeeper, ABC):
    """One who knows tokens as well."""

    @abstractmethod
    def ask(self, enrolment: int) -> Given | None: ...

    @abstractmethod
    def accept(self, enrolment: int, mark: str = "") -> bool: ...


class Client:
    """A raw connection that sends and reads packets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, version: int) -> None:
        self.reader = reader
        self.writer = writer
        self.version = version
        self._decoder = Decoder(Side.SERVER, version)

    async def send(self, *packets: Packet) -> None:
        await self.send_raw(b"".join(write(packet, self.version) for packet in packets))

    async def send_raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def next(self, seconds: float = 5) -> Packet | None:
        """The next packet; None when the other side has closed."""
        async with asyncio.timeout(seconds):
            while True:
                packet = self._decoder.take()
                if packet is not None:
                    return packet
                try:
                    data = await self.reader.read(65_536)
                except ConnectionError:
                    return None
                if not data:
                    return None
                self._decoder.feed(data)

    async def is_silent(self, seconds: float = 0.1) -> bool:
        """Whether nothing comes for a while."""
        try:
            await self.next(seconds)
        except TimeoutError:
            return True
        return False

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


class Hub:
    """An endpoint with its stand-ins, and its clients."""

    def __init__(self, inbox: FakeInbox, doorkeeper: FakeDoorkeeper, settings: EndpointSettings) -> None:
        self.inbox = inbox
        self.doorkeeper = doorkeeper
        enroller = doorkeeper if isinstance(doorkeeper, Enrolling) else None
        self.endpoint = Endpoint(inbox, doorkeeper, settings, now, enroller)
        self.port = 0
        self.clients: list[Client] = []

    async def open(self, version: int = MQTT_5) -> Client:
        """A connection that has said nothing yet."""
        client = Client(*await asyncio.open_connection(HOST, self.port), version)
        self.clients.append(client)
        return client

    async def connect(self, packet: Connect) -> tuple[Client, ConnAck]:
        """A connection that has sent this CONNECT, and the answer."""
        client = await self.open(packet.version)
        await client.send(packet)
        answer = await client.next()
        assert isinstance(answer, ConnAck)
        return client, answer

    async def join(self, credential: int = 1, client_id: str = "c", version: int = MQTT_5) -> Client:
        """An admitted connection."""
        client, answer = await self.connect(hello(credential, client_id, version))
        assert answer.reason == 0
        return client


async def until(is_so: Callable[[], object], seconds: float = 5) -> None:
    """Wait for something that shows nowhere else; `TimeoutError` when it does not come."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)


def hello(credential: int = 1, client_id: str = "c", version: int = MQTT_5) -> Connect:
    return Connect(client_id, version, username=f"thing-{credential}", password=b"right")


@asynccontextmanager
async def running(
    inbox: FakeInbox | None = None, doorkeeper: FakeDoorkeeper | None = None, settings: EndpointSettings = QUICK
) -> AsyncIterator[Hub]:
    """A hub's endpoint on a free port, closed at the end with all its clients."""
    hub = Hub(inbox or FakeInbox(), doorkeeper or FakeDoorkeeper(), settings)
    hub.port = await hub.endpoint.start(HOST, 0)
    try:
        yield hub
    finally:
        for client in hub.clients:
            client.writer.transport.abort()
            await client.close()
        await hub.endpoint.stop(0.2)
