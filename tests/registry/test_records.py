"""How many readings were marked, day by day; and by which door a thing comes in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import actions
from hub.core.grade import DAY
from hub.core.observations import Key
from hub.core.record import Tally
from hub.registry import Registry
from hub.stores.memory import MemoryStore
from tests.registry.town import NOW, gateway, monitor, opened, person

TODAY = NOW // DAY
LATE = Tally(late=2, late_since=-(2**62), late_until=7, least_delay=3, most_delay=2**62)
FLAT = Tally(flat=3, jump=1)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    found = opened(tmp_path)
    yield found
    found.close()


def test_what_is_noted_of_a_day_adds_up(registry: Registry) -> None:
    one, other = monitor(registry, person(registry), "pm25", "pm10")
    registry.records.note({(one, TODAY): LATE, (one, TODAY - 1): FLAT, (other, TODAY): FLAT})
    registry.records.note({(one, TODAY): FLAT})
    found = registry.records.of([one], NOW - DAY)
    assert found == {one: {TODAY: LATE.plus(FLAT), TODAY - 1: FLAT}}
    assert registry.records.of([one, other], NOW) == {one: {TODAY: LATE.plus(FLAT)}, other: {TODAY: FLAT}}


def test_many_are_noted_some_at_a_time(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.registry.records._CHUNK", 2)
    streams = monitor(registry, person(registry), *(f"v{n}" for n in range(5)))
    for _ in range(2):
        registry.records.note({(stream, TODAY): FLAT for stream in streams})
    assert registry.records.of(streams, NOW) == {stream: {TODAY: FLAT.plus(FLAT)} for stream in streams}


def test_nothing_is_noted_of_what_is_not_there(registry: Registry) -> None:
    registry.records.note({(12345, TODAY): FLAT})
    assert registry.records.of([12345], 0) == {}


def test_noting_compiles_nothing_anew(registry: Registry) -> None:
    (one,) = monitor(registry, person(registry), "pm25")
    before = registry.revision
    registry.records.note({(one, TODAY): FLAT})
    assert registry.revision == before


def test_it_is_let_go_after_a_week(registry: Registry) -> None:
    (one,) = monitor(registry, person(registry), "pm25")
    registry.records.note({(one, TODAY - n): FLAT for n in range(12)})
    registry.forget_old(NOW, readings=0, sealed=0, log=0, quarantine=0)
    assert sorted(registry.records.of([one], 0)[one]) == [TODAY - n for n in range(8, -1, -1)]


@pytest.mark.parametrize("what", ["everything", "thing", "datastream", "time"])
def test_it_goes_with_what_is_erased(registry: Registry, what: str) -> None:
    ana = person(registry)
    one, other = monitor(registry, ana, "pm25", "pm10")
    (bens,) = monitor(registry, person(registry, "Ben"), "pm25", name="roof")
    registry.records.note({(stream, TODAY): FLAT for stream in (one, other, bens)})
    thing = next(d.thing for d in registry.holdings().datastreams if d.id == one)
    asked: dict[str, dict[str, object]] = {
        "everything": {}, "thing": {"things": [thing]}, "datastream": {"datastreams": [one]},
        "time": {"since": NOW - DAY, "until": NOW},
    }  # fmt: skip
    actions.erase(registry, MemoryStore(), ana, now=NOW, **asked[what])  # type: ignore[arg-type]
    left = {other, bens} if what == "datastream" else {bens}
    assert set(registry.records.of([one, other, bens], 0)) == left


def test_a_thing_with_its_own_credential_comes_in_by_that(registry: Registry) -> None:
    (one,) = monitor(registry, person(registry), "pm25")
    thing = next(d.thing for d in registry.holdings().datastreams if d.id == one)
    door = registry.records.door(thing)
    assert door is not None
    assert (door.kind, door.wire, door.closed, door.prefixes) == ("thing", "balcony", False, ())


def test_a_thing_behind_a_gateway_comes_in_by_that(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    assert registry.first_heard([Key(credential, "kitchen", "pm25", None)], NOW) == {}
    (thing,) = registry.holdings().things
    door = registry.records.door(thing)
    assert door is not None
    assert (door.kind, door.wire) == ("gateway", "kitchen")


def test_what_is_no_thing_has_no_door(registry: Registry) -> None:
    assert registry.records.door(1) is None
