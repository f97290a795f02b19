"""With an InfluxDB behind: the engine beside raw writes to the same server, the hub beside Telegraf, erasing a home.

Rule: both contenders write to one server, each into a bucket of its own, and a round counts only if every message's
point was taken. Where server or Telegraf cannot be had the row says why.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest

from hub.core.grade import DAY, MINUTE, Grade
from hub.core.observations import Observations
from hub.core.store import Erasure
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.points import lines
from hub.stores.influxdb.store import InfluxStore
from tests.bench.contenders import Measured, broker, generate, hub, settle
from tests.bench.effort import Effort
from tests.bench.load import Client, Work
from tests.bench.verdicts import Row, Target, absent, figure, middle
from tests.bench.wire import THINGS, now
from tests.servers import telegraf_program
from tests.servers.influxdb import Server, influx_server
from tests.servers.telegraf_program import NotToBeHad

_BATCH = 10_000
_BATCHES = 30
_UNDER_WAY = 20_000
"""Messages sent and not done yet, over all connections: several of Telegraf's batches."""
_HOMES, _PROPERTIES = 20, 10
_INGEST = "the InfluxDB engine storing batches of 10,000 / raw line protocol to the same server"
_BESIDE = "single readings into an InfluxDB, QoS 1, 4 connections: the hub / a mosquitto and Telegraf"
_ERASED = f"erasing one of {_HOMES} homes' month of {_PROPERTIES} values every five minutes in InfluxDB"
_STORE = """
[store]
engine = "influxdb"
[store.influxdb]
url = "{url}"
org = "{org}"
bucket = "vault"
"""


def engine(effort: Effort) -> list[Row]:
    """Rows a second, synchronous, one writer: the engine encodes, keeps the newest rows and waits for the 204."""
    with _server() as server:
        if isinstance(server, str):
            return [absent(_INGEST, Target(least=0.8), server)]
        for bucket in ("vault", "raw"):
            server.bucket(bucket)
        store = InfluxStore(Access(server.url, server.org, "vault", server.token))
        store.last_heard()
        ours, raw = [], []
        for turn in range(effort.rounds + 1):
            batches = list(_batches(turn))
            of_ours, of_raw = partial(_stored, store, batches), partial(_raw, server, batches)
            first, second = (of_ours, of_raw) if turn % 2 else (of_raw, of_ours)
            took = {first: first(), second: second()}
            if turn:  # in the first the server makes its series
                ours.append(took[of_ours])
                raw.append(took[of_raw])
        store.close()
    mine, theirs = (_BATCH * _BATCHES / middle(each) for each in (ours, raw))
    told = f"{figure(mine)} / {figure(theirs)} rows a second"
    return [Row(_INGEST, Target(least=0.8), mine / theirs, told)]


def beside_telegraf(effort: Effort) -> list[Row]:
    """From the things to the disk of the InfluxDB: acknowledged after the 204 by the hub; through a mosquitto else."""
    target = Target(least=2)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(_server())
        if isinstance(server, str):
            return [absent(_BESIDE, target, server)]
        for bucket in ("vault", "telegraf"):
            server.bucket(bucket)
        (folder / "vault.token").write_text(server.token, encoding="ascii")
        (clients,) = settle(folder, [4], THINGS, _STORE.format(url=server.url, org=server.org))
        ours = stack.enter_context(hub(folder))
        port, theirs = stack.enter_context(broker(folder))
        try:
            agent = stack.enter_context(telegraf_program.running(folder, port, server, "telegraf"))
        except NotToBeHad as why:
            return [absent(_BESIDE, target, str(why))]
        process = psutil.Process(ours.process.pid)
        generate(_work(ours.mqtt, clients, THINGS))
        generate(_work(port, clients, THINGS, server.url))
        mine, other = [], []
        for _ in range(effort.rounds):
            mine.append(generate(_work(ours.mqtt, clients, effort.messages), process))
            other.append(generate(_work(port, clients, effort.messages, server.url), agent, theirs))
        ours.stop()
        lost = _lost(server, len(mine) * effort.messages + THINGS)
    return [_beside(mine, other), Row("of that acknowledged by the hub and not in InfluxDB", Target(most=0), lost)]


def erasing(effort: Effort) -> list[Row]:
    """Seconds until nothing of a home is in any answer; from the server's disk it goes when that compacts."""
    with _server() as server:
        if isinstance(server, str):
            return [absent(_ERASED, Target(unit=" s"), server)]
        server.bucket("vault")
        store = InfluxStore(Access(server.url, server.org, "vault", server.token))
        rows = 0
        for day in range(30):
            month = _month(day)
            store.append(month)
            rows += len(month)
        took, went = [], 0
        for home in range(effort.rounds):
            start = time.perf_counter()
            went += store.delete(Erasure(owner=home + 1, arrived=now()))
            took.append(time.perf_counter() - start)
        store.close()
    told = f"{went // effort.rounds:,} of {rows:,} rows; from the server's disk when it compacts"
    return [Row(_ERASED, Target(unit=" s"), middle(took), told)]


@contextmanager
def _server() -> Iterator[Server | str]:
    """An InfluxDB; or why there is none."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        found: Server | str
        try:
            found = stack.enter_context(influx_server(folder))
        except (pytest.skip.Exception, pytest.fail.Exception) as why:
            found = f"not to be had here: {why.msg}"
        yield found


def _batches(turn: int) -> Iterator[Observations]:
    """A thousand datastreams' values, ten each in a batch, newer in each turn."""
    chance = np.random.default_rng(turn)
    since = now()
    for number in range(_BATCHES):
        time_of = np.repeat(np.arange(10, dtype=np.int64), 1000) * 1000 + since + number * 10_000
        stream = np.tile(np.arange(1, 1001, dtype=np.int32), 10)
        yield _columns(stream, stream, time_of, chance)


def _month(day: int) -> Observations:
    laps, many = DAY // (5 * MINUTE), _HOMES * _PROPERTIES
    stream = np.tile(np.arange(many, dtype=np.int32), laps)
    since = now() // DAY * DAY - (30 - day) * DAY
    time_of = since + np.repeat(np.arange(laps, dtype=np.int64), many) * 5 * MINUTE + stream
    return _columns(stream + 1, stream // _PROPERTIES + 1, time_of, np.random.default_rng(day))


def _columns(
    stream: np.ndarray[tuple[int], np.dtype[np.int32]], owner: np.ndarray[tuple[int], np.dtype[np.int32]],
    time_of: np.ndarray[tuple[int], np.dtype[np.int64]], chance: np.random.Generator,
) -> Observations:  # fmt: skip
    many = len(stream)
    grade = np.full(many, Grade.OPEN, np.uint8)
    value = np.round(chance.normal(20, 5, many), 2)
    return Observations(stream, owner, time_of, time_of + 100_000, value, grade, grade, np.zeros(many, np.uint8))


def _stored(store: InfluxStore, batches: list[Observations]) -> float:
    def write() -> None:
        for batch in batches:
            store.append(batch)

    return _seconds(write)


def _raw(server: Server, batches: list[Observations]) -> float:
    """Seconds for the same points, encoded before, one request after the other on one connection."""
    bodies = [lines(batch) for batch in batches]
    line = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    head = {"Authorization": f"Token {server.token}", "Content-Type": "text/plain; charset=utf-8"}
    path = f"/api/v2/write?org={server.org}&bucket=raw&precision=ns"

    def write() -> None:
        for body in bodies:
            line.request("POST", path, body, head)
            with line.getresponse() as answer:
                if answer.status != http.HTTPStatus.NO_CONTENT:
                    raise RuntimeError(f"InfluxDB answers {answer.status}: {answer.read().decode()[:200]}")

    took = _seconds(write)
    line.close()
    return took


def _work(port: int, clients: list[Client], count: int, points: str | None = None) -> Work:
    return Work(port, clients, "single", count, now(), window=_UNDER_WAY // len(clients), points=points)


def _beside(mine: list[Measured], other: list[Measured]) -> Row:
    ours, theirs = (middle([m.rate for m in each]) for each in (mine, other))
    cpu = middle([m.cpu / m.found.messages * 1e6 for m in mine])
    agent = middle([m.cpu / m.found.messages * 1e6 for m in other])
    between = middle([m.loaded / m.found.messages * 1e6 for m in other])
    told = (
        f"{figure(ours)} / {figure(theirs)} messages a second; {cpu:.1f} µs of CPU each in the hub, {agent:.1f} in "
        f"Telegraf and {between:.1f} in its mosquitto"
    )
    return Row(_BESIDE, Target(least=2), ours / theirs, told)


def _lost(server: Server, acknowledged: int) -> int:
    """Points that should be in the bucket and are not."""
    store = InfluxStore(Access(server.url, server.org, "vault", server.token))
    streams = list(store.last_heard())
    days = store._bucket.counts(streams, now() + DAY, 7 * DAY)
    store.close()
    return acknowledged - int(sum(d.count.sum() for d in days))


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
