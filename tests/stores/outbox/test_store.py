"""The outbox: a store like any other, over an engine that is away or slow; what waits is kept and sent in order."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.query import Query
from hub.core.store import Store, StoreUnavailable, StoreUnsure
from hub.stores.outbox.store import Outbox
from tests.stores.aging import AgingContract, thinning
from tests.stores.contract import THEN, StoreContract, rows
from tests.stores.copying import CopyContract, MomentContract
from tests.stores.histories import HistoriesContract
from tests.stores.moody import AWAY, FILE, Away, opened, outboxed_moody, until
from tests.stores.worlds import Row, all_of, batch, own, project


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.stores.outbox.store._PAUSES", (0.001, 0.02))


@pytest.mark.slow
class TestOutbox(StoreContract, HistoriesContract, AgingContract, CopyContract, MomentContract):
    engine = "a moody engine behind an outbox"

    def opened(self, directory: Path) -> Store:
        return outboxed_moody(directory)


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


def test_while_the_engine_is_there_nothing_waits(store: Outbox, engine: Away) -> None:
    for n in range(5):
        store.append(batch(Row(time=THEN + n)), [n])
        assert engine.sent == [1] * (n + 1)
    assert (store.waits.rows, store.waits.bytes, store.waits.oldest, store.waits.trouble) == (0, 0, None, "")


def test_while_it_is_away_batches_wait_and_then_come_in_order(store: Outbox, engine: Away) -> None:
    engine.away = True
    for n in range(30):
        store.append(batch(Row(value=float(n)), Row(1001, THEN + n)), [n])
    assert engine.sent == []
    assert store.waits.rows == 60
    assert store.waits.trouble == AWAY
    assert store.waits.oldest is not None
    engine.away = False
    until(lambda: not store.waits.rows)
    assert rows(store, all_of())[0] == (1000, THEN, 29.0)
    assert len(rows(store, all_of())) == 31
    assert store.seen(range(40)) == set(range(30))
    assert store.waits.trouble == ""


def test_what_comes_while_others_wait_waits_behind_them(store: Outbox, engine: Away) -> None:
    engine.away = True
    store.append(batch(Row(value=1.0)))
    engine.free.clear()
    engine.away = False
    until(store._sending.locked)
    store.append(batch(Row(value=2.0)))
    engine.free.set()
    assert rows(store, own()) == [(1000, THEN, 2.0)]


def test_an_engine_that_takes_too_long_holds_nobody_up(store: Outbox, engine: Away) -> None:
    engine.free.clear()
    begun = time.monotonic()
    store.append(batch(Row(value=1.0)), [1])
    store.append(batch(Row(value=2.0)), [2])
    assert time.monotonic() - begun < 5
    assert store.waits.rows == 2
    assert "overloaded" in store.waits.trouble
    engine.free.set()
    assert rows(store, own()) == [(1000, THEN, 2.0)]
    assert store.seen([1, 2, 3]) == {1, 2}


def test_more_is_sent_at_once_while_it_goes_well(store: Outbox, engine: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.stores.outbox.store.LEAST", 10)
    monkeypatch.setattr("hub.stores.outbox.store.MOST", 80)
    engine.away = True
    for n in range(100):
        store.append(batch(*(Row(time=THEN + n * 10 + k) for k in range(10))))
    engine.away = False
    until(lambda: not store.waits.rows)
    assert sum(engine.sent) == 1000
    assert engine.sent[-2] == max(engine.sent) == 80
    assert engine.sent[0] <= 20


def test_a_file_that_was_large_is_small_again_once_nothing_waits(
    store: Outbox, engine: Away, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.stores.outbox.store.LARGE", 100_000)
    engine.away = True
    for n in range(20):
        store.append(batch(*(Row(time=THEN + n * 1000 + k) for k in range(1000))))
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) > 20 * 34 * 1000
    engine.away = False
    until(lambda: not store.waits.rows)
    until(lambda: sum(p.stat().st_size for p in tmp_path.iterdir()) < 50_000)
    assert len(rows(store, own())) == 20_000


def test_a_full_outbox_takes_nothing_until_there_is_room(tmp_path: Path, engine: Away) -> None:
    store = opened(engine, tmp_path, most=2000)
    engine.away = True
    ten = [batch(*(Row(time=THEN + n * 10 + k) for k in range(10))) for n in range(8)]
    taken_ = 0
    while store.waits.bytes + store.waits.bytes // max(1, taken_) <= 2000:
        store.append(ten[taken_], [taken_])
        taken_ += 1
    with pytest.raises(StoreUnavailable, match=r"the outbox is full .* raise store.outbox_bytes"):
        store.append(ten[taken_], [taken_])
    assert taken_ > 2
    assert store.waits.bytes <= 2000
    assert store.seen(range(100)) == set(range(taken_))
    engine.away = False
    until(lambda: not store.waits.rows)
    store.append(batch(Row(time=THEN - 1)))
    assert len(rows(store, own())) == 10 * taken_ + 1
    store.close()


@pytest.mark.slow
def test_what_waits_is_there_after_a_start_and_is_sent(tmp_path: Path, engine: Away) -> None:
    engine.away = True
    store = opened(engine, tmp_path)
    store.append(batch(Row(value=1.0)), [1])
    store.append(batch(Row(value=2.0), Row(1001)), [2])
    before = store.waits
    store.close()
    store = opened(engine, tmp_path)
    assert (store.waits.rows, store.waits.bytes, store.waits.oldest) == (before.rows, before.bytes, before.oldest)
    assert store.seen([1, 2, 3]) == {1, 2}
    engine.away = False
    until(lambda: not store.waits.rows)
    assert rows(store, all_of()) == [(1000, THEN, 2.0), (1001, THEN, 1.0)]
    assert engine.last_heard() == {1000: THEN, 1001: THEN}
    store.close()


# What is asked while something waits


@pytest.mark.slow
def test_no_answer_leaves_out_what_waits(store: Outbox, engine: Away) -> None:
    store.append(batch(Row(value=1.0), Row(1001)))
    engine.free.clear()
    store.append(batch(Row(value=2.0)))
    for query in (Query(), Query(newest=True), Query(window=HOUR)):
        with pytest.raises(StoreUnavailable, match=r"1 readings wait in the outbox, an answer would leave them out"):
            store.read(query, own())
    engine.free.set()
    assert rows(store, own()) == [(1000, THEN, 2.0)]


def test_a_window_that_what_waits_lies_in_is_not_answered_without_it(store: Outbox, engine: Away) -> None:
    store.append(batch(Row(value=1.0)))
    engine.free.clear()
    store.append(batch(Row(time=THEN + 10 * MINUTE, value=3.0)))
    first = Query(since=THEN, until=THEN + 1)
    assert rows(store, own(), first) == [(1000, THEN, 1.0)]
    with pytest.raises(StoreUnavailable, match="wait in the outbox"):
        store.read(first, project())
    engine.free.set()
    assert rows(store, project(), first) == [(1000, THEN, 2.0)]


def test_what_does_not_concern_what_waits_is_answered_at_once(store: Outbox, engine: Away) -> None:
    store.append(batch(Row(time=THEN - DAY), Row(1001)))
    engine.free.clear()
    store.append(batch(Row(value=2.0)))
    begun = time.monotonic()
    assert rows(store, own(1)) == [(1001, THEN, 1.0)]
    assert rows(store, own(), Query(until=THEN)) == [(1000, THEN - DAY, 1.0)]
    assert rows(store, own(), Query(since=THEN + 1)) == []
    assert rows(store, own(), Query(since=THEN - DAY, until=THEN - 2 * HOUR, window=HOUR)) == [(1000, THEN - DAY, 1.0)]
    assert time.monotonic() - begun < 0.25
    assert store.last_heard() == {1000: THEN, 1001: THEN}


def test_while_the_engine_is_away_everybody_is_told_why(store: Outbox, engine: Away) -> None:
    engine.away = True
    with pytest.raises(StoreUnavailable, match=AWAY):
        store.read(Query(), own())
    store.append(batch(Row()))
    for ask in (lambda: store.read(Query(), own()), lambda: store.thin(thinning())):
        with pytest.raises(StoreUnavailable, match=AWAY):
            ask()
    time.sleep(0.4)
    begun = time.monotonic()
    with pytest.raises(StoreUnavailable, match=AWAY):
        store.read(Query(), own())
    assert time.monotonic() - begun < 0.2, "known to be away for long: nobody waits"


# Messages that were stored


def test_what_was_sent_is_known_while_the_engine_is_away(store: Outbox, engine: Away, tmp_path: Path) -> None:
    store.append(batch(Row()), [1, 2**64 - 1])
    engine.away = True
    store.append(batch(Row()), [2])
    assert store.seen([1, 2, 3, 2**64 - 1]) == {1, 2, 2**64 - 1}
    engine.away = False
    until(lambda: not store.waits.rows)
    store.close()
    engine.away = True
    again = opened(engine, tmp_path)
    assert again.seen([1, 2, 3]) == {1, 2}
    engine.away = False
    again.close()


def test_an_engine_that_is_known_to_be_away_is_not_asked(store: Outbox, engine: Away) -> None:
    engine.append(batch(Row()), [3])
    engine.away = True
    store.append(batch(Row()), [2])
    asked = engine.asked
    assert store.seen([1, 2]) == {2}
    assert engine.asked == asked
    engine.away = False
    until(lambda: not (store.waits.rows or store.waits.trouble))
    assert store.seen([1, 2, 3]) == {2, 3}


def test_what_was_being_sent_when_a_process_ended_only_the_engine_knows(tmp_path: Path, engine: Away) -> None:
    store = opened(engine, tmp_path)
    store._shelf.going(np.array([7, 8], np.uint64))
    store._shelf._db.execute("UPDATE batches SET at = at")
    store.close()
    engine.append(batch(Row()), [7])
    engine.away = True
    store = opened(engine, tmp_path)
    assert store.seen([1]) == set()
    store.append(batch(Row(1001)), [9])
    with pytest.raises(StoreUnsure, match=AWAY) as doubt:
        store.seen([1, 7, 9])
    assert (doubt.value.stored, doubt.value.unsure) == ({9}, {7})
    engine.away = False
    until(lambda: not (store.waits.rows or store.waits.trouble))
    assert store.seen([1, 7, 8]) == {7}
    store.close()


def test_hashes_of_what_was_sent_are_forgotten_after_a_day(tmp_path: Path, engine: Away) -> None:
    store = opened(engine, tmp_path)
    for n in range(3):
        store.append(batch(Row(time=THEN + n)), [n])
    store.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as file, file:
        file.execute("UPDATE batches SET at = at - ? WHERE id < 3", (DAY,))
    engine.away = True
    store = opened(engine, tmp_path)
    assert store.seen(range(3)) == {2}
    store.close()
