"""Every kind of absence has its name, for the one whom it concerns."""

from __future__ import annotations

import msgspec
import pytest

from hub.core.absence import RECENT, Absent, Known, Why, why_absent
from hub.core.blocks import Block, Chain, Epoch, span
from hub.core.counting import Enrolled, mark_of
from hub.core.grade import HOUR, Grade, Role
from hub.core.history import History, Span, Step
from hub.core.holdings import Datastream, Holdings, Rest
from tests.core.world import AROUND, CORNER, DUST, FAR, LONG_AGO, NOW, PROJECT, holdings, since_ever, stream, thing

SINCE, UNTIL = span(DUST, "outdoor", NOW)
CELL = str(AROUND.cell_of(CORNER))


def enrolled(*streams: Datastream, public: str | None = CELL, **more: object) -> Enrolled:
    """One block of these."""
    members = tuple((d.id,) for d in streams)
    blocks = (Block(1, Chain(Grade.COUNTED), tuple(range(len(streams))), members, CELL, public),) if streams else ()
    epoch = Epoch(property="dust", where="outdoor", since=SINCE, until=UNTIL, k=5, public_k=8, blocks=blocks)
    made = Enrolled(epoch, SINCE, {d.id: mark_of(d, thing(d.thing - 2000)) for d in streams})
    return msgspec.structs.replace(made, **more)


def why(
    d: Datastream, role: Role = Role.PUBLIC, *, world: Holdings | None = None, heard: int | None = NOW,
    street: bool = False, of: Enrolled | None = None, erased: bool = False,
) -> Absent | None:  # fmt: skip
    return why_absent(d, role, Known(NOW, world or holdings(d), DUST, heard, street, of, erased))


COUNTED = stream(1, since_ever(Grade.COUNTED))
STREET = stream(1, since_ever(Grade.STREET))


@pytest.mark.parametrize("grade", [Grade.SEALED, Grade.HOME])
def test_what_leaves_no_home_needs_no_reason(grade: Grade) -> None:
    assert why(stream(1, since_ever(grade))) is None
    assert why(COUNTED, Role.HOUSEHOLD) is None


def test_without_enough_others_it_is_too_few() -> None:
    few = Absent(Why.FEW)
    assert why(COUNTED) == few
    assert why(COUNTED, of=enrolled()) == few
    assert why(COUNTED, of=enrolled(COUNTED, public=None)) == few
    assert why(STREET) == few
    assert why(STREET, world=holdings(STREET, things=(thing(1, place=FAR),))) == few, "too few dwellings around"


def test_what_is_enrolled_and_says_nothing_yet_is_told_later() -> None:
    assert why(COUNTED, of=enrolled(COUNTED)) == Absent(Why.LATER)
    assert why(STREET, street=True) == Absent(Why.LATER)
    assert why(stream(1, since_ever(Grade.OPEN))) == Absent(Why.LATER)


def test_a_block_rests_until_its_epoch_ends() -> None:
    resting = Absent(Why.RESTS, UNTIL)
    block = enrolled(COUNTED)
    assert why(COUNTED, of=msgspec.structs.replace(block, silent=frozenset({1}))) == resting
    assert why(COUNTED, of=block, erased=True) == resting
    epoch = msgspec.structs.replace(block.epoch, resting=(1,))
    assert why(COUNTED, of=msgspec.structs.replace(block, epoch=epoch)) == resting
    history = History((Step(LONG_AGO, Grade.STREET), Step(SINCE + 1, Grade.COUNTED)))
    assert why(stream(1, history), of=block) == resting


def test_what_is_new_since_the_epoch_began_is_held_back_until_it_ends() -> None:
    fresh = stream(1, History((Step(SINCE + 1, Grade.COUNTED),)))
    assert why(fresh) == Absent(Why.HELD, UNTIL)
    for others, reason in ((enrolled(stream(2, since_ever(Grade.COUNTED))), Why.HELD), (enrolled(), Why.FEW)):
        epoch = msgspec.structs.replace(others.epoch, waiting=(COUNTED.id,))
        assert why(COUNTED, of=msgspec.structs.replace(others, epoch=epoch)) == Absent(reason)


def test_a_cell_rests_until_it_is_over() -> None:
    rest = Rest("dust", CELL, until=NOW + HOUR, since=NOW - HOUR)
    over = msgspec.structs.replace(rest, until=NOW)
    other = msgspec.structs.replace(rest, property="noise")
    assert why(STREET, world=holdings(STREET, rests=(rest,))) == Absent(Why.RESTS, NOW + HOUR)
    assert why(STREET, world=holdings(STREET, rests=(over, other)), street=True) == Absent(Why.LATER)


def test_silence_and_pauses_are_the_things_own() -> None:
    assert why(COUNTED, heard=None) == Absent(Why.SILENT)
    assert why(COUNTED, heard=NOW - RECENT - 1) == Absent(Why.SILENT)
    paused = stream(1, History((Step(LONG_AGO, Grade.COUNTED),), pauses=(Span(NOW - 1, NOW + HOUR),)))
    assert why(paused, heard=None) == Absent(Why.PAUSED, NOW + HOUR)


@pytest.mark.parametrize("d", [COUNTED, STREET])
def test_without_a_place_or_a_home_nothing_is_counted_and_that_is_said_first(d: Datastream) -> None:
    assert why(d, world=holdings(d, things=(thing(1, place=None),)), heard=None) == Absent(Why.PLACE)
    withheld = thing(1, place_grade=Grade.HOME)
    assert why(d, world=holdings(d, things=(withheld,))) == Absent(Why.PLACE)
    assert why(msgspec.structs.replace(d, home=None)) == Absent(Why.HOME)


def test_a_project_sees_nothing_of_one_who_has_no_name_there() -> None:
    named = stream(1, since_ever(Grade.COMMONS), commons=PROJECT.id)
    assert why(named, Role.MEMBER) == Absent(Why.LATER)
    assert why(msgspec.structs.replace(named, fragments=()), Role.MEMBER) == Absent(Why.NAMELESS)
    assert why(named, Role.PUBLIC) == Absent(Why.FEW)
