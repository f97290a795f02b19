"""Commons: joined under a name that exists only there, left without a trace to the others."""

from __future__ import annotations

import pytest

from hub import actions
from hub.core.catalogue import PartyKind
from hub.core.grade import DAY, HOUR, Grade
from hub.core.history import Span, effective
from hub.registry import Registry
from tests.registry.town import NOW, couple, datastream, grade, monitor, person


def project(registry: Registry, *properties: str, ends: int | None = None) -> int:
    return actions.add_commons(
        registry, "Courtyards", "to know what we breathe", properties, ends=ends, now=NOW
    ).commons


def past(registry: Registry, number: int, received: int, arrival: Grade, now: int) -> Grade:
    return effective(Grade.OPEN, arrival, received, datastream(registry, number).history, now + 10)


def test_a_member_shows_itself_under_a_name_of_two_words_that_stays(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    one, other = project(registry), project(registry)
    joined = actions.join(registry, one, ana, by=ana, now=NOW)
    assert len((joined.pseudonym or "").split()) == 3
    actions.set_grade(registry, dust, Grade.COMMONS, commons=one, by=ana, now=NOW)
    stream = datastream(registry, dust)
    assert (stream.commons, stream.fragments[0].name) == (one, joined.pseudonym)
    assert grade(registry, dust, NOW) is Grade.COMMONS
    actions.leave(registry, one, ana, by=ana, now=NOW + HOUR)
    assert actions.join(registry, one, ana, by=ana, now=NOW + 2 * HOUR).pseudonym == joined.pseudonym
    assert actions.join(registry, other, ana, by=ana, now=NOW).commons == other


@pytest.mark.slow
def test_names_in_a_commons_are_all_different(registry: Registry) -> None:
    one = project(registry)
    with registry.transaction():
        names = {actions.join(registry, one, person(registry, str(i)), now=NOW).pseudonym for i in range(150)}
    assert len(names) == 150


def test_a_household_is_one_member(registry: Registry) -> None:
    both = couple(registry)
    one = project(registry)
    assert actions.join(registry, one, both.ana, now=NOW) == actions.join(registry, one, both.ben, now=NOW)
    for adult in (both.ana, both.ben):
        audience = registry.audience_of_party(adult)
        assert audience is not None
        assert audience.memberships == {one}


@pytest.mark.parametrize("which", ["none chosen", "not a member", "not asked for", "ended", "closed", "unknown"])
def test_commons_wants_a_project_that_runs_asks_for_it_and_has_us_as_members(registry: Registry, which: str) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    asks = ("noise",) if which == "not asked for" else ("dust",)
    one = project(registry, *asks, ends=NOW + HOUR)
    if which != "not a member":
        actions.join(registry, one, ana, now=NOW)
    if which == "closed":
        actions.end_commons(registry, one, now=NOW)
    chosen = {"none chosen": None, "unknown": 4242}.get(which, one)
    with pytest.raises(actions.ActionRefused):
        actions.set_grade(
            registry, dust, Grade.COMMONS, commons=chosen, now=NOW + (2 * HOUR if which == "ended" else 1)
        )
    assert datastream(registry, dust).commons is None
    assert grade(registry, dust, NOW) is Grade.HOME


def test_leaving_closes_the_past_to_the_project(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    one = project(registry)
    actions.join(registry, one, ana, now=NOW)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=one, now=NOW)
    actions.leave(registry, one, ana, now=NOW + DAY)
    stream = datastream(registry, dust)
    assert (stream.commons, grade(registry, dust, NOW + DAY)) == (None, Grade.COUNTED)
    assert past(registry, dust, NOW + HOUR, Grade.COMMONS, NOW + DAY) is Grade.COUNTED
    audience = registry.audience_of_party(ana)
    assert audience is not None
    assert not audience.memberships
    with pytest.raises(actions.ActionRefused):
        actions.leave(registry, one, ana, now=NOW + DAY)


def test_ending_a_commons_is_everybodys_leaving(registry: Registry) -> None:
    one = project(registry)
    streams = []
    for name in ("Ana", "Eva"):
        who = person(registry, name)
        (dust,) = monitor(registry, who, "pm25")
        actions.join(registry, one, who, now=NOW)
        actions.set_grade(registry, dust, Grade.STREET, commons=one, now=NOW)
        streams.append(dust)
    actions.end_commons(registry, one, now=NOW + DAY)
    assert [grade(registry, s, NOW + DAY) for s in streams] == [Grade.COUNTED, Grade.COUNTED]
    assert one not in registry.holdings().commons
    assert registry.holdings().rests


def test_changing_the_project_shows_the_new_one_nothing_of_before(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    one, other = project(registry), project(registry)
    for commons in (one, other):
        actions.join(registry, commons, ana, now=NOW)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=one, now=NOW)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=other, now=NOW + DAY)
    assert datastream(registry, dust).commons == other
    assert grade(registry, dust, NOW + DAY) is Grade.COMMONS
    assert past(registry, dust, NOW + HOUR, Grade.COMMONS, NOW + DAY) is Grade.COUNTED
    for wished in (Grade.COMMONS, Grade.OPEN):
        with pytest.raises(actions.ActionRefused, match="project has seen"):
            actions.set_grade(registry, dust, wished, ticks=[Span(NOW - HOUR, NOW + 2 * HOUR)], now=NOW + 2 * DAY)


def test_the_consent_of_the_other_adult_does_not_move_to_another_project(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    one, other = project(registry), project(registry)
    for commons in (one, other):
        actions.join(registry, commons, both.household, now=NOW)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=one, now=NOW)
    assert grade(registry, dust, NOW + DAY) is Grade.COMMONS
    actions.set_grade(registry, dust, Grade.COMMONS, commons=other, by=both.ana, now=NOW + 2 * DAY)
    assert datastream(registry, dust).grade(NOW + 30 * DAY) is Grade.COUNTED
    actions.set_grade(registry, dust, Grade.COMMONS, by=both.ben, now=NOW + 3 * DAY)
    assert datastream(registry, dust).grade(NOW + 4 * DAY) is Grade.COMMONS


def test_two_values_of_one_thing_cannot_be_in_two_projects(registry: Registry) -> None:
    ana = person(registry)
    dust, warmth = monitor(registry, ana, "pm25", "temperature")
    one, other = project(registry), project(registry)
    for commons in (one, other):
        actions.join(registry, commons, ana, now=NOW)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=one, now=NOW)
    with pytest.raises(actions.ActionRefused, match="another project"):
        actions.set_grade(registry, warmth, Grade.COMMONS, commons=other, now=NOW)
    assert datastream(registry, warmth).commons is None
    actions.set_grade(registry, warmth, Grade.COMMONS, commons=one, now=NOW)


def test_a_commons_asks_only_for_what_there_is(registry: Registry) -> None:
    with pytest.raises(actions.ActionRefused, match="properties"):
        project(registry, "happiness")
    association = actions.add_party(registry, PartyKind.ASSOCIATION, "Club", now=NOW)
    assert actions.join(registry, project(registry, "dust"), association, now=NOW).party == association
