"""What an engine with files promises besides: what was acknowledged is there tomorrow, and what was erased is not."""

from __future__ import annotations

import math
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hub.core.grade import DAY
from hub.core.query import Query
from hub.core.store import Erasure, StoreUnavailable
from tests.stores.contract import THEN, Engine, rows
from tests.stores.worlds import Row, all_of, batch, own

_BITS = np.frombuffer(np.random.default_rng(7).bytes(8 * 5000), np.float64)
CANARIES = _BITS[np.abs(_BITS) < 1e300][:4000]
"""Doubles of random bits do not compress: they stand in a file as they are."""


def found_in(directory: Path, value: float) -> list[str]:
    """The names of the files in which the eight bytes of a value stand."""
    needle = struct.pack("<d", value)
    return sorted(p.name for p in directory.rglob("*") if p.is_file() and needle in p.read_bytes())


class DurableContract(Engine):
    """The promises of an engine that owns a directory."""

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        return tmp_path / "kept"

    def test_everything_is_there_after_closing_and_opening(self, directory: Path) -> None:
        store = self.opened(directory)
        store.append(batch(Row(), Row(1001, THEN - 70 * DAY), Row(1002, -5)), [1, 2**63])
        store.append(batch(Row(value=2.0)), [3])
        before, heard = rows(store, all_of()), store.last_heard()
        store.close()
        store = self.opened(directory)
        assert (rows(store, all_of()), store.last_heard()) == (before, heard)
        assert store.seen([1, 2, 3, 2**63]) == {1, 3, 2**63}
        assert rows(store, all_of(), Query(newest=True, since=-10)) == before
        store.append(batch(Row(value=4.0)))
        assert rows(store, own()) == [(1000, THEN, 4.0)]
        store.close()

    def test_what_was_deleted_is_gone_after_opening_too(self, directory: Path) -> None:
        store = self.opened(directory)
        store.append(batch(Row(), Row(1001)))
        assert store.delete(Erasure(owner=100)) == 1
        store.append(batch(Row(1001, THEN + 1)))
        store.close()
        store = self.opened(directory)
        assert [d for d, *_ in rows(store, all_of())] == [1001, 1001]
        assert sorted(p.suffix for p in directory.iterdir() if "draft" in p.name) == []
        store.close()

    def test_no_byte_of_what_was_deleted_is_in_any_file(self, directory: Path) -> None:
        store = self.opened(directory)
        kept = batch(*(Row(1001, THEN + n, v) for n, v in enumerate(CANARIES[2000:])))
        other_month = Row(1000, THEN - 40 * DAY, 2.0)
        store.append(batch(*(Row(1000, THEN + n, v) for n, v in enumerate(CANARIES[:2000])), other_month))
        store.append(kept)
        gone, replaced, stays = float(CANARIES[5]), float(CANARIES[7]), float(CANARIES[2005])
        store.append(batch(Row(1000, THEN + 7, math.pi)))
        assert found_in(directory, gone)
        assert found_in(directory, replaced)
        store.close()
        store = self.opened(directory)
        assert found_in(directory, gone)
        assert store.delete(Erasure(owner=100)) == 2001
        assert found_in(directory, stays)
        for value in (gone, replaced, math.pi, float(CANARIES[1999])):
            assert found_in(directory, value) == []
        store.close()
        assert found_in(directory, gone) == []

    def test_a_directory_belongs_to_one_and_the_other_is_told_what_to_do(self, directory: Path) -> None:
        store = self.opened(directory)
        with pytest.raises(StoreUnavailable, match=f"another barrio is running on {directory}"):
            self.opened(directory)
        code = "import sys, pathlib, hub.stores as s; s.STORES[sys.argv[1]](pathlib.Path(sys.argv[2]))"
        command = [sys.executable, "-c", code, self.engine, str(directory)]
        other = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert f"StoreUnavailable: another barrio is running on {directory}" in other.stderr
        store.append(batch(Row()))
        store.close()
        self.opened(directory).close()

    def test_a_closed_store_says_so_and_may_be_closed_again(self, directory: Path) -> None:
        store = self.opened(directory)
        store.append(batch(Row()), [1])
        store.close()
        store.close()
        for use in (
            lambda: store.append(batch(Row())), lambda: store.read(Query(), own()),
            lambda: store.delete(Erasure(owner=100)), lambda: store.seen([1]),
        ):  # fmt: skip
            with pytest.raises(StoreUnavailable, match="closed"):
                use()
