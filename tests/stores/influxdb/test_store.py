"""The InfluxDB engine keeps the contract, on a real server."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from hub.core.grade import HOUR, Grade
from hub.core.query import Query
from hub.core.store import Erasure, Store
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.served import Answer
from hub.stores.influxdb.store import InfluxStore
from tests.servers.influxdb import Server, influx_server
from tests.stores.aging import AgingContract
from tests.stores.contract import EVER, THEN, StoreContract
from tests.stores.histories import HistoriesContract
from tests.stores.worlds import Row, all_of, batch, own, project, public, street

pytestmark = pytest.mark.e2e
PUSHED_DOWN = {
    "*influxdb.readFilterSource", "*influxdb.readWindowAggregateSource", "*influxdb.readGroupSource",
    "*universe.schemaMutationTransformation",
}  # fmt: skip
"""Reading, and leaving columns out of what was read."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with influx_server(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


class TestInfluxDB(StoreContract, HistoriesContract, AgingContract):
    engine = "influxdb"
    server: Server

    @pytest.fixture(autouse=True)
    def served(self, server: Server) -> None:
        type(self).server = server

    def opened(self, directory: Path) -> Store:
        """A folder's name is a bucket's."""
        bucket = sha256(str(directory).encode()).hexdigest()[:20]
        self.server.bucket(bucket)
        return InfluxStore(Access(self.server.url, self.server.org, bucket, self.server.token))

    def test_what_is_asked_is_looked_up_and_averaged_by_the_storage_itself(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.append(batch(*(Row(1000 + n, value=float(-n)) for n in range(6))), [7])
        assert isinstance(store, InfluxStore)
        asked: list[str] = []
        ask = store._bucket.ask

        def listening(flux: str) -> Answer:
            asked.append(flux)
            return ask(flux)

        monkeypatch.setattr(store._bucket, "ask", listening)
        for scope in (all_of(), own(), project(), street(), public(Grade.OPEN, Grade.OPEN)):
            for query in (EVER, Query(window=HOUR), Query(newest=True, until=THEN)):
                store.read(query, scope)
        store.last_heard()
        store.delete(Erasure(owner=100))
        assert len(asked) > 15
        for flux in asked:
            assert self.operators(flux) <= PUSHED_DOWN, flux

    def operators(self, flux: str) -> set[str]:
        """What the server did besides reading, to answer a question."""
        told = {"query": 'import "profiler"\noption profiler.enabledProfilers = ["operator"]\n' + flux, "type": "flux"}
        request = urllib.request.Request(
            f"{self.server.url}/api/v2/query?org={self.server.org}", json.dumps(told).encode(),
            headers={"Authorization": f"Token {self.server.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as response:
            lines = response.read().decode().split("profiler/operator,")[1:]
        return {re.sub(r"\d+$", "", line.split(",")[0]) for line in lines}
