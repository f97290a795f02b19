"""Something compiled from the registry, kept for as long as the revision stays.

Rule: what a transaction has not committed is compiled for that transaction alone and never kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection, select

from hub.registry import tables as t
from hub.registry.database import Database

T = TypeVar("T")


class Kept(Generic[T]):
    """One compiled value. Any thread may ask for it."""

    def __init__(self, database: Database, make: Callable[[Connection], T]) -> None:
        self._database, self._make = database, make
        self._kept: tuple[int, T] | None = None

    def get(self) -> T:
        """The value at the present revision, or as an open transaction of this thread has it."""
        kept, within = self._kept, self._database.within()
        if kept is not None and kept[0] >= self._database.revision and not within:
            return kept[1]
        with self._database.read() as connection:
            revision = int(connection.execute(select(t.state.c.revision)).scalar_one())
            value = self._make(connection)
        if not within:
            self._kept = (revision, value)
        return value
