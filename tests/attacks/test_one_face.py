"""Attacks 5 to 8: to be seen under two faces at once, or under one after the other, and so be put together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hub import actions
from hub.actions import ActionRefused
from hub.core.audience import PUBLIC
from hub.core.catalogue import PartyKind
from hub.core.grade import DAY, HOUR, MINUTE, Grade, Kind
from hub.core.history import Span
from tests.attacks.figures import SIZE, Figures
from tests.attacks.town import MIDNIGHT, Device, Said, Town, rows, town

HIDDEN_FACES = (Grade.COMMONS, Grade.STREET)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("faces")) as made:
        made.pass_by(MIDNIGHT)
        yield made


def project(made: Town, *members: int) -> int:
    commons = actions.add_commons(made.registry, f"Project {made.random.integers(10**9)}", "to know", now=made.now)
    for member in members:
        actions.join(made.registry, commons.commons, member, now=made.now)
    return commons.commons


def shown_to(made: Town, device: Device) -> set[tuple[Grade, int | None]]:
    """Under what a thing's values show themselves singly."""
    streams = [made.stream(device, o) for o in device.streams]
    return {(d.grade(made.now + 10), d.commons) for d in streams if d.grade(made.now + 10) > Grade.COUNTED}


def granted(wish: Callable[[], object]) -> bool:
    try:
        wish()
    except ActionRefused:
        return False
    return True


def at_once(*deeds: Callable[[], object]) -> list[bool]:
    """Do it all at the same moment; which of them were granted."""
    ready = threading.Barrier(len(deeds))
    answers = [False] * len(deeds)

    def run(i: int) -> None:
        ready.wait(10)
        answers[i] = granted(deeds[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


@pytest.mark.attack(5)
def test_of_two_projects_asked_for_in_the_same_moment_one_is_refused(street: Town, figures: Figures) -> None:
    both = 0
    for _ in range(SIZE.rounds):
        owner = street.person()
        device = street.device(owner, "dust", "coarse")
        a, b = project(street, owner), project(street, owner)
        answers = at_once(
            lambda d=device, c=a: street.wish(d, "dust", Grade.COMMONS, c),  # type: ignore[misc]
            lambda d=device, c=b: street.wish(d, "coarse", Grade.COMMONS, c),  # type: ignore[misc]
        )
        assert any(answers), "one of them may have it"
        both += all(answers) or len(shown_to(street, device)) > 1
    figures.tell("races won: one thing seen by two projects", both, SIZE.rounds)
    assert both == 0


@pytest.mark.control(5)
def test_each_of_the_two_by_itself_is_granted_so_a_check_beforehand_would_let_both_pass(
    street: Town, figures: Figures
) -> None:
    owner = street.person()
    device = street.device(owner, "dust", "coarse")
    asked = [("dust", project(street, owner)), ("coarse", project(street, owner))]
    passed = 0
    for observed, commons in asked:
        passed += granted(lambda o=observed, c=commons: street.wish(device, o, Grade.COMMONS, c))  # type: ignore[misc]
        street.wish(device, observed, Grade.HOME)
        actions.leave(street.registry, commons, owner, now=street.now)
        actions.join(street.registry, commons, owner, now=street.now)
    figures.tell("of the two wishes, granted by a check that is not part of the writing", passed, 2)
    assert passed == len(asked)


def a_morning(made: Town, device: Device, observed: str = "dust") -> tuple[set[float], Span]:
    """Some hours of readings; the values, and when they arrived."""
    since = made.now
    values = made.random.uniform(10, 50, 4).round(6).tolist()
    made.say(Said(device, observed, made.now + (i + 1) * HOUR, v) for i, v in enumerate(values))
    made.pass_by(made.now + HOUR)
    return set(values), Span(since, made.now - 1)


def seen_by(made: Town, party: int) -> set[float]:
    """What somebody sees of others."""
    shown = made.read(made.audience(party))
    kinds = {f.key: f.kind for f in shown.faces}
    return {round(v, 6) for key, _, v in rows(shown) if kinds[key] is Kind.PSEUDONYM}


WAYS_BACK: dict[str, Callable[[Town, Device, int], None]] = {
    "the other project, past included": lambda t, d, c: _raise(t, d, Grade.COMMONS, c),
    "open, past included": lambda t, d, c: _raise(t, d, Grade.OPEN, None),  # noqa: ARG005
    "street, then the other project, past included": lambda t, d, c: _raise(t, d, Grade.COMMONS, c, first=Grade.STREET),
    "home, then the other project, past included": lambda t, d, c: _raise(t, d, Grade.COMMONS, c, first=Grade.HOME),
}  # fmt: skip


def _raise(made: Town, device: Device, grade: Grade, commons: int | None, first: Grade | None = None) -> None:
    """Raise with the whole past ticked; if that is refused, without."""
    stream = device.streams["dust"]
    if first is not None:
        made.wish(device, "dust", first)
    for ticks in ((Span(MIDNIGHT - DAY, made.now - 1),), ()):
        made.pass_by(made.now + MINUTE)
        try:
            actions.set_grade(made.registry, stream, grade, commons=commons, ticks=ticks, now=made.now)
        except ActionRefused:
            continue
        break


@pytest.mark.attack(6)
@pytest.mark.parametrize("way", WAYS_BACK)
def test_what_one_project_has_seen_nobody_else_sees_singly_by_leaving_and_coming_back(
    street: Town, figures: Figures, way: str
) -> None:
    owner, here, there = street.person(), street.person(), street.person()
    device = street.device(owner, "dust")
    a, b = project(street, owner, here), project(street, owner, there)
    street.wish(device, "dust", Grade.COMMONS, a)
    street.pass_by(street.now + MINUTE)
    values, _ = a_morning(street, device)
    assert values <= seen_by(street, here), "the project it was meant for sees it"
    actions.leave(street.registry, a, owner, now=street.now)
    WAYS_BACK[way](street, device, b)
    street.pass_by(street.now + 2 * HOUR)
    elsewhere = values & (seen_by(street, there) | seen_by(street, here))
    elsewhere |= values & {round(v, 6) for _, _, v in rows(street.read(PUBLIC))}
    figures.tell(f"readings of the first project seen elsewhere: {way}", len(elsewhere), len(values))
    assert elsewhere == set()


@pytest.mark.control(6)
def test_what_no_project_has_seen_is_opened_by_the_same_steps(street: Town, figures: Figures) -> None:
    owner, there = street.person(), street.person()
    device = street.device(owner, "dust")
    b = project(street, owner, there)
    values, _ = a_morning(street, device)
    WAYS_BACK["the other project, past included"](street, device, b)
    street.pass_by(street.now + 2 * HOUR)
    seen = values & seen_by(street, there)
    figures.tell("readings that nobody had seen, opened by a tick", len(seen), len(values))
    assert seen == values


def family(made: Town) -> tuple[Device, Device]:
    """Two people of one home, each with a thing."""
    home = actions.add_party(made.registry, PartyKind.HOUSEHOLD, "Two at home", now=made.now)
    owners = [made.person(at_home=False) for _ in range(2)]
    for one in owners:
        actions.add_household_member(made.registry, home, one, adult=one == owners[0], now=made.now)
    return made.device(owners[0], "dust"), made.device(home, "dust")


SECONDS = [(g, other) for g in (*HIDDEN_FACES, Grade.OPEN) for other in (*HIDDEN_FACES, Grade.OPEN)]


@pytest.mark.attack(7)
@pytest.mark.parametrize(("first", "second"), SECONDS)
def test_fine_dust_and_coarse_dust_of_one_thing_show_one_face(
    street: Town, figures: Figures, first: Grade, second: Grade
) -> None:
    owner = street.person()
    device = street.device(owner, "dust", "coarse")
    a, b = project(street, owner), project(street, owner)
    street.wish(device, "dust", first, a if first is Grade.COMMONS else None)
    granted(lambda: street.wish(device, "coarse", second, b if second is Grade.COMMONS else None))
    one = len({c for _, c in shown_to(street, device) if c is not None}) <= 1
    nameless = {g for g, _ in shown_to(street, device)}
    mixed = Grade.OPEN in nameless and not nameless.isdisjoint(HIDDEN_FACES)
    figures.tell(f"second faces granted: {first.word} beside {second.word}", int(mixed or not one))
    assert one
    assert not mixed


@pytest.mark.attack(8)
@pytest.mark.parametrize(("first", "second"), SECONDS)
def test_two_things_of_one_home_show_one_face(street: Town, figures: Figures, first: Grade, second: Grade) -> None:
    mine, ours = family(street)
    a, b = project(street, mine.party), project(street, ours.party)
    granted(lambda: actions.set_grade(
        street.registry, mine.streams["dust"], first, commons=a if first is Grade.COMMONS else None, now=street.now,
    ))  # fmt: skip
    granted(lambda: actions.set_grade(
        street.registry, ours.streams["dust"], second, commons=b if second is Grade.COMMONS else None, now=street.now,
    ))  # fmt: skip
    seen = shown_to(street, mine) | shown_to(street, ours)
    assert seen, "the first of them was granted"
    grades, projects = {g for g, _ in seen}, {c for _, c in seen if c is not None}
    two = len(projects) > 1 or (Grade.OPEN in grades and not grades.isdisjoint(HIDDEN_FACES))
    figures.tell(f"second faces granted: {first.word} beside {second.word}", int(two))
    assert not two


@pytest.mark.control(7)
def test_two_faces_of_one_thing_would_be_put_together_by_their_values(figures: Figures) -> None:
    """Streams of two properties of each of 120 things under unlinked names: whose is whose is read off the curves."""
    random = np.random.default_rng(3)
    share, own = random.normal(0, 6, 72), random.normal(0, 3, (120, 72)).cumsum(axis=1) * 0.6
    fine = 20 + share + own + random.normal(0, 1.5, own.shape)
    coarse = 34 + 1.4 * share + 1.3 * own + random.normal(0, 2, own.shape)
    stepped = [np.round(x / 2) * 2 - np.round(x / 2).mean(axis=0) * 2 for x in (fine, coarse)]
    likeness = np.corrcoef(*stepped)[:120, 120:]
    right = int((likeness.argmax(axis=1) == np.arange(120)).sum())
    figures.tell("things whose second stream was found among 120", right, 120)
    assert right > 100


def test_the_helpers_of_these_attacks_see_what_is_shown(tmp_path: Path) -> None:
    with town(tmp_path) as made:
        device = made.device(made.person(), "dust")
        assert shown_to(made, device) == set()
        made.wish(device, "dust", Grade.OPEN)
        assert shown_to(made, device) == {(Grade.OPEN, None)}
