"""What the operator's commands work with.

Rule: a command gets all of it as an argument; without a running hub there are no connections and no counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from hub.control.work import Work
from hub.core.store import Store
from hub.gate import Gate
from hub.ingest.pipeline import Counts
from hub.mqtt.contracts import Counters
from hub.registry import Registry
from hub.settings import Settings
from hub.upkeep import Upkeep


class Door(Protocol):
    """What a command may do to connections (the endpoint, when the hub runs)."""

    @property
    def counters(self) -> Counters:
        """What it has done."""

    def disconnect(self, credential: int) -> None:
        """End a credential's connections; on the event loop's thread."""


class Releasing(Protocol):
    """What a command may know of the releaser."""

    @property
    def waiting(self) -> int:
        """Of how many properties something is due that is not done."""

    @property
    def trouble(self) -> str | None:
        """What keeps it from publishing."""


class Mirroring(Protocol):
    """What a command may know of the mirror."""

    @property
    def told(self) -> str:
        """What it holds and what is still to be compared, in words."""


class Worker(NamedTuple):
    """One of several hub processes: whether it leads, its connections, and what it has taken since it started."""

    number: int
    leads: bool
    connections: int
    messages: int
    readings: int
    refused: int

    @classmethod
    def of(cls, number: int, counts: Counts, counters: Counters, *, leads: bool) -> Worker:
        """This process, as ingest and endpoint have counted."""
        refused = sum(counts.refused.values())
        return cls(number, leads, counters.connections, counts.messages, counts.readings, refused)


def _no_workers() -> list[Worker]:
    return []


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands work with; `counts`, `door` and `releaser` only when the hub runs. `web` is where its pages are.

    `work` is what a command began and goes on with; `workers` are the processes at work, where there are several.
    """

    registry: Registry
    store: Store
    gate: Gate
    settings: Settings
    now: Callable[[], int]
    counts: Counts | None = None
    door: Door | None = None
    hang_up: Callable[[int], None] | None = None
    web: str | None = None
    upkeep: Upkeep | None = None
    releaser: Releasing | None = None
    mirror: Mirroring | None = None
    workers: Callable[[], list[Worker]] = _no_workers
    work: Work = field(default_factory=Work)
