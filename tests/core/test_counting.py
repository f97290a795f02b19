"""Whose datastreams count, with whom they are alike, and what makes them unlike."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.blocks import Block, Chain, Epoch
from hub.core.counting import Enrolled, Register, countable, mark_of, register, silenced
from hub.core.grade import DAY, HOUR, Grade
from hub.core.history import BEGINNING, END, History, Span, Step, Tick
from hub.core.holdings import Datastream, Fragment, Holdings
from tests.core.world import AROUND, CORNER, FAR, LONG_AGO, NOW, PROJECT, holdings, since_ever, stream, thing

SINCE = NOW - HOUR
CELL = str(AROUND.cell_of(CORNER))


def known(world: Holdings, now: int = NOW, **heard: int) -> Register:
    ids = [d.id for d in world.datastreams]
    return register(world, ids, dict.fromkeys(ids, NOW) | {int(k[1:]): v for k, v in heard.items()}, now)


def chains(*streams: Datastream, now: int = NOW) -> list[Chain]:
    world = holdings(*streams)
    return [known(world, now).chains.get(d.id, Chain(Grade.HOME)) for d in world.datastreams]


def test_what_counts_is_alike_by_grade_commons_and_the_cell_it_is_seen_in() -> None:
    street = [stream(n, since_ever(Grade.STREET)) for n in range(5)]
    others = [
        stream(5, since_ever(Grade.COUNTED)), stream(6, since_ever(Grade.COMMONS), commons=PROJECT.id),
        stream(7, since_ever(Grade.STREET), commons=PROJECT.id), stream(8, since_ever(Grade.HOME)),
        stream(9, since_ever(Grade.OPEN)),
    ]  # fmt: skip
    assert chains(*street, *others) == [
        *[Chain(Grade.STREET, 0, CELL)] * 5, Chain(Grade.COUNTED), Chain(Grade.COMMONS, PROJECT.id),
        Chain(Grade.STREET, PROJECT.id, CELL), Chain(Grade.HOME), Chain(Grade.HOME),
    ]  # fmt: skip


def test_street_without_company_is_seen_by_nobody_and_alike_wherever_it_is() -> None:
    assert set(chains(*(stream(n, since_ever(Grade.STREET)) for n in range(4)))) == {Chain(Grade.STREET)}


def test_without_a_name_in_its_commons_it_is_not_like_those_that_have_one() -> None:
    named = stream(0, since_ever(Grade.COMMONS), commons=PROJECT.id)
    nameless = msgspec.structs.replace(stream(1, since_ever(Grade.COMMONS), commons=PROJECT.id), fragments=())
    elsewhere = stream(2, since_ever(Grade.COMMONS), commons=PROJECT.id + 1)  # a commons that there is not
    assert chains(named, nameless, elsewhere) == [
        Chain(Grade.COMMONS, PROJECT.id), Chain(Grade.COMMONS), Chain(Grade.COMMONS),
    ]  # fmt: skip


def test_a_home_counts_once_under_its_strictest_grade() -> None:
    world = holdings(
        stream(0, since_ever(Grade.COUNTED), home=7), stream(1, since_ever(Grade.COUNTED), home=7),
        stream(2, since_ever(Grade.STREET), home=7), stream(3, since_ever(Grade.STREET), home=8),
    )  # fmt: skip
    (seven, eight) = countable(known(world), SINCE)["dust", "outdoor"]
    assert (seven.home, seven.chain, seven.datastreams) == (7, Chain(Grade.COUNTED), (1000, 1001))
    assert (eight.home, eight.chain, eight.datastreams) == (8, Chain(Grade.STREET), (1003,))


def test_a_home_with_things_in_two_places_counts_in_one_of_them() -> None:
    world = holdings(
        stream(0, since_ever(Grade.COUNTED), home=7), stream(1, since_ever(Grade.COUNTED), home=7),
        things=(thing(0), thing(1, place=FAR)),
    )  # fmt: skip
    (home,) = countable(known(world), SINCE)["dust", "outdoor"]
    assert home.datastreams == (1000,)


@pytest.mark.parametrize(
    "history",
    [
        History((Step(LONG_AGO, Grade.COUNTED), Step(SINCE + 1, Grade.STREET))),
        History((Step(SINCE + 1, Grade.COUNTED),)),
        History((Step(LONG_AGO, Grade.COUNTED),), ticks=(Tick(SINCE + 1, LONG_AGO, SINCE, Grade.COUNTED),)),
        History((Step(LONG_AGO, Grade.COUNTED),), pauses=(Span(SINCE - 1, SINCE + 1),)),
        History((Step(LONG_AGO, Grade.COUNTED),), pauses=(Span(SINCE + 1, END),)),
        History(),
    ],
)
def test_what_changed_since_the_epoch_began_waits_for_the_next(history: History) -> None:
    assert countable(known(holdings(stream(0, history))), SINCE) == {}


@pytest.mark.parametrize(
    "history",
    [
        History((Step(SINCE, Grade.COUNTED),)),
        History((Step(LONG_AGO, Grade.COUNTED), Step(NOW + 1, Grade.HOME))),
        History((Step(LONG_AGO, Grade.COUNTED),), pauses=(Span(LONG_AGO, SINCE),)),
    ],
)
def test_what_changed_before_or_will_change_does_not(history: History) -> None:
    assert len(countable(known(holdings(stream(0, history))), SINCE)) == 1


def test_what_has_no_place_for_averages_no_home_or_no_voice_does_not_count() -> None:
    streams = [stream(n, since_ever(Grade.COUNTED), home=None if n == 3 else n) for n in range(6)]
    things = (
        thing(0, place=None), thing(1, place_grade=Grade.HOME), thing(2, place_grade=Grade.COUNTED), thing(3),
        thing(4), thing(5),
    )  # fmt: skip
    world = holdings(*streams, things=things)
    found = countable(known(world, d1004=SINCE - 8 * DAY), SINCE)["dust", "outdoor"]
    assert [h.datastreams for h in found] == [(1002,), (1005,)]


def enrolled(world: Holdings, *, at: int = NOW) -> Enrolled:
    """One block of everybody."""
    members = tuple((d.id,) for d in world.datastreams)
    block = Block(4, Chain(Grade.COUNTED), tuple(range(len(members))), members, "city", "city")
    epoch = Epoch(property="dust", where="outdoor", since=SINCE, until=SINCE + DAY, k=5, public_k=8, blocks=(block,))
    return Enrolled(epoch, at, {d.id: mark_of(d, world.things[d.thing]) for d in world.datastreams})


def test_nothing_silences_a_block_whose_homes_stay_as_they_are() -> None:
    world = holdings(*(stream(n, since_ever(Grade.COUNTED)) for n in range(5)))
    later = holdings(*world.datastreams, revision=9)
    assert silenced(enrolled(world), known(later, NOW + 5 * HOUR), ()) == frozenset()
    assert silenced(enrolled(world), known(later, NOW + 5 * HOUR), [77]) == frozenset()
    assert silenced(enrolled(world), known(later, NOW + 5 * HOUR), [1003]) == {4}
    gone = holdings(*world.datastreams[1:])
    assert silenced(enrolled(world), known(gone, NOW + HOUR), ()) == {4}


def test_a_name_that_is_missing_for_a_while_silences_its_block_for_good() -> None:
    def world(*fragments: Fragment) -> Holdings:
        streams = [stream(n, since_ever(Grade.COMMONS), commons=PROJECT.id) for n in range(5)]
        return holdings(*streams[1:], msgspec.structs.replace(streams[0], fragments=fragments))

    def part(since: int, until: int) -> Fragment:
        return Fragment(since, until, f"n{since}", "Heron")

    whole = world(part(BEGINNING, END))
    seamless = world(part(BEGINNING, NOW + 10), part(NOW + 10, END))
    gap = world(part(BEGINNING, NOW + 10), part(NOW + 20, END))
    assert silenced(enrolled(whole), known(seamless, NOW + HOUR), ()) == frozenset()
    assert silenced(enrolled(whole), known(gap, NOW + HOUR), ()) == {4}


@given(st.lists(st.sampled_from(Grade), min_size=5, max_size=5), st.integers(0, 4))
def test_homes_in_a_block_that_speaks_are_alike_to_everybody(grades: list[Grade], who: int) -> None:
    world = holdings(*(stream(n, since_ever(Grade.COUNTED)) for n in range(5)))
    history = History((Step(LONG_AGO, Grade.COUNTED), Step(NOW + 1, grades[who])))
    changed = [
        msgspec.structs.replace(d, history=history) if n == who else d for n, d in enumerate(world.datastreams)
    ]  # fmt: skip
    assert silenced(enrolled(world), known(holdings(*changed), NOW + 1), ()) == {4}
    assert silenced(enrolled(world), known(holdings(*changed), NOW), ()) == frozenset()
