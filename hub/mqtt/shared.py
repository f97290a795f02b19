"""What all connections of one endpoint share: its parts, the topic spaces, and the queue for room in the inbox.

Rule: a client id is known within one credential only, so two neighbours may use the same one, and nothing that is
published in one topic space is delivered in another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from hub.core.admission import Admission
from hub.mqtt import codec
from hub.mqtt.board import Board, keeps_retain
from hub.mqtt.contracts import Counters, Doorkeeper, EndpointSettings, Enroller, Inbox
from hub.mqtt.enrolling import ASKED_A_MINUTE
from hub.mqtt.hot import Known, Wishes
from hub.mqtt.limits import Bucket, Tries
from hub.mqtt.packets import MQTT_5, Publish
from hub.mqtt.reasons import Reason

if TYPE_CHECKING:
    from hub.mqtt.connection import Connection

_KNOWN_PROPERTIES = 4_096
MAX_DELAYED_WILLS = 64


class Space:
    """The topic space of one credential: who is connected in it, what it may spend, which wills wait."""

    def __init__(self, admission: Admission, now: float) -> None:
        self.credential = admission.credential
        self.lock = admission.lock
        self.clients: dict[str, Connection] = {}
        self.wills: dict[str, asyncio.TimerHandle] = {}
        self.rate = 0
        self.bucket: Bucket | None = None
        self.follow(admission, now)

    def follow(self, admission: Admission, now: float) -> None:
        """Take over what was changed: a rate (a debt under the same one stays), or who may be in here at all."""
        if admission.lock != self.lock:
            self.hang_up()
            self.lock = admission.lock
        if admission.messages_per_second != self.rate:
            self.rate = admission.messages_per_second
            self.bucket = Bucket(self.rate, now) if self.rate else None

    def hang_up(self) -> None:
        """End every connection in here; their wills are not published."""
        for timer in self.wills.values():
            timer.cancel()
        self.wills.clear()
        for connection in list(self.clients.values()):
            connection.will = None
            connection.fail(Reason.ADMINISTRATIVE_ACTION, "this credential has ended")

    def is_idle(self, now: float) -> bool:
        """Whether nothing would be forgotten with it."""
        return not self.clients and not self.wills and (self.bucket is None or not self.bucket.spend(0, now))


class Shared:
    """The parts of an endpoint, and its connections."""

    def __init__(
        self, inbox: Inbox, doorkeeper: Doorkeeper, settings: EndpointSettings, now: Callable[[], int],
        enroller: Enroller | None = None,
    ) -> None:  # fmt: skip
        self.inbox = inbox
        self.doorkeeper = doorkeeper
        self.enroller = enroller
        self.settings = settings
        self.now = now
        self.counters = Counters()
        self.known = Known(settings.known_topics)
        self.wishes = Wishes(_KNOWN_PROPERTIES)
        self.connections: set[Connection] = set()
        self.waiting = 0
        self.spaces: dict[int, Space] = {}
        self.name_tries = Tries(settings.wrong_tries)
        self.address_tries = Tries(settings.wrong_tries_address)
        self.asked = Tries(ASKED_A_MINUTE)
        self.board = Board()
        self.stopping = False
        self._queue: deque[Connection] = deque()
        self._room: asyncio.Task[None] | None = None
        self._deciding: set[asyncio.Task[None]] = set()

    def space(self, admission: Admission, now: float) -> Space:
        """The topic space of a credential."""
        space = self.spaces.get(admission.credential)
        if space is None:
            space = self.spaces[admission.credential] = Space(admission, now)
        space.follow(admission, now)
        return space

    def answer(self, credential: int, topic: str, payload: bytes) -> None:
        """Publish (QoS 0) to the connections of one credential that subscribed to the topic."""
        space = self.spaces.get(credential)
        if space is None:
            return
        packets: dict[int, bytes] = {}
        for connection in list(space.clients.values()):
            if connection.listens(topic):
                version = connection.version or MQTT_5
                if version not in packets:
                    packets[version] = codec.write(Publish(topic, payload), version)
                connection.deliver(packets[version])

    def publish_public(self, topic: str, payload: bytes) -> None:
        """Hang a notice on the board, and tell (QoS 0) whoever listens to it now."""
        self.board.put(topic, payload)
        packets: dict[tuple[int, bool], bytes] = {}
        for connection in list(self.connections):
            retain = keeps_retain(connection.filters.values(), topic)
            if retain is not None:
                kind = connection.version or MQTT_5, retain
                if kind not in packets:
                    packets[kind] = codec.write(Publish(topic, payload, retain=retain), kind[0])
                connection.deliver(packets[kind])

    def await_room(self, connection: Connection) -> None:
        """Let a connection read again when the inbox has room, in the order in which they asked."""
        self._queue.append(connection)
        if self._room is None or self._room.done():
            self._room = asyncio.get_running_loop().create_task(self._release())

    def begin(self, act: Coroutine[None, None, None]) -> None:
        """Do this in a task that is ended with the endpoint."""
        task = asyncio.get_running_loop().create_task(act)
        self._deciding.add(task)
        task.add_done_callback(self._deciding.discard)

    def check(self, now: float) -> None:
        """Look at every connection's timeouts and forget idle spaces."""
        for connection in list(self.connections):
            connection.check(now)
        for credential in [number for number, space in self.spaces.items() if space.is_idle(now)]:
            del self.spaces[credential]

    def close(self) -> None:
        """Let go of everything that waits."""
        if self._room is not None:
            self._room.cancel()
        for task in self._deciding:
            task.cancel()
        for space in self.spaces.values():
            for timer in space.wills.values():
                timer.cancel()
            space.wills.clear()

    async def _release(self) -> None:
        """One after the other, with a turn of the loop between, so that all together do not overfill the inbox."""
        while self._queue:
            await self.inbox.room()
            while self._queue and not self.inbox.full:
                self._queue.popleft().has_room()
                await asyncio.sleep(0)
