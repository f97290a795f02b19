"""First heard: a thing of the credential's party, at home, and for ever the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hub import actions
from hub.core.catalogue import Exposure
from hub.core.grade import HOUR, Grade
from hub.core.holdings import Datastream
from hub.core.observations import Key, Series
from hub.core.reading import Announcement
from hub.registry import Limits, Registry
from hub.registry.first_heard import MOST_STREAMS
from hub.registry.tables import used_ids
from tests.registry.town import NOW, gateway, opened, person


def series(registry: Registry, key: Key, now: int = NOW) -> Series | None:
    table = registry.series_table(now)
    number = table.numbers.get(key.credential, {}).get((key.thing, key.property, key.unit))
    return None if number is None else table.series[number]


def only(registry: Registry) -> Datastream:
    (one,) = registry.holdings().datastreams
    return one


def test_what_is_first_heard_is_its_partys_at_home_and_unplaced(registry: Registry) -> None:
    ana = person(registry)
    key = Key(gateway(registry, ana), "kitchen", "pm2_5", "µg/m³")
    assert registry.first_heard({key}, NOW) == {}
    stream = only(registry)
    thing = registry.holdings().things[stream.thing]
    assert (thing.owner, thing.name, thing.place, thing.exposure, thing.since) == (ana, "kitchen", None, None, NOW)
    assert len(thing.handle) == 16
    assert (stream.property, stream.named, stream.unit, stream.cap) == ("dust", "pm2_5", "µg/m³", Grade.COUNTED)
    assert stream.grade(NOW) is Grade.HOME
    found = series(registry, key)
    assert found is not None
    assert (found.datastream, found.owner, found.grade, found.low, found.high) == (stream.id, ana, Grade.HOME, 0, 1000)


def test_what_is_announced_names_it_places_it_outdoors_and_says_what_it_measures(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    registry.remember(
        credential,
        [Announcement("0x01", name="Balcony", exposure="outdoor"), Announcement("0x01", "t", unit="°F", kind="warmth")],
        NOW,
    )
    registry.first_heard({Key(credential, "0x01", "t", None)}, NOW)
    stream = only(registry)
    thing = registry.holdings().things[stream.thing]
    assert (thing.name, thing.title, thing.exposure) == ("Balcony", "", Exposure.OUTDOOR)
    assert (stream.property, stream.unit, round(stream.scale, 3), round(stream.shift, 3)) == (
        "warmth", "°F", 0.556, -17.778
    )  # fmt: skip
    found = series(registry, Key(credential, "0x01", "t", None))
    assert found is not None
    assert (round(found.low), round(found.high)) == (-40, 140)


def test_a_device_cannot_call_itself_an_institutions_station(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    registry.remember(credential, [Announcement("0x01", exposure="station")], NOW)
    registry.first_heard({Key(credential, "0x01", "laeq", None)}, NOW)
    assert registry.holdings().things[only(registry).thing].exposure is None


def test_another_spelling_of_the_unit_is_the_same_datastream_converted(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    first, second = Key(credential, "k", "temperature", "Cel"), Key(credential, "k", "temperature", "[degF]")
    registry.first_heard({first}, NOW)
    registry.first_heard({second}, NOW)
    a, b = series(registry, first), series(registry, second)
    assert a is not None
    assert b is not None
    assert a.datastream == b.datastream
    assert round(212 * b.scale + b.shift, 6) == 100


def test_a_unit_that_means_something_else_is_another_datastream(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    registry.first_heard({Key(credential, "k", "temperature", "Cel"), Key(credential, "k", "temperature", "V")}, NOW)
    assert {(d.property, d.unit) for d in registry.holdings().datastreams} == {("warmth", "Cel"), ("", "V")}


def test_a_datastream_without_a_unit_takes_the_first_that_fits(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    registry.first_heard({Key(credential, "k", "temperature", None)}, NOW)
    registry.first_heard({Key(credential, "k", "temperature", "V")}, NOW)
    registry.first_heard({Key(credential, "k", "temperature", "[degF]")}, NOW)
    warm = next(d for d in registry.holdings().datastreams if d.property == "warmth")
    assert (warm.unit, round(warm.scale, 3)) == ("[degF]", 0.556)
    assert len(registry.holdings().datastreams) == 2


def test_two_neighbours_with_the_same_topic_have_two_things(registry: Registry) -> None:
    ana, eva = person(registry, "Ana"), person(registry, "Eva")
    mine, hers = (
        Key(gateway(registry, ana), "kitchen", "pm25", None),
        Key(gateway(registry, eva), "kitchen", "pm25", None),
    )
    registry.first_heard({mine, hers}, NOW)
    a, b = series(registry, mine), series(registry, hers)
    assert a is not None
    assert b is not None
    assert (a.owner, b.owner) == (ana, eva)
    assert a.datastream != b.datastream


def test_a_credential_of_one_thing_speaks_for_that_thing_whatever_it_calls_itself(registry: Registry) -> None:
    made = actions.add_thing(registry, person(registry), "balcony", now=NOW)
    registry.first_heard(
        {Key(made.credential, "esp-1", "pm25", None), Key(made.credential, "balcony", "pm10", None)}, NOW
    )
    assert [t.id for t in registry.holdings().things.values()] == [made.thing]
    assert {d.thing for d in registry.holdings().datastreams} == {made.thing}


def test_a_credential_carries_so_many_things_and_no_more(tmp_path: Path) -> None:
    registry = opened(tmp_path, limits=Limits(things_per_credential=3))
    credential = gateway(registry, person(registry))
    keys = {Key(credential, f"t{i}", "pm25", None) for i in range(5)}
    refused = registry.first_heard(keys, NOW)
    assert len(refused) == 2
    assert all("as many things" in reason for reason in refused.values())
    assert registry.first_heard(set(refused), NOW) == refused
    assert len(registry.holdings().things) == 3
    registry.close()


def test_a_thing_has_so_many_values_and_no_more(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    refused = registry.first_heard({Key(credential, "t", f"p{i}", None) for i in range(MOST_STREAMS + 7)}, NOW)
    assert len(refused) == 7


def test_names_that_nobody_could_read_are_refused_with_the_reason(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    bad = {Key(credential, *names) for names in (
        ("", "p", None), ("t", "", None), ("t" * 300, "p", None), ("t", "p\x00", None), ("t", "p\ud800", None),
        ("t", "p", "u\n"),
    )}  # fmt: skip
    refused = registry.first_heard(bad | {Key(credential, "t", "p", "")}, NOW)
    assert set(refused) == bad
    assert series(registry, Key(credential, "t", "p", "")) is not None


def test_a_closed_credential_or_thing_brings_nothing_more(registry: Registry) -> None:
    ana = person(registry)
    credential = gateway(registry, ana)
    kept, closed = Key(credential, "a", "pm25", None), Key(credential, "b", "pm25", None)
    registry.first_heard({kept, closed}, NOW)
    stream = series(registry, closed)
    assert stream is not None
    thing = next(d.thing for d in registry.holdings().datastreams if d.id == stream.datastream)
    actions.close_thing(registry, thing, now=NOW + HOUR)
    assert series(registry, closed) is None
    assert set(registry.first_heard({closed, Key(credential, "b", "pm10", None)}, NOW)) == {
        closed, Key(credential, "b", "pm10", None)
    }  # fmt: skip
    actions.close_credential(registry, credential, now=NOW + HOUR)
    assert series(registry, kept) is None
    assert set(registry.first_heard({kept, Key(77, "x", "y", None)}, NOW)) == {kept, Key(77, "x", "y", None)}
    assert len(registry.holdings().datastreams) == 2


@pytest.mark.slow
def test_ten_thousand_unknown_things_become_known_in_seconds(tmp_path: Path) -> None:
    registry = opened(tmp_path, limits=Limits(things_per_credential=20_000))
    credential = gateway(registry, person(registry))
    started = time.monotonic()
    keys = {Key(credential, f"thing-{i}", "pm25", "ug/m3") for i in range(10_000)}
    assert registry.first_heard(keys, NOW) == {}
    assert len(registry.series_table(NOW).series) == 10_000
    assert len(registry.holdings().datastreams) == 10_000
    assert time.monotonic() - started < 20
    registry.close()


UNITS = st.sampled_from([None, "", "Cel", "°C", "[degF]", "K", "V", "??"])
NAMES = st.sampled_from(["kitchen", "Kitchen", "balcony", "a b", "温度"])
BATCHES = st.lists(
    st.sets(st.tuples(st.sampled_from([0, 1, 2]), NAMES, st.sampled_from(["temperature", "pm25", "x"]), UNITS)),
    min_size=1, max_size=5,
)  # fmt: skip


@pytest.fixture(scope="module")
def street(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One registry for all examples: each brings its own neighbours."""
    assert kind
    registry = opened(tmp_path_factory.mktemp("street"))
    yield registry
    registry.close()


@pytest.mark.slow
@given(batches=BATCHES)
@settings(max_examples=30, deadline=None)
def test_a_key_never_moves_to_another_owner_or_datastream(
    street: Registry, batches: list[set[tuple[int, str, str, str | None]]]
) -> None:
    owners = [person(street, str(i)) for i in range(3)]
    credentials = [gateway(street, owner) for owner in owners]
    known: dict[Key, int] = {}
    for number, batch in enumerate(batches):
        keys = {Key(credentials[c], thing, named, unit) for c, thing, named, unit in batch}
        assert street.first_heard(keys, NOW + number) == {}
        for key in keys | known.keys():
            found = series(street, key, NOW + number)
            assert found is not None
            assert found.owner == owners[credentials.index(key.credential)]
            assert known.setdefault(key, found.datastream) == found.datastream


def test_what_is_refused_uses_up_nothing(tmp_path: Path) -> None:
    registry = opened(tmp_path, limits=Limits(things_per_credential=1))
    credential = gateway(registry, person(registry))
    registry.first_heard({Key(credential, "first", "pm25", None)}, NOW)
    used = _used_ids(registry)
    refused = registry.first_heard({Key(credential, f"t{i}", "pm25", None) for i in range(300)}, NOW)
    assert len(refused) == 300
    assert _used_ids(registry) == used
    registry.close()


def _used_ids(registry: Registry) -> int:
    with registry.transaction() as transaction:
        return len(transaction.connection.execute(select(used_ids.c.id)).all())
