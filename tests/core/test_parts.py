"""One name an epoch: what a member sees of another through time, and what he must not be able to put together."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from hub.core.audience import Audience
from hub.core.disclosed import Disclosed, disclose
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.history import BEGINNING, END
from hub.core.holdings import Commons, Datastream, Fragment, Holdings
from hub.core.observations import Observations
from hub.core.query import Query
from hub.core.scope import Scope, scope_for
from hub.core.store import Rows
from hub.stores.memory import MemoryStore
from tests.core.world import CATALOGUE, NOW, PROJECT, holdings, since_ever, stream

MEMBER = Audience(party=1, parties=frozenset({1}), memberships=frozenset({PROJECT.id}))
QUARTER = 15 * MINUTE
TURN = NOW - 10 * DAY
KEY = b"k" * 32


def fragments(*cuts: int, owner: int = 0) -> tuple[Fragment, ...]:
    edges = [BEGINNING, *cuts, END]
    return tuple(Fragment(a, b, f"nym{owner}of{i}", f"name {owner} {i}") for i, (a, b) in enumerate(pairwise(edges)))


def named(number: int, *cuts: int) -> Datastream:
    made = stream(number, since_ever(Grade.COMMONS), commons=PROJECT.id)
    return msgspec.structs.replace(made, fragments=fragments(*cuts, owner=number))


def world(*streams: Datastream, project: Commons = PROJECT) -> Holdings:
    return msgspec.structs.replace(holdings(*streams), commons={project.id: project})


def store_of(streams: tuple[Datastream, ...], times: list[int]) -> MemoryStore:
    each, rows = np.array(times, np.int64), len(times) * len(streams)
    time = np.tile(each, len(streams))
    made = MemoryStore()
    made.append(Observations(
        np.repeat(np.array([d.id for d in streams], np.int32), len(times)),
        np.repeat(np.array([d.owner for d in streams], np.int32), len(times)), time, time,
        np.arange(rows, dtype=np.float64), np.full(rows, Grade.COMMONS, np.uint8), np.full(rows, Grade.OPEN, np.uint8),
        np.zeros(rows, np.uint8),
    ))  # fmt: skip
    return made


def seen(held: Holdings, times: list[int], query: Query | None = None, now: int = NOW) -> tuple[Scope, Disclosed]:
    scope = scope_for(MEMBER, held, CATALOGUE, now)
    rows = store_of(held.datastreams, times).read(query or Query(), scope)
    return scope, disclose(rows, scope, CATALOGUE, KEY)


def by_name(shown: Disclosed) -> dict[str | None, list[int]]:
    return {f.name: shown.of(i)[0].tolist() for i, f in enumerate(shown.faces)}


def test_a_reading_is_shown_under_the_name_of_the_epoch_in_which_it_was_measured() -> None:
    times = [TURN - HOUR, TURN - QUARTER, TURN, TURN + HOUR]
    _, shown = seen(world(named(0, TURN)), times)
    assert by_name(shown) == {"name 0 0": times[:2], "name 0 1": times[2:]}


def test_many_epochs_and_owners_are_kept_apart() -> None:
    cuts = [NOW - n * DAY for n in (9, 7, 5, 3)]
    times = [NOW - n * DAY + HOUR for n in range(10, 1, -1)]
    streams = (named(0, *cuts), named(1), named(2, *cuts[:2]))
    _, shown = seen(world(*streams), times)
    for d in streams:
        for f in d.fragments:
            assert by_name(shown)[f.name] == [t for t in times if f.since <= t < f.until]


def test_the_order_of_names_does_not_say_which_belong_together() -> None:
    streams = tuple(named(n, TURN) for n in range(8))
    scope, _ = seen(world(*streams), [NOW - HOUR])
    keys = [f.key for f in scope.faces]
    assert keys == sorted(keys)
    assert len(keys) == 16


def test_names_to_come_are_not_told() -> None:
    scope, _ = seen(world(named(0, NOW + DAY, NOW + 9 * DAY)), [NOW - HOUR])
    assert [f.name for f in scope.faces] == ["name 0 0"]
    assert scope.valid_until <= NOW + DAY


@pytest.mark.parametrize("window", [0, HOUR, DAY, 7 * DAY])
def test_no_window_mixes_two_names_however_wide_it_is_asked_for(window: int) -> None:
    times = [TURN + n * QUARTER for n in range(-8, 8)]
    _, shown = seen(world(named(0, TURN)), times, Query(window=window))
    assert by_name(shown) == {"name 0 0": times[:8], "name 0 1": times[8:]}


def test_a_time_without_a_name_is_not_shown() -> None:
    one = named(0)
    gap = (Fragment(BEGINNING, TURN, "a", "first"), Fragment(TURN + DAY, END, "b", "second"))
    _, shown = seen(world(msgspec.structs.replace(one, fragments=gap)), [TURN - HOUR, TURN, TURN + DAY])
    assert by_name(shown) == {"first": [TURN - HOUR], "second": [TURN + DAY]}
    scope, shown = seen(world(msgspec.structs.replace(one, fragments=())), [TURN])
    assert (len(scope.faces), len(scope.slices), len(shown)) == (0, 0, 0)


def test_rows_before_every_name_are_dropped_even_if_a_store_gave_them() -> None:
    one = msgspec.structs.replace(named(0), fragments=(Fragment(TURN, END, "a", "first"),))
    scope = scope_for(MEMBER, world(one), CATALOGUE, NOW)
    wrong = Rows(np.array([one.id], np.int32), np.array([TURN - QUARTER], np.int64), np.array([1.0]))
    assert len(disclose(wrong, scope, CATALOGUE, KEY)) == 0


def test_members_see_no_further_back_than_the_charter_says() -> None:
    times = [NOW - n * DAY for n in (40, 20, 5, 1)]
    project = msgspec.structs.replace(PROJECT, retention_days=14)
    _, shown = seen(world(named(0, TURN), project=project), times)
    assert by_name(shown) == {"name 0 0": [], "name 0 1": times[2:]}


def test_a_commons_that_has_ended_shows_its_members_nothing_though_nobody_ended_it() -> None:
    project = msgspec.structs.replace(PROJECT, ends=NOW)
    before = scope_for(MEMBER, world(named(0), project=project), CATALOGUE, NOW - 1)
    assert len(before.faces) == 1
    assert before.valid_until == NOW
    assert not scope_for(MEMBER, world(named(0), project=project), CATALOGUE, NOW).faces


def test_what_one_is_called_is_told_for_each_commons_of_those_he_acts_for() -> None:
    held = msgspec.structs.replace(holdings(), fragments={
        (900, 1): fragments(TURN, owner=1), (900, 2): fragments(owner=2), (901, 3): fragments(owner=3),
        (902, 1): (Fragment(BEGINNING, TURN, "a", "gone"),),
    })  # fmt: skip
    assert held.called([1, 3], NOW) == {900: "name 1 1", 901: "name 3 0"}
    assert held.called([], NOW) == {}


def as_rows(some: list[tuple[int, int, float]]) -> Rows:
    streams, times, values = zip(*some, strict=True)
    return Rows(np.array(streams, np.int32), np.array(times, np.int64), np.array(values, np.float64))


def test_rows_that_come_in_no_order_have_the_same_names() -> None:
    held = world(named(0, TURN), named(1), stream(2, since_ever(Grade.OPEN)))
    scope = scope_for(MEMBER, held, CATALOGUE, NOW)
    rows = [(1000 + n, TURN + q * QUARTER, float(n * 100 + q)) for n in range(4) for q in range(-3, 3)]
    ordered, mixed = (disclose(as_rows(some), scope, CATALOGUE, KEY) for some in (rows, rows[::-1]))
    assert len(ordered) == 18
    for i in range(len(scope.faces)):
        assert [x.tolist() for x in ordered.of(i)] == [x.tolist() for x in mixed.of(i)]
    assert {f.name: len(ordered.of(i)[0]) for i, f in enumerate(ordered.faces)} == {
        "Monitor 2": 6, "name 0 0": 3, "name 0 1": 3, "name 1 0": 6,
    }  # fmt: skip
