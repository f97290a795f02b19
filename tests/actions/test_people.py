"""People come and go: nobody who comes opens anything, and nobody who goes."""

from __future__ import annotations

import pytest

from hub import actions
from hub.core.catalogue import PartyKind
from hub.core.grade import DAY, HOUR, Grade
from hub.core.observations import Key
from hub.core.places import Place
from hub.registry import Registry
from tests.registry.town import CORNER, NOW, couple, datastream, grade, monitor, person


def test_a_new_adult_has_to_agree_before_anything_is_shown_again(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    eva = person(registry, "Eva")
    (hers,) = monitor(registry, eva, "pm25")
    actions.set_grade(registry, hers, Grade.OPEN, now=NOW)
    actions.add_household_member(registry, both.household, eva, now=NOW + 2 * DAY)
    assert grade(registry, dust, NOW + 2 * DAY) is Grade.HOME
    assert grade(registry, hers, NOW + 2 * DAY) is Grade.HOME
    actions.set_grade(registry, dust, Grade.OPEN, by=eva, now=NOW + 3 * DAY)
    assert datastream(registry, dust).grade(NOW + 4 * DAY) is Grade.OPEN


def test_a_child_changes_nothing_for_the_others(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    actions.add_household_member(registry, both.household, person(registry, "Child"), adult=False, now=NOW + 2 * DAY)
    assert grade(registry, dust, NOW + 2 * DAY) is Grade.OPEN


def test_removing_an_adult_freezes_the_grades_and_is_not_a_raise(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, by=both.ana, now=NOW)
    actions.set_grade(registry, dust, Grade.COUNTED, by=both.ben, now=NOW)
    assert grade(registry, dust, NOW + 2 * DAY) is Grade.COUNTED
    actions.remove_household_member(registry, both.household, both.ben, now=NOW + 2 * DAY)
    assert datastream(registry, dust).grade(NOW + 90 * DAY) is Grade.COUNTED
    actions.describe(registry, datastream(registry, dust).thing, title="Ours", now=NOW + 3 * DAY)
    actions.set_grade(registry, dust, Grade.OPEN, by=both.ana, now=NOW + 4 * DAY)
    assert grade(registry, dust, NOW + 4 * DAY) is Grade.OPEN


def test_a_raise_that_waited_does_not_survive_a_removal(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    actions.remove_household_member(registry, both.household, both.ben, now=NOW + HOUR)
    assert datastream(registry, dust).grade(NOW + 9 * DAY) is Grade.HOME


def test_whoever_leaves_takes_no_password_link_or_sight_with_him(registry: Registry) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    theirs = actions.add_thing(registry, both.household, "balcony", now=NOW)
    bens = actions.add_thing(registry, both.ben, "window", now=NOW)
    evas = actions.add_thing(registry, eva, "balcony", now=NOW)
    registry.first_heard({Key(theirs.credential, "balcony", "pm25", None)}, NOW)
    link = actions.make_link(registry, both.ben, now=NOW)
    removed = actions.remove_household_member(registry, both.household, both.ben, now=NOW + HOUR)
    assert set(removed.ended) == {theirs.credential, bens.credential}
    assert registry.audience_of_link(link.token, NOW + 2 * HOUR) is None
    for made, still in ((theirs, False), (bens, False), (evas, True)):
        assert made.user is not None
        assert made.password is not None
        assert (registry.admit(made.user, made.password.encode(), None) is not None) is still
    (stream,) = registry.holdings().datastreams
    after = registry.audience_of_party(both.ben)
    assert after is not None
    assert after.parties.isdisjoint(stream.household)
    again = actions.renew_credential(registry, theirs.credential, by=both.ana, now=NOW + 2 * HOUR)
    admitted = registry.admit(again.user, again.password.encode(), None)
    assert admitted is not None
    assert admitted.credential == theirs.credential


def test_what_somebody_owns_who_moves_out_goes_with_him_as_it_was(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.ben, "pm25")
    actions.set_grade(registry, dust, Grade.COUNTED, now=NOW)
    actions.remove_household_member(registry, both.household, both.ben, now=NOW + 2 * DAY)
    stream = datastream(registry, dust)
    assert stream.household == {both.ben}
    assert grade(registry, dust, NOW + 2 * DAY) is Grade.COUNTED


def test_what_makes_no_sense_is_refused(registry: Registry) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    brook = actions.add_party(registry, PartyKind.BEING, "Brook", now=NOW)
    for household, who in ((both.household, both.ana), (both.household, brook), (eva, both.ana), (both.household, 42)):
        with pytest.raises(actions.ActionRefused):
            actions.add_household_member(registry, household, who, now=NOW)
    with pytest.raises(actions.ActionRefused, match="do not live there"):
        actions.remove_household_member(registry, both.household, eva, now=NOW)


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "\ud800", "x" * 2000])
def test_names_that_cannot_be_shown_are_refused(registry: Registry, name: str) -> None:
    with pytest.raises(actions.ActionRefused):
        person(registry, name)


def test_places_off_the_earth_and_unknown_dwellings_are_refused(registry: Registry) -> None:
    for place in (Place(91, 0), Place(0, 181), Place(float("nan"), 0)):
        with pytest.raises(actions.ActionRefused):
            actions.add_dwelling(registry, place)
    with pytest.raises(actions.ActionRefused):
        actions.settle_in(registry, person(registry), 4242, now=NOW)
    assert actions.add_dwelling(registry, CORNER, count=12) > 0


def test_guardians_are_for_beings_and_associations(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    with pytest.raises(actions.ActionRefused):
        actions.add_guardian(registry, ana, eva, now=NOW)
