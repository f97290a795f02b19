"""The table of attacks and the tests are the same set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.attacks.catalogue import ATTACKS, FAMILIES, NOT_PROMISED
from tests.attacks.figures import CURVE, FIGURE, Figures

MARKS = re.compile(r"^@pytest\.mark\.(attack|control)\((\d+)\)$", re.MULTILINE)
MARKED = [
    (kind, int(number))
    for file in sorted(Path(__file__).parent.glob("test_*.py"))
    for kind, number in MARKS.findall(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("number", ATTACKS)
def test_every_attack_is_made(number: int) -> None:
    assert ("attack", number) in MARKED


WITHOUT_CONTROL = {2: "attack 1's control is on the same numbers", 8: "attack 7's", 27: "there is no weaker program"}


@pytest.mark.parametrize("number", ATTACKS)
def test_every_attack_is_shown_to_be_able_to_succeed(number: int) -> None:
    assert (("control", number) in MARKED) != (number in WITHOUT_CONTROL)


def test_no_attack_is_made_that_is_not_in_the_table() -> None:
    assert {number for _, number in MARKED} <= set(ATTACKS)
    assert sorted(ATTACKS) == list(range(1, len(ATTACKS) + 1))
    assert sum(len(f.attacks) for f in FAMILIES) == len(ATTACKS)
    assert NOT_PROMISED


def test_figures_are_kept_where_the_report_finds_them() -> None:
    kept: list[tuple[str, object]] = []
    figures = Figures(kept)
    figures.tell("homes", 3, 10)
    figures.curve("shares", [(5, 0.5)])
    assert kept == [(FIGURE, ["homes", 3.0, 10.0]), (CURVE, ["shares", [[5.0, 0.5]]])]
