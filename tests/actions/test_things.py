"""Things, their places and their credentials; erasing; and many actions as one."""

from __future__ import annotations

import time

import numpy as np
import pytest

from hub import actions
from hub.core.catalogue import Exposure, PartyKind
from hub.core.grade import DAY, HOUR, Grade
from hub.core.observations import Key, Values
from hub.core.places import Place
from hub.core.store import Erasure, Store, StoreUnavailable
from hub.registry import Registry
from tests.registry.town import CORNER, NOW, couple, datastream, gateway, grade, monitor, person


def test_a_new_thing_is_told_all_it_needs_once(registry: Registry) -> None:
    ana = person(registry)
    made = actions.add_thing(
        registry, ana, "balcony", title="Our balcony", description="dust", exposure=Exposure.OUTDOOR, place=CORNER,
        place_grade=Grade.STREET, by=ana, now=NOW,
    )  # fmt: skip
    assert made.topic == "things/balcony/readings"
    assert made.user is not None
    assert made.user.startswith("balcony-")
    thing = registry.holdings().things[made.thing]
    assert (thing.handle, thing.name, thing.title, thing.owner) == (made.handle, "balcony", "Our balcony", ana)
    assert (thing.exposure, thing.place, thing.place_grade) == (Exposure.OUTDOOR, CORNER, Grade.STREET)
    assert made.password not in {e.what for e in registry.journal()}


@pytest.mark.parametrize("name", ["", "a/b", "a+", "#", "$SYS", "a\x00", "a\n", "x" * 300, "\ud800"])
def test_names_that_cannot_be_in_a_topic_are_refused(registry: Registry, name: str) -> None:
    with pytest.raises(actions.ActionRefused):
        actions.add_thing(registry, person(registry), name, now=NOW)
    assert not registry.holdings().things


def test_a_gateway_carries_only_things_of_its_own_party_each_name_once(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    carrier = gateway(registry, ana)
    made = actions.add_thing(registry, ana, "kitchen", gateway=carrier, now=NOW)
    assert (made.user, made.password, made.credential) == (None, None, carrier)
    for owner, name in ((ana, "kitchen"), (eva, "hall")):
        with pytest.raises(actions.ActionRefused):
            actions.add_thing(registry, owner, name, gateway=carrier, now=NOW)
    registry.first_heard({Key(carrier, "kitchen", "pm25", None)}, NOW)
    assert [d.thing for d in registry.holdings().datastreams] == [made.thing]


def test_only_the_operator_makes_stations_and_limits(registry: Registry) -> None:
    city = actions.add_party(registry, PartyKind.INSTITUTION, "City", now=NOW)
    with pytest.raises(actions.ActionRefused):
        actions.add_thing(registry, city, "s", exposure=Exposure.STATION, by=city, now=NOW)
    with pytest.raises(actions.ActionRefused):
        actions.add_credential(registry, city, "gw", max_connections=5000, by=city, now=NOW)
    (noise,) = monitor(registry, city, "laeq", exposure=Exposure.STATION)
    actions.set_grade(registry, noise, Grade.OPEN, by=city, now=NOW)
    assert grade(registry, noise, NOW) is Grade.OPEN


def test_a_stranger_can_change_nothing(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    made = actions.add_thing(registry, ana, "balcony", now=NOW)
    registry.first_heard({Key(made.credential, "balcony", "pm25", None)}, NOW)
    (stream,) = registry.holdings().datastreams
    before = registry.revision
    attempts = (
        lambda: actions.add_thing(registry, ana, "x", by=eva, now=NOW),
        lambda: actions.add_credential(registry, ana, "x", by=eva, now=NOW),
        lambda: actions.renew_credential(registry, made.credential, by=eva, now=NOW),
        lambda: actions.close_credential(registry, made.credential, by=eva, now=NOW),
        lambda: actions.close_thing(registry, made.thing, by=eva, now=NOW),
        lambda: actions.hand_over(registry, made.thing, eva, by=eva, now=NOW),
        lambda: actions.describe(registry, made.thing, title="x", by=eva, now=NOW),
        lambda: actions.set_place(registry, made.thing, CORNER, by=eva, now=NOW),
        lambda: actions.set_grade(registry, stream.id, Grade.SEALED, by=eva, now=NOW),
        lambda: actions.pause(registry, stream.id, by=eva, now=NOW),
        lambda: actions.unpause(registry, stream.id, by=eva, now=NOW),
        lambda: actions.make_link(registry, ana, by=eva, now=NOW),
        lambda: actions.end_links(registry, ana, by=eva, now=NOW),
    )
    for attempt in attempts:
        with pytest.raises(actions.ActionRefused):
            attempt()
    assert registry.revision == before


def test_a_thing_that_changes_hands_begins_anew_and_leaves_its_past_behind(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    (before,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, before, Grade.OPEN, now=NOW)
    old = registry.holdings().things[datastream(registry, before).thing]
    made = actions.hand_over(registry, old.id, eva, by=ana, now=NOW + DAY)
    assert made.thing != old.id
    assert made.handle != old.handle
    assert made.user is not None
    registry.first_heard({Key(made.credential, "balcony", "pm25", None)}, NOW + DAY)
    streams = {d.id: d for d in registry.holdings().datastreams}
    (after,) = streams.keys() - {before}
    assert (streams[before].owner, streams[after].owner) == (ana, eva)
    assert streams[after].grade(NOW + DAY) is Grade.HOME
    table = registry.series_table(NOW + DAY)
    assert {s.datastream for s in table.series} == {after}


def test_a_place_is_shown_more_exactly_only_with_all_adults(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    thing = datastream(registry, dust).thing
    actions.set_place(registry, thing, CORNER, grade=Grade.STREET, by=both.ana, now=NOW)
    with pytest.raises(actions.ActionRefused, match="all adults"):
        actions.set_place(registry, thing, CORNER, grade=Grade.OPEN, by=both.ana, now=NOW)
    with pytest.raises(actions.ActionRefused, match="all adults"):
        actions.set_place(registry, thing, CORNER, by=both.ana, now=NOW)
    actions.set_place(registry, thing, CORNER, grade=Grade.HOME, by=both.ben, now=NOW)
    assert registry.holdings().things[thing].place_grade is Grade.HOME


class Shelf:
    """A store that only remembers what it was told to delete."""

    def __init__(self, *, broken: bool = False) -> None:
        self.deleted: list[Erasure] = []
        self._broken = broken

    def traces(self, erasure: Erasure) -> Values:
        del erasure
        return np.array([1.5])

    def delete(self, erasure: Erasure) -> int:
        if self._broken:
            raise StoreUnavailable("full")
        self.deleted.append(erasure)
        return 3


def shelf(one: Shelf) -> Store:
    return one  # type: ignore[return-value]  # `erase` uses nothing else of a store


def test_erasing_deletes_an_owners_rows_rests_the_cell_and_is_in_his_diary(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    (dust,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, dust, Grade.STREET, now=NOW)
    store = Shelf()
    with pytest.raises(actions.ActionRefused):
        actions.erase(registry, shelf(store), ana, by=eva, now=NOW)
    with pytest.raises(actions.ActionRefused):
        actions.erase(registry, shelf(store), eva, datastreams=[dust], by=eva, now=NOW)
    assert store.deleted == []
    done = actions.erase(registry, shelf(store), ana, datastreams=[dust], since=1, until=2, by=ana, now=NOW)
    assert done.rows == 3
    assert store.deleted == [Erasure(owner=ana, datastreams=frozenset({dust}), since=1, until=2, arrived=NOW)]
    assert [r.property for r in registry.holdings().rests] == ["dust"]
    assert any("erased" in e.what for e in registry.journal(ana))
    with pytest.raises(StoreUnavailable):
        actions.erase(registry, shelf(Shelf(broken=True)), ana, by=ana, now=NOW)


@pytest.mark.slow
def test_a_whole_neighbourhood_settles_in_a_moment(registry: Registry) -> None:
    started, week_ago = time.monotonic(), NOW - 7 * DAY
    with registry.transaction():
        for number in range(120):
            who = person(registry, f"Home {number}", now=week_ago)
            actions.settle_in(registry, who, actions.add_dwelling(registry, CORNER), now=week_ago)
            place = Place(CORNER.lat + number / 1e5, CORNER.lon)
            made = actions.add_thing(registry, who, "balcony", exposure=Exposure.OUTDOOR, place=place, now=week_ago)
            registry.first_heard(
                {Key(made.credential, "balcony", named, None) for named in ("pm25", "temperature")}, week_ago
            )
    streams = [d.id for d in registry.holdings().datastreams]
    with registry.transaction():
        for stream in streams:
            actions.set_grade(registry, stream, Grade.STREET, now=week_ago + HOUR)
    assert time.monotonic() - started < 20
    assert len(streams) == 240
    assert all(datastream_grade is Grade.STREET for datastream_grade in _grades(registry, week_ago + 2 * HOUR))
    assert len(set(registry.people().homes.values())) == 120


def _grades(registry: Registry, now: int) -> list[Grade]:
    return [d.grade(now) for d in registry.holdings().datastreams]
