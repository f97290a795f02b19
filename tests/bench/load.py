"""The generator: a process of its own that sends what was encoded before, and waits for what comes back.

Rule: nothing is encoded or kept while the clock runs but counts and times. Its work comes as JSON on stdin, what it
found goes as JSON to stdout; `READY` is said in between, and it starts when a line answers.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from tests.bench import packets
from tests.bench.packets import Stream
from tests.bench.verdicts import delays, percentile

PATIENCE = 60.0
"""Seconds without an answer after which the generator gives up: then something was lost."""
_CONNACK = 4
_PUBACK = 4
_MANY = 1 << 18
_ASKED = 0.02
_TAKEN = re.compile(rb"^storage_writer_ok_points_sum\{[^}]*\} (\S+)$", re.MULTILINE)


class Client(Struct, frozen=True):
    """One connection: its client id, how it comes in, and the things that it carries."""

    name: str
    things: list[str]
    user: str | None = None
    password: str | None = None


class Work(Struct, frozen=True):
    """What to send: `count` messages of a `kind` over all connections, the first reading at `since` (µs).

    Closed loop: `window` messages of each connection are under way at most. Open loop: `rate` messages a second.
    `lines` names a file in which each stored message is a line of `width` bytes, `control` a hub's socket: then a
    message is done when it is counted there; `points` is the address of an InfluxDB: then when its point was taken.
    """

    port: int
    clients: list[Client]
    kind: str
    count: int
    since: int
    window: int = 1_000
    rate: float = 0.0
    lines: str | None = None
    width: int = 0
    control: str | None = None
    points: str | None = None


class Found(Struct, frozen=True):
    """What came of it: `seconds` from the first byte to the last message done, delays in milliseconds."""

    messages: int
    seconds: float
    acknowledged: int
    in_order: bool
    p50: float
    p99: float


class Line:
    """One connection while the clock runs."""

    def __init__(self, port: int, client: Client, stream: Stream) -> None:
        self.stream = stream
        self.ends = [0, *stream.ends.tolist()]
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(packets.connect(client.name, client.user, client.password))
        answer = self.socket.recv(_CONNACK)
        if answer != b"\x20\x02\x00\x00":
            raise SystemExit(f"the connection was refused: {answer.hex()}")
        self.socket.setblocking(False)
        self.view = memoryview(stream.data)
        self.allowed = self.bytes = 0
        self.marks: list[tuple[int, float]] = [(0, 0.0)]
        self.heard: list[tuple[int, float]] = []
        self.answers = bytearray()

    @property
    def acked(self) -> int:
        """How many messages were acknowledged."""
        return len(self.answers) // _PUBACK

    def allow(self, count: int, now: float) -> None:
        """Send up to the `count`-th message, as far as the socket takes it."""
        if count > self.allowed:
            self.allowed = count
            self.marks.append((count, now))
            self.push()

    def push(self) -> None:
        """Send what is allowed and not sent yet."""
        end = self.ends[self.allowed]
        while self.bytes < end:
            try:
                self.bytes += self.socket.send(self.view[self.bytes : end])
            except BlockingIOError:
                return

    def hear(self, now: float) -> None:
        """Take acknowledgements."""
        got = self.socket.recv(_MANY)
        if not got:
            raise SystemExit("the connection was closed")
        self.answers += got
        self.heard.append((self.acked, now))

    def delays(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """How long each message waited, in seconds, from when it was its turn."""
        sent = np.empty(self.allowed)
        for (start, _), (stop, when) in pairwise(self.marks):
            sent[start:stop] = when
        return delays(sent, self.heard)


def run(work: Work) -> Found:
    """Do it; `SystemExit` when something stays without an answer."""
    lines = [Line(work.port, c, s) for c, s in zip(work.clients, streams(work), strict=True)]
    done = _counter(work, lines)
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with selectors.DefaultSelector() as watch:
        for line in lines:
            watch.register(line.socket, selectors.EVENT_READ, line)
        start = time.perf_counter()
        (_open if work.rate else _closed)(work, lines, watch, done)
        seconds = time.perf_counter() - start
    waited = np.concatenate([line.delays() for line in lines])
    return Found(
        sum(len(line.stream) for line in lines), seconds, sum(line.acked for line in lines),
        all(line.answers == line.stream.acks for line in lines), percentile(waited, 0.5) * 1e3,
        percentile(waited, 0.99) * 1e3,
    )  # fmt: skip


def streams(work: Work) -> list[Stream]:
    """What each connection sends: its share of the messages, of its own things."""
    share = work.count // len(work.clients)
    kinds: dict[str, Callable[[Sequence[str]], Stream]] = {
        "single": lambda things: packets.stream(packets.singles(things, share, work.since)),
        "pack": lambda things: packets.stream(packets.packs(things, share, work.since)),
    }
    return [kinds[work.kind](client.things) for client in work.clients]


def _closed(work: Work, lines: Sequence[Line], watch: selectors.BaseSelector, done: Callable[[], int]) -> None:
    """As fast as they are taken, with a bounded number under way."""
    total = sum(len(line.stream) for line in lines)
    stored, moved = 0, time.perf_counter()
    elsewhere = any(place is not None for place in (work.lines, work.control, work.points))
    while stored < total:
        now = time.perf_counter()
        most = stored // len(lines) + work.window if elsewhere else total
        for line in lines:
            if line.bytes < line.ends[line.allowed]:
                line.push()
            else:
                line.allow(min(len(line.stream), line.acked + work.window, most), now)
        for key, _ in watch.select(0.002):
            key.data.hear(time.perf_counter())
        before, stored = stored, done()
        moved = now if stored > before else moved
        if now - moved > PATIENCE:
            raise SystemExit(f"{total - stored} of {total} messages were not stored within {PATIENCE:.0f} s")


def _open(work: Work, lines: Sequence[Line], watch: selectors.BaseSelector, done: Callable[[], int]) -> None:
    """At a steady rate, whatever comes back."""
    total = sum(len(line.stream) for line in lines)
    start = time.perf_counter()
    turn = 0
    while done() < total:
        now = time.perf_counter()
        due = min(total, int((now - start) * work.rate))
        while turn < due:
            line = lines[turn % len(lines)]
            line.allow(turn // len(lines) + 1, start + turn / work.rate)
            turn += 1
        if now - start > total / work.rate + PATIENCE:
            raise SystemExit(f"{total - done()} of {total} messages were not acknowledged")
        for key, _ in watch.select(max(0.0, start + (turn + 1) / work.rate - time.perf_counter())):
            key.data.hear(time.perf_counter())


def _counter(work: Work, lines: Sequence[Line]) -> Callable[[], int]:
    """How many messages are done."""

    def acknowledged() -> int:
        return sum(len(line.answers) for line in lines) // _PUBACK

    if work.lines is not None:
        file = Path(work.lines)
        return lambda: min(acknowledged(), file.stat().st_size // work.width)
    if work.control is not None:
        return _now_and_then(_stored_by(Path(work.control)))
    return acknowledged if work.points is None else _now_and_then(_points_in(work.points))


def _now_and_then(count: Callable[[], int]) -> Callable[[], int]:
    """How much a count has grown since now, asked every 20 ms."""
    last, asked, begun = 0, 0.0, count()

    def since() -> int:
        nonlocal last, asked
        if time.perf_counter() - asked > _ASKED:
            last, asked = count() - begun, time.perf_counter()
        return last

    return since


def _stored_by(control: Path) -> Callable[[], int]:
    """What a hub says it has stored."""

    def count() -> int:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(control))
            line.sendall(b'{"command": "status", "arguments": {}}\n')
            return int(json.loads(line.makefile("rb").readline())["result"]["messages stored"])

    return count


def _points_in(address: str) -> Callable[[], int]:
    """What an InfluxDB says it has taken (its own metrics, 2 ms a look)."""

    def count() -> int:
        with urllib.request.urlopen(f"{address}/metrics", timeout=PATIENCE) as answer:
            found = _TAKEN.findall(answer.read())
        return sum(int(float(number)) for number in found)

    return count


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(run(msgspec.json.decode(sys.stdin.readline(), type=Work))).decode())
