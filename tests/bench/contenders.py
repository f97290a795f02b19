"""Who is measured: a hub and a mosquitto with its subscriber, each a process of its own on a free port.

Rule: what was started is stopped, and each is given the same messages by the same generator.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import duckdb
import msgspec
import psutil

from hub import actions, app
from hub.core.catalogue import PartyKind
from hub.settings import read
from tests.bench.load import Client, Found, Work
from tests.e2e import running
from tests.e2e.running import RunningHub

ROOT = Path(__file__).resolve().parents[2]
_BROKER = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 0
max_queued_bytes 0
set_tcp_nodelay true
"""
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Measured:
    """One round: what the generator found, and the CPU (s) that whoever was measured used meanwhile."""

    found: Found
    cpu: float
    loaded: float
    """The broker's share, where there is one."""

    @property
    def rate(self) -> float:
        """Messages a second; none when something was lost."""
        f = self.found
        return f.messages / f.seconds if f.in_order and f.acknowledged == f.messages else float("nan")


def generate(work: Work, *watched: psutil.Process) -> Measured:
    """Run the generator once; the CPU of the first watched process, and of the second."""
    command = [sys.executable, "-m", "tests.bench.load"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the generator has no pipes")
        process.stdin.write(msgspec.json.encode(work).decode() + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "READY\n":
            raise RuntimeError(f"the generator ended before it began ({process.wait()})")
        time.sleep(0.3)
        before = [used(p) for p in watched]
        said, _ = process.communicate("go\n", timeout=_SECONDS)
        after = [used(p) for p in watched]
    if process.returncode:
        raise RuntimeError(f"the generator gave up: {said}")
    spent = [b - a for a, b in zip(before, after, strict=True)] + [0.0, 0.0]
    return Measured(msgspec.json.decode(said, type=Found), spent[0], spent[1])


def used(process: psutil.Process) -> float:
    """CPU seconds, its threads included."""
    times = process.cpu_times()
    return float(times.user + times.system)


def settle(folder: Path, groups: Sequence[int], things: int, more: str = "") -> list[list[Client]]:
    """Configure a hub and make its credentials: for each group so many, with `things` things in all.

    Every credential is a party's own; a client is one connection of it.
    """
    config = running.configure(folder, more)
    made: list[list[Client]] = []
    with app.opened(read(config)) as parts, parts.registry.transaction():
        for g, clients in enumerate(groups):
            made.append([])
            for n in range(clients):
                party = actions.add_party(parts.registry, PartyKind.PERSON, f"Neighbour {g} {n}")
                door = actions.add_credential(parts.registry, party, f"gateway {g} {n}")
                names = [f"g{g}-{n:04d}-{k:04d}" for k in range(max(1, things // clients))]
                made[-1].append(Client(f"client-{g}-{n}", names, door.user, door.password))
    return made


@contextmanager
def hub(folder: Path) -> Iterator[RunningHub]:
    """A hub on what `settle` has configured."""
    started = running.start(folder)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.stop()


@contextmanager
def broker(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """A mosquitto of its own; its port and process."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    config = folder / f"mosquitto-{port}.conf"
    config.write_text(_BROKER.format(port=port))
    command = [which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _listens(port)
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()


@contextmanager
def subscriber(port: int, file: Path) -> Iterator[None]:
    """`mosquitto_sub` writing what this broker forwards to a file."""
    command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", "things/#", "-v"]
    with file.open("wb") as out, subprocess.Popen(command, stdout=out) as process:
        try:
            time.sleep(0.5)
            yield
        finally:
            process.terminate()


def stored(folder: Path) -> tuple[int, int, int]:
    """Of a hub that does not run: rows, different (datastream, time) among them, and bytes on the disk."""
    rows = different = size = 0
    for file in (folder / "var" / "observations").glob("*.duckdb"):
        with duckdb.connect(str(file), read_only=True) as connection:
            query = 'SELECT count(*), count(DISTINCT (datastream, "time")) FROM observations'
            found = connection.execute(query).fetchone() or (0, 0)
        rows, different, size = rows + found[0], different + found[1], size + file.stat().st_size
    return rows, different, size


def _listens(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("mosquitto did not start: is it installed?")
