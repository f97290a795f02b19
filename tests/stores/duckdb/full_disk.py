"""A process whose disk is full for a while (see test_trouble): no file of it may grow beyond a limit."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path

from hub.core.grade import DAY
from hub.core.query import Query
from hub.core.store import Erasure, Store, StoreUnavailable
from hub.stores import STORES
from tests.core.world import NOW
from tests.stores.contract import rows
from tests.stores.worlds import Row, batch, own

ROWS = 2000


def limit(size: int) -> None:
    """Let no file grow beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def attempt(store: Store, number: int, *, months: int = 1) -> bool:
    """Append batch `number`; whether it was taken. A refusal must say what is the matter."""
    times = (NOW + (number * ROWS + n) * 1000 - n % months * 40 * DAY for n in range(ROWS))
    try:
        store.append(batch(*(Row(1000, t, float(number)) for t in times)), [number])
    except StoreUnavailable as e:
        if "full: make room" not in str(e):
            raise
        return False
    return True


def check(store: Store, taken: set[int]) -> None:
    """All that was taken is there, whole and once, and nothing else."""
    found = [int(value) for *_, value in rows(store, own())]
    assert {n: found.count(n) for n in set(found)} == dict.fromkeys(taken, ROWS)
    assert store.seen(range(100)) == taken


def refuses(rewriting: Callable[[], object]) -> bool:
    """Whether something fails because a month cannot be written anew where there is no room."""
    try:
        rewriting()
    except StoreUnavailable:
        return True
    return False


def fill(store: Store, directory: Path) -> set[int]:
    """Fill the disk and go on appending; what was taken. What fails leaves no trace."""
    taken = {n for n in range(3) if attempt(store, n)}
    check(store, taken)
    full = max(p.stat().st_size for p in directory.rglob("*")) + 100_000
    limit(full)
    taken |= {n for n in range(3, 12) if attempt(store, n)}
    assert taken < set(range(12)), "the limit was never reached"
    check(store, taken)
    assert any(p.stat().st_size for p in directory.glob("journal-*")), (
        "what waits cannot come into its file, and no answer is without it"
    )
    limit(10_000)
    assert not attempt(store, 20, months=2), "nothing of two months is stored"
    assert not attempt(store, 21)
    assert refuses(lambda: store.delete(Erasure(owner=100)))
    assert refuses(store.compact)
    assert not list(directory.glob("*.draft*")), "nothing half done takes up room"
    check(store, taken)
    limit(full)
    assert attempt(store, 22, months=2), "it could be noted, so it is stored"
    check(store, taken | {22})
    assert len(rows(store, own(), Query(newest=True))) == 1
    return taken | {22}


def main(engine: str, directory: Path) -> None:
    """Fill the disk, make room, go on."""
    store = STORES[engine](directory)
    taken = fill(store, directory)
    limit(resource.RLIM_INFINITY)
    again = {n for n in range(12) if n not in taken} | {30}
    assert again == {n for n in again if attempt(store, n)}
    assert attempt(store, 31, months=3)
    taken |= again | {31}
    check(store, taken)
    assert "months" in store.compact()
    check(store, taken)
    store.close()
    store = STORES[engine](directory)
    check(store, taken)
    assert store.delete(Erasure(owner=100)) == ROWS * len(taken)
    store.close()
    print("recovered")  # noqa: T201 -- what it says is what the test is about


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
