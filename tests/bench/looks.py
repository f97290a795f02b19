"""The log of looks, on this machine's disk: what an entry costs when one answer is told to many owners."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from hub import actions
from hub.core.catalogue import PartyKind
from hub.core.grade import HOUR
from hub.core.look import Entry, Look, Looker, Values
from hub.registry import Registry
from tests.bench.effort import Effort
from tests.bench.verdicts import Row, Target, figure, middle
from tests.core import world

_OWNERS = 1_000


def looks(effort: Effort) -> list[Row]:
    """µs an entry: written durably, and later put into the tree when its hour is closed."""
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry.open(
            Path(folder) / "registry.sqlite", Path(folder) / "key", world.CATALOGUE, world.AROUND, world.NEAR,
            now=world.NOW,
        )  # fmt: skip
        with registry.transaction():
            owners = [actions.add_party(registry, PartyKind.PERSON, f"{n}", now=world.NOW) for n in range(_OWNERS)]
        write, single, close = [], [], []
        for n in range(effort.rounds * 4):
            write.append(_write(registry, [_look(owner, world.NOW + n * HOUR) for owner in owners]))
            single.append(_write(registry, [_look(owners[0], world.NOW + n * HOUR)]))
            start = time.perf_counter()
            registry.tree.close_hours(world.NOW + (n + 1) * HOUR)
            close.append(time.perf_counter() - start)
        registry.close()
    behind = (
        f"a look at one owner, with its flush to the disk: {figure(middle(single) * 1e3)} ms; closing an hour: "
        f"{figure(middle(close) / _OWNERS * 1e6)} µs an entry"
    )
    entry = middle(write) / _OWNERS * 1e6
    return [Row(f"the log of looks, an answer told to {_OWNERS:,} owners", Target(most=20, unit=" µs"), entry, behind)]


def _write(registry: Registry, told: Sequence[Look]) -> float:
    start = time.perf_counter()
    registry.looks.write(told)
    return time.perf_counter() - start


def _look(owner: int, at: int) -> Look:
    values = (Values(owner, "commons", 96), Values(owner + 1, "commons", 96))
    return Look(owner, Entry(at=at, role=Looker.MEMBER, who="brave fox", commons="courtyards", values=values))
