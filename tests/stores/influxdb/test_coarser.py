"""Old rows as means, in columns: the same as one row at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.grade import MINUTE
from hub.core.observations import Observations
from hub.stores.batches import COLUMNS, last_wins
from hub.stores.influxdb.coarser import changed, coarser, gone
from hub.stores.memory import MemoryStore
from tests.core.world import NOW
from tests.stores.aging import CUTS, thinning
from tests.stores.contract import THEN
from tests.stores.histories import a_row
from tests.stores.worlds import Row, batch

AGES = st.integers(0, 400).map(lambda n: NOW - n * 2 * MINUTE)


def ordered(rows: list[Row]) -> Observations:
    whole = last_wins(batch(*rows))
    whole = whole.take(np.lexsort((whole.time, whole.datastream)))
    whole.quality[:] = np.arange(len(whole)) % 4
    return whole


@given(st.lists(a_row(), min_size=1, max_size=60), AGES, st.one_of(AGES, st.just(-(2**62))))
def test_in_columns_it_is_what_it_is_row_by_row(rows: list[Row], raw: int, last: int) -> None:
    before, ages = ordered(rows), thinning(raw, last, cuts={d: [*some] for d, some in CUTS.items()})
    plain = MemoryStore()
    plain.append(before)
    fewer = plain.thin(ages)
    expected, found = plain._all(), coarser(before, ages)
    assert len(before) - len(found) == fewer == int(gone(before, found).sum())
    for name in COLUMNS:
        assert getattr(found, name).tolist() == pytest.approx(getattr(expected, name).tolist()), name
    assert not changed(found, coarser(found, ages)).any()


def test_what_differs_from_before_is_told() -> None:
    before = ordered([Row(value=1.0), Row(time=THEN + 1, value=3.0), Row(1001)])
    after = coarser(before, thinning())
    assert gone(before, after).tolist() == [False, True, False]
    assert changed(before, after).tolist() == [True, False]
