"""Public pages asked for again and again, as on the day when everybody looks: a hub's own process, over HTTP/1.1.

Rule: every answer is read whole and must be 200. It was asked for before the clock runs, and is made anew whenever the
hub no longer lets it stand.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psutil

from hub.core.grade import DAY, MINUTE
from tests.bench import town
from tests.bench.contenders import hub, used
from tests.bench.effort import Effort
from tests.bench.verdicts import Row, Target, absent, figure, middle
from tests.bench.wire import now

_LOOKING = 16
_HOMES = 40
_ASKED = {
    "the map's page": "/",
    "the map's values": "/map/air_temperature.geojson",
}
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_LATER = {
    "SensorThings: the ten commonest requests, 100 M observations, p95": Target(most=50, unit=" ms"),
    "SensorThings: a million rows as CSV, memory flat": Target(least=200_000, unit=" rows/s"),
}


class Looker:
    """One connection that asks for the same again as soon as it has the answer."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self._ask = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        self._got = b""
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = 0

    def ask(self) -> None:
        """Ask once."""
        self.socket.sendall(self._ask)

    def hear(self) -> bool:
        """Take what came; whether the answer is whole."""
        self._got += self.socket.recv(1 << 20)
        length = whole_answer(self._got)
        if length is None or len(self._got) < length:
            return False
        self._got = self._got[length:]
        self.answers += 1
        return True


def pages(effort: Effort) -> list[Row]:
    """Answers a second of pages that are kept; and what is not built yet."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        until = now() // MINUTE * MINUTE
        town.settle(folder, _HOMES, len(town.MEASURED), until - 2 * DAY)
        with town.opened(folder, until) as t:
            t.parts.store.append(town.measured(t, until - DAY, until, 5 * MINUTE))
        with hub(folder) as running:
            rows = [_row(what, path, running.web, running.process.pid, effort) for what, path in _ASKED.items()]
    return [*rows, *(absent(what, target, "not built yet") for what, target in _LATER.items())]


def whole_answer(got: bytes) -> int | None:
    """How long the answer is of which this is the beginning; None while that cannot be told.

    Raises:
        RuntimeError: it is none that counts.
    """
    head, end, _ = got.partition(b"\r\n\r\n")
    if not end:
        return None
    length = _LENGTH.search(head)
    if not head.startswith(b"HTTP/1.1 200") or length is None:
        raise RuntimeError(f"the hub answers {head[:60]!r}")
    return len(head) + len(end) + int(length[1])


def _row(what: str, path: str, web: str, pid: int, effort: Effort) -> Row:
    address = urlsplit(web)
    process = psutil.Process(pid)
    look = partial(_look, address.hostname or "", address.port or 80, path)
    look(1, 1)  # whoever asks for what is not kept yet has it made for himself: let it be one
    rates, cpu = [], []
    for _ in range(effort.rounds):
        before = used(process)
        answers, took = look(effort.seconds / 2)
        rates.append(answers / took)
        cpu.append((used(process) - before) / answers)
    told = f"{figure(middle(cpu) * 1e6)} µs of CPU each, {_LOOKING} connections; the one who asks has the other core"
    return Row(f"a kept public answer, {what}", Target(least=2000, unit=" requests/s"), middle(rates), told)


def _look(host: str, port: int, path: str, seconds: float, connections: int = _LOOKING) -> tuple[int, float]:
    """Answers within about these seconds (one at least), and how many seconds it were."""
    lookers = [Looker(host, port, path) for _ in range(connections)]
    with selectors.DefaultSelector() as watch:
        for looker in lookers:
            watch.register(looker.socket, selectors.EVENT_READ, looker)
            looker.ask()
        start = time.perf_counter()
        while time.perf_counter() < start + seconds or not any(looker.answers for looker in lookers):
            for key, _ in watch.select(1):
                if key.data.hear():
                    key.data.ask()
        took = time.perf_counter() - start
    for looker in lookers:
        looker.socket.close()
    return sum(looker.answers for looker in lookers), took
