"""Whoever changes silences his block until the epoch ends, and nothing that is out is ever told again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sqlalchemy import delete, insert, update

from hub import actions
from hub.core.catalogue import Exposure, PartyKind
from hub.core.counting import Enrolled
from hub.core.grade import Grade
from hub.core.history import Span
from hub.core.query import Query, StoreUnavailable
from hub.core.scope import Scope
from hub.core.store import Rows
from hub.registry import tables as t
from hub.stores.memory import MemoryStore
from tests.registry.town import FAR
from tests.releaser.world import BEGUN, DAY, HOUR, MIDNIGHT, MINUTE, NEAR, Neighbourhood, neighbourhood

pytestmark = pytest.mark.slow

FIRST = MIDNIGHT + HOUR + 5 * MINUTE
SECOND = FIRST + HOUR


def thing_of(town: Neighbourhood, stream: int) -> int:
    return next(d.thing for d in town.registry.holdings().datastreams if d.id == stream)


def owner_of(town: Neighbourhood, stream: int) -> int:
    return next(d.owner for d in town.registry.holdings().datastreams if d.id == stream)


def lower(town: Neighbourhood, stream: int) -> None:
    actions.set_grade(town.registry, stream, Grade.HOME, now=town.clock)


def up_and_down(town: Neighbourhood, stream: int) -> None:
    lower(town, stream)
    actions.set_grade(town.registry, stream, Grade.COUNTED, now=town.clock + 1)


def tick(town: Neighbourhood, stream: int) -> None:
    actions.set_grade(
        town.registry, stream, Grade.COUNTED, ticks=[Span(BEGUN, MIDNIGHT - DAY)], now=town.clock
    )  # fmt: skip


def pause(town: Neighbourhood, stream: int) -> None:
    actions.pause(town.registry, stream, until=town.clock + MINUTE, now=town.clock)


def move(town: Neighbourhood, stream: int) -> None:
    actions.set_place(town.registry, thing_of(town, stream), FAR, now=town.clock)


def hide_place(town: Neighbourhood, stream: int) -> None:
    place = town.registry.holdings().things[thing_of(town, stream)].place
    actions.set_place(town.registry, thing_of(town, stream), place, grade=Grade.HOME, now=town.clock)


def bring_inside(town: Neighbourhood, stream: int) -> None:
    actions.describe(town.registry, thing_of(town, stream), exposure=Exposure.INDOOR, now=town.clock)


def close(town: Neighbourhood, stream: int) -> None:
    actions.close_thing(town.registry, thing_of(town, stream), now=town.clock)


def hand_over(town: Neighbourhood, stream: int) -> None:
    other = actions.add_party(town.registry, PartyKind.PERSON, "Eva", now=town.clock)
    actions.hand_over(town.registry, thing_of(town, stream), other, now=town.clock)


def erase(town: Neighbourhood, stream: int) -> None:
    with town.registry.transaction() as tx:
        tx.connection.execute(insert(t.withdrawals).values(datastream=stream, at=town.clock))


def move_together(town: Neighbourhood, stream: int) -> None:
    """Two homes of one block become one."""
    other = min(d.owner for d in town.registry.holdings().datastreams if d.id != stream)
    dwelling = actions.add_dwelling(town.registry, FAR)
    for party in (owner_of(town, stream), other):
        actions.settle_in(town.registry, party, dwelling, now=town.clock)


CHANGES: dict[str, Callable[[Neighbourhood, int], None]] = {
    "lowers it": lower, "lowers it and raises it again": up_and_down, "opens its past": tick, "pauses it": pause,
    "moves it": move, "keeps its place at home": hide_place, "brings it inside": bring_inside, "closes it": close,
    "hands it over": hand_over, "has readings erased": erase, "moves in with a neighbour": move_together,
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_who_changes_anything_silences_his_block_until_the_epoch_ends(town: Neighbourhood, what: str) -> None:
    homes = town.homes(8)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + DAY)
    town.until(FIRST)
    town.clock = MIDNIGHT + 90 * MINUTE
    CHANGES[what](town, homes[0])
    town.until(MIDNIGHT + 20 * HOUR)
    assert town.shown(since=MIDNIGHT).time.tolist() == [MIDNIGHT]
    assert town.shown(NEAR, since=MIDNIGHT).time.tolist() == [MIDNIGHT]


@pytest.mark.parametrize("what", ["moves it", "closes it", "has readings erased"])
def test_a_block_stays_silent_when_the_change_is_undone(town: Neighbourhood, what: str) -> None:
    homes = town.homes(8)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + DAY)
    before = town.registry.holdings().things[thing_of(town, homes[0])].place
    town.until(FIRST)
    CHANGES[what](town, homes[0])
    town.until(SECOND)
    with town.registry.transaction() as tx:
        tx.connection.execute(delete(t.withdrawals))
        tx.connection.execute(update(t.things).values(closed=None))
        tx.connection.execute(update(t.datastreams).values(closed=None))
        tx.changed()
    actions.set_place(town.registry, thing_of(town, homes[0]), before, now=town.clock)
    town.until(MIDNIGHT + 20 * HOUR)
    assert town.shown(since=MIDNIGHT).time.tolist() == [MIDNIGHT]


def test_who_comes_or_raises_in_an_epoch_counts_from_a_later_one_on(town: Neighbourhood) -> None:
    homes = town.homes(7)
    late = town.home(Grade.HOME)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + 2 * DAY)
    town.clock = MIDNIGHT + MINUTE
    actions.set_grade(town.registry, late, Grade.COUNTED, now=town.clock)
    town.say([late], MIDNIGHT - DAY, MIDNIGHT + 2 * DAY, 17.0)
    town.until(MIDNIGHT + 3 * HOUR)
    assert len(town.shown(since=MIDNIGHT)) == 0
    assert set(town.shown(NEAR, since=MIDNIGHT).value) == {13.0}


def test_a_pause_that_is_over_when_an_epoch_begins_leaves_no_trace(town: Neighbourhood) -> None:
    homes = town.homes(8)
    actions.pause(town.registry, homes[0], until=MIDNIGHT - 8 * HOUR, now=MIDNIGHT - 9 * HOUR)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(FIRST)
    assert town.shown(since=MIDNIGHT).time.tolist() == [MIDNIGHT]


def test_a_raise_to_street_that_gives_a_cell_company_silences_blocks_that_are_alike_no_more(tmp_path: Path) -> None:
    with neighbourhood(tmp_path) as town:
        street = town.homes(4, Grade.STREET)
        hidden = town.homes(4, Grade.STREET, place=FAR)
        fifth = town.home(Grade.COUNTED)
        town.say([*street, *hidden, fifth], MIDNIGHT - DAY, MIDNIGHT + DAY)
        town.until(FIRST)
        assert town.shown(since=MIDNIGHT).homes.tolist() == [5]  # eight together: the band that begins with five
        actions.set_grade(town.registry, fifth, Grade.STREET, now=town.clock)
        town.until(SECOND)  # now anybody sees the rows of four in the block
        assert town.shown(since=MIDNIGHT).time.tolist() == [MIDNIGHT]


def test_street_homes_that_all_fall_silent_together_still_count(town: Neighbourhood) -> None:
    homes = town.homes(10, Grade.STREET)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + DAY)
    town.until(FIRST)
    kept = msgspec.msgpack.decode(town.blocks() or b"", type=Enrolled)
    assert {b.chain.floor for b in kept.epoch.blocks} == {Grade.STREET}
    (one, other) = kept.epoch.blocks
    lower(town, one.members[0][0])  # his cell rests: nobody's rows are seen any more
    town.until(SECOND)
    assert town.shown(NEAR, since=MIDNIGHT + HOUR).homes.tolist() == [5]
    assert len(other.homes) == 5


def test_who_was_enrolled_is_forgotten_when_the_epoch_is_over(town: Neighbourhood) -> None:
    homes = town.homes(8)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + 2 * DAY)
    town.until(FIRST)
    assert town.blocks() is not None
    town.until(MIDNIGHT + DAY + MINUTE)
    assert town.blocks() is not None  # its last window waits for late readings
    town.until(MIDNIGHT + DAY + 5 * MINUTE)
    assert town.blocks() is None
    assert town.blocks(since=MIDNIGHT + DAY) is not None


def test_after_a_long_silence_only_this_epoch_is_remembered(town: Neighbourhood) -> None:
    town.say(town.homes(8), MIDNIGHT - DAY, MIDNIGHT + 9 * DAY)
    town.until(FIRST)
    town.clock = MIDNIGHT + 8 * DAY + HOUR
    town.new_releaser(reach=7 * DAY).step()
    kept = [town.blocks(since=MIDNIGHT + day * DAY) is not None for day in range(9)]
    assert kept == [False] * 8 + [True]
    assert len(np.unique(town.shown(since=MIDNIGHT + DAY).time)) == 7 * 24 - 1


def test_two_leavers_do_not_change_the_blocks_of_the_others_in_the_next_epoch(town: Neighbourhood) -> None:
    homes = town.homes(20)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + 2 * DAY)
    town.until(MIDNIGHT + 20 * HOUR)
    before = msgspec.msgpack.decode(town.blocks() or b"", type=Enrolled).epoch
    for stream in homes[:2]:
        lower(town, stream)
    town.until(MIDNIGHT + DAY + 3 * HOUR)
    after = msgspec.msgpack.decode(town.blocks(since=MIDNIGHT + DAY) or b"", type=Enrolled).epoch
    assert [b.members for b in after.blocks if b.number not in after.resting] == [
        b.members for b in before.blocks if not {d for m in b.members for d in m} & set(homes[:2])
    ]


class Meddled(MemoryStore):
    """A store during whose answer somebody changes his mind."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], None]] = []

    def read(self, query: Query, scope: Scope) -> Rows:
        rows = super().read(query, scope)
        if self.meanwhile:
            self.meanwhile.pop()()
        return rows


def meddled(town: Neighbourhood) -> tuple[Meddled, list[int]]:
    town.store = store = Meddled()
    town.releaser = town.new_releaser()
    homes = town.homes(8)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + DAY)
    town.until(MIDNIGHT)
    return store, homes


@pytest.mark.parametrize("what", ["lowers it", "has readings erased", "closes it"])
def test_who_leaves_while_a_window_is_closed_is_not_in_it(town: Neighbourhood, what: str) -> None:
    store, homes = meddled(town)
    store.meanwhile = [lambda: CHANGES[what](town, homes[3])]
    town.until(FIRST)
    assert not store.meanwhile
    assert len(town.shown(NEAR, since=MIDNIGHT)) == 0


def test_a_window_waits_when_people_keep_changing_their_minds(town: Neighbourhood) -> None:
    store, _ = meddled(town)
    more = town.homes(30)
    town.say(more, MIDNIGHT + DAY - 8 * HOUR, MIDNIGHT + 2 * DAY)
    town.say([d.id for d in town.registry.holdings().datastreams], MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)
    town.until(MIDNIGHT + DAY + MINUTE)
    dealt = msgspec.msgpack.decode(town.blocks(since=MIDNIGHT + DAY) or b"", type=Enrolled).epoch.blocks
    store.meanwhile = [partial(lower, town, block.members[0][0]) for block in dealt]
    assert len(dealt) > 4
    with pytest.raises(StoreUnavailable, match="tried again"):
        town.until(MIDNIGHT + DAY + HOUR + 5 * MINUTE)
    store.meanwhile = []
    assert town.releaser.step() >= 1
