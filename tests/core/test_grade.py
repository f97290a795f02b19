"""The table of grades says what design and residents were told, and is monotone."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.grade import DAY, HOUR, MINUTE, NOTHING, SENTENCES, TABLE, Grade, Kind, Role, sees_no_more, view


def test_grades_are_ordered_from_sealed_to_open() -> None:
    words = [g.word for g in sorted(Grade)]
    assert words == ["sealed", "home", "counted", "commons", "street", "open"]


def test_every_grade_has_a_sentence_and_a_row() -> None:
    assert set(SENTENCES) == set(TABLE) == set(Grade)


@pytest.mark.parametrize("higher", Grade)
@pytest.mark.parametrize("lower", Grade)
@pytest.mark.parametrize("role", Role)
def test_a_higher_grade_never_shows_less(lower: Grade, higher: Grade, role: Role) -> None:
    if lower <= higher:
        assert sees_no_more(view(lower, role), view(higher, role))


@pytest.mark.parametrize("grade", Grade)
def test_a_closer_audience_never_sees_less(grade: Grade) -> None:
    for further, closer in itertools.pairwise(Role):
        assert sees_no_more(view(grade, further), view(grade, closer))


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.STAFF, Role.MEMBER])
@pytest.mark.parametrize("grade", [Grade.SEALED, Grade.HOME])
def test_sealed_and_home_show_nothing_to_anybody_else(grade: Grade, role: Role) -> None:
    assert view(grade, role) is NOTHING


@pytest.mark.parametrize(
    ("grade", "role", "kind"),
    [
        (Grade.COUNTED, Role.PUBLIC, Kind.RELEASE),
        (Grade.COUNTED, Role.STAFF, Kind.RELEASE),
        (Grade.COUNTED, Role.MEMBER, Kind.RELEASE),
        (Grade.COMMONS, Role.PUBLIC, Kind.RELEASE),
        (Grade.COMMONS, Role.STAFF, Kind.RELEASE),
        (Grade.COMMONS, Role.MEMBER, Kind.PSEUDONYM),
        (Grade.STREET, Role.PUBLIC, Kind.NOBODY),
        (Grade.STREET, Role.STAFF, Kind.NOBODY),
        (Grade.STREET, Role.MEMBER, Kind.PSEUDONYM),
        (Grade.OPEN, Role.PUBLIC, Kind.NAMED),
        (Grade.OPEN, Role.STAFF, Kind.NAMED),
        (Grade.OPEN, Role.MEMBER, Kind.NAMED),
    ],
)
def test_the_kind_of_view_is_the_one_promised(grade: Grade, role: Role, kind: Kind) -> None:
    assert view(grade, role).kind is kind


def test_figures_of_the_views_are_those_residents_were_told() -> None:
    street, shared = view(Grade.STREET, Role.PUBLIC), view(Grade.COMMONS, Role.MEMBER)
    assert (street.homes, street.resolution, street.window, street.lasts) == (5, 8, HOUR, 7 * DAY)
    assert (shared.resolution, shared.window) == (9, 15 * MINUTE)
    assert view(Grade.COUNTED, Role.PUBLIC).homes == 8
    assert view(Grade.COUNTED, Role.STAFF).homes == 5


@pytest.mark.parametrize("grade", Grade)
def test_the_household_sees_everything_exactly(grade: Grade) -> None:
    assert view(grade, Role.HOUSEHOLD).kind is Kind.EXACT


@given(st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.lists(st.text())))
def test_whatever_is_not_a_grade_is_home(word: object) -> None:
    expected = Grade[word.upper()] if isinstance(word, str) and word in {g.word for g in Grade} else Grade.HOME
    assert Grade.read(word) is expected


def test_a_grade_written_otherwise_is_home() -> None:
    assert Grade.read("OPEN") is Grade.HOME
    assert Grade.read(" open") is Grade.HOME
