"""Who looked, from the gate to the owner: every look beyond what everyone sees is on the disk before it is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h3
import numpy as np
import pytest

from hub import actions
from hub.core.audience import PUBLIC, Audience
from hub.core.blocks import Level
from hub.core.disclosed import Disclosed
from hub.core.grade import HOUR, MINUTE, Grade, Kind
from hub.core.look import Entry, Look, Looker, Values
from hub.core.looked import Looked
from hub.core.observations import Observations
from hub.core.query import Query, StoreUnavailable
from hub.core.releases import Sheet
from hub.core.scope import Scope
from hub.core.store import Rows
from hub.gate import Gate
from hub.live import Live
from hub.registry import Registry, RegistryUnavailable
from hub.registry.looks import Looks
from hub.stores.memory import MemoryStore
from tests.registry.town import CATALOGUE, CORNER, NOW, couple, monitor, opened, person

SECRET = 4242.0625


class Store(MemoryStore):
    """A store that can be told to fail."""

    broken = False

    def read(self, query: Query, scope: Scope) -> Rows:
        if self.broken:
            raise StoreUnavailable("the disk is gone; put it back")
        return super().read(query, scope)


class FullDisk(Looks):
    """A log that cannot be written."""

    def write(self, looks: object) -> None:
        assert looks, "nothing to write is not even tried"
        raise RegistryUnavailable("the disk is full: make room")


@dataclass
class Town:
    """Ana and Ben measure dust and show it to the courtyards; Eva is a member too and measures nothing."""

    registry: Registry
    store: Store
    gate: Gate
    clock: list[int]
    project: int
    ana: int
    ben: int
    eva: int
    dust: int

    def audience(self, party: int, purpose: str | None = None) -> Audience:
        found = self.registry.audience_of_party(party, purpose)
        assert found is not None
        return found

    def read(self, party: int, query: Query | None = None) -> Disclosed:
        return self.gate.read(query or Query(), self.audience(party))

    def told(self, party: int) -> tuple[Looked, ...]:
        return self.gate.who_looked(self.audience(party)).looks

    def say(self, datastream: int, moment: int, value: float = SECRET) -> None:
        """One reading, taken and come at a moment, shown to the commons."""
        number, time = np.array([datastream], np.int32), np.array([moment], np.int64)
        grades = np.array([Grade.COMMONS], np.uint8), np.array([Grade.OPEN], np.uint8)
        self.store.append(Observations(number, number, time, time, np.array([value]), *grades, np.zeros(1, np.uint8)))

    def kept(self) -> int:
        """How many looks the log knows of, whosever they are."""
        with self.registry.transaction() as tx:
            return int(tx.connection.exec_driver_sql("SELECT count(*) FROM looks").scalar_one())


def joined(registry: Registry, project: int, party: int, name: str) -> int:
    """What somebody measures and shows to a commons."""
    (dust,) = monitor(registry, party, "pm25", name=name)
    actions.join(registry, project, party, now=NOW - 5 * HOUR)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=project, now=NOW - 5 * HOUR)
    return dust


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    registry, store, clock = opened(tmp_path), Store(), [NOW + 40 * MINUTE]
    ana, ben, eva = (person(registry, name) for name in ("Ana", "Ben", "Eva"))
    project = actions.add_commons(registry, "Courtyards", "to breathe", ("dust",), now=NOW - 6 * HOUR).commons
    hers, his = (joined(registry, project, party, name) for party, name in ((ana, "balcony"), (ben, "roof")))
    actions.join(registry, project, eva, now=NOW - 5 * HOUR)
    gate = Gate(store, registry, CATALOGUE, lambda: clock[0])
    made = Town(registry, store, gate, clock, project, ana, ben, eva, hers)
    for moment in range(NOW - 4 * HOUR, NOW, 5 * MINUTE):
        made.say(hers, moment)
        made.say(his, moment)
    yield made
    registry.close()


def test_a_members_look_is_told_to_each_owner_with_his_own_values_alone(town: Town) -> None:
    shown = town.read(town.eva)
    assert [f.kind for f in shown.faces] == [Kind.PSEUDONYM, Kind.PSEUDONYM]
    assert len(shown) == 32
    (hers,), (his,) = town.told(town.ana), town.told(town.ben)
    assert hers.what == ("Fine dust of balcony: 16 values (commons)",)
    assert his.what == ("Fine dust of roof: 16 values (commons)",)
    name = town.registry.holdings().called([town.eva], town.clock[0])[town.project]
    assert hers.who == f"{name} of Courtyards"
    assert "Eva" not in hers.who
    assert town.told(town.eva) == ()


def test_every_look_is_one_entry_and_tells_what_was_asked(town: Town) -> None:
    for _ in range(3):
        town.read(town.eva, Query(since=NOW - HOUR))
    told = town.told(town.ana)
    assert [(one.since, one.until, one.what) for one in told] == [
        (NOW - HOUR, None, ("Fine dust of balcony: 4 values (commons)",))
    ] * 3
    assert town.kept() == 6, "one for each of the two owners"


def test_reading_ones_own_is_told_to_nobody_and_neither_is_what_everyone_sees(town: Town) -> None:
    town.gate.read(Query(), Audience(town.ana, frozenset({town.ana})))
    town.gate.read(Query(things=frozenset(t.handle for t in town.gate.mine(town.audience(town.ana)))), PUBLIC)
    town.gate.read(Query(), PUBLIC)
    town.gate.read(Query(), Audience(town.eva, frozenset({town.eva}), staff=True))
    town.gate.mine(town.audience(town.ana))
    assert town.kept() == 0


def test_a_member_who_reads_everything_tells_others_only_what_he_read_of_them(town: Town) -> None:
    assert {f.kind for f in town.read(town.ana).faces} == {Kind.EXACT, Kind.PSEUDONYM}
    assert town.told(town.ana) == ()
    assert len(town.told(town.ben)) == 1


def test_a_look_that_cannot_be_written_is_refused_and_everyone_reads_on(town: Town) -> None:
    town.registry.looks = FullDisk(town.registry._database)
    with pytest.raises(StoreUnavailable, match="disk is full"):
        town.read(town.eva)
    with pytest.raises(StoreUnavailable):
        town.gate.repeated(Query(), town.audience(town.eva))()
    assert len(town.gate.read(Query(), PUBLIC)) == 0
    assert len(town.gate.read(Query(), Audience(town.ana, frozenset({town.ana})))) == 48


def test_an_answer_that_never_came_is_no_look(town: Town) -> None:
    town.store.broken = True
    with pytest.raises(StoreUnavailable):
        town.read(town.eva)
    assert town.kept() == 0


def test_what_an_owner_reads_of_her_own_with_others_eyes_holds_nobody_else_and_is_no_look(town: Town) -> None:
    audience = town.audience(town.ana)
    eyes = Audience(memberships=audience.memberships)
    (face,) = town.gate.as_seen(Query(), eyes, audience).faces
    assert face.name == town.registry.holdings().called([town.ana], NOW)[town.project]
    assert len(town.gate.read(Query(), eyes).faces) == 2, "others' eyes themselves see both"
    assert town.kept() == 2, "and that was a look"


def test_ones_own_entries_are_the_same_whoever_else_is_there(town: Town) -> None:
    town.read(town.eva)
    with_ben = town.registry.looks.read([town.ana])[0].entry
    actions.leave(town.registry, town.project, town.ben, now=town.clock[0])
    town.read(town.eva)
    without = town.registry.looks.read([town.ana])[0].entry
    assert with_ben is not None
    assert without is not None
    assert (without.values, without.who, without.at, without.number) == (
        with_ben.values, with_ben.who, with_ben.at, 2,
    )  # fmt: skip


def test_watching_tells_once_for_each_window_that_closes(town: Town) -> None:
    again = town.gate.repeated(Query(since=NOW - HOUR), town.audience(town.eva))
    for _ in range(3):
        again()
    assert len(town.told(town.ana)) == 1
    town.say(town.dust, NOW + MINUTE)
    again()
    assert len(town.told(town.ana)) == 1, "a reading whose window is open shows nothing"
    town.clock[0] = NOW + 50 * MINUTE
    assert len(again()) == 9
    assert [one.what for one in town.told(town.ana)] == [
        ("Fine dust of balcony: 5 values (commons)",), ("Fine dust of balcony: 4 values (commons)",),
    ]  # fmt: skip
    assert len(town.told(town.ben)) == 1, "of his there was nothing new"


async def test_many_who_watch_as_the_same_are_one_look(town: Town) -> None:
    live = Live(town.gate, every=0.02)
    streams = [live.watch(Query(), town.audience(town.eva)) for _ in range(3)]
    for stream in streams:
        assert len(await anext(stream)) == 32
    for minute in range(5):
        town.say(town.dust, NOW + minute * MINUTE)
        await asyncio.sleep(0.05)
    assert len(await asyncio.to_thread(town.told, town.ana)) == 1
    await live.stop()
    for stream in streams:
        await stream.aclose()


def published(town: Town) -> str:
    """A release of dust around the corner, nearer for staff and members than for everyone."""
    cell = h3.latlng_to_cell(CORNER.lat, CORNER.lon, 8)
    wide = h3.cell_to_parent(cell, 7)
    levels: tuple[tuple[Level, str], ...] = (("near", cell), ("public", wide))
    sheets = [
        Sheet(
            property="dust",
            where="outdoor",
            level=level,
            start=NOW - HOUR,
            window=HOUR,
            cells=np.array([h3.str_to_int(label)], np.uint64),
            means=np.array([12.0]),
            homes=np.array([10], np.uint16),
        )
        for level, label in levels
    ]
    assert town.registry.releases.save(sheets, NOW)
    return str(cell)


def test_the_city_sees_more_than_everyone_only_with_a_purpose_and_those_around_read_it(town: Town) -> None:
    cell = published(town)
    office = actions.add_party(
        town.registry, town.registry.holdings().parties[town.ana].kind, "Office", staff=True, now=NOW
    )
    town.gate.read(Query(), town.audience(office))
    assert town.kept() == 0
    shown = town.gate.read(Query(), town.audience(office, "to plan the trees"))
    assert [f.cell for f in shown.faces] == [cell]
    (one,) = town.told(town.ana)
    assert (one.who, one.purpose) == ("somebody of the city", "to plan the trees")
    assert one.what == ("averages of Fine dust of several homes around you",)
    assert town.told(town.eva) == (), "who measures nothing is not told"


def test_a_members_look_at_averages_is_told_without_any_name(town: Town) -> None:
    published(town)
    town.read(town.eva)
    (averages,) = [one for one in town.told(town.ana) if "averages" in one.what[0]]
    assert averages.who == "a member of a commons"
    name = town.registry.holdings().called([town.eva], town.clock[0])[town.project]
    (kept,) = town.registry.looks.at_regions({("dust", region) for region in _around()})
    assert kept.entry is not None
    assert (kept.entry.who, kept.entry.commons) == ("", None)
    assert name not in str(kept)


def _around() -> list[str]:
    return [h3.latlng_to_cell(CORNER.lat, CORNER.lon, r) for r in range(6, 10)]


def test_reading_the_log_leaves_nothing_in_it(town: Town) -> None:
    town.read(town.eva)
    before = town.kept()
    for _ in range(3):
        town.told(town.ana)
    assert town.kept() == before


def test_one_adult_does_not_read_who_looked_at_the_others_and_an_ex_partner_reads_nothing(town: Town) -> None:
    both = couple(town.registry)
    (ours,), (mine,) = (
        monitor(town.registry, owner, "pm25", name=name)
        for owner, name in ((both.household, "hall"), (both.ana, "desk"))
    )
    held = {d.id: d for d in town.registry.holdings().datastreams}
    looks: list[Look] = looks_at(held[ours].owner, held[mine].owner, ours, mine)
    town.registry.looks.write(looks)
    assert {one.what[0].split(":")[0] for one in town.told(both.ana)} == {"Fine dust of hall", "Fine dust of desk"}
    assert {one.what[0].split(":")[0] for one in town.told(both.ben)} == {"Fine dust of hall"}
    actions.remove_household_member(town.registry, both.household, both.ben, now=town.clock[0])
    assert town.told(both.ben) == ()
    assert len(town.told(both.ana)) == 2


def looks_at(household: int, ana: int, ours: int, mine: int) -> list[Look]:
    """Somebody has looked at one value of the household's and one of Ana's."""
    return [
        Look(owner, Entry(at=NOW, role=Looker.MEMBER, who="fox", values=(Values(datastream, "commons", 1),)))
        for owner, datastream in ((household, ours), (ana, mine))
    ]


def test_no_value_is_ever_in_the_log(town: Town) -> None:
    town.read(town.eva)
    with town.registry.transaction() as tx:
        rows = tx.connection.exec_driver_sql("SELECT body FROM look_entries").scalars().all()
    assert rows
    for told in map(json.loads, rows):
        assert told.keys() <= {"number", "at", "role", "who", "commons", "purpose", "values"}
        assert all(value.keys() == {"datastream", "grade", "rows"} for value in told["values"])
    assert not [body for body in rows if str(SECRET) in body]
