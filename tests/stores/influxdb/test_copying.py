"""A copy out of a real InfluxDB, and an outbox before it: both keep their contracts."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from hub.backup import BackupError, make, restore
from hub.core.store import Store
from hub.migration import migrate
from hub.stores.duckdb.store import DuckDBStore
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.store import InfluxStore
from hub.stores.outbox.store import Outbox
from tests.backup.world import fill, home, home_of, put_back, quietly, stored
from tests.registry.town import NOW
from tests.servers.influxdb import Server, influx_server
from tests.stores.aging import AgingContract
from tests.stores.contract import StoreContract
from tests.stores.copying import CopyContract
from tests.stores.histories import HistoriesContract
from tests.stores.worlds import Row, batch

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with influx_server(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


def opened(server: Server, directory: Path) -> InfluxStore:
    """A folder's name is a bucket's."""
    bucket = sha256(str(directory).encode()).hexdigest()[:20]
    server.bucket(bucket)
    return InfluxStore(Access(server.url, server.org, bucket, server.token))


class TestInfluxDB(CopyContract):
    engine = "influxdb"
    server: Server

    @pytest.fixture
    def store(self, server: Server, tmp_path: Path) -> Iterator[Store]:
        type(self).server = server
        store = self.opened(tmp_path)
        yield store
        store.close()

    def opened(self, directory: Path) -> Store:
        return opened(self.server, directory)


class TestBehindAnOutbox(TestInfluxDB, StoreContract, HistoriesContract, AgingContract):
    """As hubs have it."""

    def opened(self, directory: Path) -> Store:
        return Outbox(opened(self.server, directory), directory / "outbox.sqlite", 10**8)


def test_a_backup_of_files_is_put_back_into_a_server_and_the_other_way_round(server: Server, tmp_path: Path) -> None:
    def on_the_server(data: Path) -> Store:
        return Outbox(opened(server, tmp_path), tmp_path / f"{data.name}.sqlite", 10**8)

    with home(tmp_path) as made:
        fill(made)
        made.store.append(batch(Row(value=5.0), Row(1001, 2**61)), [7])
        made.back_up()
        whole = stored(made.store)
        restore(tmp_path / "backup", tmp_path / "second", tmp_path / "list", [], on_the_server, quietly)
        store = on_the_server(tmp_path)
        assert stored(store) == whole
        assert store.seen([7, 8]) == {7}
        make(made.registry, store, "influxdb", made.data, tmp_path / "again", NOW, quietly)
        with pytest.raises(BackupError, match="holds readings already"):
            restore(tmp_path / "again", tmp_path / "third", tmp_path / "list", [], on_the_server, quietly)
        store.close()
    put_back(tmp_path / "again", tmp_path / "fourth")
    with home_of(tmp_path / "fourth") as files:
        assert stored(files.store) == whole
        assert files.store.seen([7, 8]) == {7}


def test_readings_move_from_files_to_a_server_and_back(server: Server, tmp_path: Path) -> None:
    with home(tmp_path) as made:
        fill(made)
        made.store.append(batch(Row(value=0.1 + 0.2), Row(1001, 2**61), Row(1001, -5, 1e-300)), [7])
        there = opened(server, tmp_path)
        assert migrate(made.store, there, tmp_path / "notes", quietly).rows == 363
        back = DuckDBStore(tmp_path / "back")
        assert migrate(there, back, tmp_path / "notes", quietly).rows == 363
        assert stored(back) == stored(made.store)
        assert back.seen([7, 8]) == {7}
        back.close()
        there.close()
