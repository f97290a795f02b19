"""Being measured without owning: words reach all who measure, answers come back, neither side learns of the other."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, text

from hub import actions
from hub.actions.objections import LONGEST, letter
from hub.core.grade import DAY, HOUR, Grade
from hub.registry import Registry
from hub.registry import tables as t
from tests.registry.town import AROUND, CORNER, NOW, couple, monitor, person

CELL = AROUND.cell_of(CORNER)
CARD = f"dust-{CELL}"


def street(registry: Registry, homes: int = 5) -> list[int]:
    """So many homes of one person each that show dust on the street, vouched for."""
    owners = []
    for n in range(homes):
        owner = person(registry, f"Neighbour {n}", now=NOW - DAY)
        (stream,) = monitor(registry, owner, "pm25", name=f"balcony{n}")
        actions.set_grade(registry, stream, Grade.STREET, now=NOW - HOUR)
        owners.append(owner)
    with registry.transaction() as tx:
        for owner in owners:
            tx.connection.execute(t.vouchers.insert().values(party=owner, voucher=None, steward=True, at=NOW - DAY))
        tx.people_changed()
    return owners


def test_words_reach_every_owner_of_the_cell_and_the_answers_come_back_without_a_name(registry: Registry) -> None:
    owners = street(registry)
    handle = actions.object_to(registry, CARD, "Why here?\nI walk past.", now=NOW + 3 * HOUR)
    for owner in owners:
        (told,) = registry.objections([owner])
        assert (told.words, told.card, told.day, told.answer) == ("Why here?\nI walk past.", CARD, NOW // DAY * DAY, "")
    actions.answer_objection(registry, told.id, "For the school.", owners[0], by=owners[0], now=NOW + DAY)
    actions.answer_objection(registry, told.id, "Come and see.", owners[1], by=owners[1], now=NOW + DAY)
    said = registry.said(handle)
    assert said is not None
    assert said.answers == ("Come and see.", "For the school.")
    assert registry.objections([owners[0]])[0].answer == "For the school."
    assert registry.objections([owners[2]])[0].answer == ""


def test_nothing_that_is_kept_says_who_wrote_or_when_in_the_day(registry: Registry) -> None:
    street(registry)
    handle = actions.object_to(registry, CARD, "Why here?", now=NOW + 3 * HOUR + 17)
    with registry.transaction() as tx:
        row = tx.connection.execute(select(t.objections)).one()._asdict()
        whole = [tuple(r) for r in tx.connection.execute(text("select * from journal"))]
    assert set(row) == {"id", "at", "handle", "card", "words"}
    assert row["at"] % DAY == 0
    assert handle not in json.dumps(row)
    assert "Why here?" not in repr(whole)


def test_a_card_that_is_not_there_takes_no_words(registry: Registry) -> None:
    street(registry, 4)
    for card in (CARD, "nobody", "dust-", ""):
        with pytest.raises(actions.ActionRefused) as refused:
            actions.object_to(registry, card, "Hello?", now=NOW)
        assert refused.value.code == "unknown"


def test_only_whom_it_reached_may_answer_and_others_are_told_as_if_there_were_none(registry: Registry) -> None:
    owners = street(registry)
    other = person(registry, "Other")
    actions.object_to(registry, CARD, "Why here?", now=NOW)
    number = registry.objections(owners)[0].id
    said = []
    for objection, party, by in (
        (number, other, other),
        (number + 1, owners[0], owners[0]),
        (number, owners[0], other),
    ):
        with pytest.raises(actions.ActionRefused) as refused:
            actions.answer_objection(registry, objection, "Mine", party, by=by, now=NOW)
        said.append(refused.value.code)
    assert said == ["unknown"] * 3
    assert registry.objections([other]) == ()


def test_an_adult_answers_for_the_household_and_whoever_has_left_reads_nothing_more(registry: Registry) -> None:
    both = couple(registry)
    (stream,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, stream, Grade.OPEN, now=NOW - HOUR)
    thing = next(iter(registry.holdings().things.values()))
    handle = actions.object_to(registry, thing.handle, "Is it loud?", now=NOW + 2 * DAY)
    ana = registry.audience_of_party(both.ana)
    assert ana is not None
    number = registry.objections(ana.parties)[0].id
    actions.answer_objection(registry, number, "No.", both.ana, by=both.ana, now=NOW + 2 * DAY)
    assert registry.said(handle) is not None
    actions.remove_household_member(registry, both.household, both.ben, now=NOW + 3 * DAY)
    ben = registry.audience_of_party(both.ben)
    assert ben is not None
    assert registry.objections(ben.parties) == ()


def test_a_card_takes_so_many_a_day_and_more_the_next(registry: Registry) -> None:
    street(registry)
    for _ in range(50):
        actions.object_to(registry, CARD, "Again", now=NOW)
    with pytest.raises(actions.ActionRefused, match="tomorrow"):
        actions.object_to(registry, CARD, "Again", now=NOW)
    assert actions.object_to(registry, CARD, "Again", now=NOW + DAY)


def test_after_a_year_nothing_is_left(registry: Registry) -> None:
    owners = street(registry)
    handle = actions.object_to(registry, CARD, "Why?", now=NOW)
    assert actions.forget_objections(registry, now=NOW + 364 * DAY) == 0
    assert actions.forget_objections(registry, now=NOW + 367 * DAY) == 1
    assert registry.said(handle) is None
    assert registry.objections(owners) == ()


@pytest.mark.parametrize("words", ["", "  \n ", "x" * (LONGEST + 1), "a\x07b", "a\x1b[31mb", "\ud800"])
def test_words_that_cannot_be_shown_are_refused(words: str) -> None:
    with pytest.raises(actions.ActionRefused, match="plain text"):
        letter(words)


def test_lines_stay_lines_whichever_way_a_browser_ends_them() -> None:
    assert letter(" a \r\nb\rc\n\n") == "a\nb\nc"
    assert letter("x" * LONGEST)
