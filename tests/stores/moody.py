"""Engines on a server that is away or slow: by chance, or when they are told."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from random import Random
from threading import Event

from hub.core.observations import Observations, Values
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Erasure, Rows, Store, StoreUnavailable
from hub.stores.memory import MemoryStore
from hub.stores.outbox.store import Outbox

FILE = "outbox.sqlite"
AWAY = "the server is away: start it again"


class Moody(MemoryStore):
    """Takes every other batch late, or not at the first time."""

    def __init__(self, directory: Path | None = None) -> None:
        super().__init__(directory)
        self._chance = Random(7)  # noqa: S311 -- its moods are no secret

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        mood = self._chance.random()
        if mood < 0.3:
            raise StoreUnavailable(AWAY)
        if mood < 0.5:
            time.sleep(0.03)
        super().append(batch, acknowledged)
        if mood > 0.95:
            raise StoreUnavailable("the server did not answer")


class Away(MemoryStore):
    """Is there, away, full, or stuck in the middle of a batch, as it is told; counts what it was sent and asked."""

    def __init__(self) -> None:
        super().__init__()
        self.away = self.full = False
        self.free = Event()
        self.free.set()
        self.sent: list[int] = []
        self.asked = 0

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        self._ask()
        if self.full:
            raise StoreUnavailable("the server is full: make room there")
        assert self.free.wait(30)
        self.sent.append(len(batch))
        super().append(batch, acknowledged)

    def seen(self, hashes: Collection[int]) -> set[int]:
        self.asked += 1
        self._ask()
        return super().seen(hashes)

    def read(self, query: Query, scope: Scope) -> Rows:
        self._ask()
        return super().read(query, scope)

    def delete(self, erasure: Erasure) -> int:
        self._ask()
        return super().delete(erasure)

    def traces(self, erasure: Erasure, most: int = 200) -> Values:
        self._ask()
        return super().traces(erasure, most)

    def _ask(self) -> None:
        if self.away:
            raise StoreUnavailable(AWAY)


def outboxed_moody(directory: Path) -> Outbox:
    """A moody engine behind an outbox in this folder."""
    directory.mkdir(parents=True, exist_ok=True)
    return Outbox(Moody(), directory / FILE, 10**9, patience=0.02)


def opened(engine: Store, folder: Path, most: int = 10**7) -> Outbox:
    """An outbox in this folder before an engine."""
    return Outbox(engine, folder / FILE, most, patience=0.05)


def until(happened: Callable[[], bool]) -> None:
    """Wait for something, twenty seconds at most."""
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)
