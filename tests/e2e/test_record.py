"""A thing's own record, through a running hub: what was refused, late and doubtful, and what its clock hears."""

from __future__ import annotations

import json
import time
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.running import Credential, RunningHub, rows, running

pytestmark = pytest.mark.e2e


def shown(hub: RunningHub, *more: str) -> dict[str, Any]:
    said = hub.barrio("thing", "show", "balcony", "--json", *more)
    found: dict[str, Any] = json.loads(said[said.index("{") : said.rindex("}") + 1])
    return found


def pack(name: str, *readings: tuple[float, float], unit: str = "Cel") -> str:
    """SenML of readings (minutes ago, value)."""
    now = time.time()
    records = [{"n": name, "u": unit, "v": value, "t": round(now - minutes * 60, 3)} for minutes, value in readings]
    return json.dumps(records)


def answered(hub: RunningHub, who: Credential, topic: str, payload: str) -> dict[str, str]:
    """The first answer on the thing's error topic to what is published."""
    told: Queue[bytes] = Queue()
    client = Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(who.user, who.password)
    client.on_connect = lambda c, *_: c.subscribe("things/balcony/errors")
    client.on_subscribe = lambda c, *_: c.publish(topic, payload, 1)
    client.on_message = lambda _client, _data, message: told.put(bytes(message.payload))
    client.connect("127.0.0.1", hub.mqtt)
    client.loop_start()
    try:
        found: dict[str, str] = json.loads(told.get(timeout=20))
    finally:
        client.disconnect()
        client.loop_stop()
    return found


def test_a_thing_is_shown_as_it_is_and_its_record_outlives_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        hub.barrio("party", "add", "Ana")
        who = hub.add_thing("balcony", "Ana", "--exposure", "outdoor")
        live = [(n, 20 + n / 10) for n in range(50, 2, -1)]
        assert hub.publish(who, "things/balcony/readings", pack("temperature", *live)).returncode == 0
        hub.publish(who, "things/balcony/readings", pack("temperature", (2, 55.5), (1, 20.0), (0, 99.5)))
        hub.publish(who, "things/balcony/temperature", "rather warm")
        told = answered(hub, who, "things/balcony/readings", pack("temperature", (-300, 21.0)))
        assert (told["code"], told["type"]) == ("kept", "clock")
        hub.publish(who, "things/balcony/readings", pack("humidity", (700, 21.0), (600, 22.0), unit="%"))

        end = time.monotonic() + 20
        while shown(hub)["clock"] is None and time.monotonic() < end:
            time.sleep(0.5)
        found = shown(hub)
        (warmth,) = (v for v in found["values"] if v["value"] == "air_temperature")
        assert round(warmth["cadence"] / 1e6) == 60
        assert found["credential"]["user"] == who.user
        assert [r["count"] for r in found["reasons"]] == [1]
        assert "late" not in warmth
        said = hub.barrio("thing", "show", "balcony")
        assert "ahead: set it" in said
        assert "55.5" not in said
        hub.stop()
    said = json.dumps(shown(hub, "--whole"))
    assert "operator" in hub.barrio("who-looked", "Ana").lower()
    values = {v["value"]: v for v in json.loads(said)["values"]}
    warmth = values["air_temperature"]
    assert (warmth["jump"], warmth["implausible"], warmth["ahead"]) == (1, 1, 1)
    assert values["relative_humidity"]["late"]["count"] == 2
    assert len(rows(hub.folder)) == 48 + 3 + 1 + 2, "nothing is deleted"
