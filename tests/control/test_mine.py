"""A change of mind by command: erase, pause, export, and what the status says of it."""

from __future__ import annotations

import base64
import io
import itertools
import json
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet
import pyrage
import pytest
from sqlalchemy import insert

from hub.chores import chores
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.observations import Key
from hub.core.reading import Heard, Message
from hub.decoders import DECODERS
from hub.decoders.lines import Nobody
from hub.gate import Gate
from hub.registry import tables as t
from hub.settings import HubSettings, Settings
from hub.stores.memory import MemoryStore
from hub.upkeep import Upkeep
from tests.registry.town import CATALOGUE, NOW, couple, opened
from tests.stores.worlds import Row, batch


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    data = tmp_path / "var"
    data.mkdir()
    registry = opened(data)
    store = MemoryStore()
    moments = itertools.count(NOW)

    def now() -> int:
        return next(moments)

    settings = Settings(hub=HubSettings(name="Testing", data=data))
    upkeep = Upkeep(chores(settings, registry, store), now)
    yield Desk(registry, store, Gate(store, registry, CATALOGUE, now), settings, now, upkeep=upkeep)
    registry.close()


def neighbour(desk: Desk, name: str = "Ana", thing: str = "balcony") -> list[int]:
    """Somebody with a thing that has measured two values for six hours, every ten minutes."""
    party = perform(desk, "party.add", {"name": name})["party"]
    made = perform(desk, "thing.add", {"name": thing, "owner": name, "exposure": "outdoor", "place": "50.103,14.403"})
    credential = desk.registry.credential_of_thing(made["thing"])
    assert credential is not None
    assert not desk.registry.first_heard({Key(credential, thing, o, None) for o in ("pm25", "temperature")}, NOW - DAY)
    streams = [d.id for d in desk.registry.holdings().datastreams if d.thing == made["thing"]]
    for d in streams:
        desk.store.append(batch(*(Row(d, NOW - 6 * HOUR + n * 10 * MINUTE, 7.5 + n, owner=party) for n in range(36))))
    return streams


def test_a_thing_is_erased_and_the_receipt_says_what_is_known(desk: Desk) -> None:
    neighbour(desk)
    kept = neighbour(desk, "Eva", "roof")
    told = perform(desk, "mine.erase", {"party": "Ana", "thing": "balcony"})
    assert told["rows"] == 72
    assert told["hidden"] >= NOW
    assert told["gone"] is not None
    assert "registry (1)" in told["told"]
    assert set(desk.store.last_heard()) == set(kept)
    assert perform(desk, "mine.erased", {"party": "Ana"})["receipts"] == [told]
    assert perform(desk, "mine.erased", {"party": "Eva"})["receipts"] == []


def test_a_stretch_of_time_is_read_by_the_neighbourhoods_clock(desk: Desk) -> None:
    neighbour(desk)
    told = perform(desk, "mine.erase", {"party": "Ana", "since": "2027-01-15T02:00", "until": "2027-01-15T03:00"})
    assert told["rows"] == 12, "that hour, of two values"
    assert "of some time" in told["what"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"party": "Ana"}, "say what shall go"),
        ({"party": "Ana", "thing": "balcony", "everything": True}, "say what shall go"),
        ({"party": "Ana", "property": "pm25"}, "say of which thing"),
        ({"party": "Ana", "since": "yesterday"}, "is no time"),
        ({"party": "Ana", "since": "2027-01-02", "until": "2027-01-01"}, "ends before it begins"),
        ({"party": "Ana", "thing": "roof"}, "not yours"),
    ],
)
def test_what_cannot_be_erased_says_why_and_erases_nothing(desk: Desk, arguments: dict[str, Any], why: str) -> None:
    streams = neighbour(desk) + neighbour(desk, "Eva", "roof")
    with pytest.raises(CommandError, match=why):
        perform(desk, "mine.erase", arguments)
    assert set(desk.store.last_heard()) == set(streams)


def test_a_paused_thing_keeps_all_its_values_at_home_for_some_hours(desk: Desk) -> None:
    streams = neighbour(desk)
    perform(desk, "mine.pause", {"thing": "balcony", "hours": 3})
    paused = {d.id: d.history.pauses for d in desk.registry.holdings().datastreams}
    assert [round((p.until - p.since) / HOUR) for d in streams for p in paused[d]] == [3, 3]
    assert "ends now" in perform(desk, "mine.unpause", {"thing": "balcony"})["told"]
    paused = {d.id: d.history.pauses for d in desk.registry.holdings().datastreams}
    assert all(p.until - p.since < HOUR for d in streams for p in paused[d])


def test_of_several_adults_a_pause_ends_a_day_later(desk: Desk) -> None:
    couple(desk.registry)
    perform(desk, "thing.add", {"name": "gate", "owner": "Number 7"})
    with pytest.raises(CommandError, match="nothing to pause"):
        perform(desk, "mine.pause", {"thing": "gate"})
    thing = next(h for h in desk.registry.holdings().things.values() if h.name == "gate")
    credential = desk.registry.credential_of_thing(thing.id)
    assert credential is not None
    desk.registry.first_heard({Key(credential, "gate", "pm25", None)}, NOW)
    perform(desk, "mine.pause", {"thing": "gate", "property": "pm25"})
    assert "have a day to say no" in perform(desk, "mine.unpause", {"thing": "gate"})["told"]
    with pytest.raises(CommandError, match="more than 0"):
        perform(desk, "mine.pause", {"thing": "gate", "hours": 0})


def test_an_export_holds_all_that_is_hers_in_every_form_and_nothing_of_others(desk: Desk, tmp_path: Path) -> None:
    neighbour(desk)
    neighbour(desk, "Eva", "evas-roof")
    for h in desk.registry.holdings().things.values():
        body = b"only her key opens this" if h.name == "balcony" else b"and this is Eva's: evas-roof"
        with desk.registry.transaction() as tx:
            row = {"thing": h.id, "sequence": 1, "key": "k", "received": NOW - HOUR, "body": body}
            tx.connection.execute(insert(t.sealed).values(row))
    file = tmp_path / "ana.zip"
    told = perform(desk, "mine.export", {"party": "Ana", "to": str(file)})["told"]
    assert "72 readings" in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    assert b"Testing" in parts["README.txt"]
    table = pyarrow.parquet.read_table(io.BytesIO(parts["readings.parquet"]))
    plain = pyarrow.csv.read_csv(io.BytesIO(parts["readings.csv"]))
    assert table.num_rows == plain.num_rows == 72
    assert table.column("value").to_pylist() == plain.column("value").to_pylist()
    assert set(table.column("unit").to_pylist()) == {"ug/m3", "Cel"}
    assert sum(b"evas-roof" in part or b"Eva" in part for part in parts.values()) == 0
    assert "erased" in json.loads(parts["about.json"])
    sealed = [json.loads(line) for line in parts["sealed.jsonl"].splitlines()]
    assert [base64.b64decode(s["envelope"]) for s in sealed[1:-1]] == [b"only her key opens this"]
    assert (sealed[0]["barrio"], sealed[-1]) == ("sealed", {"envelopes": 1})
    assert len(json.loads(parts["things.json"])[0]["streams"]) == 2


def test_what_is_exported_as_senml_is_read_in_again(desk: Desk, tmp_path: Path) -> None:
    neighbour(desk)
    perform(desk, "mine.export", {"party": "Ana", "to": str(tmp_path / "a.zip")})
    with zipfile.ZipFile(tmp_path / "a.zip") as made:
        payload = made.read("readings.senml.json")
    decoded = DECODERS["native"](Message(Nobody(), 1, "things/balcony/readings", payload, NOW), Heard())
    assert len(decoded.readings) == 72
    first = decoded.readings[0]
    assert (first.thing, first.time, first.value) == ("balcony", NOW - 6 * HOUR, 7.5)
    assert {r.property for r in decoded.readings} == {"pm25", "temperature"}


def test_an_export_for_a_key_is_of_use_to_that_key_alone(desk: Desk, tmp_path: Path) -> None:
    neighbour(desk)
    key, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    file = tmp_path / "ana.zip.age"
    perform(desk, "mine.export", {"party": "Ana", "to": str(file), "age": str(key.to_public())})
    assert file.read_bytes().startswith(b"age-encryption.org/v1")
    with zipfile.ZipFile(io.BytesIO(pyrage.decrypt(file.read_bytes(), [key]))) as made:
        assert "readings.csv" in made.namelist()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(file.read_bytes(), [other])


def test_she_finds_in_her_log_that_the_operator_took_a_copy(desk: Desk, tmp_path: Path) -> None:
    streams = neighbour(desk)
    neighbour(desk, "Eva", "roof")
    perform(desk, "mine.export", {"party": "Ana", "to": str(tmp_path / "a.zip")})
    parties = {p.name: p.id for p in desk.registry.holdings().parties.values()}
    (look,) = desk.registry.looks.read([parties["Ana"]])
    assert look.entry is not None
    assert (look.entry.role, look.entry.purpose) == ("operator", "a copy for Ana")
    assert {(v.datastream, v.rows) for v in look.entry.values} == {(d, 36) for d in streams}
    assert desk.registry.looks.read([parties["Eva"]]) == []


def test_an_export_overwrites_nothing_and_says_what_is_wrong(desk: Desk, tmp_path: Path) -> None:
    neighbour(desk)
    there = tmp_path / "there"
    there.write_text("mine", encoding="utf-8")
    for words, why in (
        ({"to": str(there)}, "cannot be made"), ({"to": "here.zip"}, "whole path"),
        ({"to": str(tmp_path / "new"), "age": "secret"}, "no public key"),
        ({"to": str(tmp_path / "new"), "age": "ssh-nothing"}, "no public key"),
    ):  # fmt: skip
        with pytest.raises(CommandError, match=why):
            perform(desk, "mine.export", {"party": "Ana", **words})
    assert there.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "new").exists()


def test_the_status_says_what_goes_when_and_what_went(desk: Desk) -> None:
    streams = neighbour(desk)
    desk.store.append(batch(*(Row(streams[0], NOW - 40 * DAY // DAY * DAY + n, owner=1) for n in range(5))))
    before = perform(desk, "status", {})
    assert before["kept"] == "raw 30 days, quarter-hourly 365 days"
    assert before["raw until"].startswith("2026-12-16")
    assert before["upkeep: retention"] == "not done yet"
    assert desk.upkeep is not None
    desk.upkeep.step()
    after = perform(desk, "status", {})
    assert "4 rows fewer" in after["upkeep: retention"]
    assert "again 2027-01-15" in after["upkeep: retention"]
    assert not [d for d in desk.upkeep.done.values() if d.trouble]
