"""A mean out of sums is the mean of the rows, whatever is cut, late, replaced or erased, whenever it is compacted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from hub.core.audience import PUBLIC, Audience
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.history import BEGINNING, END, History, Step, Tick
from hub.core.holdings import Datastream, Fragment
from hub.core.query import Query
from hub.core.scope import Scope, scope_for
from hub.core.store import Erasure
from hub.stores.duckdb.rollups import TIERS
from hub.stores.duckdb.store import DuckDBStore
from tests.core.world import CATALOGUE, LONG_AGO, PROJECT, holdings, stream
from tests.stores.contract import EVER, THEN, rows
from tests.stores.histories import change
from tests.stores.model import Model
from tests.stores.worlds import MEMBER, QUARTER, Row, batch, own, project, regular

pytestmark = pytest.mark.slow

STREAMS = (1000, 1001)
LIE = "UPDATE {}.rollups SET total = n * 4242.0"
OWNER = Audience(party=100, parties=frozenset({100}), memberships=frozenset({PROJECT.id}))


@pytest.fixture(scope="module", autouse=True)
def _few_rows_count() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.stores.duckdb.compacting.FEW", 10**9)
        patch.setattr("hub.stores.duckdb.rollups.PAYS", 0)
        yield


class Chance:
    """Lives of a store that are dense: most windows have many rows, and most cuts go through a window."""

    def __init__(self, seed: int) -> None:
        self.of = Random(seed)  # noqa: S311 -- no secret

    def moment(self) -> int:
        """Anywhere in an hour and a quarter, rarely where a minute begins."""
        return THEN + self.of.randrange(75 * 4) * MINUTE // 4

    def row(self) -> Row:
        time = THEN + self.of.randrange(75) * MINUTE
        arrived = time + self.of.choice([0, 0, 0, 1, 2, 4, 5, 6, 21, 40]) * MINUTE
        wish = self.of.choice([Grade.OPEN] * 12 + [Grade.HOME])
        return Row(self.of.choice(STREAMS), time, self.of.uniform(-9, 99), arrived, Grade.OPEN, wish)

    def erasure(self) -> Erasure:
        since, until = sorted([self.moment(), self.moment()])
        return Erasure(owner=self.of.choice([100, 101]), since=since, until=min(until, since + 9 * MINUTE))

    def query(self) -> Query:
        since, until = self.of.choice([(-(2**62), 2**62), tuple(sorted([self.moment(), self.moment()]))])
        window = self.of.choice([MINUTE, 5 * MINUTE, QUARTER, QUARTER, HOUR, 7 * MINUTE])
        return Query(since=since, until=until, window=window)

    def scope(self) -> Scope:
        """What somebody sees, at some moment, of datastreams whose grades and names change in the middle of things."""
        streams = [self._stream(n) for n in range(len(STREAMS))]
        audience = self.of.choice([PUBLIC, MEMBER, MEMBER, OWNER])
        return scope_for(audience, holdings(*streams), CATALOGUE, self.moment() + self.of.choice([0, 9, 9]) * HOUR)

    def _stream(self, number: int) -> Datastream:
        shown = (Grade.OPEN, Grade.COMMONS)
        first = Step(LONG_AGO, self.of.choice([Grade.HOME, *shown]))
        second = Step(self.moment(), self.of.choice(shown))
        ticked = sorted([self.moment(), self.moment()])
        history = History((first, second), (Tick(second.since, ticked[0], ticked[1], second.grade),))
        ends, begins = sorted([self.moment(), self.moment()])
        names = (Fragment(BEGINNING, ends, "a" * 16, "quiet-heron"), Fragment(begins, END, "b" * 16, "loud-heron"))
        return replace(stream(number, history, commons=PROJECT.id), fragments=names)


@pytest.mark.parametrize("seed", range(8))
def test_means_are_the_same_with_sums_and_without(tmp_path: Path, seed: int) -> None:
    chance, store, model = Chance(seed), DuckDBStore(tmp_path), Model()
    try:
        for n in range(4):
            change(store, model, [chance.row() for _ in range(chance.of.randrange(10, 90))])
            if n == seed % 4:
                change(store, model, chance.erasure())
                store.compact()
        for _ in range(40):
            scope, query = chance.scope(), chance.query()
            found, expected = rows(store, scope, query), model.read(query, scope)
            assert [r[:2] for r in found] == [r[:2] for r in expected]
            assert [r[2] for r in found] == pytest.approx([r[2] for r in expected], rel=1e-9, abs=1e-12)
    finally:
        store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    one = DuckDBStore(tmp_path)
    yield one
    one.close()


def falsify(store: DuckDBStore) -> None:
    """Make every sum tell a lie, so that it is seen whether one is used."""
    for month in store._months.known():
        with store._months.using([month]) as (cursor, (name,)):
            cursor.execute(LIE.format(name)).fetchall()


def test_windows_all_of_whose_rows_are_admitted_are_read_from_sums(store: DuckDBStore) -> None:
    store.append(regular(1000, THEN, MINUTE, [float(n % 15) for n in range(120)]))
    store.compact()
    falsify(store)
    quarters = [(1000, THEN + n * QUARTER, 4242.0) for n in range(8)]
    assert rows(store, project()) == quarters
    assert rows(store, own(), Query(window=QUARTER)) == quarters
    assert rows(store, own(), Query(window=2 * HOUR)) == [(1000, THEN, 4242.0)]
    assert {v for *_, v in rows(store, own(), Query(window=7 * MINUTE))} == {4242.0}
    assert [v for *_, v in rows(store, own(), Query(window=MINUTE // 2))][:3] == [0.0, 1.0, 2.0]


def test_what_came_since_is_added_and_what_was_replaced_is_read_row_by_row(store: DuckDBStore) -> None:
    store.append(regular(1000, THEN, MINUTE, [1.0] * 60))
    store.compact()
    falsify(store)
    hidden = [Row(time=THEN + 20 * MINUTE + 1, value=9.0, wish=Grade.HOME)]
    store.append(batch(Row(time=THEN, value=16.0), *hidden, Row(time=THEN + 50 * MINUTE + 1, value=2.0)))
    found = rows(store, own(), Query(window=QUARTER))
    assert found[0] == (1000, THEN, 2.0)
    assert found[2] == (1000, THEN + 2 * QUARTER, 4242.0)
    assert found[1][2] == (15 * 4242.0 + 9.0) / 16
    assert rows(store, project())[1][2] == 4242.0


def test_there_are_sums_only_where_they_pay(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.stores.duckdb.rollups.PAYS", 16)
    store.append(regular(1000, THEN // HOUR * HOUR, MINUTE // 4, [1.0] * 4 * 60 * 10))
    store.compact()
    with store._months.using(store._months.known()) as (cursor, (name,)):
        tiers = sorted(t for (t,) in cursor.table(f"{name}.tiers").fetchall())
        many = len(cursor.table(f"{name}.rollups").fetchall())
    assert tiers == list(TIERS[1:])
    assert many == 40 + 10 + 1
    assert rows(store, own(), Query(since=EVER.since, window=HOUR))[0] == (1000, THEN // HOUR * HOUR, 1.0)
