"""Where observations live: the protocol that every engine keeps (its contract suite is tests/stores).

Rule: a store gives nothing without a `Scope`, and applies it inside the query, before it forms windows or pages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.history import BEGINNING, END, Span
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


ANY_TIME = Span(BEGINNING, END)
NO_ROWS = Rows(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64))


class Erasure(Struct, frozen=True, kw_only=True):
    """What to delete: rows of these datastreams (None: of all of the owner's) with a time in [`since`, `until`).

    Only what had arrived before `arrived` (µs), so that done again it takes nothing that came later.
    """

    owner: int
    datastreams: frozenset[int] | None = None
    since: int = -(2**62)
    until: int = 2**62
    arrived: int = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Thinning:
    """How old rows may get: equal-length columns, a line per datastream; others stay as they are.

    Rows of windows (`window` µs, its multiples since 1970) that ended by `raw` become means, those of windows that
    ended by `last` go altogether. What arrived `late` µs or more after the start of its window is never put together
    with what arrived before, nor is what arrived on two sides of a `cut` (a datastream and a moment, both columns), on
    two days (UTC), or with another grade or wish: so every row of a mean is admitted by a scope or none is.
    """

    window: int
    datastream: Ints
    raw: Times
    last: Times
    late: Times
    cut_datastream: Ints
    cut: Times


class StoreUnsure(StoreUnavailable):
    """Of some messages it cannot be told now whether they were stored: of those with the hashes `unsure`."""

    def __init__(self, text: str, stored: set[int], unsure: set[int]) -> None:
        """`stored` are those that certainly were."""
        super().__init__(text)
        self.stored, self.unsure = stored, unsure


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
        """Which of these hashes came with a batch that was stored (of at least the last day).

        Raises:
            StoreUnsure: of some it cannot be told now; it says of which, and what is known of the others.
        """

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

    def thin(self, thinning: Thinning) -> int:
        """Make old rows coarser, durable on return; how many rows fewer there are.

        A mean has the time of the first of its rows, the arrival of the last, and all of their quality. Where rows of
        one window may not be put together, each part keeps as many rows (all of the part's mean) as keep the mean of
        the window what it was. Done again it does nothing.

        Raises:
            StoreUnavailable: nothing was changed.
        """

    def compact(self, archive: int = -(2**62)) -> str:
        """Put what is stored in good order, what was measured before `archive` (µs) so that other tools can read it.

        Out: in words, what was done; empty when there was nothing to do. No answer changes by it.

        Raises:
            StoreUnavailable: that cannot be done now; nothing was changed.
        """

    def traces(self, erasure: Erasure, most: int = 200) -> Values:
        """Values of some of the rows that an erasure names, to look for in files once they are gone."""

    def holds(self, values: Values) -> Values:
        """Which of these values any stored row has.

        Raises:
            StoreUnavailable: the engine cannot answer now.
        """

    def close(self) -> None:
        """Write what is to be written and let go of the files."""


@runtime_checkable
class Bounded(Protocol):
    """An engine that does not keep whatever time a row has."""

    @property
    def keeps(self) -> Span:
        """Which times (µs) it takes now; the rest of a batch is left out of what it stores."""


def kept_by(store: Store) -> Span:
    """Which times (µs) a store takes now: `ANY_TIME` unless it says otherwise."""
    return store.keeps if isinstance(store, Bounded) else ANY_TIME


@runtime_checkable
class Elsewhere(Protocol):
    """An engine whose files the hub cannot look into."""

    @property
    def elsewhere(self) -> str:
        """In words for a receipt: when deleted rows leave those files."""


def elsewhere(store: Store) -> str:
    """When deleted rows leave files that the hub cannot look into; empty if there are no such files."""
    return store.elsewhere if isinstance(store, Elsewhere) else ""


@runtime_checkable
class Shared(Protocol):
    """An engine into which other processes write too."""

    @property
    def others(self) -> int:
        """A number that grows with every change by them."""


def changed_by_others(store: Store) -> int:
    """A number that grows with every change of what is stored that another process makes."""
    return store.others if isinstance(store, Shared) else 0


class Snapshot(Protocol):
    """All that was stored at one moment, for a copy of the whole; for the hub's own machinery, never for an answer."""

    @property
    def rows(self) -> int:
        """How many rows `batches` gives."""

    @property
    def replacing(self) -> int:
        """Of how many of them it is not known whether they replace others."""

    def batches(self) -> Iterator[Observations]:
        """Every row; of two with the same datastream and time the later holds.

        Raises:
            StoreUnavailable: the engine cannot go on.
        """

    def hashes(self) -> NDArray[np.uint64]:
        """The hashes of messages that were acknowledged."""


@runtime_checkable
class Copied(Protocol):
    """An engine that gives a copy of the whole while it is used."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """All that is stored now. Appending and reading go on meanwhile; erasing and thinning wait until it is left.

        Raises:
            StoreUnavailable: the engine cannot do it now.
        """
