"""A thing's own record by command: that it speaks is the operator's to see, when it was silent is its household's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.core.audience import Audience
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.observations import Key
from hub.core.record import Tally, ThingRecord, silent
from hub.gate import Gate
from hub.registry import Refused
from hub.settings import HubSettings, Settings
from hub.stores.memory import MemoryStore
from tests.registry.town import CATALOGUE, NOW, gateway, opened, person
from tests.stores.worlds import Row, batch

SILENT = NOW - 3 * HOUR
MARKS = Tally(late=4, late_since=NOW - DAY, late_until=NOW - 9 * HOUR, least_delay=HOUR, most_delay=9 * HOUR, jump=2)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    data = tmp_path / "var"
    data.mkdir()
    registry, store = opened(data), MemoryStore()
    settings = Settings(hub=HubSettings(name="Testing", data=data))
    yield Desk(registry, store, Gate(store, registry, CATALOGUE, lambda: NOW), settings, lambda: NOW)
    registry.close()


@pytest.fixture
def balcony(desk: Desk) -> int:
    """Ana's thing: it measures every ten minutes, and was silent for two hours; what of it was marked and refused."""
    party = perform(desk, "party.add", {"name": "Ana"})["party"]
    thing = int(perform(desk, "thing.add", {"name": "balcony", "owner": "Ana"})["thing"])
    credential = desk.registry.credential_of_thing(thing)
    assert credential is not None
    assert not desk.registry.first_heard({Key(credential, "balcony", n, None) for n in ("pm25", "x")}, NOW - DAY)
    dust = next(d.id for d in desk.registry.holdings().datastreams if d.named == "pm25")
    moments = [m for m in range(NOW - DAY, NOW, 10 * MINUTE) if not SILENT <= m < SILENT + 2 * HOUR]
    desk.store.append(batch(*(Row(dust, m, 17.25, owner=party) for m in moments)))
    desk.registry.records.note({(dust, NOW // DAY): MARKS})
    whys = ["too much", "no format", "too much"]
    desk.registry.refuse([
        Refused(credential, "balcony", "things/balcony/x", why, 9, NOW - n) for n, why in enumerate(whys)
    ])  # fmt: skip
    return thing


def show(desk: Desk, **also: object) -> dict[str, object]:
    return perform(desk, "thing.show", {"thing": "balcony", **also})


@pytest.mark.usefixtures("balcony")
def test_an_operator_sees_how_often_it_speaks_and_what_was_refused(desk: Desk) -> None:
    told = show(desk)
    dust, other = sorted(told["values"], key=lambda v: v["value"])  # type: ignore[call-overload]
    assert dust == {
        "value": "dust", "named": "pm25", "heard": NOW - 10 * MINUTE, "cadence": 10 * MINUTE, "gaps": 1, "silent": None,
    }  # fmt: skip
    assert (other["heard"], other["cadence"], other["gaps"]) == (None, None, 0)
    assert (told["owner"], told["heard"], told["sealed"]) == ("Ana", NOW - 10 * MINUTE, 0)
    assert [r["reason"] for r in told["refusals"]] == ["too much", "no format", "too much"]  # type: ignore[attr-defined]
    assert told["reasons"] == [
        {"reason": "too much", "count": 2, "last": NOW - 2}, {"reason": "no format", "count": 1, "last": NOW - 1},
    ]  # fmt: skip


def test_an_operator_sees_by_which_door_it_comes_and_where_it_may_publish(desk: Desk, balcony: int) -> None:
    told = show(desk)
    assert told["thing"] == balcony
    assert told["credential"]["kind"] == "thing"  # type: ignore[index]
    assert told["topics"][0] == "things/balcony/#"  # type: ignore[index]
    gate = gateway(desk.registry, person(desk.registry, "Ben"))
    assert not desk.registry.first_heard({Key(gate, "kitchen", "pm25", None)}, NOW)
    behind = perform(desk, "thing.show", {"thing": "kitchen"})
    assert behind["credential"]["kind"] == "gateway"
    assert behind["heard"] is None


@pytest.mark.usefixtures("balcony")
def test_without_being_asked_it_says_neither_when_it_was_silent_nor_what_was_marked(desk: Desk) -> None:
    told = json.dumps(show(desk))
    assert "17.25" not in told
    assert str(SILENT) not in told
    for word in ("late", "jump", "flat", "implausible", "silences"):
        assert f'"{word}"' not in told
    assert perform(desk, "who-looked", {"party": "Ana"})["looks"] == []


@pytest.mark.usefixtures("balcony")
def test_whoever_takes_the_whole_of_it_stands_in_its_owners_log(desk: Desk) -> None:
    told = show(desk, whole=True)
    (dust,) = (v for v in told["values"] if v["value"] == "dust")  # type: ignore[attr-defined]
    assert dust["silences"] == [{"since": SILENT - 9 * MINUTE, "until": SILENT + 2 * HOUR}]
    assert (dust["late"]["count"], dust["jump"], dust["flat"], dust["implausible"]) == (4, 2, 0, 0)
    assert "17.25" not in json.dumps(told)
    owner = desk.gate.who_looked(audience(desk, "Ana"))
    assert len(owner.looks) == 1


def audience(desk: Desk, name: str) -> Audience:
    party = next(p.id for p in desk.registry.holdings().parties.values() if p.name == name)
    found = desk.registry.audience_of_party(party)
    assert found is not None
    return found


def record(desk: Desk, name: str, thing: int) -> ThingRecord | None:
    return desk.gate.record(desk.registry.holdings().things[thing].handle, audience(desk, name))


def test_its_household_alone_gets_it_from_the_gate_and_nobody_is_told(desk: Desk, balcony: int) -> None:
    person(desk.registry, "Ben")
    found = record(desk, "Ana", balcony)
    assert found is not None
    assert found.streams[0].tally == MARKS
    assert found.streams[0].gaps[0].until == SILENT + 2 * HOUR
    assert record(desk, "Ben", balcony) is None
    assert desk.gate.record("nothing", audience(desk, "Ana")) is None
    assert not desk.gate.who_looked(audience(desk, "Ana")).looks


@pytest.mark.usefixtures("balcony")
def test_what_is_silent_now_says_since_when(desk: Desk) -> None:
    later = NOW + HOUR
    gate = Gate(desk.store, desk.registry, CATALOGUE, lambda: later)
    found = gate.record(next(iter(desk.registry.holdings().things.values())).handle, audience(desk, "Ana"))
    assert found is not None
    assert silent(found.streams[0]) == NOW - 9 * MINUTE


def test_a_thing_that_is_not_there_is_said_so(desk: Desk) -> None:
    with pytest.raises(CommandError, match="there is no thing"):
        show(desk)
