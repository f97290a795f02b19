"""Two processes with one bucket are one store: the whole contract, every call at the other one than the last."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from itertools import cycle
from pathlib import Path

import pytest

from hub.core.grade import HOUR, Grade
from hub.core.history import BEGINNING
from hub.core.observations import Ints, Observations, Values
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Erasure, Rows, Store, StoreUnavailable, Thinning
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.company import FileCompany
from hub.stores.influxdb.store import InfluxStore
from tests.servers.influxdb import Server, influx_server
from tests.stores.aging import AgingContract
from tests.stores.contract import EVER, THEN, StoreContract, rows
from tests.stores.histories import HistoriesContract
from tests.stores.worlds import QUARTER, Row, all_of, batch, own, public

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with influx_server(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


def opened(server: Server, folder: Path, number: int) -> InfluxStore:
    """One of two; a folder's name is a bucket's."""
    folder.mkdir(parents=True, exist_ok=True)
    bucket = sha256(str(folder).encode()).hexdigest()[:20]
    server.bucket(bucket)
    access = Access(server.url, server.org, bucket, server.token)
    return InfluxStore(access, company=FileCompany(folder, number, 2))


class Two:
    """Two stores; every call goes to the one whose turn it is."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.stores = [opened(server, folder, number) for number in (1, 2)]
        self._turns = cycle(self.stores)

    @property
    def version(self) -> int:
        return min(store.version for store in self.stores)

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        next(self._turns).append(batch, acknowledged)

    def seen(self, hashes: Collection[int]) -> set[int]:
        return next(self._turns).seen(hashes)

    def read(self, query: Query, scope: Scope) -> Rows:
        return next(self._turns).read(query, scope)

    def last_heard(self) -> dict[int, int]:
        return next(self._turns).last_heard()

    def delete(self, erasure: Erasure) -> int:
        return next(self._turns).delete(erasure)

    def thin(self, thinning: Thinning) -> int:
        return next(self._turns).thin(thinning)

    def compact(self, archive: int = BEGINNING) -> str:
        return next(self._turns).compact(archive)

    def traces(self, erasure: Erasure, most: int = 200) -> Values:
        return next(self._turns).traces(erasure, most)

    def holds(self, values: Values) -> Values:
        return next(self._turns).holds(values)

    def close(self) -> None:
        for store in self.stores:
            store.close()


class TestTwo(StoreContract, HistoriesContract, AgingContract):
    engine = "influxdb, twice"
    server: Server

    @pytest.fixture(autouse=True)
    def served(self, server: Server) -> None:
        type(self).server = server

    def opened(self, directory: Path) -> Store:
        return Two(self.server, directory)


@pytest.fixture
def pair(server: Server, tmp_path: Path) -> Iterator[tuple[InfluxStore, InfluxStore]]:
    made = opened(server, tmp_path, 1), opened(server, tmp_path, 2)
    yield made
    for store in made:
        store.close()


Pair = tuple[InfluxStore, InfluxStore]


def test_the_version_of_one_grows_with_what_the_other_does(pair: Pair) -> None:
    here, there = pair
    versions = [there.version]
    here.append(batch(Row()))
    versions.append(there.version)
    here.delete(Erasure(owner=100))
    versions.append(there.version)
    assert versions == sorted(set(versions))
    assert there.others > 0


def test_rows_with_the_times_of_a_wrong_clock_are_found_by_both(pair: Pair) -> None:
    here, there = pair
    assert rows(there, all_of()) == []
    here.append(batch(Row(time=-5), Row(time=THEN, value=2.0)))
    assert rows(there, own(), EVER) == [(1000, -5, 1.0), (1000, THEN, 2.0)]


def test_rows_with_the_times_of_a_wrong_clock_are_erased_by_the_other(pair: Pair) -> None:
    here, there = pair
    assert rows(there, all_of()) == []
    here.append(batch(Row(time=-5), Row(time=THEN, value=2.0)))
    assert there.traces(Erasure(owner=100)).tolist() == [1.0, 2.0]
    assert there.delete(Erasure(owner=100, until=0)) == 1
    for store in pair:
        assert rows(store, own(), EVER) == [(1000, THEN, 2.0)]


def test_a_row_sent_again_through_the_other_takes_the_place_of_the_first(pair: Pair) -> None:
    here, there = pair
    late = Row(value=1.0, received=THEN + 9 * HOUR, wish=Grade.HOME)
    for store, row in ((here, Row(value=1.0)), (there, late), (here, late)):
        store.append(batch(row, Row(1001)))
    for store in pair:
        assert rows(store, own()) == rows(store, own(), Query(window=QUARTER)) == [(1000, THEN, 1.0)]
        assert rows(store, public(Grade.OPEN)) == []


def test_hashes_of_two_that_store_at_the_same_nanosecond_are_all_kept(pair: Pair) -> None:
    for store in pair:
        store.append(batch(Row()), [1])
    moment = max(store._moment for store in pair) + 10**9
    for number, store in enumerate(pair):
        store._moment = moment // 64 * 64
        store.append(batch(Row()), [256 * (number + 1) * k for k in range(1, 50)])
    told = {256 * n * k for n in (1, 2) for k in range(1, 50)}
    assert pair[0].seen(told) == told


def test_what_one_left_half_done_is_finished_before_the_other_answers(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    here.append(batch(Row(), Row(time=THEN + 1, value=2.0)))
    assert len(rows(there, own())) == 2
    renew = here._renew

    def killed(datastreams: Ints) -> None:
        raise StoreUnavailable(f"killed before {len(datastreams)} were renewed")

    monkeypatch.setattr(here, "_renew", killed)
    with pytest.raises(StoreUnavailable, match="killed"):
        here.delete(Erasure(owner=100, since=THEN + 1))
    assert there._company.turning[0] % 2 == 1, "nobody knows whether it is done"
    assert rows(there, own(), Query(newest=True)) == [(1000, THEN, 1.0)]
    assert there._company.turning[0] % 2 == 0
    monkeypatch.setattr(here, "_renew", renew)
    assert rows(here, own(), Query(newest=True)) == [(1000, THEN, 1.0)]
