"""What a measurement says beside its target: the arithmetic and the table. Pure.

Rule: a figure is what was measured; a verdict follows from figure and target alone, and what falls short says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median

import numpy as np
from numpy.typing import NDArray


class Verdict(Enum):
    """What the last column says."""

    REACHED = "reached"
    FALLS_SHORT = "**falls short**"
    NO_TARGET = "—"
    ABSENT = "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound: at least (`least`) or at most (`most`) a figure, `unit` for people."""

    least: float | None = None
    most: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        """The bound as the table writes it."""
        if self.least is not None:
            return f"≥ {figure(self.least)}{self.unit}"
        return "—" if self.most is None else f"≤ {figure(self.most)}{self.unit}"

    def judge(self, measured: float) -> Verdict:
        """Whether a figure keeps the bound; a figure that is no number keeps none."""
        if self.least is None and self.most is None:
            return Verdict.NO_TARGET
        kept = measured >= self.least if self.least is not None else measured <= (self.most or 0.0)
        return Verdict.REACHED if kept else Verdict.FALLS_SHORT


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `behind` are the figures that the measured one was made of.

    `absent`: nothing was measured, `behind` says why.
    """

    what: str
    target: Target
    measured: float
    behind: str = ""
    absent: bool = False

    @property
    def verdict(self) -> Verdict:
        """Reached or not."""
        return Verdict.ABSENT if self.absent else self.target.judge(self.measured)

    @property
    def told(self) -> str:
        """The figure as the table writes it."""
        return "—" if self.absent else f"{figure(self.measured)}{self.target.unit}"


def absent(what: str, target: Target, why: str) -> Row:
    """A line of which nothing could be measured here."""
    return Row(what, target, float("nan"), why, absent=True)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| What | Target | Measured | Verdict | Behind it |", "|---|---|---|---|---|"]
    lines += [f"| {r.what} | {r.target} | {r.told} | {r.verdict.value} | {r.behind} |" for r in rows]
    return "\n".join(lines)


def figure(number: float) -> str:
    """A number as people read it: three digits that mean something, thousands apart, 0 as 0."""
    if number == 0 or number != number:  # noqa: PLR0124 - that is what makes a NaN
        return "0" if number == 0 else "not measured"
    if abs(number) >= 1000:
        return f"{float(f'{number:.3g}'):,.0f}"
    text = f"{number:.3g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def middle(numbers: Sequence[float]) -> float:
    """The median; NaN of nothing."""
    return median(numbers) if numbers else float("nan")


def percentile(numbers: NDArray[np.float64], share: float) -> float:
    """The smallest of these numbers that at least `share` (0 to 1) of them do not exceed; NaN of nothing."""
    if not len(numbers):
        return float("nan")
    rank = max(1, int(np.ceil(share * len(numbers) - 1e-9)))
    return float(np.partition(numbers, rank - 1)[rank - 1])


def delays(sent: NDArray[np.float64], heard: Sequence[tuple[int, float]]) -> NDArray[np.float64]:
    """How long each message waited for its acknowledgement, in the clock's unit.

    In: when each was sent, and (how many had been acknowledged, when) in order. Acknowledgements come in order.
    """
    if not heard:
        return np.empty(0)
    counts = np.array([n for n, _ in heard])
    when = np.array([t for _, t in heard], float)
    number = np.arange(int(counts[-1]))
    waited: NDArray[np.float64] = when[np.searchsorted(counts, number, side="right")] - sent[: len(number)]
    return waited
