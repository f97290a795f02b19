"""Chores: one table, one loop.

Rule: a chore that fails is told of and tried again when its time comes; it never keeps another from being done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from threading import Lock

from msgspec import Struct

from hub.core.store import StoreUnavailable

_LOG = logging.getLogger("hub.upkeep")
_LOOKS = 5.0
"""So often (seconds) it is asked whether something is due."""


class Chore(Struct, frozen=True):
    """Something to do every so often (µs): `do` takes the time (µs) and says in words what it did, or nothing."""

    name: str
    every: int
    do: Callable[[int], str]


class Done(Struct, frozen=True):
    """When (µs) a chore was last tried, and what came of it; `told` and `told_at` of the last time it did something."""

    at: int
    trouble: str = ""
    told: str = ""
    told_at: int = 0


class Upkeep:
    """The chores of one hub. Any thread may ask for a step; one at a time is done."""

    def __init__(self, chores: Iterable[Chore], now: Callable[[], int]) -> None:
        """Do these `chores`; `now` gives the time in µs."""
        self._chores = tuple(chores)
        self._now = now
        self._lock = Lock()
        self.done: dict[str, Done] = {}

    def step(self) -> None:
        """Do what is due."""
        with self._lock:
            for chore in self._chores:
                last = self.done.get(chore.name)
                now = self._now()
                if last is None or now >= last.at + chore.every:
                    self.done[chore.name] = _tried(chore, last or Done(now), now)

    def due(self) -> dict[str, int]:
        """When (µs) each chore will be done next."""
        now = self._now()
        return {c.name: self.done[c.name].at + c.every if c.name in self.done else now for c in self._chores}

    async def run(self) -> None:
        """Do what is due, for ever, in a thread."""
        while True:
            await asyncio.to_thread(self.step)
            await asyncio.sleep(_LOOKS)


def _tried(chore: Chore, last: Done, now: int) -> Done:
    try:
        told = chore.do(now)
    except StoreUnavailable as error:
        return Done(now, str(error), last.told, last.told_at)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other chores are to be done
        _LOG.warning("upkeep: %s failed (%s); it is tried again", chore.name, type(error).__name__)
        return Done(now, type(error).__name__, last.told, last.told_at)
    return Done(now, "", told or last.told, now if told else last.told_at)
