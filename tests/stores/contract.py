"""What every engine promises, whatever it is made of: a class to inherit with the engine's name filled in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.history import History, Step
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Erasure, Store
from hub.stores import STORES
from tests.core.world import LONG_AGO, NOW
from tests.stores.model import Answer
from tests.stores.worlds import (
    MEMBER,
    QUARTER,
    Row,
    all_of,
    batch,
    mixed,
    own,
    project,
    public,
    regular,
    seen_by,
    street,
)

EVER = Query(since=-(2**62))
THEN = NOW - 6 * HOUR


def rows(store: Store, scope: Scope, query: Query = EVER) -> Answer:
    """What a store answers, as a list of (datastream, time, value)."""
    found = store.read(query, scope)
    assert [c.dtype.name for c in (found.datastream, found.time, found.value)] == ["int32", "int64", "float64"]
    return list(zip(found.datastream.tolist(), found.time.tolist(), found.value.tolist(), strict=True))


class Engine:
    """An engine by its name; one that is no folder's says itself how it is opened."""

    engine: ClassVar[str]

    def opened(self, directory: Path) -> Store:
        return STORES[self.engine](directory)


class StoreContract(Engine):
    """The promises of `Store`."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = self.opened(tmp_path / "observations")
        yield store
        store.close()

    # What is appended

    def test_what_was_appended_is_read_in_order_of_datastream_and_time(self, store: Store) -> None:
        store.append(batch(Row(1001, THEN, 3.0), Row(1000, THEN + 5, 2.0)))
        store.append(batch(Row(1000, THEN, 1.0)))
        assert rows(store, all_of()) == [(1000, THEN, 1.0), (1000, THEN + 5, 2.0), (1001, THEN, 3.0)]

    def test_an_empty_store_answers_with_nothing(self, store: Store) -> None:
        assert rows(store, all_of()) == rows(store, street()) == []
        assert rows(store, all_of(), Query(newest=True)) == []
        assert store.last_heard() == {}
        assert store.delete(Erasure(owner=100)) == 0

    def test_the_last_of_two_rows_with_one_time_wins(self, store: Store) -> None:
        store.append(batch(Row(value=1.0), Row(1001, value=7.0)))
        store.append(batch(Row(value=2.0)))
        assert rows(store, all_of()) == [(1000, THEN, 2.0), (1001, THEN, 7.0)]

    def test_the_last_wins_within_one_batch_too(self, store: Store) -> None:
        store.append(batch(Row(value=1.0), Row(1001, value=7.0), Row(value=2.0), Row(value=3.0)))
        assert rows(store, all_of()) == [(1000, THEN, 3.0), (1001, THEN, 7.0)]

    def test_a_row_that_replaces_brings_its_own_grade_wish_and_arrival(self, store: Store) -> None:
        store.append(batch(Row(value=1.0)))
        assert rows(store, public(Grade.OPEN)) == [(1000, THEN, 1.0)]
        store.append(batch(Row(value=2.0, wish=Grade.HOME)))
        assert rows(store, public(Grade.OPEN)) == rows(store, public(Grade.OPEN), Query(newest=True)) == []

    def test_a_late_row_takes_its_place(self, store: Store) -> None:
        store.append(batch(Row(time=THEN + 10, value=2.0)))
        store.append(batch(Row(time=THEN, value=1.0), Row(time=THEN + 20, value=3.0)))
        assert rows(store, own()) == [(1000, THEN, 1.0), (1000, THEN + 10, 2.0), (1000, THEN + 20, 3.0)]
        assert store.last_heard() == {1000: THEN + 20}

    def test_one_batch_may_span_months_years_and_wrong_clocks(self, store: Store) -> None:
        times = [-(2**61), -1, 0, THEN - 400 * DAY, THEN - 31 * DAY, THEN, THEN + 80 * 365 * DAY, 2**61]
        store.append(batch(*(Row(time=t, value=float(i)) for i, t in enumerate(times))), [5])
        expected = [(1000, t, float(i)) for i, t in enumerate(times)]
        assert rows(store, own()) == expected
        assert rows(store, own(), Query(since=-1, until=THEN + 1)) == expected[1:6]
        assert store.last_heard() == {1000: 2**61}
        assert store.seen([5]) == {5}

    def test_a_time_beyond_all_measure_is_kept_and_spoils_no_answer(self, store: Store) -> None:
        far = [Row(time=2**63 - 1, value=1.0, received=THEN), Row(time=-(2**63), value=2.0, received=THEN)]
        store.append(batch(*far, Row(value=3.0)))
        assert [value for *_, value in rows(store, own())] == [2.0, 3.0, 1.0]
        # The first hour there is begins before anything that can be asked for.
        assert [value for *_, value in rows(store, own(), Query(since=-(2**62), window=HOUR))] == [3.0, 1.0]

    def test_what_is_no_number_is_never_there(self, store: Store) -> None:
        store.append(batch(Row(value=float("nan")), Row(time=THEN + 1, value=float("inf")), Row(1001, value=1.0)))
        store.append(batch(Row(1002, value=1.7e308), Row(1002, THEN + 1, 1.7e308)))
        assert rows(store, all_of(), Query(until=THEN + 1)) == [(1001, THEN, 1.0), (1002, THEN, 1.7e308)]
        assert all(np.isfinite(value) for *_, value in rows(store, all_of(), Query(window=HOUR)))

    def test_a_switch_is_one_and_nothing_beside_numbers(self, store: Store) -> None:
        store.append(batch(*(Row(time=THEN + n, value=value) for n, value in enumerate([True, False, 0.5]))))
        assert rows(store, own()) == [(1000, THEN, 1.0), (1000, THEN + 1, 0.0), (1000, THEN + 2, 0.5)]
        assert [value for *_, value in rows(store, own(), Query(window=HOUR))] == [0.5]

    def test_what_is_no_number_replaces_nothing(self, store: Store) -> None:
        store.append(batch(Row(value=1.0)))
        store.append(batch(Row(value=float("nan")), Row(time=THEN + 1, value=float("-inf"))))
        assert rows(store, own()) == rows(store, own(), Query(newest=True)) == [(1000, THEN, 1.0)]
        assert store.last_heard() == {1000: THEN}

    def test_an_empty_batch_changes_nothing(self, store: Store) -> None:
        store.append(batch())
        assert rows(store, all_of()) == []

    # What is remembered of messages

    def test_hashes_are_seen_once_their_batch_is_stored(self, store: Store) -> None:
        assert store.seen([1, 2**64 - 1]) == set()
        store.append(batch(Row()), [1, 2**64 - 1])
        store.append(batch(), [3])
        assert store.seen([1, 2, 3, 2**64 - 1]) == {1, 3, 2**64 - 1}
        assert store.seen([]) == set()

    def test_deleting_rows_forgets_no_hash(self, store: Store) -> None:
        store.append(batch(Row()), [1])
        assert store.delete(Erasure(owner=100)) == 1
        assert store.seen([1]) == {1}

    # The scope comes first

    def test_a_store_that_ignores_the_scope_fails(self, store: Store) -> None:
        store.append(batch(Row(1000, value=4242.5), Row(1001, value=1.0)))
        for query in (EVER, Query(newest=True), Query(window=HOUR), Query(window=HOUR, newest=True)):
            assert {d for d, *_ in rows(store, own(1), query)} == {1001}
            assert rows(store, public(Grade.HOME, Grade.COUNTED), query) == []
            assert rows(store, public(), query) == []

    def test_grade_at_arrival_and_wish_decide_row_by_row(self, store: Store) -> None:
        store.append(batch(
            Row(time=THEN, value=1.0), Row(time=THEN + 1, value=2.0, grade=Grade.STREET),
            Row(time=THEN + 2, value=3.0, wish=Grade.COUNTED), Row(time=THEN + 3, value=4.0),
        ))  # fmt: skip
        assert [value for *_, value in rows(store, public(Grade.OPEN))] == [1.0, 4.0]
        assert len(rows(store, own())) == 4

    def test_what_arrived_while_it_was_closed_stays_closed(self, store: Store) -> None:
        steps = (Step(LONG_AGO, Grade.OPEN), Step(THEN, Grade.HOME), Step(THEN + HOUR, Grade.OPEN))
        again = seen_by(MEMBER, [History(steps)])
        store.append(regular(1000, THEN - HOUR, HOUR, [1.0, 2.0]))
        assert rows(store, again) == rows(store, again, Query(newest=True)) == []
        store.append(regular(1000, THEN + HOUR, HOUR, [3.0, 4.0]))
        assert rows(store, again) == [(1000, THEN + HOUR, 3.0), (1000, THEN + 2 * HOUR, 4.0)]

    def test_the_scope_applies_before_the_window_is_formed(self, store: Store) -> None:
        hidden = Row(time=THEN + 2 * MINUTE, value=1000.0, wish=Grade.HOME)
        store.append(batch(Row(value=1.0), hidden, Row(time=THEN + MINUTE, value=3.0)))
        assert rows(store, project()) == [(1000, THEN, 2.0)]
        assert rows(store, public(Grade.OPEN), Query(window=HOUR)) == [(1000, THEN, 2.0)]

    def test_a_row_that_arrived_after_its_window_was_shown_changes_nothing(self, store: Store) -> None:
        store.append(batch(Row(value=1.0)))
        shown = rows(store, project())
        closes = THEN + QUARTER + 5 * MINUTE
        store.append(batch(Row(time=THEN + 1, value=99.0, received=closes)))
        assert rows(store, project()) == shown == [(1000, THEN, 1.0)]
        store.append(batch(Row(time=THEN + 2, value=3.0, received=closes - 1)))
        assert rows(store, project()) == [(1000, THEN, 2.0)]

    def test_a_window_is_not_there_before_it_is_closed(self, store: Store) -> None:
        store.append(regular(1000, THEN, MINUTE, [float(n) for n in range(60)]))
        closes = THEN + QUARTER + 5 * MINUTE
        assert rows(store, project(closes - 1)) == []
        assert rows(store, project(closes)) == [(1000, THEN, 7.0)]

    def test_windows_have_one_row_per_datastream_whatever_slices_its_rows_came_by(self, store: Store) -> None:
        steps = (Step(LONG_AGO, Grade.STREET), Step(THEN + MINUTE, Grade.COMMONS))
        store.append(regular(1000, THEN, MINUTE, [1.0, 2.0, 6.0]))
        scope = seen_by(MEMBER, [History(steps)])
        assert len(scope.slices) == 2
        assert rows(store, scope) == [(1000, THEN, 3.0)]

    def test_a_street_shows_hourly_means_for_seven_days(self, store: Store) -> None:
        for n in range(6):
            store.append(regular(1000 + n, NOW - 9 * DAY, 30 * MINUTE, [1.0, 3.0] * 24 * 9))
        found = rows(store, street())
        assert {value for *_, value in found} == {2.0}
        assert {d for d, *_ in found} == set(range(1000, 1006))
        assert min(t for _, t, _ in found) == NOW - 7 * DAY
        assert max(t for _, t, _ in found) == NOW - 2 * HOUR

    def test_each_datastream_closes_and_ages_by_its_own_rule(self, store: Store) -> None:
        times = (NOW - 10 * DAY, NOW - 2 * HOUR, NOW - 30 * MINUTE, NOW - 10 * MINUTE)
        store.append(batch(*(Row(d, t) for d in (1000, 1001) for t in times)))
        assert [(d, t) for d, t, _ in rows(store, mixed())] == [*((1000, t) for t in times[:3]), (1001, times[1])]
        newest = [(d, t) for d, t, _ in rows(store, mixed(), Query(newest=True))]
        assert newest == [(1000, times[2]), (1001, times[1])]

    def test_ten_thousand_slices_are_answered_like_one(self, store: Store) -> None:
        scope = all_of(10_000)
        store.append(batch(*(Row(1000 + n, value=float(n)) for n in range(0, 10_000, 7))))
        for query in (EVER, Query(newest=True)):
            assert rows(store, scope, query) == [(1000 + n, THEN, float(n)) for n in range(0, 10_000, 7)]

    # What is asked

    def test_the_time_asked_for_includes_its_beginning_and_not_its_end(self, store: Store) -> None:
        store.append(regular(1000, THEN, 10, [0.0, 1.0, 2.0, 3.0]))
        assert [v for *_, v in rows(store, own(), Query(since=THEN + 10, until=THEN + 30))] == [1.0, 2.0]
        assert rows(store, own(), Query(since=THEN + 11, until=THEN + 20)) == []
        assert rows(store, own(), Query(since=2**70, until=2**71)) == []
        assert len(rows(store, own(), Query(since=-(2**70), until=2**70))) == 4

    def test_the_time_asked_for_chooses_windows_and_never_cuts_one(self, store: Store) -> None:
        store.append(regular(1000, THEN, 5 * MINUTE, [float(n) for n in range(12)]))
        quarters = [(1000, THEN + n * QUARTER, 1.0 + 3 * n) for n in range(4)]
        middle = Query(since=THEN + 1, until=THEN + 2 * QUARTER + 1)
        assert rows(store, project(), middle) == quarters[1:3]
        assert rows(store, own(), Query(since=middle.since, until=middle.until, window=QUARTER)) == quarters[1:3]

    def test_a_window_asked_for_gives_plain_means_the_running_one_included(self, store: Store) -> None:
        store.append(regular(1000, NOW - 20 * MINUTE, MINUTE, [float(n) for n in range(21)]))
        expected = [(1000, NOW - HOUR, 9.5), (1000, NOW, 20.0)]
        assert rows(store, own(), Query(window=HOUR)) == expected
        assert rows(store, own(), Query(window=HOUR, newest=True)) == expected[1:]

    def test_windows_before_1970_begin_at_their_multiples_too(self, store: Store) -> None:
        store.append(batch(Row(time=-1, value=1.0), Row(time=-HOUR, value=3.0), Row(time=0, value=9.0)))
        assert rows(store, own(), Query(since=-DAY, window=HOUR)) == [(1000, -HOUR, 2.0), (1000, 0, 9.0)]

    def test_a_window_across_the_end_of_a_month_is_one(self, store: Store) -> None:
        new_year = int(np.datetime64("2026-01-01", "us").astype(np.int64))
        store.append(regular(1000, new_year - 2 * DAY, DAY, [1.0, 2.0, 3.0, 4.0]))
        assert rows(store, own(), Query(window=365 * 50 * DAY)) == [(1000, 365 * 50 * DAY, 2.5)]

    def test_a_view_that_is_windowed_already_keeps_its_own_window(self, store: Store) -> None:
        store.append(regular(1000, THEN, 5 * MINUTE, [1.0] * 12))
        assert rows(store, project(), Query(window=HOUR)) == rows(store, project(), Query(window=MINUTE))
        assert len(rows(store, project(), Query(window=HOUR))) == 4

    def test_the_newest_is_the_last_row_that_is_admitted(self, store: Store) -> None:
        store.append(batch(Row(value=1.0), Row(1001, value=5.0)))
        store.append(batch(Row(time=THEN + 1, value=2.0), Row(time=THEN + 2, value=3.0, wish=Grade.HOME)))
        newest = Query(newest=True)
        assert rows(store, all_of(), newest) == [(1000, THEN + 2, 3.0), (1001, THEN, 5.0)]
        assert rows(store, public(Grade.OPEN), newest) == [(1000, THEN + 1, 2.0)]
        assert rows(store, own(), Query(newest=True, until=THEN + 1)) == [(1000, THEN, 1.0)]
        assert rows(store, own(), Query(newest=True, since=THEN + 3)) == []

    def test_the_newest_is_found_however_long_ago_it_was(self, store: Store) -> None:
        old = [Row(time=NOW - 2000 * DAY, value=1.0, received=THEN), Row(1001, 5, 2.0, received=THEN)]
        store.append(batch(*old, Row(1002, value=3.0)))
        store.append(batch(*(Row(1000, NOW - n * DAY, 9.0, grade=Grade.HOME) for n in range(1, 40))))
        found = rows(store, public(Grade.OPEN, Grade.OPEN, Grade.OPEN), Query(newest=True))
        assert found == [(1000, NOW - 2000 * DAY, 1.0), (1001, 5, 2.0), (1002, THEN, 3.0)]

    def test_the_newest_window_is_the_last_closed_one_with_data(self, store: Store) -> None:
        old = THEN - 37 * DAY
        store.append(batch(Row(time=old, value=1.0), Row(time=old + 1, value=3.0)))
        assert rows(store, project(), Query(newest=True)) == [(1000, old, 2.0)]
        store.append(batch(Row(time=THEN, value=5.0), Row(time=NOW, value=7.0)))
        assert rows(store, project(), Query(newest=True)) == [(1000, THEN, 5.0)]

    def test_the_newest_of_one_clock_that_is_wrong_delays_nobody_elses(self, store: Store) -> None:
        store.append(batch(Row(time=2**61, value=1.0, grade=Grade.HOME), Row(value=2.0), Row(1001, value=3.0)))
        found = rows(store, public(Grade.OPEN, Grade.OPEN), Query(newest=True))
        assert found == [(1000, THEN, 2.0), (1001, THEN, 3.0)]

    # What owners see, and what goes

    def test_last_heard_is_the_newest_time_of_every_datastream(self, store: Store) -> None:
        store.append(batch(Row(), Row(1001, THEN + 1), Row(time=THEN - 5)))
        store.append(batch(Row(time=THEN - 9), Row(1001, THEN + 9), Row(7)))
        assert store.last_heard() == {1000: THEN, 1001: THEN + 9, 7: THEN}

    def test_an_owners_rows_can_be_deleted_and_nobody_elses(self, store: Store) -> None:
        store.append(batch(Row(1000), Row(1000, THEN - 40 * DAY), Row(1001), Row(1002, owner=100)))
        assert store.delete(Erasure(owner=100)) == 3
        assert rows(store, all_of()) == [(1001, THEN, 1.0)]
        assert store.last_heard() == {1001: THEN}
        assert store.delete(Erasure(owner=100)) == 0

    def test_a_datastream_is_deleted_only_for_its_owner(self, store: Store) -> None:
        store.append(batch(Row(1000), Row(1001), Row(1002, owner=100)))
        assert store.delete(Erasure(owner=100, datastreams=frozenset({1001, 1002}))) == 1
        assert [d for d, *_ in rows(store, all_of())] == [1000, 1001]
        assert store.delete(Erasure(owner=101, datastreams=frozenset())) == 0

    def test_a_stretch_of_time_can_be_deleted(self, store: Store) -> None:
        store.append(regular(1000, THEN, 10, [0.0, 1.0, 2.0, 3.0]))
        assert store.delete(Erasure(owner=100, since=THEN + 10, until=THEN + 30)) == 2
        assert [v for *_, v in rows(store, own())] == [0.0, 3.0]
        assert store.delete(Erasure(owner=100, since=THEN + 30)) == 1
        assert store.last_heard() == {1000: THEN}
        assert rows(store, own(), Query(newest=True)) == [(1000, THEN, 0.0)]
        store.append(batch(Row(time=THEN + 5, value=5.0)))
        assert rows(store, own(), Query(newest=True)) == [(1000, THEN + 5, 5.0)]

    def test_the_version_grows_with_every_change(self, store: Store) -> None:
        versions = [store.version]
        for change in (
            lambda: store.append(batch(Row())), lambda: store.append(batch(Row(value=2.0))),
            lambda: store.delete(Erasure(owner=100)),
        ):  # fmt: skip
            change()
            versions.append(store.version)
        assert versions == sorted(set(versions))
        rows(store, all_of())
        assert store.version == versions[-1]

    def test_rows_that_come_while_others_are_deleted_are_kept(self, store: Store) -> None:
        def write(n: int) -> None:
            month = THEN - n % 3 * 31 * DAY
            store.append(batch(*(Row(1000 + k, month + n, float(n)) for k in range(6))), [n])

        with ThreadPoolExecutor(2) as pool:
            writing = pool.submit(lambda: list(map(write, range(60))))
            gone = 0
            while not writing.done():
                gone += store.delete(Erasure(owner=105))
        assert len(writing.result()) == 60
        assert gone + store.delete(Erasure(owner=105)) == 60
        found = [d for d, *_ in rows(store, all_of())]
        assert {d: found.count(d) for d in found} == dict.fromkeys(range(1000, 1005), 60)
        assert store.seen(range(70)) == set(range(60))
        assert 1005 not in store.last_heard()

    def test_many_threads_may_read_while_one_writes_and_one_deletes(self, store: Store) -> None:
        scope = all_of()

        def write(n: int) -> None:
            store.append(batch(*(Row(1000 + k, THEN + n, float(n)) for k in range(6))))
            if n % 10 == 9:
                store.delete(Erasure(owner=105, until=THEN + n))

        def read(_: int) -> bool:
            found = [d for d, *_ in rows(store, scope)]
            return found == sorted(found) and len({found.count(d) for d in range(1000, 1005)}) == 1

        with ThreadPoolExecutor(4) as pool:
            reading = pool.map(read, range(60))
            writing = pool.submit(lambda: list(map(write, range(40))))
            assert all(reading)
            assert len(writing.result()) == 40
        assert len(rows(store, scope)) == 5 * 40 + 1
