"""Who belongs together: who sees, who decides, and what counts as one home."""

from __future__ import annotations

from hub import actions
from hub.actions.people import Rule
from hub.core.catalogue import PartyKind
from hub.core.places import Place
from hub.registry import Registry
from tests.registry.town import CORNER, NOW, couple, datastream, monitor, person


def homes(registry: Registry, *parties: int) -> list[int | None]:
    """The numbers of the homes, renumbered in order of appearance."""
    seen: dict[int, int] = {}
    found = [registry.people().homes.get(p) for p in parties]
    return [None if h is None else seen.setdefault(h, len(seen)) for h in found]


def being(registry: Registry, name: str = "Brook", *, rule: Rule = "any") -> int:
    return actions.add_party(registry, PartyKind.BEING, name, rule=rule, now=NOW)


def test_a_home_is_a_household_with_all_who_live_there(registry: Registry) -> None:
    both = couple(registry)
    assert homes(registry, both.ana, both.ben, both.household, person(registry, "Eva")) == [0, 0, 0, 1]


def test_parties_of_one_dwelling_are_one_home_until_one_moves(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    flat, other = actions.add_dwelling(registry, CORNER), actions.add_dwelling(registry, Place(50.2, 14.4))
    actions.settle_in(registry, ana, flat, now=NOW)
    actions.settle_in(registry, eva, flat, now=NOW)
    assert homes(registry, ana, eva) == [0, 0]
    actions.settle_in(registry, eva, other, now=NOW)
    assert homes(registry, ana, eva) == [0, 1]


def test_whoever_one_resident_vouched_for_is_one_home_but_not_a_stewards(registry: Registry) -> None:
    landlord = person(registry, "Landlord")
    puppets = [actions.add_party(registry, PartyKind.PERSON, n, vouched_by=landlord, now=NOW) for n in "abc"]
    steward = person(registry, "Steward")
    real = [actions.add_party(registry, PartyKind.PERSON, n, vouched_by=steward, steward=True, now=NOW) for n in "de"]
    assert homes(registry, *puppets, *real) == [0, 0, 0, 1, 2]


def test_beings_associations_and_institutions_never_count_and_join_nobody(registry: Registry) -> None:
    ana, eva, brook = person(registry), person(registry, "Eva"), being(registry)
    for guardian in (ana, eva):
        actions.add_guardian(registry, brook, guardian, now=NOW)
    club = actions.add_party(registry, PartyKind.ASSOCIATION, "Club", now=NOW)
    city = actions.add_party(registry, PartyKind.INSTITUTION, "City", now=NOW)
    assert homes(registry, brook, club, city, ana, eva) == [None, None, None, 0, 1]
    (stream,) = monitor(registry, brook, "temperature")
    assert datastream(registry, stream).home is None


def test_adults_act_as_their_household_and_guardians_as_their_wards_and_nobody_else(registry: Registry) -> None:
    both, brook, eva = couple(registry), being(registry), person(registry, "Eva")
    child = person(registry, "Child")
    actions.add_household_member(registry, both.household, child, adult=False, now=NOW)
    club = actions.add_party(registry, PartyKind.ASSOCIATION, "Club", now=NOW)
    actions.add_guardian(registry, brook, club, now=NOW)
    actions.add_guardian(registry, club, both.ana, now=NOW)
    people = registry.people()
    assert people.acting(both.ana) == {both.ana, both.household, club, brook}
    assert people.acting(both.ben) == {both.ben, both.household}
    assert people.acting(child) == {child}
    assert people.acting(eva) == {eva}
    audience = registry.audience_of_party(both.ana)
    assert audience is not None
    assert audience.parties == {both.ana, both.household, club, brook}
    assert registry.audience_of_party(12) is None


def test_a_persons_thing_is_the_households_too_and_a_childs_the_adults(registry: Registry) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    child = person(registry, "Child")
    actions.add_household_member(registry, both.household, child, adult=False, now=NOW)
    (hers,) = monitor(registry, both.ana, "pm25")
    (childs,) = monitor(registry, child, "pm25")
    (theirs,) = monitor(registry, both.household, "pm25")
    sees = {
        who: {s for s in (hers, childs, theirs) if registry.people().acting(who) & datastream(registry, s).household}
        for who in (both.ana, both.ben, child, eva)
    }
    every = {hers, childs, theirs}
    assert sees == {both.ana: every, both.ben: every, child: {childs}, eva: set()}


def test_who_decides_is_every_adult_of_the_home_or_the_guardians_as_the_ward_has_it(registry: Registry) -> None:
    both, ana = couple(registry), person(registry, "Ada")
    one, many = being(registry), being(registry, rule="all")
    for ward in (one, many):
        for guardian in (ana, both.ben):
            actions.add_guardian(registry, ward, guardian, now=NOW)
    people = registry.people()
    assert people.deciders(both.household) == people.deciders(both.ana) == {both.ana, both.ben}
    assert people.deciders(ana) == {ana}
    assert people.deciders(one) == {one}
    assert people.deciders(many) == {ana, both.ben}


def test_staff_act_for_the_city_and_nobody_becomes_staff_by_himself(registry: Registry) -> None:
    clerk = actions.add_party(registry, PartyKind.PERSON, "Clerk", staff=True, now=NOW)
    staff, neighbour = registry.audience_of_party(clerk), registry.audience_of_party(person(registry))
    assert staff is not None
    assert neighbour is not None
    assert (staff.staff, neighbour.staff) == (True, False)
