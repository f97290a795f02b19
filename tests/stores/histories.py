"""Whatever happens to a store, in whatever order: it answers like the model, to everybody who may ask."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.core.audience import PUBLIC, Audience
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Erasure, Store
from tests.core.world import NOW
from tests.stores.contract import Engine, rows
from tests.stores.model import Model
from tests.stores.worlds import HISTORIES, HOMES, MEMBER, Row, all_of, batch, mixed, own, seen_by, street

TIMES = st.one_of(
    st.integers(-3 * 60, 3 * 60).map(lambda n: NOW - 6 * HOUR + n * MINUTE),
    st.sampled_from([NOW - 40 * DAY, NOW - 41 * DAY, NOW - 8 * DAY, -1, 0, 5, NOW + 3, NOW + 60 * 365 * DAY]),
)
GRADES = st.sampled_from([Grade.OPEN, Grade.OPEN, Grade.STREET, Grade.COMMONS, Grade.HOME])


@st.composite
def a_row(draw: st.DrawFn) -> Row:
    time = draw(TIMES)
    delay = draw(st.sampled_from([0, 0, 0, MINUTE, 20 * MINUTE, 2 * HOUR, 9 * DAY]))
    value = draw(st.sampled_from([0.0, 0.1, -7.25, 1e6, 20.3]) | st.floats(-100, 100))
    return Row(1000 + draw(st.sampled_from(HOMES)), time, value, time + delay, draw(GRADES), draw(GRADES))


EDGES = st.sampled_from([-(2**62), 0, NOW - 41 * DAY, NOW - 7 * HOUR, NOW - 6 * HOUR + 1, NOW - HOUR, NOW, 2**62])


@st.composite
def an_erasure(draw: st.DrawFn) -> Erasure:
    since, until = sorted([draw(EDGES), draw(EDGES)])
    of = draw(st.none() | st.frozensets(st.sampled_from([1000 + n for n in HOMES])))
    return Erasure(owner=100 + draw(st.sampled_from(HOMES)), datastreams=of, since=since, until=until)


@st.composite
def a_query(draw: st.DrawFn) -> Query:
    since, until = sorted([draw(EDGES), draw(EDGES)])
    window = draw(st.sampled_from([0, 0, 7 * MINUTE, HOUR, DAY, 90 * DAY]))
    return Query(since=since, until=until, window=window, newest=draw(st.booleans()))


HOUSEHOLDS = Audience(party=1, parties=frozenset({100, 102}), memberships=MEMBER.memberships)
SCOPES: tuple[Scope, ...] = (
    all_of(), own(1), street(), mixed(),
    seen_by(PUBLIC, HISTORIES), seen_by(MEMBER, HISTORIES), seen_by(HOUSEHOLDS, HISTORIES),
)  # fmt: skip
"""Everything, one home, hourly windows, and mixtures of windows, instants and nothing."""
ARCHIVES = st.sampled_from([-(2**62), NOW - 20 * DAY, 2**61])
"""What is older than this is put so that other tools can read it, at a compaction."""
CHANGES = st.lists(st.lists(a_row(), min_size=1, max_size=25) | an_erasure() | ARCHIVES, min_size=1, max_size=7)


def change(store: Store, model: Model, what: list[Row] | Erasure | int) -> None:
    if isinstance(what, Erasure):
        assert store.delete(what) == model.delete(what)
    elif isinstance(what, int):
        store.compact(what)
    else:
        store.append(batch(*what))
        model.append(what)


class HistoriesContract(Engine):
    """The promises of `Store`, by many short lives of one."""

    @settings(deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(CHANGES, st.lists(a_query(), min_size=1, max_size=2))
    def test_after_any_history_every_audience_gets_what_the_model_says(
        self, changes: list[list[Row] | Erasure | int], queries: list[Query]
    ) -> None:
        with TemporaryDirectory() as directory:
            store, model = self.opened(Path(directory)), Model()
            try:
                for what in changes:
                    change(store, model, what)
                assert store.last_heard() == model.last_heard()
                for scope in SCOPES:
                    for query in queries:
                        found, expected = rows(store, scope, query), model.read(query, scope)
                        assert [r[:2] for r in found] == [r[:2] for r in expected]
                        assert [r[2] for r in found] == pytest.approx([r[2] for r in expected], rel=1e-9, abs=1e-12)
            finally:
                store.close()
