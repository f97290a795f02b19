"""Whatever happens, in whatever order, and however often the server is away: the mirror ends where the gate is."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import actions
from hub.actions import ActionRefused
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.query import StoreUnavailable
from hub.mirror import Mirror
from tests.attacks.town import CORNER, MIDNIGHT, Device
from tests.mirror.board import Board, Neighbours, erase, fresh, mirror, neighbours
from tests.registry.town import FAR

pytestmark = pytest.mark.slow

Deed = Callable[[Neighbours, Device], object]


def wish(grade: Grade) -> Deed:
    return lambda t, d: t.town.wish(d, "dust", grade)


def _pause(t: Neighbours, d: Device) -> None:
    actions.pause(t.town.registry, d.streams["dust"], until=t.now + 3 * HOUR, now=t.now)


def _erase_an_hour(t: Neighbours, d: Device) -> None:
    actions.erase(
        t.town.registry, t.town.store, d.party, datastreams=list(d.streams.values()), since=MIDNIGHT,
        until=MIDNIGHT + HOUR, now=t.now,
    )  # fmt: skip


def _hand_over(t: Neighbours, d: Device) -> None:
    actions.hand_over(t.town.registry, d.thing, t.town.person(), now=t.now)


DEEDS: dict[str, Deed] = {
    **{f"to {grade.word}": wish(grade) for grade in Grade if grade not in (Grade.SEALED, Grade.COMMONS)},
    "pauses": _pause,
    "erases": erase,
    "erases an hour": _erase_an_hour,
    "moves away": lambda t, d: actions.set_place(t.town.registry, d.thing, FAR, now=t.now),
    "comes back": lambda t, d: actions.set_place(t.town.registry, d.thing, CORNER, now=t.now),
    "hides the place": lambda t, d: actions.set_place(t.town.registry, d.thing, d.place, grade=Grade.HOME, now=t.now),
    "is called": lambda t, d: actions.describe(t.town.registry, d.thing, title=f"Called {t.now % 7}", now=t.now),
    "closes": lambda t, d: actions.close_thing(t.town.registry, d.thing, now=t.now),
    "hands over": _hand_over,
}
COURSE = st.one_of(
    st.tuples(st.sampled_from(sorted(DEEDS)), st.integers(0, 17)),
    st.tuples(st.just("speaks"), st.integers(1, 3)),
    st.tuples(st.just("speaks late"), st.integers(1, 2)),
    st.tuples(st.just("time goes by"), st.sampled_from([5 * MINUTE, HOUR, DAY, 8 * DAY])),
    st.tuples(st.just("looks"), st.integers(0, 40)),
    st.tuples(st.just("starts again"), st.just(0)),
)


def happen(there: Neighbours, what: str, how: int) -> None:
    """One thing happens; what the hub refuses does not."""
    match what:
        case "speaks" | "speaks late":
            there.hours(how, late=what == "speaks late")
        case "time goes by" if how < HOUR:
            there.town.pass_by(there.now + how)
        case "time goes by":
            there.skip(how)
        case _:
            there.town.pass_by(there.now + 1000)
            with suppress(ActionRefused):
                DEEDS[what](there, there.devices[how % len(there.devices)])


def looks(kept: Mirror, there: Neighbours) -> None:
    with suppress(StoreUnavailable):
        kept.step(there.now)


def _fails(dice: random.Random, of_forty: int) -> bool:
    return dice.randrange(40) < of_forty


@given(course=st.lists(COURSE, max_size=12), seed=st.integers(0, 2**32))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
def test_the_mirror_ends_where_the_gate_is(course: list[tuple[str, int]], seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    board = Board()
    with tempfile.TemporaryDirectory() as folder, neighbours(Path(folder)) as there:
        there.hours(2)
        kept = mirror(there, board)
        for what, how in course:
            match what:
                case "looks":
                    board.fails = partial(_fails, dice, how)
                    looks(kept, there)
                    board.fails = bool
                case "starts again":
                    kept = mirror(there, board)
                case _:
                    happen(there, what, how)
        there.town.pass_by(there.now + MINUTE)
        for _ in range(2):
            kept.step(there.now)
        assert board.rows() == fresh(there.town)


@given(what=st.sampled_from(sorted(DEEDS)), who=st.sampled_from([0, 8, 15]))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
def test_what_a_deed_takes_away_is_gone_after_one_look(what: str, who: int) -> None:
    board = Board()
    with tempfile.TemporaryDirectory() as folder, neighbours(Path(folder)) as there:
        there.hours(3)
        kept = mirror(there, board)
        kept.step(there.now)
        happen(there, what, who)
        there.town.pass_by(there.now + MINUTE)
        kept.step(there.now)
        assert board.rows() == fresh(there.town)
