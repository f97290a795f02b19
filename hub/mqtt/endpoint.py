"""The hub as the things' own MQTT endpoint: it listens, and it stops without losing what was acknowledged.

Rule: acknowledged means stored. What a thing publishes goes to the inbox and nowhere else; what it hears is the hub's
own answers, and what the hub says to everybody on its notice-board. No session and no message of a thing is kept.
"""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import Callable

from hub.core.reading import Sender
from hub.mqtt.connection import Connection, Hold
from hub.mqtt.contracts import Counters, Doorkeeper, EndpointSettings, Enroller, Inbox
from hub.mqtt.reasons import Reason
from hub.mqtt.shared import Shared

BACKLOG = 1_024
_POLL_SECONDS = 0.01
_HANDSHAKE_SECONDS = 10.0


class Endpoint:
    """An MQTT 3.1.1 and 5 server for publishers.

    `inbox` takes the messages, `doorkeeper` knows the credentials, `now` gives µs since 1970 UTC. `enroller` gives
    credentials for tokens; without one there are no newcomers. It belongs to the event loop that starts it.
    """

    def __init__(
        self, inbox: Inbox, doorkeeper: Doorkeeper, settings: EndpointSettings, now: Callable[[], int],
        enroller: Enroller | None = None,
    ) -> None:  # fmt: skip
        self._shared = Shared(inbox, doorkeeper, settings, now, enroller)
        self._servers: list[asyncio.Server] = []
        self._checks: asyncio.Task[None] | None = None

    @property
    def counters(self) -> Counters:
        """What it has done so far."""
        return self._shared.counters

    async def start(self, host: str, port: int, ssl: tls.SSLContext | None = None, *, shares_port: bool = False) -> int:
        """Listen, and give the port (`port` 0: a free one). May be called again for another address.

        `shares_port` lets several processes listen on one port. Raises `OSError` when the address is taken.
        """
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(self._shared), host, port, ssl=ssl, backlog=BACKLOG, reuse_port=shares_port or None,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS if ssl else None,
        )  # fmt: skip
        self._servers.append(server)
        if self._checks is None:
            self._checks = loop.create_task(self._check())
        return int(server.sockets[0].getsockname()[1])

    async def stop(self, seconds: float = 10.0) -> None:
        """Take nothing more, wait up to `seconds` until what was taken is acknowledged, say goodbye, close."""
        shared = self._shared
        shared.stopping = True
        for server in self._servers:
            server.close()
        for connection in list(shared.connections):
            connection.hold(Hold.STOPPING)
        await _until(lambda: not any(connection.pending for connection in shared.connections), seconds)
        for connection in list(shared.connections):
            connection.fail(Reason.SERVER_SHUTTING_DOWN, "the hub stops; come back later")
        await _until(lambda: not shared.connections, 1.0)
        for connection in list(shared.connections):
            connection.abort()
        await _until(lambda: not shared.connections, 1.0)
        await self._finish()

    def answer(self, credential: int, topic: str, payload: bytes) -> None:
        """Publish the hub's own answer in a credential's topic space, to whoever listens there and reads."""
        self._shared.answer(credential, topic, payload)

    def publish_public(self, topic: str, payload: bytes) -> None:
        """Publish to everybody, retained: `topic` lies below `public/`; an empty payload takes it down."""
        self._shared.publish_public(topic, payload)

    @property
    def locks(self) -> dict[int, str]:
        """By which lock the connections of each credential came in that has some, or a will that waits."""
        return {credential: space.lock for credential, space in self._shared.spaces.items()}

    def disconnect(self, credential: int, lock: str | None = None) -> None:
        """Close the connections of a credential that was revoked, or by one lock of it; no will is published."""
        space = self._shared.spaces.get(credential)
        if space is not None and lock in (None, space.lock):
            space.hang_up()

    async def _check(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._shared.settings.tick_seconds)
            self._shared.check(loop.time())

    async def _finish(self) -> None:
        self._shared.close()
        if self._checks is not None:
            self._checks.cancel()
            await asyncio.gather(self._checks, return_exceptions=True)
            self._checks = None
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()


def has_left(sender: Sender) -> bool:
    """Whether a message is of a connection that has ended since."""
    return isinstance(sender, Connection) and sender.gone


async def _until(is_done: Callable[[], bool], seconds: float) -> None:
    """Wait for something that happens on this loop, but no longer than `seconds`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not is_done() and loop.time() < end:  # noqa: ASYNC110 - once, at the end; an event would cost each message
        await asyncio.sleep(_POLL_SECONDS)
