"""What goes from the outbox goes for good; what is damaged there is told, and nothing is passed over."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from hub.core.grade import HOUR
from hub.core.store import Erasure, StoreUnavailable
from hub.stores.outbox.store import Outbox
from tests.stores.contract import THEN, rows
from tests.stores.copying import copied, taken
from tests.stores.durable import CANARIES
from tests.stores.moody import AWAY, FILE, Away, opened, until
from tests.stores.worlds import Row, all_of, batch, own

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.stores.outbox.store._PAUSES", (0.001, 0.02))


@pytest.fixture
def engine() -> Away:
    return Away()


@pytest.fixture
def store(engine: Away, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    monkeypatch.setattr("hub.stores.outbox.store.READ_PATIENCE", 0.3)
    one = opened(engine, tmp_path)
    yield one
    engine.away = False
    engine.free.set()
    one.close()


def test_what_waits_can_be_erased_and_is_never_sent(store: Outbox, engine: Away) -> None:
    store.append(batch(Row(time=THEN - 1), Row(1001, THEN - 1)))
    engine.full = True
    store.append(batch(Row(), Row(1001), Row(time=THEN + 1, received=THEN + HOUR)), [4])
    assert store.delete(Erasure(owner=100, arrived=THEN + HOUR)) == 2
    engine.full = False
    assert [r[:2] for r in rows(store, all_of())] == [(1000, THEN + 1), (1001, THEN - 1), (1001, THEN)]
    assert engine.sent == [2, 2]
    assert store.seen([4]) == {4}


def test_an_erasure_that_the_engine_cannot_do_now_takes_nothing(store: Outbox, engine: Away) -> None:
    store.append(batch(Row(time=THEN - 1)))
    engine.away = True
    store.append(batch(Row()))
    with pytest.raises(StoreUnavailable, match=AWAY):
        store.delete(Erasure(owner=100))
    engine.away = False
    assert len(rows(store, own())) == 2
    assert store.delete(Erasure(owner=100)) == 2


def test_traces_and_held_values_are_of_what_waits_too(store: Outbox, engine: Away) -> None:
    store.append(batch(Row(value=1.25), Row(1001, value=7.5)))
    engine.free.clear()
    store.append(batch(Row(time=THEN + 1, value=2.25), Row(1001, THEN + 1, value=3.25)))
    assert store.traces(Erasure(owner=100)).tolist() == [1.25, 2.25]
    assert store.holds(np.array([1.25, 3.25, 9.0])).tolist() == [1.25, 3.25]


@pytest.mark.parametrize("sent", [True, False])
def test_no_byte_of_what_was_erased_is_in_the_file(tmp_path: Path, engine: Away, sent: bool) -> None:  # noqa: FBT001 -- both
    store = opened(engine, tmp_path)
    engine.away = True
    store.append(batch(*(Row(time=THEN + n, value=v) for n, v in enumerate(CANARIES[:2000]))))
    store.append(batch(*(Row(1001, THEN + n, v) for n, v in enumerate(CANARIES[2000:]))))
    mine, theirs = (struct.pack("<d", CANARIES[n]) for n in (5, 2005))

    def stands(needle: bytes) -> bool:
        return any(needle in p.read_bytes() for p in tmp_path.iterdir())

    assert stands(mine)
    assert stands(theirs)
    engine.away = False
    if sent:
        until(lambda: not store.waits.rows)
    else:
        store._sending.acquire()
        store._sending.release()
    assert store.delete(Erasure(owner=100)) == 2000
    assert not stands(mine)
    store.close()
    assert not stands(mine)


# Trouble with the file


def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path: Path, engine: Away) -> None:
    (tmp_path / FILE).write_bytes(b"not what it was" * 1000)
    with pytest.raises(StoreUnavailable, match=r"outbox.sqlite is damaged: restore it from a backup"):
        opened(engine, tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"not what")


def test_a_batch_that_is_damaged_in_the_file_is_not_passed_over(tmp_path: Path, engine: Away) -> None:
    engine.away = True
    store = opened(engine, tmp_path)
    store.append(batch(Row()))
    store.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as file, file:
        body = bytearray(file.execute("SELECT body FROM batches").fetchone()[0])
        body[-1] ^= 1
        file.execute("UPDATE batches SET body = ?", (bytes(body),))
    with pytest.raises(StoreUnavailable, match="holds what was acknowledged"):
        opened(engine, tmp_path)


def test_a_mistake_of_the_engine_is_told_and_loses_nothing(store: Outbox, engine: Away) -> None:
    engine.away = True
    store.append(batch(Row()))
    real, failed = engine._ask, []

    def wrong() -> None:
        failed.append(1)
        raise KeyError("4242.5")

    engine._ask = wrong  # type: ignore[method-assign]
    until(lambda: bool(failed))
    until(lambda: "KeyError" in store.waits.trouble)
    assert "4242.5" not in store.waits.trouble
    engine._ask = real  # type: ignore[method-assign]
    engine.away = False
    assert rows(store, own()) == [(1000, THEN, 1.0)]


def test_a_mistake_of_the_engine_in_a_batch_is_the_callers_to_see_and_leaves_nothing(
    store: Outbox, engine: Away
) -> None:
    def wrong() -> None:
        raise KeyError("4242.5")

    engine._ask = wrong  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        store.append(batch(Row()), [5])
    assert store.waits.rows == 0
    del engine._ask
    assert store.seen([5]) == set()
    store.append(batch(Row()), [5])
    assert engine.sent == [1]


def test_a_copy_has_what_waits_too(store: Outbox, engine: Away) -> None:
    store.append(batch(Row(value=1.0), Row(1001)), [1])
    engine.away = True
    store.append(batch(Row(value=2.0), Row(1002)), [2])
    with copied(store).snapshot() as whole:
        assert (whole.rows, whole.replacing) == (4, 2)
        assert {k: v[2] for k, v in taken(whole).items()} == {(1000, THEN): 2.0, (1001, THEN): 1.0, (1002, THEN): 1.0}
        assert set(whole.hashes().tolist()) == {1, 2}
        engine.away = False
        until(lambda: not store.waits.rows)


def test_a_closed_outbox_says_so_and_may_be_closed_again(tmp_path: Path, engine: Away) -> None:
    store = opened(engine, tmp_path)
    store.append(batch(Row()))
    store.close()
    store.close()
    for use in (lambda: store.append(batch(Row())), lambda: store.seen([1]), lambda: store.delete(Erasure(owner=1))):
        with pytest.raises(StoreUnavailable, match="closed"):
            use()
