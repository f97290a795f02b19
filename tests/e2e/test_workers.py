"""Several workers share port, registry and store: killed again and again, they lose nothing and agree at once."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from hub.workers import State
from tests.e2e.crew import WORKERS, Crew, crew, until
from tests.e2e.loading import Load
from tests.e2e.running import CORNER, Credential, rows
from tests.e2e.visiting import Visitor

pytestmark = pytest.mark.e2e
KILLS = 12
LOADS = 6
MANY = 1_000_000
SOON = 20
"""Seconds: it takes one or two; a machine that is busy with other things may need more."""
ASKED = 16
"""So many connections reach every one of three workers (all but once in two hundred times)."""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    with crew(tmp_path_factory.mktemp("crew")) as made:
        made.hub.barrio("party", "add", "Ana")
        yield made


def acknowledged(loads: list[Load]) -> int:
    return sum(len(load.acknowledged) for load in loads)


def killed_in_turn(team: Crew, loads: list[Load]) -> None:
    """Kill one worker after the other, twice for a while without InfluxDB, twice for a moment without PostgreSQL."""
    killed: dict[int, float] = {}
    for n in range(KILLS):
        number = n % WORKERS + 1
        if number in killed:
            team.back(number, killed[number])
        if n % 6 == 2:
            team.influx.kill()
        goes_on(loads)
        team.kill(number)
        killed[number] = time.time()
        goes_on(loads)
        if n % 6 == 4:
            assert team.waiting() > 0
            team.influx.start()
        if n % 6 == 5:
            team.database.kill()
            time.sleep(1)
            team.database.start()


def goes_on(loads: list[Load]) -> None:
    """Wait until more is acknowledged, whatever is away."""
    before = acknowledged(loads)
    until(lambda: acknowledged(loads) > before + 200, 60)


def connected(team: Crew, who: Credential, number: int, gone: threading.Event) -> Client:
    """A client of its own name that stays."""
    client, here = Client(CallbackAPIVersion.VERSION2, f"client-{number}"), threading.Event()
    client.username_pw_set(who.user, who.password)
    client.on_connect = lambda _c, _u, _f, reason, _p: None if reason.is_failure else here.set()
    client.on_disconnect = lambda *_: gone.set()
    client.connect("127.0.0.1", team.hub.mqtt)
    client.loop_start()
    assert here.wait(10)
    return client


def test_status_says_how_many_there_are_and_who_leads(team: Crew) -> None:
    assert re.search(r"3 of 3 at work; worker [123] leads", team.workers())


def test_a_wish_holds_at_the_next_request_whichever_worker_answers(team: Crew) -> None:
    roof = team.hub.add_thing("roof", "Ana", "--exposure", "outdoor", "--place", f"{CORNER.lat},{CORNER.lon}",
                              "--title", "Roof of the corner house")  # fmt: skip
    assert team.hub.publish(roof, "things/roof/pm25", "21").returncode == 0
    ana = Visitor(team.hub, "Ana")
    found = re.search(r"stream-(\d+)", ana.get("/mine")[1])
    assert found is not None
    for grade, shown in (("open", True), ("home", False), ("open", True), ("home", False)):
        assert ana.post("/mine", do="grade", stream=found.group(1), grade=grade) == 200
        assert team.hub.publish(roof, "things/roof/pm25", "22").returncode == 0, "what came before stays as it was"
        for _ in range(ASKED):
            assert ("Roof of the corner house" in team.hub.get("/?property=pm25")[1]) == shown


def test_what_one_worker_stored_or_erased_all_know_at_once(team: Crew) -> None:
    wall = team.hub.add_thing("wall", "Ana", "--exposure", "outdoor", "--place", f"{CORNER.lat},{CORNER.lon}")
    assert team.hub.publish(wall, "things/wall/pm25", "1").returncode == 0
    team.hub.barrio("grade", "set", "wall", "pm25", "open")
    for value in ("31", "32", "33", "34"):
        assert team.hub.publish(wall, "things/wall/pm25", value).returncode == 0
        for _ in range(ASKED // 2):
            assert re.search(rf"\b{value}(\.0)?\b", team.hub.get("/property/pm25.csv?range=hour")[1])
    said = team.hub.barrio("erase", "Ana", "--thing", "wall", "--yes")
    assert "traces" in said or "gone" in said, said
    for _ in range(ASKED):
        assert not re.search(r"\b3[1234](\.0)?\b", team.hub.get("/property/pm25.csv?range=hour")[1])


def test_a_credential_that_ended_is_hung_up_on_by_every_worker(team: Crew) -> None:
    gateway = team.hub.add_thing("balcony", "Ana")
    gone = [threading.Event() for _ in range(3 * WORKERS)]
    clients = [connected(team, gateway, n, event) for n, event in enumerate(gone)]
    try:
        assert not any(event.is_set() for event in gone)
        team.hub.barrio("thing", "credential", "balcony")
        begun = time.monotonic()
        assert all(event.wait(5) for event in gone)
        assert time.monotonic() - begun < 5
    finally:
        for client in clients:
            client.disconnect()
            client.loop_stop()


def test_when_the_leader_is_killed_another_leads_soon(team: Crew) -> None:
    state, first = State(team.hub.folder / "var"), team.leader()
    before = team.hub.get("/log/checkpoint")[1]
    killed = time.time()
    team.kill(first)
    until(lambda: any(w.leads and w.number != first for w in state.read(WORKERS)), SOON)
    assert team.leader() != first
    assert re.search(r"^releasing +yes$", team.hub.barrio("status"), re.MULTILINE), "the new one closes windows"
    assert team.hub.get("/log/checkpoint")[1] == before
    team.back(first, killed)


def test_killed_twelve_times_and_their_servers_twice_nothing_is_lost_or_doubled(team: Crew) -> None:
    loads = []
    for n in range(LOADS):
        who = team.hub.add_thing(f"probe{n}", "Ana")
        loads.append(Load(team.hub.mqtt, who.user, who.password, after=(n + 1) * MANY, most=20))
    done = threading.Event()
    senders = [threading.Thread(target=load.run, args=(done.is_set,)) for load in loads]
    for sender in senders:
        sender.start()
    try:
        killed_in_turn(team, loads)
    finally:
        done.set()
        for sender in senders:
            sender.join(30)
    until(lambda: team.waiting() == 0, 60)
    until(lambda: "3 of 3" in team.workers(), 60)
    team.kill_the_parent()
    stored = Counter(round(value) for *_, value in rows(team.hub.folder) if value > MANY)
    told = {number for load in loads for number in load.acknowledged}
    assert len(told) > 2 * 200 * KILLS
    assert not told - set(stored), "acknowledged, and not stored"
    assert not [n for n, times in stored.items() if times > 1], "stored twice"
