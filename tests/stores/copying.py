"""What an engine promises that gives a copy of the whole: all of one moment, while it is used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import numpy as np
from hypothesis import HealthCheck, given, settings

from hub.core.grade import DAY, Grade
from hub.core.observations import FLAGS, Observations
from hub.core.store import Copied, Erasure, Snapshot, Store
from tests.stores.contract import THEN, Engine, rows
from tests.stores.histories import CHANGES, change
from tests.stores.model import Model
from tests.stores.worlds import Row, all_of, batch

Whole = dict[tuple[int, int], tuple[float, ...]]


def copied(store: Store) -> Copied:
    assert isinstance(store, Copied)
    return store


def all_in(batches: Iterator[Observations]) -> Whole:
    """Every row by datastream and time; the later of two with the same holds."""
    found: Whole = {}
    for b in batches:
        columns = (b.owner, b.received, b.value, b.grade, b.wish, b.quality)
        keys = zip(b.datastream.tolist(), b.time.tolist(), strict=True)
        found.update(zip(keys, zip(*(c.tolist() for c in columns), strict=True), strict=True))
    return found


def taken(whole: Snapshot) -> Whole:
    """All rows of a snapshot, which must be as many as it says (or fewer, where some replace others)."""
    found = all_in(whole.batches())
    assert len(found) <= whole.rows
    return found


class CopyContract(Engine):
    """The promises of `Copied`."""

    def test_a_copy_has_every_column_of_every_row_and_every_hash(self, store: Store) -> None:
        given_rows = batch(
            Row(value=-0.0), Row(1001, THEN - 70 * DAY, 2.5, THEN + 9, Grade.HOME, Grade.STREET, 77), Row(1002, -5),
            Row(1003, -(2**61)), Row(1003, 2**61), Row(1004, THEN, float("nan")), Row(1005, THEN, 1.5),
            Row(1006, THEN, 2.5),
        )  # fmt: skip
        given_rows.quality[:] = [0, *FLAGS]
        store.append(given_rows, [1, 2**64 - 1])
        store.append(batch(Row(1002, -5, 9.0)), [3])
        with copied(store).snapshot() as whole:
            found = taken(whole)
            assert set(whole.hashes().tolist()) == {1, 3, 2**64 - 1}
        assert found.pop((1002, -5)) == (102, -5, 9.0, Grade.OPEN, Grade.OPEN, 0)
        assert found == all_in(iter([given_rows.take(np.array([0, 1, 3, 4, 6, 7]))]))

    def test_a_copy_of_nothing_is_nothing(self, store: Store) -> None:
        with copied(store).snapshot() as whole:
            assert (whole.rows, taken(whole), len(whole.hashes())) == (0, {}, 0)

    def test_nothing_is_erased_before_the_copy_is_there(self, store: Store) -> None:
        store.append(batch(Row(), Row(1001)))
        with ThreadPoolExecutor(1) as pool:
            with copied(store).snapshot() as whole:
                erasing = pool.submit(store.delete, Erasure(owner=100))
                assert not erasing.done()
                assert len(taken(whole)) == 2
                assert not erasing.done()
            assert erasing.result() == 1
        with copied(store).snapshot() as whole:
            assert [d for d, _ in taken(whole)] == [1001]

    @settings(deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(CHANGES)
    def test_after_any_history_the_copy_is_the_model(self, changes: list[list[Row] | Erasure | int]) -> None:
        with TemporaryDirectory() as directory:
            store, model = self.opened(Path(directory)), Model()
            try:
                for what in changes:
                    change(store, model, what)
                with copied(store).snapshot() as whole:
                    found = {k: v[:5] for k, v in taken(whole).items()}
                expected = {k: (r.party, r.arrived, r.value, r.grade, r.wish) for k, r in model.rows.items()}
                assert found == expected
            finally:
                store.close()


class MomentContract:
    """What an engine promises besides whose copies are of one moment."""

    def test_what_comes_later_is_not_in_it_and_comes_meanwhile(self, store: Store) -> None:
        store.append(batch(Row(), Row(1001, THEN - 40 * DAY)))
        with copied(store).snapshot() as whole:
            store.append(batch(Row(value=5.0), Row(1001, THEN - 40 * DAY + 1), Row(1002, THEN - 90 * DAY)))
            assert len(rows(store, all_of())) == 4
            assert {k: v[2] for k, v in taken(whole).items()} == {(1000, THEN): 1.0, (1001, THEN - 40 * DAY): 1.0}
        assert len(rows(store, all_of())) == 4

    def test_batches_over_several_months_are_in_it_whole_or_not_at_all(self, store: Store) -> None:
        begun, done = Event(), Event()

        def write() -> int:
            n = 0
            while not done.is_set():
                store.append(batch(*(Row(1000, THEN + n - m * 31 * DAY, float(n)) for m in range(3))))
                begun.set()
                n += 1
            return n

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            try:
                assert begun.wait(20)
                for _ in range(5):
                    with copied(store).snapshot() as whole:
                        values = [int(v[2]) for v in taken(whole).values()]
                    assert sorted(values) == sorted([*range(max(values) + 1)] * 3)
            finally:
                done.set()
        assert len(rows(store, all_of())) == 3 * writing.result()
