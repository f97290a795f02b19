"""Where observations live: the protocol that every engine keeps (its contract suite is tests/stores).

Rule: a store gives nothing without a `Scope`, and applies it inside the query, before it forms windows or pages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from msgspec import Struct

from hub.core.observations import Ints, Observations, Times, Values
from hub.core.query import Query
from hub.core.query import StoreUnavailable as StoreUnavailable  # noqa: PLC0414 - part of the protocol
from hub.core.scope import Scope


@dataclass(frozen=True, slots=True)
class Rows:
    """What a store found under a scope, not yet disclosed: equal-length columns ordered by (datastream, time).

    `time` is the instant of a raw row or the start of a window (µs), `value` in the datastream's own unit (of a
    window: the plain mean).
    """

    datastream: Ints
    time: Times
    value: Values

    def __len__(self) -> int:
        """How many rows."""
        return len(self.datastream)


NO_ROWS = Rows(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64))


class Erasure(Struct, frozen=True, kw_only=True):
    """What to delete: rows of these datastreams (None: of all of the owner's) with a time in [`since`, `until`)."""

    owner: int
    datastreams: frozenset[int] | None = None
    since: int = -(2**62)
    until: int = 2**62


class Store(Protocol):
    """An engine. Its methods block: callers on an event loop use a thread. Any thread may call any method."""

    @property
    def version(self) -> int:
        """A number that grows with every change of what is stored."""

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        """Store a batch and the hashes (64 bit) of the messages it came in by, durable on return, all or nothing.

        A row with the datastream and time of a stored one replaces it (the last wins).

        Raises:
            StoreUnavailable: nothing of the batch was stored.
        """

    def seen(self, hashes: Collection[int]) -> set[int]:
        """Which of these hashes came with a batch that was stored (of at least the last day)."""

    def read(self, query: Query, scope: Scope) -> Rows:
        """The rows that the scope's slices admit and the query asks for; windows are formed of admitted rows only.

        A slice with a window gives one row per datastream and window, only for windows that are closed by it;
        a slice without gives raw rows, or means over `query.window`. `query.newest` gives the last row per datastream.

        Raises:
            StoreUnavailable: the engine cannot answer now.
        """

    def last_heard(self) -> dict[int, int]:
        """The newest time (µs) of every datastream: for owners' own pages and for the hub's insertion order."""

    def delete(self, erasure: Erasure) -> int:
        """Delete, durable on return; how many rows went.

        Raises:
            StoreUnavailable: nothing was deleted.
        """

    def close(self) -> None:
        """Write what is to be written and let go of the files."""
