"""What devices announce about themselves, through a running hub: ESPHome, and any topic of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.running import Credential, RunningHub, rows, running

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running(tmp_path_factory.mktemp("hub")) as hub:
        hub.barrio("party", "add", "Ana")
        yield hub


@pytest.fixture(scope="module")
def gateway(hub: RunningHub) -> Credential:
    return hub.add_thing("home", "Ana", "--gateway")


def config(device: str, topic: str, **more: str) -> str:
    own = {"ids": f"id-{device}", "name": device}
    return json.dumps({"stat_t": topic, "unit_of_meas": "°C", "dev_cla": "temperature", "dev": own, **more})


def test_what_is_announced_joins_with_unit_and_kind_even_if_it_is_retained(
    hub: RunningHub, gateway: Credential
) -> None:
    node, own = "balcony-node/sensor/outside/state", "my/own/cellar"
    said = [
        ("homeassistant/sensor/balcony-node/outside/config", config("Balcony", node)),
        (node, "18.4"),
        (node, "18.6"),
        ("homeassistant/sensor/cellar/config", config("Cellar", own, val_tpl="{{ value_json.t }}")),
        (own, '{"t": 11.25}'),
    ]
    for topic, payload in said:
        assert hub.publish(gateway, topic, payload, "-r").returncode == 0
    things = hub.barrio("thing", "list")
    assert "Balcony" in things
    assert "Cellar" in things
    assert things.count("air_temperature: home") == 2
    hub.stop()
    assert sorted(value for _, _, value in rows(hub.folder)) == [11.25, 18.4, 18.6]
