"""kill -9 of the server and of the hub, over and over: what was acknowledged is there, once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from hub.core.store import Store, StoreUnavailable
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.store import InfluxStore
from tests.servers.influxdb import Server, influx_server
from tests.stores.aging import thinning
from tests.stores.contract import THEN, rows
from tests.stores.influxdb.appender import append_until_it_works, message_of
from tests.stores.worlds import Row, all_of, batch, own, regular

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[3]
KILLS = 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with influx_server(tmp_path / "influxdb") as server:
        server.bucket("vault")
        yield server


def opened(server: Server) -> Store:
    return InfluxStore(Access(server.url, server.org, "vault", server.token))


def assert_there(store: Store, batches: int, more: int = 0) -> None:
    """All rows of so many batches, each once, with their hashes; of `more` batches any part may be there."""
    found = rows(store, own())
    expected = [(1000, int(t), float(n)) for n in range(batches) for t in message_of(n).time]
    assert sorted(r for r in found if r[2] < batches) == sorted(expected)
    assert len({r[:2] for r in found}) == len(found)
    assert max((r[2] for r in found), default=0) < batches + more
    assert store.seen(range(batches)) == set(range(batches))


def test_a_server_killed_ten_times_under_load_loses_nothing_it_acknowledged(server: Server) -> None:
    store, stop, done = opened(server), Event(), [0]

    def work() -> None:
        while not stop.is_set():
            append_until_it_works(store, done[0])
            done[0] += 1

    worker = Thread(target=work)
    worker.start()
    chance = Random(5)  # noqa: S311 -- when to kill is no secret
    before = 0
    for _ in range(KILLS):
        until = time.monotonic() + 30
        while done[0] <= before:  # it works again
            assert time.monotonic() < until
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.3))
        server.kill()
        before = done[0]
        server.start()
    stop.set()
    worker.join(30)
    assert not worker.is_alive()
    assert_there(store, done[0])
    store.close()
    again = opened(server)
    assert_there(again, done[0])
    again.close()


def test_a_hub_killed_ten_times_under_load_loses_nothing_it_acknowledged(server: Server) -> None:
    batches, chance = 0, Random(6)  # noqa: S311 -- as above
    for _ in range(KILLS):
        command = [
            sys.executable, "-m", "tests.stores.influxdb.appender", server.url, server.org, "vault", server.token,
            str(batches),
        ]  # fmt: skip
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            first = child.stdout.readline()
            time.sleep(chance.uniform(0, 0.3))
            child.kill()
            said = [first, *child.stdout]
        batches = int(said[-1]) + 1
        store = opened(server)
        assert_there(store, batches, more=1)
        store.close()


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("streams", [1, 25])
def test_a_thinning_that_was_cut_short_is_finished_by_whoever_comes_next(
    server: Server, streams: int, *, again: bool
) -> None:
    store = opened(server)
    assert isinstance(store, InfluxStore)
    for n in range(streams):
        store.append(regular(1000 + n, THEN, 60_000_000, [float(k) for k in range(60)]))
    store.append(batch(Row(1000 + streams, THEN + 7_200_000_000)))
    write = store._bucket.write

    def failing(lines: bytes) -> bool:
        """The server is away once the old rows are gone."""
        if lines.startswith(b"o,"):
            raise StoreUnavailable("away")
        return write(lines)

    store._bucket.write = failing  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable, match="away"):
        store.thin(thinning(THEN + 3_600_000_000, streams=streams + 1))
    store._bucket.write = write  # type: ignore[method-assign]
    quarters = [(1000 + k, THEN + n * 900_000_000, 7.0 + 15 * n) for k in range(streams) for n in range(4)]
    other = opened(server)
    first, second = (other, store) if again else (store, other)
    for each in (first, second):
        assert rows(each, all_of(streams + 1)) == [*quarters, (1000 + streams, THEN + 7_200_000_000, 1.0)]
        assert each.thin(thinning(THEN + 3_600_000_000, streams=streams + 1)) == 0
        each.close()
