"""What larger measurements stand on: a town whose past everybody sees, and how its answers are read."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hub.core.audience import PUBLIC
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.observations import STAMPED
from hub.core.query import Query
from tests.bench import load, town
from tests.bench.__main__ import MEASUREMENTS, QUICK, effort_of
from tests.bench.effort import Effort
from tests.bench.pages import whole_answer
from tests.bench.queries import DAYS, QUESTIONS, homes_for
from tests.bench.town import MEASURED, UNTIL
from tests.bench.verdicts import Target, Verdict, absent, table
from tests.servers.answering import answering

SINCE = UNTIL - DAY


def test_everybody_sees_all_of_a_towns_past_once(tmp_path: Path) -> None:
    town.settle(tmp_path, 2, 3, SINCE)
    with town.opened(tmp_path) as t:
        past = town.measured(t, SINCE, UNTIL, HOUR)
        t.parts.store.append(past)
        shown = t.parts.gate.read(Query(since=SINCE, until=UNTIL), PUBLIC)
    assert len(past) == len(shown) == 2 * 3 * 24
    assert {face.property for face in shown.faces} == {name for name, *_ in MEASURED[:3]}
    assert sorted(shown.value) == sorted(past.value)


def test_a_towns_rows_come_in_order_of_arrival_and_none_is_of_one_datastream_at_one_time_with_another(
    tmp_path: Path,
) -> None:
    town.settle(tmp_path, 2, 10, SINCE)
    with town.opened(tmp_path) as t:
        past = town.measured(t, SINCE, SINCE + 6 * HOUR, MINUTE)
    assert bool(np.all(np.diff(past.received) >= 0))
    assert max(Counter(zip(past.datastream.tolist(), past.time.tolist(), strict=True)).values()) == 1
    assert past.time.min() >= SINCE
    assert past.time.max() < SINCE + 6 * HOUR
    stamped = past.quality == STAMPED
    assert stamped.mean() == pytest.approx(0.5)
    assert bool(np.all((past.received > past.time) | stamped))


def test_a_past_is_about_as_large_as_was_asked_for() -> None:
    sizes = {rows: homes_for(rows) * len(MEASURED) * DAYS * 1440 for rows in (5_000_000, 100_000_000)}
    assert all(0.8 < made / asked < 1.2 for asked, made in sizes.items())
    assert homes_for(1) == 2


@pytest.mark.slow
def test_a_question_is_of_another_time_or_home_each_time_and_never_about_nothing(tmp_path: Path) -> None:
    town.settle(tmp_path, 2, 10, UNTIL - DAYS * DAY)
    with town.opened(tmp_path) as t:
        t.parts.store.append(town.measured(t, UNTIL - DAYS * DAY, UNTIL, 6 * HOUR))
        chance = np.random.default_rng(1)
        for question in QUESTIONS:
            drawn = [question.draw(t, chance) for _ in range(8)]
            assert all(len(t.parts.gate.read(*one)) for one in drawn)
            assert len({query for query, _ in drawn}) > 1 or drawn[0][0].newest


def test_an_answer_is_whole_when_head_and_body_are_there() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    assert whole_answer(head[:-1]) is None
    assert whole_answer(head + b"ab") == len(head) + 5
    with pytest.raises(RuntimeError, match="404"):
        whole_answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


def test_points_are_counted_from_the_moment_on_at_which_counting_began() -> None:
    with answering() as server:
        server.said["/metrics"] = (200, 'storage_writer_ok_points_sum{path="/x"} 1.5e+03\nother 7\n')
        count = load._points_in(server.url)
        assert count() == 1500
        since = load._now_and_then(count)
        server.said["/metrics"] = (200, 'storage_writer_ok_points_sum{path="/x"} 1510\n')
        assert since() == 10


@pytest.mark.parametrize(
    ("words", "environment", "rows"),
    [([], None, Effort().rows), (["--rows", "7"], "9", 7), ([], "9", 9), (["--quick"], None, QUICK.rows)],
)
def test_the_size_of_the_past_is_what_was_said_last(words: list[str], environment: str | None, rows: int) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    for number in ("--rounds", "--kills", "--rows"):
        parser.add_argument(number, type=int)
    assert effort_of(parser.parse_args(words), environment).rows == rows


def test_what_cannot_be_measured_says_why_and_is_neither_reached_nor_short() -> None:
    row = absent("requests", Target(least=2), "not built yet")
    assert row.verdict is Verdict.ABSENT
    assert table([row]).splitlines()[-1] == "| requests | ≥ 2 | — | not measured | not built yet |"


def test_the_hub_is_killed_twenty_times_and_every_measurement_has_a_sentence() -> None:
    assert Effort().kills >= 20
    assert all(measure.__doc__ for measure in MEASUREMENTS.values())
