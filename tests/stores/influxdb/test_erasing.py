"""What was erased is in no answer at once, and in no file of the server once it has compacted; what stays is there."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from hub.core.store import Erasure, Store
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.store import InfluxStore
from tests.servers.influxdb import Server, influx_server
from tests.stores.contract import THEN, rows
from tests.stores.durable import CANARIES
from tests.stores.worlds import Row, all_of, batch, own

pytestmark = pytest.mark.e2e
COLD = 2
"""Seconds without a write after which this server compacts a shard; four hours where nobody sets it."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    quick = [
        f"--storage-compact-full-write-cold-duration={COLD}s",
        f"--storage-cache-snapshot-write-cold-duration={COLD}s",
    ]
    with influx_server(tmp_path / "influxdb", *quick) as server:
        server.bucket("vault")
        yield server


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    store = InfluxStore(Access(server.url, server.org, "vault", server.token))
    yield store
    store.close()


def found_in(server: Server, value: float) -> set[str]:
    """The kinds of files in which a value stands as it is: in the log any does, in the others the first of a series."""
    needle = struct.pack(">d", value)
    return {p.suffix for p in server.files.rglob("*") if p.is_file() and needle in p.read_bytes()}


def wait_until(that: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not that():
        assert time.monotonic() < until
        time.sleep(0.2)


def canaries(datastream: int, owner: int, values: Sequence[float]) -> list[Row]:
    """So many datastreams, each with one value that can be found and some that cannot."""
    firsts = [Row(datastream + n, THEN, float(v), owner=owner) for n, v in enumerate(values)]
    return firsts + [Row(datastream + n, THEN + 1 + k, 1.0, owner=owner) for n in range(len(values)) for k in range(5)]


def test_no_byte_of_what_was_deleted_is_in_any_file_of_the_server(store: Store, server: Server) -> None:
    going, staying = CANARIES[:40].tolist(), CANARIES[40:60].tolist()
    store.append(batch(*canaries(2000, 7, going)))
    store.append(batch(*canaries(1000, 8, staying)))
    wait_until(lambda: all(".tsm" in found_in(server, v) for v in (*going, *staying)))
    assert store.delete(Erasure(owner=7)) == 6 * 40
    assert store.holds(np.array(going)).tolist() == []
    wait_until(lambda: not any(found_in(server, v) for v in going))
    assert all(found_in(server, v) for v in staying)
    assert len(rows(store, all_of(20))) == 6 * 20


def test_what_was_deleted_while_it_stood_in_the_log_alone_is_gone_from_it(store: Store, server: Server) -> None:
    old, kept = float(CANARIES[3]), float(CANARIES[4])
    store.append(batch(Row(value=old), Row(1001, value=kept)))
    assert found_in(server, old) == {".wal"}
    assert store.delete(Erasure(owner=100)) == 1
    wait_until(lambda: not found_in(server, old))
    wait_until(lambda: found_in(server, kept) == {".tsm"})


def test_a_replaced_value_leaves_the_files_too(store: Store, server: Server) -> None:
    old, new = float(CANARIES[7]), float(CANARIES[8])
    store.append(batch(Row(value=old)))
    wait_until(lambda: ".tsm" in found_in(server, old))
    store.append(batch(Row(value=new)))
    wait_until(lambda: not found_in(server, old))
    wait_until(lambda: found_in(server, new) == {".tsm"})
    assert rows(store, own()) == [(1000, THEN, new)]
