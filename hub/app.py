"""Puts the hub together: the one place that picks concrete parts, starts them and stops them in order.

Rule: nothing is built at import. What is opened first is closed last; on the way down the endpoint stops reading
first, so that whatever was taken is stored and acknowledged before the store closes. What only one of several workers
does is in hub/leading.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, replace

import uvicorn
import uvloop

from hub import actions, configured
from hub.actions.own import OwnActions
from hub.chores import chores, list_of_erased, looking
from hub.configured import catalogue_of, limits_of, open_store, read_dwellings, registry_at, routes_of, tls_context
from hub.control.desk import Desk, Worker
from hub.control.page import page
from hub.control.port import OperatorPort
from hub.core.catalogue import Catalogue
from hub.core.places import partition
from hub.core.store import Store, StoreUnavailable
from hub.gate import Gate
from hub.ingest.inbox import Inbox
from hub.ingest.pipeline import Ingest
from hub.leading import Leading, ended
from hub.live import Live
from hub.metrics import Metrics
from hub.mqtt.endpoint import Endpoint, has_left
from hub.registry import Registry, RegistryUnavailable
from hub.releaser import Releaser
from hub.settings import Settings, SettingsError
from hub.stores.outbox.store import Outbox
from hub.upkeep import Upkeep
from hub.web.site import create_site
from hub.workers import State, held, one_by_one

_STOP_SECONDS = 15.0
_LOG = logging.getLogger("hub.app")
_LOG_SECONDS = 5.0
CHECKPOINT = "public/log/checkpoint"
"""The topic on which the head of the log of looks is published, retained."""


def microseconds() -> int:
    """The time: µs since 1970 UTC."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Parts:
    """What every command works with: settings, catalogue, registry, store, gate; and its number among workers."""

    settings: Settings
    catalogue: Catalogue
    registry: Registry
    store: Store
    gate: Gate
    now: Callable[[], int]
    worker: int | None = None


@contextmanager
def opened(
    settings: Settings, now: Callable[[], int] = microseconds, worker: int | None = None
) -> Iterator[Parts]:  # fmt: skip
    """Open registry and store, this process alone or as the `worker` with a number; close them at the end.

    Raises:
        SettingsError: the configuration names something that is not there, or another hub holds the data.
        StoreUnavailable: the store's files cannot be opened.
    """
    data = settings.hub.data
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with held(data, worker), ExitStack() as stack:
        catalogue = catalogue_of(settings.properties)
        dwellings = read_dwellings(settings.place.dwellings)
        with one_by_one(data, worker):
            registry = Registry.open(
                registry_at(settings), data / "secret.key", catalogue, partition(dwellings, 8),
                partition(dwellings, 9), limits_of(settings), now(),
            )  # fmt: skip
            stack.callback(registry.close)
            store = open_store(settings, worker)
            stack.callback(store.close)
            registry.erasures.listed = list_of_erased(settings)
            actions.erase_again(registry, store, now())
        yield Parts(settings, catalogue, registry, store, Gate(store, registry, catalogue, now), now, worker)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the hub listens."""

    mqtt: tuple[str, int]
    web: str
    metrics: str | None
    tls: tuple[str, int] | None = None


class Hub:
    """A running hub."""

    def __init__(self, parts: Parts, *, next_free: bool = False, parent: int | None = None) -> None:
        """Run on `parts`; `next_free` takes the next free port where one is taken (the demo does).

        With a `parent` it stops when that process has ended.
        """
        self._parts, self._parent = parts, parent
        self._next_free = next_free
        s = parts.settings
        self.inbox = Inbox(s.ingest.least_wait, s.ingest.most_wait, s.ingest.most_readings)
        several = {} if parts.worker is None else {"has_left": has_left}
        self.ingest = Ingest(self.inbox, routes_of(s), parts.registry, parts.store, parts.now, **several)
        enroller = actions.Enroller(parts.registry, parts.now)
        told = configured.endpoint_settings(s.mqtt)
        self.endpoint = Endpoint(self.inbox, parts.registry, told, parts.now, enroller)
        self.live = Live(parts.gate)
        self.releaser = Releaser(parts.store, parts.registry, parts.catalogue, parts.now)
        self.mirror = configured.mirror_of(s, parts.gate, parts.catalogue)
        every = chores(s, parts.registry, parts.store, self.mirror, alone=parts.worker is None)
        self.upkeep = Upkeep(every, parts.now)
        self.leading = Leading(self._desk, self.inbox, self.releaser, self.upkeep)
        self._state, self._address = State(s.hub.data), ""
        self._taking: asyncio.Task[None]

    async def start(self, stack: AsyncExitStack) -> Addresses:
        """Start everything; the stack stops it again, in the right order.

        Raises:
            SettingsError: a port is taken, or a part of the configuration cannot be used.
        """
        s, worker = self._parts.settings, self._parts.worker
        self._taking = asyncio.create_task(self.ingest.run())
        stack.push_async_callback(ended, self._taking)
        stack.push_async_callback(self.ingest.write_down)
        stack.push_async_callback(self.inbox.drained, _STOP_SECONDS)
        if self.mirror is not None:
            stack.callback(self.mirror.close)
        self._address = await self._web(stack)
        stack.push_async_callback(self.live.stop)
        metrics = await self._operator(stack)
        if worker is None:
            await self.leading.begin(stack)
        else:
            await self._beside_others(stack, worker)
        stack.push_async_callback(self.endpoint.stop, _STOP_SECONDS)
        stack.push_async_callback(ended, asyncio.create_task(self._hang_up_on_ended()))
        stack.push_async_callback(ended, asyncio.create_task(self._show_the_log()))
        shares = worker is not None
        port = await self._listen(
            "mqtt", s.mqtt.port, lambda p: self.endpoint.start(s.mqtt.host, p, shares_port=shares)
        )  # fmt: skip
        tls = None
        context = tls_context(s.mqtt)
        if context is not None and s.mqtt.tls_port is not None:
            bound = await self._listen(
                "mqtt.tls", s.mqtt.tls_port,
                lambda p: self.endpoint.start(s.mqtt.host, p, context, shares_port=shares),
            )  # fmt: skip
            tls = (s.mqtt.host, bound)
        stack.callback(self.leading.retire)
        return Addresses((s.mqtt.host, port), self._address, metrics, tls)

    async def told_to_stop(self) -> None:
        """Wait for SIGINT or SIGTERM; a hub that can no longer take readings ends with what went wrong."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        waiting, orphaned = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(self._orphaned())
        await asyncio.wait({waiting, orphaned, self._taking}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        orphaned.cancel()
        if self._taking.done():
            _LOG.error("no readings can be taken any more: the hub stops; what was not acknowledged comes again")
            self._taking.result()

    async def _orphaned(self) -> None:
        """Wait until the parent has ended, if there is one."""
        while self._parent is None or os.getppid() == self._parent:  # noqa: ASYNC110 - nobody tells of a parent's end
            await asyncio.sleep(1)

    async def _beside_others(self, stack: AsyncExitStack, worker: int) -> None:
        """Lead when it is this worker's turn, look for what was erased by it, and say how it is."""
        p = self._parts
        mine = Upkeep(looking(p.settings, p.registry, p.store), p.now)
        for task in (self.leading.take_turns(p.settings.hub.data), mine.run(), self._say_how_it_is(worker)):
            stack.push_async_callback(ended, asyncio.create_task(task))

    async def _say_how_it_is(self, worker: int) -> None:
        while True:
            with contextlib.suppress(StoreUnavailable, OSError):
                self._state.write(
                    Worker.of(worker, self.ingest.counts, self.endpoint.counters, leads=self.leading.leads)
                )
            await asyncio.sleep(1)

    async def _show_the_log(self) -> None:
        """Hang the head of the log of looks on the notice-board."""
        said = ""
        while True:
            with contextlib.suppress(RegistryUnavailable):
                note = await asyncio.to_thread(
                    self.leading.head_of_log, self._parts.registry, self._parts.now()
                )  # fmt: skip
                if note != said:
                    self.endpoint.publish_public(CHECKPOINT, note.encode())
                    said = note
            await asyncio.sleep(_LOG_SECONDS)

    async def _hang_up_on_ended(self) -> None:
        """End the connections by credentials that have ended, or have other locks since, within a second or two."""
        registry, revision = self._parts.registry, -1
        while True:
            await asyncio.sleep(1)
            with contextlib.suppress(RegistryUnavailable):
                current = await asyncio.to_thread(lambda: registry.revision)
                if current != revision:
                    here = self.endpoint.locks  # before it is asked: whoever comes meanwhile comes by a new one
                    now = await asyncio.to_thread(registry.locks)
                    for credential, lock in here.items():
                        if now.get(credential) != lock:
                            self.endpoint.disconnect(credential, lock)
                    revision = current

    def _desk(self) -> Desk:
        """What the operator's commands work with; a credential that ended is hung up on at once."""
        loop, p = asyncio.get_running_loop(), self._parts
        workers = p.settings.hub.workers
        return Desk(
            p.registry, p.store, p.gate, p.settings, p.now, self.ingest.counts, self.endpoint,
            hang_up=lambda credential: _later(loop, self.endpoint.disconnect, credential), web=self._address,
            releaser=self.releaser, upkeep=self.upkeep, mirror=self.mirror,
            workers=lambda: [] if p.worker is None else self._state.read(workers),
        )  # fmt: skip

    async def _operator(self, stack: AsyncExitStack) -> str | None:
        """The operator's page and numbers on a port of their own; where the numbers are."""
        p, host = self._parts, self._parts.settings.operator.host
        port = configured.metrics_port(p.settings, p.worker)
        if port is None:
            return None
        led = self._desk()
        beside = replace(led, upkeep=None, releaser=None, mirror=None)
        numbers = Metrics(self.ingest.counts, self.endpoint.counters, p.store if isinstance(p.store, Outbox) else None)
        shown = OperatorPort(lambda: page(led if self.leading.leads else beside), numbers.app)
        bound = await self._listen("operator", port, lambda wanted: _now(shown.start, host, wanted))
        stack.push_async_callback(asyncio.to_thread, shown.stop)
        return f"http://{host}:{bound}/metrics"

    async def _web(self, stack: AsyncExitStack) -> str:
        s = self._parts.settings
        own = OwnActions(self._parts.registry, self._parts.store, self._parts.now)
        server = _Server(uvicorn.Config(
            create_site(self._parts.gate, own, self.live, s, self._parts.now), log_config=None, access_log=False,
            server_header=False, lifespan="off", timeout_graceful_shutdown=2,
        ))  # fmt: skip
        shares = self._parts.worker is not None
        port = await self._listen("web", s.web.port, lambda p: server.listen(s.web.host, p, shares_port=shares))
        task = asyncio.create_task(server.serve(server.listening))
        stack.push_async_callback(server.end, task)
        return s.web.address or f"http://{s.web.host}:{port}/"

    async def _listen(self, what: str, port: int, start: Callable[[int], Awaitable[int]]) -> int:
        """Listen on a port, or with `next_free` on one of the next fifty."""
        problem = OSError()
        for candidate in range(port, port + 50) if self._next_free and port else (port,):
            try:
                return await start(candidate)
            except OSError as error:
                problem = error
        raise SettingsError(
            f"{what}.port: {port} cannot be used ({problem.strerror or problem}): stop what listens there, or set "
            f"another {what}.port (0 takes any that is free)"
        ) from problem


class _Server(uvicorn.Server):
    """Uvicorn on sockets of ours, leaving the signals to the hub."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening: list[socket.socket] = []

    async def listen(self, host: str, port: int, *, shares_port: bool) -> int:
        found = socket.create_server((host, port), backlog=512, reuse_port=shares_port)
        found.setblocking(False)
        self.listening.append(found)
        return int(found.getsockname()[1])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def end(self, task: asyncio.Task[None]) -> None:
        self.should_exit = True
        await task


def _later(loop: asyncio.AbstractEventLoop, act: Callable[[int], object], number: int) -> None:
    loop.call_soon_threadsafe(act, number)


async def _now(act: Callable[[str, int], int], host: str, port: int) -> int:
    return act(host, port)


def serve(main: Coroutine[None, None, None]) -> None:
    """Run the hub on its event loop, uvloop: half the work of asyncio's own where things publish."""
    # Messages and readings take part in no cycles (`gc=False`), but lists of them count as garbage to look for: what is
    # there at the start is never looked at again, and the rest seldom, or a full inbox would be searched all the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    # Every thing is an open file: take as many as the system gives.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        uvloop.run(main)
    finally:
        gc.unfreeze()  # so that libraries can let go of what is theirs at the end


async def run(hub: Hub, say: Callable[[Addresses], None]) -> None:
    """Run until SIGINT or SIGTERM; `say` is told where it listens once it does."""
    async with AsyncExitStack() as stack:
        say(await hub.start(stack))
        await hub.told_to_stop()
