"""What every engine promises of old rows: they become means and go, and no window that was ever shown changes by it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.query import Query
from hub.core.store import Erasure, Store, Thinning
from tests.core.world import NOW
from tests.stores.contract import EVER, THEN, Engine, rows
from tests.stores.histories import SCOPES, a_row
from tests.stores.worlds import HISTORIES, HOMES, QUARTER, Row, all_of, batch, own, project, public, regular

AFTER = NOW - 5 * HOUR
"""A moment by which the first hours of these tests are old."""


def thinning(
    raw: int = AFTER, last: int = -(2**62), *, cuts: Mapping[int, list[int]] | None = None, streams: int = len(HOMES)
) -> Thinning:
    """Every datastream's rows are old by `raw`, and go by `last`; late is what came five minutes after its quarter."""
    ids = np.arange(1000, 1000 + streams, dtype=np.int32)
    pairs = [(d, at) for d, some in (cuts or {}).items() for at in some]
    return Thinning(
        window=QUARTER, datastream=ids, raw=np.full(streams, raw, np.int64), last=np.full(streams, last, np.int64),
        late=np.full(streams, QUARTER + 5 * MINUTE, np.int64),
        cut_datastream=np.array([d for d, _ in pairs], np.int32), cut=np.array([at for _, at in pairs], np.int64),
    )  # fmt: skip


EDGES = {
    1000 + n: sorted({s.since for s in h.steps} | {m for k in h.ticks for m in (k.at, k.since, k.until)})
    for n, h in enumerate(HISTORIES)
}
"""The cuts of the histories that the scopes are made of."""
CUTS = {d: [*some, NOW - 9 * HOUR, NOW - 5 * HOUR] for d, some in EDGES.items()}


class AgingContract(Engine):
    """The promises of `Store.thin`, `traces` and `holds`."""

    def test_old_rows_become_one_mean_a_quarter_and_young_ones_stay(self, store: Store) -> None:
        store.append(regular(1000, THEN, 5 * MINUTE, [float(n) for n in range(13)]))
        assert store.thin(thinning(THEN + HOUR)) == 8
        means = [(1000, THEN + n * QUARTER, 1.0 + 3 * n) for n in range(4)]
        assert rows(store, own()) == [*means, (1000, THEN + HOUR, 12.0)]
        assert store.thin(thinning(THEN + HOUR)) == 0

    def test_a_quarter_is_thinned_when_all_of_it_is_old(self, store: Store) -> None:
        store.append(regular(1000, THEN, 5 * MINUTE, [1.0, 2.0, 3.0]))
        assert store.thin(thinning(THEN + QUARTER - 1)) == 0
        assert store.thin(thinning(THEN + QUARTER)) == 2

    def test_very_old_rows_go_and_nobody_elses(self, store: Store) -> None:
        store.append(batch(Row(), Row(1001), Row(time=THEN + HOUR, value=2.0), Row(7)))
        one = thinning(THEN + HOUR, THEN + HOUR, streams=1)
        assert store.thin(one) == 1
        assert [r[:2] for r in rows(store, all_of())] == [(1000, THEN + HOUR), (1001, THEN)]
        assert store.last_heard() == {1000: THEN + HOUR, 1001: THEN, 7: THEN}

    def test_a_datastream_of_which_everything_went_was_never_heard(self, store: Store) -> None:
        store.append(batch(Row(), Row(1001)))
        assert store.thin(thinning(last=THEN + HOUR)) == 2
        assert rows(store, all_of()) == []
        assert store.last_heard() == {}

    def test_a_row_that_asked_for_less_is_in_no_mean_with_others(self, store: Store) -> None:
        hidden = [Row(time=THEN + n, value=1000.0, wish=Grade.HOME) for n in (1, 2)]
        store.append(batch(Row(value=1.0), *hidden, Row(time=THEN + 3, value=3.0)))
        before = rows(store, project()), rows(store, public(Grade.OPEN), Query(window=QUARTER))
        assert store.thin(thinning()) == 2
        assert (rows(store, project()), rows(store, public(Grade.OPEN), Query(window=QUARTER))) == before
        assert [v for *_, v in rows(store, own())] == [2.0, 1000.0]

    def test_a_row_that_came_too_late_is_in_no_mean_with_others(self, store: Store) -> None:
        closes = THEN + QUARTER + 5 * MINUTE
        late = [Row(time=THEN + n, value=99.0, received=closes + n) for n in (1, 2)]
        store.append(batch(Row(value=1.0), *late, Row(time=THEN + 3, value=3.0, received=closes - 1)))
        shown = rows(store, project())
        assert shown == [(1000, THEN, 2.0)]
        assert store.thin(thinning()) == 2
        assert rows(store, project()) == shown

    def test_what_arrived_on_two_sides_of_a_cut_is_in_no_mean_together(self, store: Store) -> None:
        cut = THEN + 5 * MINUTE
        store.append(regular(1000, THEN, 5 * MINUTE, [1.0, 2.0, 3.0]))
        store.append(regular(1001, THEN, 5 * MINUTE, [1.0, 2.0, 3.0]))
        store.thin(thinning(cuts={1000: [cut]}))
        assert [v for d, _, v in rows(store, all_of()) if d == 1000] == [1.0, 2.5, 2.5]
        assert [v for d, _, v in rows(store, all_of()) if d == 1001] == [2.0]

    def test_what_arrived_on_two_days_is_in_no_mean_together(self, store: Store) -> None:
        midnight = THEN // DAY * DAY
        store.append(regular(1000, midnight - MINUTE, 2 * MINUTE, [1.0]))
        store.append(batch(Row(time=midnight - 2 * MINUTE, value=3.0, received=midnight)))
        assert store.thin(thinning()) == 0
        assert [v for *_, v in rows(store, own())] == [3.0, 1.0]

    def test_parts_of_a_quarter_weigh_as_they_did(self, store: Store) -> None:
        values = [(0, Grade.OPEN, 1.0), (1, Grade.OPEN, 3.0), (2, Grade.OPEN, 2.0), (3, Grade.OPEN, 2.0),
                  (4, Grade.COMMONS, 8.0), (5, Grade.COMMONS, 10.0)]  # fmt: skip
        store.append(batch(*(Row(time=THEN + n, value=v, grade=g) for n, g, v in values)))
        assert store.thin(thinning()) == 3
        assert [v for *_, v in rows(store, own())] == [2.0, 2.0, 9.0]
        assert rows(store, own(), Query(window=QUARTER)) == [(1000, THEN, 26 / 6)]

    def test_a_mean_that_is_no_number_is_one_of_its_values(self, store: Store) -> None:
        store.append(batch(Row(value=1.7e308), Row(time=THEN + 1, value=1.6e308)))
        assert store.thin(thinning()) == 1
        assert rows(store, own())[0][2] in (1.6e308, pytest.approx(1.65e308))

    def test_what_comes_later_into_old_windows_is_thinned_the_next_time(self, store: Store) -> None:
        store.append(regular(1000, THEN, 5 * MINUTE, [1.0, 3.0]))
        assert store.thin(thinning()) == 1
        store.append(
            batch(Row(time=THEN + MINUTE, value=7.0, received=NOW), Row(time=THEN + 2, value=9.0, received=NOW))
        )
        assert store.thin(thinning()) == 0
        assert [v for *_, v in rows(store, own())] == [2.0, 8.0, 8.0]

    def test_thinning_forgets_no_hash(self, store: Store) -> None:
        store.append(regular(1000, THEN, MINUTE, [1.0, 3.0]), [5])
        assert store.thin(thinning()) == 1
        assert store.seen([5]) == {5}

    def test_traces_are_of_what_goes_and_held_is_what_stays(self, store: Store) -> None:
        store.append(batch(Row(value=1.25), Row(time=THEN + 1, value=2.25), Row(1001, value=2.25), Row(1001, THEN + 5)))
        erasure = Erasure(owner=100, arrived=THEN + 10)
        traces = store.traces(erasure)
        assert traces.tolist() == [1.25, 2.25]
        assert store.holds(traces).tolist() == [1.25, 2.25]
        assert store.delete(erasure) == 2
        assert store.holds(traces).tolist() == [2.25]
        assert store.traces(erasure).tolist() == []

    def test_what_arrives_after_an_erasure_was_asked_for_is_not_part_of_it(self, store: Store) -> None:
        store.append(batch(Row(), Row(time=THEN + 1, received=NOW)))
        assert store.delete(Erasure(owner=100, arrived=NOW)) == 1
        assert [r[1] for r in rows(store, own())] == [THEN + 1]

    @pytest.mark.slow
    @settings(deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(st.lists(a_row(), min_size=2, max_size=40), st.integers(0, 40).map(lambda n: NOW - 9 * HOUR + n * QUARTER))
    def test_no_window_that_anybody_was_ever_shown_changes(self, given_rows: list[Row], raw: int) -> None:
        with TemporaryDirectory() as directory:
            store = self.opened(Path(directory))
            try:
                store.append(batch(*given_rows))
                quarters = [s for s in SCOPES if not np.any(s.slices["window"] > QUARTER)]
                asked = [Query(since=EVER.since, window=QUARTER), Query(since=EVER.since, window=QUARTER, newest=True)]
                before = [rows(store, s, q) for s in quarters for q in asked]
                heard = set(store.last_heard())
                cuts = {d: [*some] for d, some in CUTS.items()}
                store.thin(thinning(raw, cuts=cuts))
                after = [rows(store, s, q) for s in quarters for q in asked]
                assert [[r[:2] for r in a] for a in after] == [[r[:2] for r in b] for b in before]
                assert [[r[2] for r in a] for a in after] == [pytest.approx([r[2] for r in b]) for b in before]
                assert set(store.last_heard()) == heard
                assert store.thin(thinning(raw, cuts=cuts)) == 0
            finally:
                store.close()
