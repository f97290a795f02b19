"""Attack 15: to lower, and to raise again, in the hope that the past comes up with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import actions
from hub.actions import ActionRefused
from hub.core.audience import PUBLIC
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.history import Span
from hub.core.query import Query
from tests.attacks.figures import SIZE, Figures
from tests.attacks.town import Device, Said, Town, rows, town

pytestmark = pytest.mark.slow

_WISHES = st.sampled_from([g for g in Grade if g is not Grade.COMMONS])
DEEDS = st.one_of(
    st.tuples(st.just("wish"), _WISHES),
    st.tuples(st.just("tick"), st.just(Grade.OPEN)),
    st.tuples(st.just("say"), st.none() | _WISHES),
    st.tuples(st.just("say"), st.none()),
    st.tuples(st.just("say"), st.none()),
    st.tuples(st.just("pause"), st.none()),
    st.tuples(st.just("unpause"), st.none()),
)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("updown")) as made:
        yield made


@dataclass
class Life:
    """One thing's life, and beside it what each of its readings may be known as, followed step by step."""

    town: Town
    device: Device
    held: Grade = Grade.HOME
    paused: bool = False
    known: dict[float, list[Grade]] = field(default_factory=dict)
    """Value → its own wish, and the least it has been since it came or was named by a tick."""

    def do(self, deed: str, grade: Grade | None) -> None:
        made, stream = self.town, self.device.streams["dust"]
        made.pass_by(made.now + HOUR)
        match deed:
            case "wish":
                made.wish(self.device, "dust", grade or Grade.HOME)
                self.hold(grade or Grade.HOME)
            case "tick":
                self.tick(stream)
            case "say":
                value = round(float(made.random.uniform(1, 900)), 6)
                made.say([Said(self.device, "dust", made.now + MINUTE, value, wish=grade)])
                arrival = min(self.held, Grade.HOME) if self.paused else self.held
                self.known[value] = [Grade.OPEN if grade is None else grade, arrival]
            case "pause":
                actions.pause(made.registry, stream, now=made.now)
                self.paused = True
            case _:
                actions.unpause(made.registry, stream, now=made.now)
                self.paused = False

    def tick(self, stream: int) -> None:
        """Raise to open and name the whole past: the one thing that may open it."""
        made = self.town
        try:
            span = Span(0, made.now - 1)
            actions.set_grade(made.registry, stream, Grade.OPEN, ticks=[span], now=made.now)
        except ActionRefused:
            return
        self.hold(Grade.OPEN)
        for value in self.known:
            self.known[value][1] = Grade.OPEN

    def hold(self, grade: Grade) -> None:
        self.held = grade
        for value, (_, least) in self.known.items():
            self.known[value][1] = min(least, grade)

    def open(self) -> set[float]:
        """What may be seen by everybody now."""
        return {v for v, (wish, least) in self.known.items() if min(wish, least) is Grade.OPEN}

    def seen(self) -> set[float]:
        self.town.pass_by(self.town.now + 2 * HOUR)
        shown = self.town.read(PUBLIC, Query(things=frozenset({self.device.handle})))
        return {round(v, 6) for _, _, v in rows(shown)}


@pytest.mark.attack(15)
def test_no_reading_is_seen_that_was_ever_taken_back(street: Town, figures: Figures) -> None:
    tried = {"readings": 0, "hidden": 0, "lives": 0, "seen": 0}

    @settings(max_examples=2 * SIZE.rounds, deadline=None, suppress_health_check=list(HealthCheck), database=None,
              derandomize=True)  # fmt: skip
    @given(st.lists(DEEDS, min_size=6, max_size=14))
    def live(deeds: list[tuple[str, Grade | None]]) -> None:
        life = Life(street, street.device(street.person(), "dust"))
        for deed, grade in [*deeds, ("unpause", None), ("wish", Grade.OPEN)]:
            life.do(deed, grade)
        seen = life.seen()
        tried["lives"] += 1
        tried["readings"] += len(life.known)
        tried["hidden"] += len(life.known) - len(life.open())
        tried["seen"] += len(seen - life.open())
        assert seen == life.open()

    live()
    figures.tell("lives of a thing that were tried", tried["lives"])
    figures.tell("readings seen that had been taken back or had wished for less", tried["seen"], tried["hidden"])
    assert 2 * tried["hidden"] > tried["lives"], "the lives had something to hide"


@pytest.mark.control(15)
def test_a_hub_that_asked_only_for_the_present_grade_would_show_them(street: Town, figures: Figures) -> None:
    """The naive rule: what the grade says now is how far the past may be known."""
    life = Life(street, street.device(street.person(), "dust"))
    for deed, grade in [("wish", Grade.OPEN), ("say", None), ("wish", Grade.HOME), ("say", None), ("wish", Grade.OPEN)]:
        life.do(deed, grade)
    assert street.grade(life.device, "dust") is Grade.OPEN
    naive = set(life.known) if street.grade(life.device, "dust") is Grade.OPEN else set()
    figures.tell("readings seen that had been taken back", len(naive - life.open()), len(life.known))
    assert naive - life.open() == set(life.known)
