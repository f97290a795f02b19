"""Attack 28: to find out through an objection who measures, how many they are, or who objects."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hub import actions
from hub.core.grade import HOUR, MINUTE, Grade
from tests.attacks.exits import site, whole
from tests.attacks.figures import Figures
from tests.attacks.town import CORNER, MIDNIGHT, Said, Town, town

WORDS = "Please do not measure at night."
ANSWER = "We will not."


@pytest.fixture(scope="module", params=[5, 11])
def street(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A cell in which five, or eleven, homes show noise under nobody's name."""
    with town(tmp_path_factory.mktemp("objections")) as made:
        devices = [made.device(made.person(f"Owner {n}"), "noise", place=CORNER) for n in range(request.param)]
        for d in devices:
            made.wish(d, "noise", Grade.STREET)
        made.say(Said(d, "noise", MIDNIGHT + MINUTE, 50.0) for d in devices)
        made.pass_by(MIDNIGHT + 2 * HOUR)
        yield made


def owners(made: Town) -> list[int]:
    return sorted({d.owner for d in made.registry.holdings().datastreams})


@pytest.mark.attack(28)
def test_neither_side_learns_who_the_other_is(street: Town, figures: Figures) -> None:
    (card,) = street.gate.cards()
    handle = actions.object_to(street.registry, card.key, WORDS, now=street.now)
    first, *_ = owners(street)
    (objection,) = street.gate.objections(street.audience(first))
    assert WORDS in str(objection), "it reached its owner"
    actions.answer_objection(street.registry, objection.id, ANSWER, first, by=first, now=street.now)
    with site(street) as pages:
        _, _, card_page = whole(pages.get(f"/card/{card.key}"))
        status, _, answer_page = whole(pages.get(f"/objection/{handle}"))
    assert status == 200
    assert ANSWER.encode() in answer_page
    names = [w for d in street.registry.holdings().things.values() for w in (d.handle, d.title, d.name)]
    names += [p.name for p in street.registry.holdings().parties.values()]
    shown = [name for name in names if name and name.encode() in card_page + answer_page]
    figures.tell(f"names of {len(owners(street))} owners and things on the objector's pages", len(shown))
    figures.tell("owners who see by what handle the objector comes back", int(handle in str(objection)))
    assert shown == []
    assert handle not in str(objection)


@pytest.mark.attack(28)
def test_the_cards_page_does_not_tell_how_many_there_are(street: Town, figures: Figures) -> None:
    (card,) = street.gate.cards()
    figures.tell(f"homes that the card of {len(owners(street))} homes speaks of, at least", card.homes)
    assert card == msgspec.structs.replace(card, homes=5, name=None, owner=None, description=None, place=None)


@pytest.mark.control(28)
def test_the_operator_knows_how_many_it_reached(street: Town, figures: Figures) -> None:
    (card,) = street.gate.cards()
    actions.object_to(street.registry, card.key, WORDS, now=street.now)
    reached = sum(bool(street.gate.objections(street.audience(o))) for o in owners(street))
    figures.tell("owners whom an objection reached", reached, len(owners(street)))
    assert reached == len(owners(street))
