"""An owner is told which absence it is as far as the registry knows, and nobody else is told anything."""

from __future__ import annotations

from hub import actions
from hub.core.absence import Absent, Why
from hub.core.audience import PUBLIC, Audience
from hub.core.grade import Grade
from tests.releaser.world import DAY, HOUR, MIDNIGHT, MINUTE, Neighbourhood


def owner(town: Neighbourhood, stream: int) -> Audience:
    party = next(d.owner for d in town.registry.holdings().datastreams if d.id == stream)
    return Audience(party, frozenset({party}))


def why(town: Neighbourhood, stream: int) -> Absent | None:
    return town.gate.why_absent([stream], owner(town, stream))[stream].public


def measured(town: Neighbourhood, homes: list[int]) -> None:
    """Half a day before midnight and two hours after it."""
    town.say(homes, MIDNIGHT - DAY // 2, MIDNIGHT + 2 * HOUR)
    town.until(MIDNIGHT + 2 * HOUR + 6 * MINUTE)


def test_too_few_homes_are_too_few(town: Neighbourhood) -> None:
    homes = town.homes(3)
    measured(town, homes)
    assert why(town, homes[0]) == Absent(Why.FEW)


def test_when_a_neighbour_leaves_the_others_of_his_block_are_told_until_when_it_rests(town: Neighbourhood) -> None:
    homes = town.homes(9)
    measured(town, homes)
    assert len(town.shown())
    assert why(town, homes[1]) == Absent(Why.LATER), "nothing keeps it back"
    actions.set_grade(town.registry, homes[0], Grade.HOME, now=town.clock)
    town.say(homes, MIDNIGHT + 2 * HOUR, MIDNIGHT + 3 * HOUR)
    town.until(MIDNIGHT + 3 * HOUR + 6 * MINUTE)
    told = {why(town, d) for d in homes[1:]}
    assert Absent(Why.RESTS, MIDNIGHT + DAY) in told
    assert why(town, homes[0]) is None


def test_who_comes_or_erases_during_an_epoch_waits_for_the_next(town: Neighbourhood) -> None:
    homes = town.homes(9)
    measured(town, homes)
    new = town.home(at=town.clock)
    town.say([new], town.clock, town.clock + HOUR)
    assert why(town, new) == Absent(Why.HELD, MIDNIGHT + DAY)
    party = owner(town, homes[2]).party
    assert party is not None
    actions.erase(town.registry, town.store, party, since=MIDNIGHT, until=MIDNIGHT + HOUR, now=town.clock)
    assert why(town, homes[2]) == Absent(Why.RESTS, MIDNIGHT + DAY)


def test_on_the_street_company_counts_and_a_cell_rests(town: Neighbourhood) -> None:
    homes = town.homes(6, Grade.STREET)
    measured(town, homes)
    assert why(town, homes[0]) == Absent(Why.LATER)
    actions.set_grade(town.registry, homes[0], Grade.HOME, now=town.clock)
    found = why(town, homes[1])
    assert found is not None
    assert found.why is Why.RESTS
    assert found.until is not None
    assert found.until > town.clock
    alone = town.homes(1, Grade.STREET, named="laeq")
    town.say(alone, town.clock - HOUR, town.clock)
    assert why(town, alone[0]) == Absent(Why.FEW)


def test_nobody_is_told_why_of_somebody_elses(town: Neighbourhood) -> None:
    homes = town.homes(3)
    measured(town, homes)
    assert town.gate.why_absent(homes, PUBLIC) == {}
    assert set(town.gate.why_absent(homes, owner(town, homes[0]))) == {homes[0]}
