"""One face: every pair of ways in which two values can be shown beside each other."""

from __future__ import annotations

import itertools

import pytest

from hub.core.grade import Grade
from hub.core.one_face import Showing, conflict

LOW = (Grade.SEALED, Grade.HOME, Grade.COUNTED)
NAMELESS = (Grade.COMMONS, Grade.STREET)
HOME = frozenset({1, 2})


def showing(
    *grades: Grade, commons: int | None = None, thing: int = 1, family: str = "air", home: frozenset[int] = HOME
) -> Showing:
    return Showing(thing, home, family, frozenset(grades), commons, f"value of {thing}")


@pytest.mark.parametrize(("a", "b"), list(itertools.product(Grade, Grade)))
@pytest.mark.parametrize("commons", [(None, None), (1, 1), (1, 2), (1, None)])
def test_every_pair_of_grades_and_commons_on_one_thing(
    a: Grade, b: Grade, commons: tuple[int | None, int | None]
) -> None:
    first, second = showing(a, commons=commons[0]), showing(b, commons=commons[1])
    two_faces = (a is Grade.OPEN and b in NAMELESS) or (b is Grade.OPEN and a in NAMELESS)
    two_projects = a in NAMELESS and b in NAMELESS and commons == (1, 2)
    assert (conflict(first, [second]) is not None) == (two_faces or two_projects)
    assert (conflict(second, [first]) is not None) == (two_faces or two_projects)


def test_a_home_shows_one_face_in_one_family_and_may_show_another_in_another() -> None:
    street = showing(Grade.STREET)
    assert conflict(showing(Grade.OPEN, thing=2), [street]) is not None
    assert conflict(showing(Grade.OPEN, thing=2, family="noise"), [street]) is None
    assert conflict(showing(Grade.OPEN, thing=1, family="noise"), [street]) is not None
    assert conflict(showing(Grade.OPEN, thing=2, home=frozenset({3})), [street]) is None
    assert conflict(showing(Grade.OPEN, thing=2, home=frozenset({2, 3})), [street]) is not None


def test_institutions_have_no_home_and_unknown_values_no_family() -> None:
    nobody: frozenset[int] = frozenset()
    assert conflict(showing(Grade.OPEN, thing=2, home=nobody), [showing(Grade.STREET, home=nobody)]) is None
    assert conflict(showing(Grade.OPEN, thing=2, family=""), [showing(Grade.STREET, family="")]) is None


def test_a_raise_that_has_been_announced_counts_as_if_it_held() -> None:
    assert conflict(showing(Grade.STREET), [showing(Grade.HOME, Grade.OPEN, thing=2)]) is not None


def test_the_reason_names_both_values_and_says_what_to_do() -> None:
    reason = conflict(showing(Grade.OPEN), [showing(Grade.STREET, thing=2)])
    assert reason is not None
    assert "value of 1" in reason
    assert "value of 2" in reason
    assert "counted" in reason
