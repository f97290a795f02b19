"""From one epoch to the next: nobody's coming or going can be read from the difference of two epochs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.blocks import NOBODY, Block, Chain, Epoch, Home
from hub.core.enrolment import BATCH, PATIENCE
from hub.core.grade import DAY
from tests.core.towns import CELLS, CENTRE, CHAINS, ELSEWHERE, counted, enrolled, home, speaking

TEN = [home(n) for n in range(10)]
"""Two blocks in one cell."""


def members(blocks: Iterable[Block]) -> set[frozenset[tuple[int, ...]]]:
    return {frozenset(b.members) for b in blocks}


def apart(town: Sequence[Home], *gone: int) -> list[Home]:
    return [h for h in town if h.home not in gone]


def test_while_nobody_comes_or_goes_the_blocks_stay() -> None:
    first = enrolled(TEN)
    then = enrolled(TEN, day=1, previous=first)
    assert then.blocks == first.blocks
    assert (then.resting, then.changed, then.waiting) == ((), (), ())


def test_homes_may_be_numbered_anew() -> None:
    first = enrolled(TEN)
    anew = [home(500 - h.home, datastreams=h.datastreams) for h in TEN]
    then = enrolled(anew, day=1, previous=first)
    assert members(then.blocks) == members(first.blocks)
    assert counted(then.blocks).keys() == {h.home for h in anew}


def test_when_one_leaves_his_block_rests_and_the_other_speaks_on() -> None:
    first = enrolled(TEN)
    then = enrolled(apart(TEN, 3), day=1, previous=first)
    left = next(b for b in first.blocks if 3 in b.homes)
    assert members(speaking(then)) == members(b for b in first.blocks if b is not left)
    assert counted(then.blocks).keys() == set(range(10)) - {3}
    assert not any(1003 in member for b in then.blocks for member in b.members)


def test_a_block_rests_in_every_epoch_until_it_is_dealt_anew() -> None:
    epoch = enrolled(TEN)
    for day in range(1, 31):
        epoch = enrolled(apart(TEN, 3), day=day, previous=epoch)
        assert len(epoch.resting) == 1
        assert epoch.changed[0].since == DAY
    epoch = enrolled(apart(TEN, 3), day=31, previous=epoch)
    assert (epoch.resting, epoch.changed) == ((), ())
    assert [len(b.homes) for b in epoch.blocks] == [9]


def test_who_comes_waits_for_company() -> None:
    first = enrolled(TEN)
    one = enrolled([*TEN, home(20)], day=1, previous=first)
    two = enrolled([*TEN, home(20), home(21)], day=2, previous=one)
    three = enrolled([*TEN, home(20), home(21), home(22)], day=3, previous=two)
    assert members(one.blocks) == members(two.blocks) == members(first.blocks)
    assert (one.waiting, two.waiting, three.waiting) == ((1020,), (1020, 1021), ())
    assert counted(three.blocks).keys() == {*range(10), 20, 21, 22}


def test_who_comes_alone_waits_thirty_days_at_most() -> None:
    epoch = enrolled(TEN)
    for day in range(1, 1 + PATIENCE // DAY):
        epoch = enrolled([*TEN, home(20)], day=day, previous=epoch)
        assert epoch.waiting == (1020,)
    epoch = enrolled([*TEN, home(20)], day=1 + PATIENCE // DAY, previous=epoch)
    assert epoch.waiting == ()
    assert 20 in counted(epoch.blocks)


def test_coming_and_going_of_the_same_homes_makes_no_batch() -> None:
    """Two accomplices who leave and come back do not make the victim's leaving one of three."""
    first = enrolled(TEN)
    gone = enrolled(apart(TEN, 1, 2), day=1, previous=first)
    back = enrolled(apart(TEN, 3), day=2, previous=gone)
    victim = next(b for b in back.blocks if NOBODY in b.homes)
    assert members(speaking(back)) == members(b for b in first.blocks if b.number != victim.number)
    one_left = enrolled([*apart(TEN, 3), home(30), home(31)], day=3, previous=back)
    assert len(one_left.changed) == 1
    assert 30 not in counted(one_left.blocks)


def test_who_comes_back_sits_where_he_sat() -> None:
    first = enrolled(TEN)
    gone = enrolled(apart(TEN, 3), day=1, previous=first)
    again = enrolled(TEN, day=2, previous=gone)
    assert members(again.blocks) == members(first.blocks)
    assert (again.resting, again.changed) == ((), ())


def test_of_who_left_no_datastream_is_kept() -> None:
    gone = enrolled(apart(TEN, 3), day=1, previous=enrolled(TEN))
    block = next(b for b in gone.blocks if NOBODY in b.homes)
    assert block.members[block.homes.index(NOBODY)] == ()
    assert 1003 not in block.marks
    assert gone.waiting == ()


def test_a_home_that_shows_less_of_itself_has_left_and_one_that_shows_more_waits_with_it() -> None:
    town = [home(n, datastreams=(1000 + n, 2000 + n)) for n in range(10)]
    first = enrolled(town)
    less = enrolled([*town[:9], home(9, datastreams=(1009,))], day=1, previous=first)
    assert len(less.resting) == 1
    assert less.waiting == (1009,)
    more = enrolled([*town[:9], home(9, datastreams=(1009, 2009, 3009))], day=1, previous=first)
    assert more.resting == ()
    assert more.blocks == first.blocks
    assert more.waiting == (3009,)


def test_another_grade_or_commons_is_leaving_one_chain_and_coming_to_another() -> None:
    town = [home(n, chain=CHAINS[n % 2]) for n in range(20)]
    first = enrolled(town)
    then = enrolled([home(0, chain=CHAINS[1]), *town[1:]], day=1, previous=first)
    assert {c.chain for c in then.changed} == {CHAINS[0], CHAINS[1]}
    assert then.waiting == (1000,)
    assert 0 not in counted(then.blocks)


def test_two_homes_that_became_one_no_longer_count_as_two() -> None:
    first = enrolled(TEN)
    one = [*apart(TEN, 3, 4), home(3, datastreams=(1003, 1004))]
    then = enrolled(one, day=1, previous=first)
    assert counted(speaking(then)).keys().isdisjoint({3, 4})


def test_a_region_that_must_grow_is_put_together_anew_only_when_nobody_could_be_missed() -> None:
    town = [home(n, chain=CHAINS[1]) for n in range(10)]
    first = enrolled(town)
    assert {len(b.homes) for b in enrolled(town, day=1, previous=first, more=3).blocks} == {10}
    assert speaking(enrolled(town[1:], day=1, previous=first, more=3)) == []


def test_a_far_home_waits_and_is_then_told_with_the_whole_neighbourhood() -> None:
    first = enrolled(TEN)
    far = [home(n, ELSEWHERE) for n in (50, 51, 52)]
    one = enrolled([*TEN, far[0]], day=1, previous=first)
    assert one.changed[0].region is None
    assert one.waiting == (1050,)
    all_three = enrolled([*TEN, *far], day=2, previous=one)
    assert {b.region for b in all_three.blocks} == {"city"}
    later = enrolled([*TEN, far[0]], day=1 + PATIENCE // DAY, previous=one)
    assert {b.region for b in later.blocks} == {"city"}


def test_what_is_left_of_a_region_joins_the_next_coarser_one_and_nobody_elses() -> None:
    parent = h3.cell_to_parent(CENTRE, 8)
    cell = next(c for c in h3.cell_to_children(parent, 9) if c != CENTRE)
    town = [*TEN[:5], *(home(n, cell) for n in range(20, 23)), *(home(n, parent) for n in range(23, 26))]
    first = enrolled([*town, *(home(n, ELSEWHERE) for n in range(40, 46))])
    assert {b.region for b in first.blocks} == {CENTRE, parent, ELSEWHERE}
    then = enrolled([*town[3:], *(home(n, ELSEWHERE) for n in range(40, 46))], day=1, previous=first)
    assert {b.region for b in speaking(then)} == {parent, ELSEWHERE}
    assert then.waiting == (1003, 1004)


moves = st.tuples(st.integers(0, 24), st.sampled_from([None, *CHAINS[:2]]), st.sampled_from([CENTRE, *CELLS[:4]]))
changes = st.lists(st.lists(moves, max_size=5), max_size=6)


Records = dict[int, tuple[str, Chain]]
"""Home → what it was enrolled as."""


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(CHAINS[:2]), st.sampled_from([CENTRE, *CELLS[:4]])), min_size=25,
                max_size=25), changes)  # fmt: skip
def test_two_epochs_never_differ_by_fewer_than_three_homes(
    start: list[tuple[Chain, str]], days: list[list[tuple[int, Chain | None, str]]]
) -> None:
    town = {n: home(n, cell, chain) for n, (chain, cell) in enumerate(start)}
    epoch = enrolled(list(town.values()))
    dealt = [(b, _as_dealt(b, town)) for b in epoch.blocks]
    for day, moved in enumerate(days, 1):
        for n, chain, cell in moved:
            town.pop(n, None)
            if chain is not None:
                town[n] = home(n, cell, chain)
        epoch = enrolled(list(town.values()), day=day, previous=epoch)
        dealt = assert_told_in_batches(dealt, epoch, town)


def assert_told_in_batches(
    before: list[tuple[Block, Records]], after: Epoch, town: dict[int, Home]
) -> list[tuple[Block, Records]]:
    """Each block is the one it was, or was dealt anew.

    Then it differs from what it was dealt from, taken together with whatever else was dealt from that, by at least a
    batch of homes or by nobody.
    """
    went_on = {b.number: r for b in after.blocks for old, r in before if _same_seats(old, b)}
    for block in after.blocks:
        if block.number in went_on and block.number not in after.resting:
            assert set(block.homes) == set(went_on[block.number])
    told = [(b, went_on.get(b.number) or _as_dealt(b, town)) for b in after.blocks]
    ended = [(b, r) for b, r in before if not any(_same_seats(b, new) for new in after.blocks)]
    began = [(b, r) for b, r in told if b.number not in went_on]
    for chain in CHAINS:
        alike = [[(b, r) for b, r in some if b.chain == chain] for some in (ended, began)]
        for were, are in _connected(*alike):
            changed = sum(were.get(h) != are.get(h) for h in were | are)
            assert changed >= BATCH or changed == 0 or not were or not are
    assert all(times == 1 for times in counted(after.blocks).values())
    return told


def _as_dealt(block: Block, town: dict[int, Home]) -> Records:
    return {h: (town[h].cell, town[h].chain) for h in block.homes if h != NOBODY}


def _connected(ended: list[tuple[Block, Records]], began: list[tuple[Block, Records]]) -> list[tuple[Records, Records]]:
    """The homes of old and of new regions, where these share a home or a region with one another."""
    parts: list[tuple[Records, Records, set[tuple[Chain, str]]]] = []
    for b, were, are in [(b, r, {}) for b, r in ended] + [(b, {}, r) for b, r in began]:
        region = {(b.chain, b.region)}
        touched = [p for p in parts if (p[0] | p[1]).keys() & (were | are).keys() or p[2] & region]
        joined = (dict(were), dict(are), region)
        for p in touched:
            parts.remove(p)
            joined[0].update(p[0])
            joined[1].update(p[1])
            joined[2].update(p[2])
        parts.append(joined)
    return [(were, are) for were, are, _ in parts]


def _same_seats(old: Block, new: Block) -> bool:
    """Whether a block is the old one, some of whose homes may have left or come back."""
    return (
        (old.region, old.chain, len(old.members)) == (new.region, new.chain, len(new.members))
        and all(not a or not b or a == b for a, b in zip(old.members, new.members, strict=True))
        and any(a and a == b for a, b in zip(old.members, new.members, strict=True))
    )
