"""The bench's arithmetic: what is reached, what falls short, and how it is written down."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest

from tests.bench.report import page, reason
from tests.bench.verdicts import Row, Target, Verdict, delays, figure, middle, percentile, table


@pytest.mark.parametrize(
    ("target", "measured", "verdict"),
    [
        (Target(least=2.5), 2.5, Verdict.REACHED),
        (Target(least=2.5), 2.49, Verdict.FALLS_SHORT),
        (Target(most=10), 10, Verdict.REACHED),
        (Target(most=10), 10.1, Verdict.FALLS_SHORT),
        (Target(most=0), 0, Verdict.REACHED),
        (Target(most=0), 1, Verdict.FALLS_SHORT),
        (Target(), 7, Verdict.NO_TARGET),
    ],
)
def test_a_figure_is_judged_by_its_target_alone(target: Target, measured: float, verdict: Verdict) -> None:
    assert target.judge(measured) is verdict


@pytest.mark.parametrize("target", [Target(least=1), Target(most=1)])
def test_what_could_not_be_measured_never_reaches_its_target(target: Target) -> None:
    assert target.judge(nan) is Verdict.FALLS_SHORT


def test_the_table_has_a_line_for_every_row_with_its_target_and_verdict() -> None:
    rows = [Row("speed", Target(least=2.5), 3.14159, "a / b"), Row("delay", Target(most=10, unit=" ms"), 12)]
    assert table(rows).splitlines()[2:] == [
        "| speed | ≥ 2.5 | 3.14 | reached | a / b |",
        "| delay | ≤ 10 ms | 12 ms | **falls short** |  |",
    ]


def test_figures_keep_three_digits() -> None:
    written = {n: figure(n) for n in (0, 0.01234, 2.5, 12.0, 999.4, 123_456, 2_345_678.0)}
    assert list(written.values()) == ["0", "0.0123", "2.5", "12", "999", "123,000", "2,350,000"]
    assert figure(nan) == "not measured"


def test_the_percentile_is_a_number_that_was_measured() -> None:
    numbers = np.arange(1.0, 101.0)[::-1].copy()
    assert [percentile(numbers, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert percentile(np.array([7.0]), 0.99) == 7
    assert isnan(percentile(np.empty(0), 0.5))


def test_one_round_that_lost_something_spoils_no_median_of_five_but_is_never_the_median_of_one() -> None:
    assert isnan(middle([]))
    assert middle([3.0, 1.0, 2.0]) == 2.0


def test_every_message_waits_from_its_own_turn_to_its_own_acknowledgement() -> None:
    sent = np.array([0.0, 0.0, 1.0, 2.0, 9.0])
    assert delays(sent, [(1, 3.0), (4, 5.0)]).tolist() == [3.0, 5.0, 4.0, 3.0]
    assert len(delays(sent, [])) == 0


def test_the_page_says_why_a_row_falls_short_and_only_then() -> None:
    short = Row("single readings, and so on", Target(least=2.5), 1.0)
    fine = Row("single readings, and so on", Target(least=2.5), 3.0)
    assert reason(short)
    assert not reason(fine)
    assert "What falls short" in page([short, fine], "today", 5)
    assert "What falls short" not in page([fine], "today", 5)
