"""A process that appends and erases, says so after each return, and may be killed at any moment (see test_crash)."""

from __future__ import annotations

import sys
from pathlib import Path

from hub.core.grade import DAY
from hub.core.history import BEGINNING, END
from hub.core.observations import Observations
from hub.core.store import Erasure
from hub.stores import STORES
from hub.stores.duckdb import compacting
from hub.stores.duckdb import store as files
from tests.core.world import NOW
from tests.stores.worlds import Row, batch

ROWS = 120
"""Rows of one batch that stay; each batch has one more, of home 1, that is erased now and then."""

ERASED = 25
"""After every so many batches home 1 is erased."""

COMPACTED = 7
"""After every so many batches the files are put in order; every other time into archives."""


def rows_of(number: int) -> list[Row]:
    """What batch `number` holds: a time of its own, its number as value; every third spans three months."""
    times = [NOW + (number * ROWS + n) * 1000 for n in range(ROWS)]
    if number % 3 == 0:
        times[0] -= 40 * DAY
        times[1] -= 90 * DAY
    if number % 2 == 0:
        times.reverse()
    return [Row(1000, t, float(number)) for t in times] + [Row(1001, times[0], float(number))]


def message_of(number: int) -> Observations:
    """Batch `number` as columns."""
    return batch(*rows_of(number))


def main(engine: str, directory: Path, number: int, many: int) -> None:
    """Append batches from `number` on, for as long as it lasts; so many rows at once go into the files."""
    files.MANY = many
    compacting.FEW = 10**9
    store = STORES[engine](directory)
    while True:
        store.append(message_of(number), [number])
        print("appended", number, flush=True)  # noqa: T201 -- what it says is what the test is about
        if number % COMPACTED == COMPACTED - 1:
            store.compact((BEGINNING, END)[number % 2])
        if number % ERASED == ERASED - 1:
            store.delete(Erasure(owner=101))
            print("erased", number, flush=True)  # noqa: T201 -- as above
        number += 1


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
