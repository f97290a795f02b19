"""What is measured over MQTT: a hub beside mosquitto, by the same generator.

Rule: contenders take turns, the median of the rounds counts, and a round in which anything was lost counts for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import psutil

from hub import actions, app
from hub.core.catalogue import PartyKind
from hub.decoders import senml
from hub.settings import read
from tests.bench import packets
from tests.bench.contenders import Measured, broker, generate, hub, settle, stored, subscriber
from tests.bench.effort import Effort
from tests.bench.load import Client, Work
from tests.bench.verdicts import Row, Target, figure, middle
from tests.e2e import running

UNDER_WAY = 8_000
"""Messages sent and not done yet, over all connections."""
THINGS = 1_000
_SOURCE = """
[[sources]]
name = "outside"
host = "127.0.0.1"
port = {port}
topics = ["things/#"]
party = {party}
"""


_records = msgspec.json.Decoder(list[senml.Record]).decode


def now() -> int:
    """The time in µs, from which readings are dated: each round's are newer than those before."""
    return time.time_ns() // 1000


def singles(effort: Effort) -> list[Row]:
    """Single readings: the hub as endpoint beside `mosquitto_sub` writing to a file, 4 and 100 connections."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        groups = settle(folder, [4, 100], THINGS)
        ours = stack.enter_context(hub(folder))
        port, theirs = stack.enter_context(broker(folder))
        process = psutil.Process(ours.process.pid)
        for clients in groups:
            generate(Work(ours.mqtt, clients, "single", THINGS, now()))
        rows, met = [], len(groups) * THINGS
        for clients in groups:
            mine: list[Measured] = []
            other: list[Measured] = []
            for _ in range(effort.rounds):
                mine.append(generate(_single(ours.mqtt, clients, effort), process))
                other.append(_filed(port, theirs, folder / "lines", clients, effort))
            met += sum(m.found.acknowledged for m in mine)
            rows += _beside(len(clients), mine, other)
        ours.stop()
        return [*rows, *_kept(folder, met)]


def outside(effort: Effort) -> list[Row]:
    """Single readings through a mosquitto that the hub subscribes to, beside `mosquitto_sub`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        (clients,) = settle(folder, [4], THINGS)
        theirs, broker_process = stack.enter_context(broker(folder))
        between, _ = stack.enter_context(broker(folder))
        with app.opened(read(folder / "barrio.toml")) as parts:
            party = actions.add_party(parts.registry, PartyKind.PERSON, "Gateway keeper")
        running.configure(folder, _SOURCE.format(port=between, party=party))
        ours = stack.enter_context(hub(folder))
        control = str(folder / "var" / "control.sock")
        process = psutil.Process(ours.process.pid)
        generate(Work(between, clients, "single", THINGS, now(), control=control))
        mine, other = [], []
        for _ in range(effort.rounds):
            mine.append(generate(_single(between, clients, effort, control=control), process))
            other.append(_filed(theirs, broker_process, folder / "lines", clients, effort))
    through, straight = middle([m.rate for m in mine]), middle([m.rate for m in other])
    told = f"{figure(through)} / {figure(straight)} messages a second; the hub used {_cpu(mine):.1f} µs each"
    return [
        Row("through an outside mosquitto / `mosquitto_sub` to a file", Target(least=0.4), through / straight, told)
    ]


def packs(effort: Effort) -> list[Row]:
    """SenML packs of 100 beside decoding the same packs with msgspec alone."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        (clients,) = settle(folder, [4], 200)
        ours = stack.enter_context(hub(folder))
        process = psutil.Process(ours.process.pid)
        generate(Work(ours.mqtt, clients, "pack", 200, now(), window=200))
        mine, alone = [], []
        for _ in range(effort.rounds):
            mine.append(generate(Work(ours.mqtt, clients, "pack", effort.packs, now(), window=200), process))
            alone.append(_msgspec(effort.packs // 4))
    ours_rate, theirs = middle([m.rate for m in mine]) * packets.PACK, middle(alone) * packets.PACK
    told = f"{figure(ours_rate)} / {figure(theirs)} readings a second; {_cpu(mine):.0f} µs of CPU a pack"
    what = "readings a second in SenML packs of 100 / decoding the same packs with msgspec alone"
    return [Row(what, Target(least=0.4), ours_rate / theirs, told)]


def latency(effort: Effort) -> list[Row]:
    """PUBLISH to PUBACK at 5,000 messages a second over 100 connections."""
    with _fresh(100) as (port, clients, process):
        found = [
            generate(Work(port, clients, "single", 5_000 * effort.seconds, now(), rate=5_000), process)
            for _ in range(effort.rounds)
        ]
    what = "PUBLISH to PUBACK at 5,000 messages a second, 100 connections,"
    return [
        Row(f"{what} p50", Target(most=10, unit=" ms"), middle([m.found.p50 for m in found])),
        Row(f"{what} p99", Target(most=30, unit=" ms"), middle([m.found.p99 for m in found])),
    ]


def thousand(effort: Effort) -> list[Row]:
    """A thousand connected things that say something once a second."""
    with _fresh(THINGS) as (port, clients, process):
        found = [
            generate(Work(port, clients, "single", THINGS * effort.seconds, now(), rate=1_000), process)
            for _ in range(max(1, effort.rounds // 2))
        ]
    used = middle([100 * m.cpu / m.found.seconds for m in found])
    p50, p99 = middle([m.found.p50 for m in found]), middle([m.found.p99 for m in found])
    told = f"PUBLISH to PUBACK {p50:.0f} ms p50, {p99:.0f} ms p99"
    what = "1,000 connected things, one reading a second each: the hub's share of a core"
    return [Row(what, Target(most=4, unit=" %"), used, told)]


@contextmanager
def _fresh(count: int) -> Iterator[tuple[int, list[Client], psutil.Process]]:
    """A hub of its own with so many credentials, each of one connection, that has met their things: port, clients."""
    with TemporaryDirectory() as name:
        (clients,) = settle(Path(name), [count], THINGS)
        with hub(Path(name)) as ours:
            generate(Work(ours.mqtt, clients, "single", THINGS, now()))
            yield ours.mqtt, clients, psutil.Process(ours.process.pid)


def _single(port: int, clients: list[Client], effort: Effort, control: str | None = None) -> Work:
    window = UNDER_WAY // len(clients)
    return Work(port, clients, "single", effort.messages, now(), window=window, control=control)


def _filed(port: int, process: psutil.Process, file: Path, clients: list[Client], effort: Effort) -> Measured:
    """One round of mosquitto with its subscriber; a message is done when its line is in the file."""
    topic, payload = next(packets.singles(clients[0].things, 1, now()))
    window = UNDER_WAY // len(clients)
    with subscriber(port, file):
        return generate(
            Work(port, clients, "single", effort.messages, now(), window=window, lines=str(file),
                 width=len(topic) + len(payload) + 2),
            process,
        )  # fmt: skip


def _beside(connections: int, mine: list[Measured], other: list[Measured]) -> list[Row]:
    ours, theirs = middle([m.rate for m in mine]), middle([m.rate for m in other])
    told = f"{figure(ours)} / {figure(theirs)} messages a second"
    cpu = f"{_cpu(mine):.1f} / {_cpu(other):.1f} µs"
    full = "PUBLISH to PUBACK at full load, "
    p50 = f"{middle([m.found.p50 for m in mine]):.0f} ms p50, {UNDER_WAY:,} messages under way"
    return [
        Row(
            f"single readings, QoS 1, {connections} connections, acknowledged after the commit: the hub / "
            "`mosquitto_sub` writing what a mosquitto forwards to a file", Target(least=2.5), ours / theirs, told,
        ),
        Row(
            f"CPU a single message, {connections} connections: the hub / mosquitto alone", Target(most=0.4),
            _cpu(mine) / _cpu(other), cpu,
        ),
        Row(
            f"{full}{connections} connections, p99", Target(most=80, unit=" ms"),
            middle([m.found.p99 for m in mine]), p50,
        ),
    ]  # fmt: skip


def _kept(folder: Path, acknowledged: int) -> list[Row]:
    rows, different, size = stored(folder)
    return [
        Row("acknowledged under that load and not stored, or stored twice", Target(most=0),
            abs(acknowledged - rows) + rows - different, f"{acknowledged:,} acknowledged"),
        Row("disk a single reading as the hub leaves it, before compaction", Target(unit=" B"), size / rows,
            "with owner, grade, wish and quality; the target, 9 B, is for after compaction"),
    ]  # fmt: skip


def _cpu(found: list[Measured]) -> float:
    """µs a message."""
    return middle([m.cpu / m.found.messages * 1e6 for m in found])


def _msgspec(count: int) -> float:
    """Packs a second that msgspec alone decodes."""
    payloads = [payload for _, payload in packets.packs(["thing"], count, now())]
    start = time.perf_counter()
    for payload in payloads:
        _records(payload)
    return count / (time.perf_counter() - start)
