"""Blocks: each home once, alike, never fewer than k; the same for whoever asks; nothing measured in sight."""

from __future__ import annotations

import inspect
from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.blocks import Chain, Epoch, Home, least_homes, read_key, release_key, resting, span
from hub.core.catalogue import ObservedProperty
from hub.core.enrolment import enrol
from hub.core.grade import DAY, Grade
from hub.core.regions import CITY, finest, number_of, within
from tests.core.towns import CENTRE, CHAINS, ELSEWHERE, QUIET, counted, enrolled, home, towns

sizes = st.integers(2, 6)


@given(towns(), sizes)
def test_a_home_counts_once_and_only_with_enough_that_are_alike(town: list[Home], k: int) -> None:
    epoch = enrolled(town, k=k)
    assert all(times == 1 for times in counted(epoch.blocks).values())
    by_number = {h.home: h for h in town}
    for block in epoch.blocks:
        assert k <= len(block.homes) < 2 * k
        assert {by_number[h].chain for h in block.homes} == {block.chain}
        assert [set(m) for m in block.members] == [set(by_number[h].datastreams) for h in block.homes]


@given(towns(), sizes)
def test_nobody_is_left_out_whose_like_are_enough(town: list[Home], k: int) -> None:
    epoch = enrolled(town, k=k)
    there = counted(epoch.blocks)
    for chain in CHAINS:
        alike = [h.home for h in town if h.chain == chain]
        assert all((h in there) == (len(alike) >= k) for h in alike)


@given(towns())
def test_a_home_is_told_in_the_finest_region_of_its_like_that_contains_it(town: list[Home]) -> None:
    epoch = enrolled(town)
    labels = {c: {number_of(b.region): b for b in epoch.blocks if b.chain == c} for c in CHAINS}
    place = {h.home: number_of(h.cell) for h in town}
    for block in epoch.blocks:
        assert {finest(place[h], labels[block.chain]) for h in block.homes} == {number_of(block.region)}


@given(towns(), sizes, st.integers(2, 20))
def test_public_areas_are_near_areas_put_together(town: list[Home], k: int, public_k: int) -> None:
    epoch = enrolled(town, k=k, public_k=public_k)
    public: dict[str, set[str | None]] = {}
    for block in epoch.blocks:
        public.setdefault(block.region, set()).add(block.public)
        assert block.public is None or within(number_of(block.region), number_of(block.public))
    assert all(len(told) == 1 for told in public.values())
    areas: dict[str | None, int] = {}
    for block in epoch.blocks:
        areas[block.public] = areas.get(block.public, 0) + len(block.homes)
    assert all(homes >= public_k for area, homes in areas.items() if area is not None)
    assert (None in areas) <= (sum(areas.values()) < public_k)


@given(towns(), st.randoms(use_true_random=False))
def test_the_order_in_which_homes_are_named_changes_nothing(town: list[Home], chance: Random) -> None:
    other = list(town)
    chance.shuffle(other)
    assert enrolled(other) == enrolled(town)


def test_blocks_cannot_depend_on_what_is_measured() -> None:
    words = {*inspect.signature(enrol).parameters, *Home.__struct_fields__, *Chain.__struct_fields__}
    assert words == {
        "observed", "where", "since", "until", "homes", "k", "public_k", "k_of", "key", "previous",
        "home", "cell", "chain", "datastreams", "floor", "commons",
    }  # fmt: skip


def test_who_does_not_know_the_key_cannot_know_the_blocks() -> None:
    town = [home(n) for n in range(40)]
    one, other = enrolled(town), enrolled(town, key=b"another")
    assert {frozenset(b.homes) for b in one.blocks} != {frozenset(b.homes) for b in other.blocks}
    assert {frozenset(b.homes) for b in one.blocks} != {frozenset(b.homes) for b in enrolled(town, day=1).blocks}


def test_a_commons_may_ask_for_more_homes_and_not_for_fewer() -> None:
    town = [home(n, chain=CHAINS[n % 2]) for n in range(30)]
    assert {len(b.homes) for b in enrolled(town, more=2).blocks if b.chain.commons} == {7, 8}
    assert {len(b.homes) for b in enrolled(town, more=-3).blocks} == {5}


@pytest.mark.parametrize(
    "town",
    [
        [home(1), home(1, datastreams=(7,))],
        [home(1, datastreams=(7,)), home(2, datastreams=(7,))],
        [home(1, datastreams=(7, 7))],
        [home(1, datastreams=())],
        [home(1, cell="")],
        [home(1, chain=Chain(Grade.OPEN))],
        [home(1, chain=Chain(Grade.HOME))],
    ],
)
def test_what_cannot_be_enrolled_is_refused(town: list[Home]) -> None:
    with pytest.raises(ValueError, match="home"):
        enrolled(town)


def test_an_epoch_can_be_kept_and_read_again() -> None:
    town = [home(n, ELSEWHERE if n % 3 else CENTRE, CHAINS[n % 3]) for n in range(40)]
    epoch = enrolled([*town[3:], home(50)], day=1, previous=enrolled(town))
    assert epoch.resting
    assert epoch.changed
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(epoch), type=Epoch) == epoch


def test_a_block_rests_as_soon_as_one_datastream_of_it_was_touched() -> None:
    epoch = enrolled([home(n, datastreams=(1000 + n, 2000 + n)) for n in range(20)])
    assert resting(epoch, set()) == frozenset()
    for block in epoch.blocks:
        assert all(resting(epoch, {d}) == {block.number} for member in block.members for d in member)
    assert resting(epoch, {3, 4, 5}) == frozenset()


@given(st.integers(-(10**15), 10**17), st.integers(1, 31), st.sampled_from(["indoor", "outdoor"]))
def test_epochs_follow_each_other_without_a_gap(moment: int, days: int, where: str) -> None:
    observed = ObservedProperty(id="x", name="X", unit="1", family="x", epoch_days=days)
    since, until = span(observed, "indoor" if where == "indoor" else "outdoor", moment)
    assert since <= moment < until
    assert since % DAY == 0
    assert until - since == DAY * (max(days, 7) if where == "indoor" else days)
    edges = [since, until]
    assert all(span(observed, "indoor" if where == "indoor" else "outdoor", a) == (a, b) for a, b in pairwise(edges))


def test_energy_and_indoor_figures_stand_for_fifteen_homes() -> None:
    meter = ObservedProperty(id="x", name="X", unit="W", family="x", energy=True)
    assert [least_homes(QUIET, "outdoor", level) for level in ("near", "public")] == [5, 8]
    assert {least_homes(QUIET, "indoor", level) for level in ("near", "public")} == {15}
    assert {least_homes(meter, "outdoor", level) for level in ("near", "public")} == {15}


@pytest.mark.parametrize("where", ["indoor", "outdoor"])
def test_a_release_is_kept_under_property_and_exposure(where: str) -> None:
    assert read_key(release_key("pm25", "indoor" if where == "indoor" else "outdoor")) == ("pm25", where)


def test_a_home_that_tells_no_finer_place_counts_for_what_contains_it() -> None:
    town = [*(home(n) for n in range(7)), *(home(n, CITY) for n in range(7, 13))]
    assert {b.region: len(b.homes) for b in enrolled(town).blocks} == {CENTRE: 7, CITY: 6}
