"""Several outboxes before one engine: what waits in any waits for all, and what nobody has any more is sent."""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from hub.core.grade import DAY
from hub.core.observations import Observations, Values
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Erasure, Rows, Store, StoreUnavailable, StoreUnsure
from hub.stores.outbox import siblings
from hub.stores.outbox.store import Outbox
from hub.stores.turns import FileTurns
from tests.stores.contract import THEN, rows
from tests.stores.durable import CANARIES
from tests.stores.moody import AWAY, Away, until
from tests.stores.worlds import Row, all_of, batch, own


class Line(Away):
    """A server as one process sees it: for that one alone it can be away."""

    def __init__(self, server: Store) -> None:
        super().__init__()
        self._server = server

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        self._ask()
        self._server.append(batch, acknowledged)

    def seen(self, hashes: Collection[int]) -> set[int]:
        self._ask()
        return self._server.seen(hashes)

    def read(self, query: Query, scope: Scope) -> Rows:
        self._ask()
        return self._server.read(query, scope)

    def last_heard(self) -> dict[int, int]:
        return self._server.last_heard()

    def delete(self, erasure: Erasure) -> int:
        self._ask()
        return self._server.delete(erasure)

    def traces(self, erasure: Erasure, most: int = 200) -> Values:
        return self._server.traces(erasure, most)

    def holds(self, values: Values) -> Values:
        return self._server.holds(values)

    def close(self) -> None:
        """The server stays."""


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.stores.outbox.store._PAUSES", (0.001, 0.02))
    monkeypatch.setattr("hub.stores.outbox.store.READ_PATIENCE", 0.3)
    monkeypatch.setattr("hub.stores.outbox.store._LAST", 0.01)


def worker(number: int, engine: Away, folder: Path) -> Outbox:
    turns = FileTurns(folder / "outbox.turn")
    return Outbox(engine, folder / f"outbox-{number}.sqlite", 10**7, patience=0.05, turns=turns)


@pytest.fixture
def server() -> Away:
    return Away()


@pytest.fixture
def lines(server: Away) -> tuple[Line, Line]:
    return Line(server), Line(server)


@pytest.fixture
def pair(lines: tuple[Line, Line], tmp_path: Path) -> Iterator[tuple[Outbox, Outbox]]:
    made = worker(1, lines[0], tmp_path), worker(2, lines[1], tmp_path)
    yield made
    for line, one in zip(lines, made, strict=True):
        line.away = False
        line.free.set()
        one.close()


Lines = tuple[Line, Line]
Pair = tuple[Outbox, Outbox]


def test_no_answer_leaves_out_what_waits_at_another_worker(lines: Lines, pair: Pair) -> None:
    here, there = pair
    here.append(batch(Row(value=1.0), Row(1001)))
    lines[0].away = True
    here.append(batch(Row(value=2.0)), [7])
    with pytest.raises(StoreUnavailable, match="1 readings wait in the outbox, an answer would leave them out"):
        there.read(Query(), own())
    assert rows(there, own(1)) == [(1001, THEN, 1.0)], "this is not concerned"
    assert (there.waits.rows, here.waits.rows) == (1, 1)
    assert there.last_heard() == {1000: THEN, 1001: THEN}
    assert there.traces(Erasure(owner=100)).tolist() == [1.0, 2.0]
    assert there.holds(np.array([2.0, 3.0])).tolist() == [2.0]
    lines[0].away = False
    until(lambda: not there.waits.rows)
    assert rows(there, own()) == [(1000, THEN, 2.0)]


def test_a_message_that_waits_at_another_worker_is_known(lines: Lines, pair: Pair) -> None:
    here, there = pair
    lines[0].away = True
    here.append(batch(Row()), [7, 2**64 - 1])
    lines[1].away = True
    assert there.seen([7, 8, 2**64 - 1]) == {7, 2**64 - 1}
    lines[0].away = False
    until(lambda: not here.waits.rows)
    assert there.seen([7, 8]) == {7}, "sent, and still known without the server"


def test_a_message_that_another_worker_is_storing_now_is_neither_new_nor_known_yet(lines: Lines, pair: Pair) -> None:
    here, there = pair
    note = here._shelf.going(np.array([7], np.uint64))
    with pytest.raises(StoreUnavailable, match="another worker is storing this at the moment"):
        there.seen([7])
    assert there.seen([8]) == set()
    here._shelf.lost(note)
    here._shelf.put(batch(Row()), np.array([7], np.uint64))
    assert there.seen([7]) == {7}
    lines[0].away = False


def test_what_a_worker_was_storing_when_it_was_killed_only_the_engine_knows(
    server: Away, lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = worker(1, lines[0], tmp_path)
    here._shelf.going(np.array([7, 8], np.uint64))
    here.close()
    there = worker(2, lines[1], tmp_path)
    server.append(batch(Row()), [7])
    with pytest.raises(StoreUnsure, match="another worker is storing this") as doubt:
        there.seen([7, 8, 9])  # it may arrive yet
    assert (doubt.value.stored, doubt.value.unsure) == ({7}, {8})
    assert there.seen([7, 9]) == {7}
    monkeypatch.setattr(siblings, "SETTLED", 0)
    assert there.seen([7, 8, 9]) == {7}
    lines[1].away = True
    with pytest.raises(StoreUnavailable, match=AWAY):
        there.seen([8])
    again = worker(1, lines[0], tmp_path)
    lines[1].away = False
    assert there.seen([7, 8]) == {7}, "it runs again, and does not store that now"
    with pytest.raises(StoreUnavailable, match="ask again"):
        again.seen([8])  # what it sent before it was killed may arrive yet
    again.close()
    there.close()


def test_erasing_waits_until_nothing_waits_elsewhere(lines: Lines, pair: Pair) -> None:
    here, there = pair
    here.append(batch(Row(value=1.0)))
    lines[0].away = True
    here.append(batch(Row(value=2.0)))
    with pytest.raises(StoreUnavailable, match="readings wait in the outbox"):
        there.delete(Erasure(owner=100))
    lines[0].away = False
    until(lambda: not here.waits.rows)
    assert there.delete(Erasure(owner=100)) == 1
    assert rows(here, all_of()) == []


def test_no_byte_of_what_was_erased_stays_in_the_file_of_another_worker(
    lines: Lines, pair: Pair, tmp_path: Path
) -> None:
    here, there = pair
    value = CANARIES[5]
    lines[0].away = True
    here.append(batch(Row(value=value)))
    files = [f for f in tmp_path.iterdir() if f.name.startswith("outbox-1.sqlite")]
    assert any(struct.pack("<d", value) in f.read_bytes() for f in files)
    lines[0].away = False
    until(lambda: not here.waits.rows)
    assert there.delete(Erasure(owner=100)) == 1
    assert not any(struct.pack("<d", value) in f.read_bytes() for f in tmp_path.iterdir() if f.is_file())


def test_a_worker_that_rests_between_two_attempts_tries_again_when_another_asks(
    lines: Lines, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.stores.outbox.store._PAUSES", (20.0, 20.0))
    monkeypatch.setattr("hub.stores.outbox.store.READ_PATIENCE", 3.0)
    here, there = pair
    lines[0].away = True
    here.append(batch(Row()))
    time.sleep(0.3)
    lines[0].away = False
    monkeypatch.setattr("hub.stores.outbox.store._PAUSES", (0.01, 20.0))
    begun = time.monotonic()
    assert rows(there, own()) == [(1000, THEN, 1.0)]
    assert time.monotonic() - begun < 3


def test_what_a_worker_left_is_sent_by_another_in_order_and_its_file_goes_a_day_later(
    lines: Lines, tmp_path: Path
) -> None:
    there = worker(2, lines[1], tmp_path)
    here = worker(1, lines[0], tmp_path)
    lines[0].away = True
    for n in range(5):
        here.append(batch(Row(value=float(n)), Row(1001, THEN + n)), [n])
    here.close()
    assert there.adopt() == "", "for a moment it may begin again"
    with pytest.raises(StoreUnavailable, match="wait in the outbox"):
        there.read(Query(), own())
    siblings_of = there._siblings
    assert siblings_of.adopt(lambda shelf: there._send_from(shelf, 3), grace=0) == 10
    assert rows(there, all_of())[0] == (1000, THEN, 4.0)
    assert len(rows(there, all_of())) == 6
    assert there.seen(range(9)) == set(range(5))
    file = tmp_path / "outbox-1.sqlite"
    assert siblings_of.adopt(lambda _: None, grace=0) == 0
    assert file.exists(), "a message may come again for a day"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE batches SET at = at - ?", (2 * DAY,))
    for one in (file, file.with_name(f"{file.name}-wal")):
        if one.exists():
            os.utime(one, (0, 0))
    assert siblings_of.adopt(lambda _: None, grace=0) == 0
    assert not file.exists()
    assert rows(there, all_of())[0] == (1000, THEN, 4.0)
    there.close()


def test_what_waits_at_a_worker_that_runs_is_its_own_to_send(lines: Lines, tmp_path: Path) -> None:
    here = worker(1, lines[0], tmp_path)
    lines[0].away = True
    here.append(batch(Row()))
    there = worker(2, lines[1], tmp_path)
    assert there._siblings.adopt(lambda _: pytest.fail("it is somebody's"), grace=0) == 0
    here.close()
    there.close()


def test_an_outbox_that_is_open_is_nobody_else_s(lines: Lines, tmp_path: Path) -> None:
    here = worker(1, lines[0], tmp_path)
    with pytest.raises(StoreUnavailable, match="another barrio is running"):
        siblings.claimed(tmp_path / "outbox-1.sqlite", 0.1)
    here.close()
