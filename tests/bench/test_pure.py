"""The measurements without a network run and give a figure for each of their rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bench import pure
from tests.bench.effort import Effort
from tests.bench.looks import looks
from tests.bench.verdicts import Row

ONCE = Effort(rounds=1)


@pytest.mark.slow
@pytest.mark.parametrize("measure", [pure.decoding, pure.disclosure, pure.decision, pure.blocks, pure.csv, looks])
def test_every_measurement_gives_figures(measure: Callable[[Effort], list[Row]]) -> None:
    rows = measure(ONCE)
    assert rows
    assert all(row.measured > 0 for row in rows)
