"""Windows that a server formed: taken or left out only when every row of them would have been."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.grade import HOUR, Grade
from hub.core.history import BEGINNING, END
from hub.core.scope import Scope
from hub.stores.batches import last_wins, steps, window_start
from hub.stores.influxdb.admitting import admitted, means, merged, plain, verdicts
from hub.stores.influxdb.flux import Windows
from hub.stores.influxdb.points import is_odd, pack
from tests.core.world import NOW
from tests.stores.contract import THEN
from tests.stores.histories import SCOPES, a_row
from tests.stores.worlds import QUARTER, Row, all_of, batch, own, project, public


@given(st.lists(a_row(), min_size=1, max_size=30), st.sampled_from(SCOPES), st.sampled_from([QUARTER, HOUR, 24 * HOUR]))
def test_a_window_is_taken_or_left_only_when_all_its_rows_would_be(rows: list[Row], scope: Scope, window: int) -> None:
    stored = last_wins(batch(*rows))
    stored = stored.take(~is_odd(stored.time))
    slices = merged(steps(scope.slices, window))
    for step in np.unique(slices["step"]).tolist():
        mine = slices[slices["step"] == step]
        start = window_start(stored.time, step)
        for datastream, begin in sorted({*zip(stored.datastream.tolist(), start.tolist(), strict=True)}):
            inside = stored.take((stored.datastream == datastream) & (start == begin))
            arrival = pack(inside)
            one = Windows(
                inside.datastream[:1], np.array([begin]), inside.value[:1], arrival[[arrival.argmin()]],
                arrival[[arrival.argmax()]],
            )  # fmt: skip
            every, none = verdicts(one, step, mine)
            shown = len(admitted(inside, mine))
            assert not every[0] or shown == len(inside)
            assert not none[0] or shown == 0


@pytest.mark.parametrize(
    ("scope", "row", "expected"),
    [
        (project(), Row(received=THEN + 4 * 60_000_000), (True, False)),
        (project(), Row(received=THEN + 21 * 60_000_000), (False, True)),
        (project(), Row(wish=Grade.HOME), (False, True)),
        (public(Grade.OPEN), Row(grade=Grade.HOME), (False, True)),
        (public(Grade.OPEN), Row(), (True, False)),
        (own(), Row(grade=Grade.SEALED, received=NOW), (True, False)),
    ],
)
def test_of_most_windows_the_server_tells_enough(scope: Scope, row: Row, expected: tuple[bool, bool]) -> None:
    stored = batch(row)
    slices = merged(steps(scope.slices, QUARTER))
    arrival = pack(stored)
    windows = Windows(stored.datastream, window_start(stored.time, QUARTER), stored.value, arrival, arrival)
    every, none = verdicts(windows, QUARTER, slices)
    assert (bool(every[0]), bool(none[0])) == expected


def test_slices_that_follow_each_other_are_one() -> None:
    whole = merged(steps(all_of(2).slices, 0))
    cut = np.concatenate([whole, whole])
    cut["until"][:2] = cut["since"][2:] = THEN
    assert len(merged(cut)) == 2
    assert plain(merged(cut)).all()
    assert merged(cut)["since"].tolist() == [BEGINNING] * 2
    assert merged(cut)["until"].tolist() == [END] * 2
    cut["least_grade"][2] = 5
    assert len(merged(cut)) == 3
    cut["until"] = cut["since"]
    assert len(merged(cut)) == 0


def test_means_are_of_each_datastream_and_window() -> None:
    slices = steps(all_of(2).slices, HOUR)
    found = means(admitted(batch(Row(value=1.0), Row(time=THEN + 1, value=3.0), Row(1001, value=9.0)), slices))
    assert (found.datastream.tolist(), found.value.tolist()) == ([1000, 1001], [2.0, 9.0])
    assert len(means(admitted(batch(), slices))) == 0
