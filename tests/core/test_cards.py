"""Public cards say what the public sees anyway; charters say what anybody may read."""

from __future__ import annotations

import msgspec

from hub.core.audience import PUBLIC, Audience
from hub.core.cards import cards, owners_of_card
from hub.core.charter import charters
from hub.core.grade import Kind
from hub.core.holdings import Commons, Fragment, Holdings
from hub.core.scope import scope_for
from tests.web.world import CELL, CORNER, NOW, catalogue, neighbourhood


def made(holdings: Holdings) -> dict[str, Kind]:
    return {c.key: c.kind for c in cards(scope_for(PUBLIC, holdings, catalogue(), NOW).faces)}


def owners(key: str, holdings: Holdings) -> frozenset[int]:
    return owners_of_card(key, scope_for(PUBLIC, holdings, catalogue(), NOW), holdings)


def test_there_is_a_card_for_every_open_thing_and_every_street_cell_and_for_nothing_else() -> None:
    assert made(neighbourhood()) == {"handle7": Kind.NAMED, f"pm25-{CELL}": Kind.NOBODY}


def test_an_instrument_has_one_card_for_all_it_measures_with_what_its_owner_says_of_it() -> None:
    (card, street) = cards(scope_for(PUBLIC, neighbourhood(), catalogue(), NOW).faces)
    assert set(card.properties) == {"pm25", "air_temperature"}
    assert (card.name, card.owner, card.description, card.place) == (
        "School roof", "Neighbour7", "To know the air of our street.", CORNER,
    )  # fmt: skip
    assert (street.name, street.owner, street.description, street.place) == (None, None, None, None)
    assert (street.cell, street.homes) == (CELL, 5)


def test_what_is_said_to_a_card_reaches_all_whom_it_shows_and_nobody_else() -> None:
    assert owners("handle7", neighbourhood()) == {107}
    assert owners(f"pm25-{CELL}", neighbourhood()) == {101, 102, 103, 104, 105, 106}
    assert owners("handle8", neighbourhood()) == owners(f"power-{CELL}", neighbourhood()) == frozenset()


def test_a_cell_in_which_too_few_show_it_has_no_card_and_nobody_whom_words_could_reach() -> None:
    few = neighbourhood()
    few = msgspec.structs.replace(few, datastreams=few.datastreams[2:])
    assert f"pm25-{CELL}" not in made(few)
    assert owners(f"pm25-{CELL}", few) == frozenset()


def test_a_charter_says_nothing_of_who_belongs_to_it_and_a_name_only_to_who_bears_it() -> None:
    held = msgspec.structs.replace(
        neighbourhood(),
        commons={1: Commons(1, "yards", "Clean courtyards", "Less dust"), 2: Commons(2, "old", "Old", "x", ends=NOW)},
        fragments={(1, 110): (Fragment(0, NOW * 2, "nym234", "olive kestrel"),)},
    )
    (charter,) = charters(held, PUBLIC, NOW)
    assert (charter.handle, charter.joined, charter.called, charter.members) == ("yards", False, "", "fewer than five")
    (own,) = charters(held, Audience(110, frozenset({110}), frozenset({1})), NOW)
    assert (own.joined, own.called) == (True, "olive kestrel")
    (other,) = charters(held, Audience(101, frozenset({101}), frozenset({1})), NOW)
    assert (other.joined, other.called) == (True, "")
    assert "kestrel" not in repr(other)
