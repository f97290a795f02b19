"""What an attack measured, as the report tells it; and how large the attacked neighbourhood is.

Rule: a figure is what this run measured. `make check` attacks a small neighbourhood, `make privacy-report` a larger one
(the environment's `BARRIO_ATTACKS=thorough`); the tests are the same.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

FIGURE, CURVE, MARK = "figure", "curve", "mark"
THOROUGH = os.environ.get("BARRIO_ATTACKS") == "thorough"


class Size(NamedTuple):
    """How many homes, windows of an hour, repetitions (seeds, examples) and days an attack may use."""

    homes: int
    windows: int
    rounds: int
    days: int


SIZE = Size(homes=300, windows=51, rounds=60, days=30) if THOROUGH else Size(homes=50, windows=50, rounds=10, days=10)


class Figures:
    """Collects a test's figures where pytest keeps a test's properties."""

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties

    def tell(self, what: str, value: float, of: float | None = None) -> None:
        """One figure: `what` in words, and of how many."""
        self._properties.append((FIGURE, [what, float(value), None if of is None else float(of)]))

    def curve(self, name: str, points: Sequence[tuple[float, float]]) -> None:
        """A series to be drawn: (x, y)."""
        self._properties.append((CURVE, [name, [[float(x), float(y)] for x, y in points]]))
