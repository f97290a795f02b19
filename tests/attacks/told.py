"""What a run of the attacks told, put together by attack: outcomes, figures, curves. Pure.

Rule: an attack that has succeeded, or of which no test was run, is no attack that failed; one whose control did not
succeed proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from tests.attacks.catalogue import ATTACKS
from tests.attacks.figures import CURVE, FIGURE, MARK


class Told(NamedTuple):
    """One test: its name, whether it passed, what it told (kind, what)."""

    test: str
    passed: bool
    told: list[tuple[str, list[Any]]]


class Verdict(Enum):
    """What became of an attack, in words for the report."""

    FAILED = "failed"
    SUCCEEDED = "**succeeded**"
    UNPROVEN = "**proves nothing**"
    NOT_MADE = "**was not made**"


class Figure(NamedTuple):
    """One measured number, and of how many."""

    what: str
    value: float
    of: float | None

    def __str__(self) -> str:
        """The number as people read it."""
        number = f"{self.value:,.2f}".rstrip("0").rstrip(".")
        return number if self.of is None else f"{number} of {self.of:,.0f}"


@dataclass
class Result:
    """All of one attack's tests."""

    number: int
    attacks: list[Told] = field(default_factory=list)
    controls: list[Told] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """Whether it failed, as it has to."""
        if not self.attacks:
            return Verdict.NOT_MADE
        if not all(t.passed for t in self.attacks):
            return Verdict.SUCCEEDED
        return Verdict.FAILED if all(t.passed for t in self.controls) else Verdict.UNPROVEN

    def figures(self, *, control: bool = False) -> list[Figure]:
        """What was measured, in the order of the tests; the same figure of several tests added up."""
        found: dict[str, Figure] = {}
        for test in self.controls if control else self.attacks:
            for kind, what in test.told:
                if kind == FIGURE:
                    one = Figure(what[0], what[1], what[2])
                    before = found.get(one.what)
                    found[one.what] = one if before is None else _added(before, one)
        return list(found.values())

    def curves(self, *, control: bool = False) -> dict[str, list[tuple[float, float]]]:
        """Series by name."""
        tests = self.controls if control else self.attacks
        return {w[0]: [(x, y) for x, y in w[1]] for t in tests for kind, w in t.told if kind == CURVE}


def results(tests: Iterable[Told]) -> dict[int, Result]:
    """Number → what became of it; every attack of the catalogue is there."""
    found = {number: Result(number) for number in ATTACKS}
    for test in tests:
        for kind, what in test.told:
            if kind == MARK and what[1] in found:
                result = found[what[1]]
                (result.attacks if what[0] == "attack" else result.controls).append(test)
    return found


def _added(a: Figure, b: Figure) -> Figure:
    return Figure(a.what, a.value + b.value, None if a.of is None or b.of is None else a.of + b.of)
