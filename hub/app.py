"""Puts the hub together: the one place that picks concrete parts, starts them and stops them in order.

Rule: nothing is built at import. What is opened first is closed last; on the way down the endpoint stops reading
first, so that whatever was taken is stored and acknowledged before the store closes.
"""

from __future__ import annotations

import asyncio
import csv
import fcntl
import gc
import logging
import signal
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import uvicorn
import uvloop

from hub.control.commands import Desk
from hub.control.wire import CONTROL, Control
from hub.core.catalogue import Catalogue, ObservedProperty
from hub.core.grade import MINUTE, Grade
from hub.core.places import Dwellings, Place, partition
from hub.core.store import Store
from hub.decoders import DECODERS
from hub.decoders.routes import Routes
from hub.gate import Gate
from hub.ingest.inbox import Inbox
from hub.ingest.pipeline import Ingest
from hub.live import Live
from hub.metrics import Metrics
from hub.mqtt.broker import Broker, Source
from hub.mqtt.contracts import EndpointSettings
from hub.mqtt.endpoint import Endpoint
from hub.registry import Limits, Registry
from hub.settings import MqttSettings, PropertySettings, Settings, SettingsError, SourceSettings
from hub.stores import STORES
from hub.web.site import create_site

_LOG = logging.getLogger("hub")
_STOP_SECONDS = 15.0


def microseconds() -> int:
    """The time: µs since 1970 UTC."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Parts:
    """What every command works with: settings, catalogue, registry, store, gate."""

    settings: Settings
    catalogue: Catalogue
    registry: Registry
    store: Store
    gate: Gate
    now: Callable[[], int]


@contextmanager
def opened(settings: Settings, now: Callable[[], int] = microseconds) -> Iterator[Parts]:
    """Open registry and store, this process alone; close them at the end.

    Raises:
        SettingsError: the configuration names something that is not there, or another hub holds the data.
        StoreUnavailable: the store's files cannot be opened.
    """
    data = settings.hub.data
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(data):
        catalogue = catalogue_of(settings.properties)
        dwellings = read_dwellings(settings.place.dwellings)
        registry = Registry.open(
            data / "registry.sqlite", data / "secret.key", catalogue, partition(dwellings, 8), partition(dwellings, 9),
            limits_of(settings), now(),
        )  # fmt: skip
        try:
            store = open_store(settings)
            try:
                yield Parts(settings, catalogue, registry, store, Gate(store, registry, catalogue, now), now)
            finally:
                store.close()
        finally:
            registry.close()


def open_store(settings: Settings) -> Store:
    """The store that the settings name.

    Raises:
        SettingsError: there is no such engine.
        StoreUnavailable: its files cannot be opened.
    """
    try:
        engine = STORES[settings.store.engine]
    except KeyError as error:
        there = " or ".join(sorted(STORES))
        raise SettingsError(f"store.engine: no store is called {settings.store.engine!r}; use {there}") from error
    return engine(settings.store.folder)


def catalogue_of(properties: Sequence[PropertySettings]) -> Catalogue:
    """The catalogue that properties.toml describes."""
    return Catalogue(
        ObservedProperty(
            id=p.id, name=p.name, unit=p.unit, family=p.family, cap=Grade.read(p.cap),
            station_cap=None if p.station_cap is None else Grade.read(p.station_cap),
            step_street=p.step_street, step_commons=p.step_commons, low=p.low, high=p.high,
            watermark=round(p.watermark_minutes * MINUTE), energy=p.energy, names=tuple(n.lower() for n in p.names),
        )
        for p in properties
    )  # fmt: skip


def read_dwellings(file: Path | None) -> list[Dwellings]:
    """The buildings of a CSV with the columns lat, lon and dwellings; none without a file."""
    if file is None:
        return []
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            rows = csv.DictReader(stream)
            return [Dwellings(Place(float(r["lat"]), float(r["lon"])), int(r["dwellings"])) for r in rows]
    except OSError as error:
        raise SettingsError(f"place.dwellings: {file} cannot be read: {error.strerror}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise SettingsError(f"place.dwellings: {file}: every row needs lat, lon and dwellings as numbers") from error


def limits_of(settings: Settings) -> Limits:
    """How much anybody may use, as the operator set it."""
    return Limits(
        things_per_credential=settings.hub.things_per_credential,
        messages_per_second=settings.mqtt.messages_per_second,
        connections_per_credential=settings.mqtt.connections_per_credential,
        quarantine_messages=settings.hub.quarantine_messages,
        quarantine_bytes=settings.hub.quarantine_bytes,
    )


def routes_of(settings: Settings) -> Routes:
    """Which topic speaks which format.

    Raises:
        SettingsError: topics.toml names a format that does not exist.
    """
    for n, t in enumerate(settings.topics):
        if t.format not in DECODERS:
            there = ", ".join(sorted(DECODERS))
            raise SettingsError(f"topics.{n}.format: no format is called {t.format!r}; there are {there}")
    return Routes([(t.filter, t.format) for t in settings.topics])


def check(settings: Settings) -> list[str]:
    """What a start would find, without opening a port or a store; the lines say what was looked at.

    Raises:
        SettingsError: the first thing that is wrong.
    """
    routes_of(settings)
    if settings.store.engine not in STORES:
        open_store(settings)
    cells = partition(read_dwellings(settings.place.dwellings), 8).cells
    for file in settings.place.ground:
        if not file.exists():
            raise SettingsError(f"place.ground: {file}: no such file")
    tls_context(settings.mqtt)
    return [
        f"{len(settings.properties)} observed properties, {len(settings.topics)} foreign topics",
        f"{len(cells)} cells of at least fifty dwellings" if cells else "no dwellings: nothing is shown as street",
        f"{len(settings.sources)} outside brokers",
    ]


def tls_context(mqtt: MqttSettings) -> ssl.SSLContext | None:
    """The endpoint's TLS, or None when no tls_port is set.

    Raises:
        SettingsError: certificate or key are missing or do not fit.
    """
    if mqtt.tls_port is None:
        return None
    if mqtt.certificate is None or mqtt.key is None:
        raise SettingsError("mqtt.tls_port: needs mqtt.certificate and mqtt.key too")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(mqtt.certificate, mqtt.key)
        if mqtt.client_ca is not None:
            context.load_verify_locations(mqtt.client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"mqtt.certificate: cannot be used: {error}") from error
    return context


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the hub listens."""

    mqtt: tuple[str, int]
    web: str
    metrics: str | None
    tls: tuple[str, int] | None = None


class Hub:
    """A running hub."""

    def __init__(self, parts: Parts, *, next_free: bool = False) -> None:
        """Run on `parts`; `next_free` takes the next free port where one is taken (the demo does)."""
        self._parts = parts
        self._next_free = next_free
        s = parts.settings
        self.inbox = Inbox(s.ingest.least_wait, s.ingest.most_wait, s.ingest.most_readings)
        self.ingest = Ingest(self.inbox, routes_of(s), parts.registry, parts.store, parts.now)
        self.endpoint = Endpoint(self.inbox, parts.registry, endpoint_settings(s.mqtt), parts.now)
        self.live = Live(parts.gate)

    async def start(self, stack: AsyncExitStack) -> Addresses:
        """Start everything; the stack stops it again, in the right order.

        Raises:
            SettingsError: a port is taken, or a part of the configuration cannot be used.
        """
        s = self._parts.settings
        ingest = asyncio.create_task(self.ingest.run())
        stack.push_async_callback(ended, ingest)
        metrics = Metrics(self.ingest.counts, self.endpoint.counters)
        address = None
        if s.operator.port is not None:
            port = await self._listen("operator", s.operator.port, lambda p: _now(metrics.start, s.operator.host, p))
            stack.callback(metrics.stop)
            address = f"http://{s.operator.host}:{port}/metrics"
        web = await self._web(stack)
        stack.push_async_callback(self.live.stop)
        await stack.enter_async_context(Control(self._desk(web), s.hub.data / CONTROL))
        await self._sources(stack)
        stack.push_async_callback(self.endpoint.stop, _STOP_SECONDS)
        port = await self._listen("mqtt", s.mqtt.port, lambda p: self.endpoint.start(s.mqtt.host, p))
        tls = None
        context = tls_context(s.mqtt)
        if context is not None and s.mqtt.tls_port is not None:
            tls_port = s.mqtt.tls_port
            bound = await self._listen("mqtt.tls", tls_port, lambda p: self.endpoint.start(s.mqtt.host, p, context))
            tls = (s.mqtt.host, bound)
        return Addresses((s.mqtt.host, port), web, address, tls)

    def _desk(self, web: str) -> Desk:
        """What the operator's commands work with; a credential that ended is hung up on at once."""
        loop, p = asyncio.get_running_loop(), self._parts
        return Desk(
            p.registry, p.store, p.gate, p.settings, p.now, self.ingest.counts, self.endpoint,
            hang_up=lambda credential: _later(loop, self.endpoint.disconnect, credential), web=web,
        )  # fmt: skip

    async def _web(self, stack: AsyncExitStack) -> str:
        s = self._parts.settings
        server = _Server(uvicorn.Config(
            create_site(self._parts.gate, self.live, s, self._parts.now), log_config=None, access_log=False,
            server_header=False, lifespan="off", timeout_graceful_shutdown=2,
        ))  # fmt: skip
        port = await self._listen("web", s.web.port, lambda p: server.listen(s.web.host, p))
        task = asyncio.create_task(server.serve(server.listening))
        stack.push_async_callback(server.end, task)
        return s.web.address or f"http://{s.web.host}:{port}/"

    async def _sources(self, stack: AsyncExitStack) -> None:
        for s in self._parts.settings.sources:
            credential = self._parts.registry.source(s.name, s.party, self._parts.now())
            broker = Broker(source_of(s, credential), self.inbox, self._parts.now)
            await broker.start()
            stack.push_async_callback(broker.stop)

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


def endpoint_settings(mqtt: MqttSettings) -> EndpointSettings:
    """The endpoint's bounds as the operator set them."""
    return EndpointSettings(
        max_connections=mqtt.connections, max_packet=mqtt.largest_packet, receive_maximum=mqtt.receive_maximum,
        keep_alive=mqtt.longest_keep_alive,
    )  # fmt: skip


def source_of(s: SourceSettings, credential: int) -> Source:
    """An outside broker as the MQTT side wants it.

    Raises:
        SettingsError: its password file cannot be read.
    """
    password = None
    if s.password_file is not None:
        try:
            password = s.password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"sources.{s.name}.password_file: {error.strerror}: {s.password_file}") from error
    return Source(
        name=s.name, credential=credential, host=s.host, port=s.port, username=s.username, password=password,
        ca_file=None if s.ca is None else str(s.ca), topics=s.topics, version=5 if s.version == "5" else 4,
        client_id=s.client_id, shared=s.party is None, tls=s.tls,
    )  # fmt: skip


class _Server(uvicorn.Server):
    """Uvicorn on sockets of ours, leaving the signals to the hub."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening: list[socket.socket] = []

    async def listen(self, host: str, port: int) -> int:
        found = socket.create_server((host, port), backlog=512)
        found.setblocking(False)
        self.listening.append(found)
        return int(found.getsockname()[1])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def end(self, task: asyncio.Task[None]) -> None:
        self.should_exit = True
        await task


@contextmanager
def _alone(data: Path) -> Iterator[TextIO]:
    """Hold the data folder; a second hub on it is told so."""
    lock = (data / "lock").open("w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise SettingsError(f"hub.data: another barrio is at work in {data}: stop it, or set another folder") from error
    with lock:
        yield lock


def _later(loop: asyncio.AbstractEventLoop, act: Callable[[int], object], number: int) -> None:
    loop.call_soon_threadsafe(act, number)


async def _now(act: Callable[[str, int], int], host: str, port: int) -> int:
    return act(host, port)


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def serve(main: Coroutine[None, None, None]) -> None:
    """Run the hub on its event loop, uvloop: half the work of asyncio's own where things publish."""
    # Messages and readings take part in no cycles (`gc=False`), but lists of them count as garbage to look for: what is
    # there at the start is never looked at again, and the rest seldom, or a full inbox would be searched all the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    uvloop.run(main)


async def run(hub: Hub, say: Callable[[Addresses], None]) -> None:
    """Run until SIGINT or SIGTERM; `say` is told where it listens once it does."""
    async with AsyncExitStack() as stack:
        say(await hub.start(stack))
        await told_to_stop()
        _LOG.info("stopping")


async def told_to_stop() -> None:
    """Wait for SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
