"""What waits for an engine that is away is told to the operator: in the status, in numbers on /metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.control.commands import perform
from hub.control.desk import Desk, Worker
from hub.gate import Gate
from hub.ingest.pipeline import Counts
from hub.metrics import Metrics
from hub.mqtt.contracts import Counters
from hub.settings import Settings
from hub.stores.outbox.store import Outbox
from tests.registry.town import CATALOGUE, NOW, opened
from tests.stores.contract import THEN
from tests.stores.moody import AWAY, Away
from tests.stores.worlds import Row, batch


@pytest.fixture
def engine() -> Away:
    return Away()


@pytest.fixture
def outbox(engine: Away, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    monkeypatch.setattr("hub.stores.outbox.store._PAUSES", (0.001, 0.02))
    one = Outbox(engine, tmp_path / "outbox.sqlite", 2_000_000)
    yield one
    engine.away = False
    one.close()


@pytest.fixture
def desk(outbox: Outbox, tmp_path: Path) -> Iterator[Desk]:
    registry = opened(tmp_path)
    yield Desk(registry, outbox, Gate(outbox, registry, CATALOGUE, lambda: NOW), Settings(), lambda: NOW)
    registry.close()


def numbers(outbox: Outbox) -> dict[str, float]:
    found = Metrics(Counts(), Counters(), outbox).collect()
    return {s.name: s.value for m in found for s in m.samples if s.name.startswith("barrio_outbox")}


def test_the_status_says_what_waits_since_when_and_why(desk: Desk, outbox: Outbox, engine: Away) -> None:
    assert perform(desk, "status", {})["outbox"] == "empty"
    engine.away = True
    outbox.append(batch(*(Row(time=THEN + n) for n in range(1000))))
    told = perform(desk, "status", {})["outbox"]
    assert told.startswith("1,000 readings wait since ")
    assert told.endswith(f"(0.0 of 2 MB): {AWAY}")
    engine.away = False
    assert outbox.last_heard() == {1000: THEN + 999}
    deadline = time.monotonic() + 20
    while outbox.waits.rows:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert perform(desk, "status", {})["outbox"] == "empty"


def test_the_metrics_count_what_waits(outbox: Outbox, engine: Away) -> None:
    assert set(numbers(outbox).values()) == {0.0, 2e6}
    engine.away = True
    outbox.append(batch(Row(), Row(1001)))
    found = numbers(outbox)
    assert found["barrio_outbox_readings"] == 2
    assert found["barrio_outbox_trouble"] == 1
    assert 0 < found["barrio_outbox_bytes"] < 1000
    assert 0 <= found["barrio_outbox_oldest_seconds"] < 60


def test_a_store_without_an_outbox_tells_of_none(tmp_path: Path) -> None:
    registry = opened(tmp_path)
    engine = Away()
    desk = Desk(registry, engine, Gate(engine, registry, CATALOGUE, lambda: NOW), Settings(), lambda: NOW)
    assert "outbox" not in perform(desk, "status", {})
    assert not [m for m in Metrics(Counts(), Counters()).collect() if "outbox" in m.name]
    registry.close()


class NoDoor:
    """An endpoint with seven connections."""

    counters = Counters(connections=7)

    def disconnect(self, credential: int) -> None:
        raise AssertionError(credential)


def test_the_status_says_how_many_workers_there_are_who_leads_and_what_all_took(desk: Desk) -> None:
    counts = Counts(messages=5, readings=6)
    alone = perform(replace(desk, counts=counts, door=NoDoor()), "status", {})
    assert "workers" not in alone
    assert [alone[k] for k in ("connections", "messages stored", "readings stored")] == [7, 5, 6]
    team = [
        Worker(1, leads=False, connections=2, messages=30, readings=40, refused=1),
        Worker(3, leads=True, connections=3, messages=300, readings=400, refused=2),
    ]
    hub = desk.settings.hub.model_copy(update={"workers": 3})
    settings = desk.settings.model_copy(update={"hub": hub})
    told = perform(replace(desk, counts=counts, door=NoDoor(), settings=settings, workers=lambda: team), "status", {})
    assert told["workers"] == "2 of 3 at work; worker 3 leads"
    taken = [told[k] for k in ("connections", "messages stored", "readings stored", "messages refused")]
    assert taken == [5, 330, 440, 3]
