"""Whatever anybody does, in whatever order: the past opens by a tick and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import actions
from hub.core.catalogue import Exposure
from hub.core.grade import DAY, HOUR, Grade
from hub.core.history import Span, effective
from hub.core.holdings import Datastream
from hub.core.reading import Announcement
from hub.registry import Registry
from tests.registry.town import CORNER, FAR, NOW, couple, datastream, monitor, opened, person


@pytest.fixture(scope="module")
def street(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One registry for all examples: each brings its own home."""
    assert kind
    registry = opened(tmp_path_factory.mktemp("street"))
    yield registry
    registry.close()


@dataclass
class Reading:
    """What the hub keeps of a reading, and what has been seen of it."""

    received: int
    arrival: Grade
    wish: Grade
    known: Grade = Grade.OPEN
    seen_in: set[int] = field(default_factory=set)


class Home:
    """Two adults, one thing with a value that they change their minds about, two projects, and what was measured."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self.now = registry, NOW
        self.people = couple(registry)
        self.adults = {"ana": self.people.ana, "ben": self.people.ben}
        self.guest = person(registry, "Eva")
        (self.stream,) = monitor(registry, self.people.household, "pm25")
        self.thing = datastream(registry, self.stream).thing
        table = registry.series_table(NOW)
        spaces = {table.series[i].datastream: c for c, keys in table.numbers.items() for i in keys.values()}
        self.credential = spaces[self.stream]
        self.projects = [actions.add_commons(registry, n, "to know", now=NOW).commons for n in "AB"]
        for project in self.projects:
            actions.join(registry, project, self.people.household, now=NOW)
        self.said = dict.fromkeys(self.adults.values(), Grade.HOME)
        self.readings: list[Reading] = []

    def grade(self, who: str | None, wished: Grade, project: int | None, back: int) -> None:
        by = None if who is None else self.adults.get(who, self.guest)
        commons = None if project is None else self.projects[project]
        ticks = [Span(self.now - back * HOUR, self.now)] if back else []
        actions.set_grade(self.registry, self.stream, wished, by=by, commons=commons, ticks=ticks, now=self.now)
        for adult in self.adults.values() if by is None else (by,):
            self.said[adult] = wished

    def do(self, what: str) -> None:
        r, now, home = self.registry, self.now, self.people.household
        deeds: dict[str, Callable[[], object]] = {
            "pause": lambda: actions.pause(r, self.stream, by=self.people.ben, now=now),
            "nap": lambda: actions.pause(r, self.stream, until=now + 5 * HOUR, now=now),
            "unpause": lambda: actions.unpause(r, self.stream, by=self.people.ana, now=now),
            "indoors": lambda: actions.describe(r, self.thing, exposure=Exposure.INDOOR, now=now),
            "outdoors": lambda: actions.describe(r, self.thing, exposure=Exposure.OUTDOOR, now=now),
            "move": lambda: actions.set_place(r, self.thing, FAR, now=now),
            "back": lambda: actions.set_place(r, self.thing, CORNER, grade=Grade.STREET, now=now),
            "announce": lambda: r.remember(self.credential, [Announcement("balcony", exposure="outdoor")], now),
            "leave": lambda: actions.leave(r, self.projects[0], home, now=now),
            "join": lambda: actions.join(r, self.projects[0], home, now=now),
            "end": lambda: actions.end_commons(r, self.projects[1], now=now),
            "come": self._come,
            "go": self._go,
            "close": lambda: actions.close_thing(r, self.thing, now=now),
        }
        deeds[what]()

    def measure(self, wish: Grade) -> None:
        """A reading arrives now, stamped as the way in would."""
        table = self.registry.series_table(self.now)
        where = [s for s in table.series if s.datastream == self.stream]
        if where and where[0].grade is not Grade.SEALED:
            self.readings.append(Reading(self.now, where[0].grade, wish))

    def check(self, before: int) -> None:
        stream, now = datastream(self.registry, self.stream), self.now
        bound = min(self.said.values())
        assert stream.grade(now) <= (bound if set(self.said.values()) == {Grade.SEALED} else max(bound, Grade.HOME))
        for r in self.readings:
            known = min(effective(r.wish, r.arrival, r.received, stream.history, now), stream.cap)
            assert known <= r.wish
            assert known <= r.known or _ticked(stream, r.received, before, now)
            r.known = known
            if known >= Grade.COMMONS and stream.grade(now) in (Grade.COMMONS, Grade.STREET) and stream.commons:
                r.seen_in.add(stream.commons)
            assert len(r.seen_in) <= 1

    def _come(self) -> None:
        actions.add_household_member(self.registry, self.people.household, self.guest, now=self.now)
        self.adults["eva"] = self.guest
        self.said[self.guest] = Grade.HOME

    def _go(self) -> None:
        grade = datastream(self.registry, self.stream).grade(self.now)
        actions.remove_household_member(self.registry, self.people.household, self.people.ben, now=self.now)
        self.adults.pop("ben", None)
        self.said.pop(self.people.ben, None)
        if grade is not Grade.SEALED:  # nobody's leaving seals it: who wished that alone wishes `home` from now on
            self.said = {adult: max(wished, Grade.HOME) for adult, wished in self.said.items()}
        assert datastream(self.registry, self.stream).grade(self.now + 9) == grade


def _ticked(stream: Datastream, received: int, before: int, now: int) -> bool:
    return any(before < tick.at <= now and tick.since <= received < tick.until for tick in stream.history.ticks)


GRADES = st.sampled_from(list(Grade))
WISH = st.tuples(
    st.sampled_from(["ana", "ben", "eva", None]), GRADES, st.sampled_from([None, 0, 1]), st.sampled_from([0, 0, 3, 90])
)
DEEDS = st.sampled_from([
    "pause", "nap", "unpause", "indoors", "outdoors", "move", "back", "announce", "leave", "join", "end", "come", "go",
    "close",
])  # fmt: skip
HOURS = st.sampled_from([0, 0, 1, 6, 25])
STEPS = st.lists(
    st.tuples(st.one_of(WISH, WISH, WISH, DEEDS), HOURS, st.one_of(st.just(Grade.OPEN), GRADES)),
    min_size=4,
    max_size=14,
)


@pytest.mark.slow
@given(script=STEPS)
@settings(max_examples=60, deadline=None)
def test_the_past_never_opens_but_by_a_tick_and_never_to_two_projects(
    street: Registry, script: list[tuple[tuple[str | None, Grade, int | None, int] | str, int, Grade]]
) -> None:
    home = Home(street)
    for deed, hours, wish in script:
        before = home.now
        try:
            if isinstance(deed, str):
                home.do(deed)
            else:
                home.grade(*deed)
        except actions.ActionRefused:
            continue
        home.now += 20 + hours * HOUR
        home.check(before - 1)
        home.measure(wish)
        home.check(home.now)
    before, home.now = home.now, home.now + 2 * DAY
    home.check(before)
