"""Links to one's own pages: for a time, and for somebody of the city with a purpose that residents read."""

from __future__ import annotations

import pytest

from hub import actions
from hub.core.catalogue import PartyKind
from hub.core.grade import HOUR
from hub.registry import Registry
from tests.registry.town import NOW, person


def test_a_link_says_who_asks_and_what_for_until_it_ends(registry: Registry) -> None:
    office = actions.add_party(registry, PartyKind.INSTITUTION, "Air office", staff=True, now=NOW)
    link = actions.make_link(registry, office, hours=2, purpose="  to plan the trees ", now=NOW)
    audience = registry.audience_of_link(link.token, NOW + HOUR)
    assert audience is not None
    assert (audience.party, audience.staff, audience.purpose) == (office, True, "to plan the trees")
    assert registry.audience_of_link(link.token, NOW + 2 * HOUR) is None


def test_a_link_without_a_purpose_states_none(registry: Registry) -> None:
    ana = person(registry)
    audience = registry.audience_of_link(actions.make_link(registry, ana, now=NOW).token, NOW)
    assert audience is not None
    assert (audience.party, audience.purpose) == (ana, None)


@pytest.mark.parametrize("purpose", ["", "   ", "a\x00b", "x" * 2000])
def test_a_purpose_that_says_nothing_is_refused(registry: Registry, purpose: str) -> None:
    with pytest.raises(actions.ActionRefused, match="purpose"):
        actions.make_link(registry, person(registry), purpose=purpose, now=NOW)


def test_the_diary_says_what_a_link_is_for_and_never_the_link(registry: Registry) -> None:
    ana = person(registry)
    link = actions.make_link(registry, ana, purpose="to plan the trees", now=NOW)
    told = [entry.what for entry in registry.journal(ana)]
    assert any("to plan the trees" in what for what in told)
    assert not any(link.token in what for what in told)
