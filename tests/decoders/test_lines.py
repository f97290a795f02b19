"""JSON lines in, JSON lines out."""

from __future__ import annotations

import json
from base64 import b64encode
from zoneinfo import ZoneInfo

import pytest

from hub.core.reading import DecodeError
from hub.decoders.lines import Listener, answers, overhear
from hub.decoders.routes import Routes

ROUTES = Routes([("zigbee2mqtt/#", "zigbee2mqtt")])


def line(topic: str, payload: object, received: str = "2026-06-01T12:00:00Z") -> str:
    encoded = b64encode(json.dumps(payload).encode()).decode()
    return json.dumps({"topic": topic, "payload_base64": encoded, "received": received, "retain": False})


def ask(*feed: str, form: str | None = None) -> list[dict[str, object]]:
    return [json.loads(answer) for answer in answers(feed, Listener(ROUTES, form))]


def test_a_reading_comes_out_with_its_time_in_iso_8601() -> None:
    assert ask(line("things/a/b", {"v": 1.5, "t": 1780315200})) == [
        {
            "readings": [
                {"thing": "a", "property": "b", "value": 1.5, "unit": None, "time": "2026-06-01T12:00:00+00:00"}
            ],
            "refused": None,
        }
    ]


def test_what_was_announced_before_is_known_later() -> None:
    about = line("things/a/about", {"datastreams": {"b": {"unit": "Cel"}}})
    answer = ask(about, line("things/a/b", 3))[1]
    assert answer["readings"] == [{"thing": "a", "property": "b", "value": 3.0, "unit": "Cel", "time": None}]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("nonsense", "line"),
        ('{"topic":"a","payload_base64":"%%","received":"2026-06-01T12:00:00Z"}', "line"),
        (line("a", 1, received="noon"), "received"),
        (line("sensors/kitchen", 1), "topics.toml"),
        (line("zigbee2mqtt/a", [1]) + " ", None),
    ],
)
def test_a_bad_line_is_answered_and_harms_no_other(bad: str, words: str | None) -> None:
    refused, good = ask(bad, line("things/a/b", 1))
    assert words is None or words in str(refused["refused"])
    assert refused["readings"] == []
    assert good["readings"]


def test_a_format_can_be_forced() -> None:
    assert ask(line("z2m/lamp", {"power": 3}), form="zigbee2mqtt")[0]["readings"]


CONFIG = '{"stat_t":"attic/now","unit_of_meas":"°C","val_tpl":"{{ value_json.t }}","dev":{"ids":"attic"}}'


@pytest.mark.parametrize(
    "before",
    [
        f"homeassistant/sensor/t/config {CONFIG}",
        json.dumps({"topic": "homeassistant/sensor/t/config", "payload_base64": b64encode(CONFIG.encode()).decode(),
                    "received": "2026-06-01T12:00:00Z"}),
    ],
)  # fmt: skip
def test_what_was_heard_before_may_come_from_a_file(before: str) -> None:
    listener = Listener(Routes([("homeassistant/#", "ha-discovery")]))
    overhear(["", "nobody/knows/this 3", f"{before}\n"], listener, 0)
    (reading,) = listener.hear("attic/now", b'{"t":7}', 0).readings
    assert (reading.thing, reading.property, reading.value, reading.unit) == ("attic", "t", 7.0, "°C")


@pytest.mark.parametrize("payload", [b'{"t":7}', b"[", b'{"x":1}'])
def test_an_announced_topic_that_a_format_has_by_chance_is_read_as_announced(payload: bytes) -> None:
    listener = Listener(Routes([("homeassistant/#", "ha-discovery"), ("attic/#", "tasmota")]))
    listener.hear("homeassistant/sensor/t/config", CONFIG.encode(), 0)
    found = [(r.thing, r.property, r.value) for r in listener.hear("attic/now", payload, 0).readings]
    assert found == ([("attic", "t", 7.0)] if payload == b'{"t":7}' else [])


def test_a_line_heard_before_that_cannot_be_read_is_told() -> None:
    with pytest.raises(ValueError, match="line 2"):
        overhear(["a/b 1", "{nonsense"], Listener(ROUTES), 0)


def test_a_local_time_counts_only_where_the_hubs_zone_is_given() -> None:
    feed = [line("tele/a/SENSOR", {"Time": "2026-06-01T13:00:00", "BME280": {"Temperature": 21.5}})]
    rules = [("tele/#", "tasmota")]
    times = [
        json.loads(next(answers(feed, Listener(Routes(rules, zone)))))["readings"][0]["time"]
        for zone in (None, ZoneInfo("Europe/Prague"))
    ]
    assert times == [None, "2026-06-01T11:00:00+00:00"]


def test_an_unknown_topic_is_refused_with_what_to_do() -> None:
    with pytest.raises(DecodeError, match=r"topics\.toml"):
        Listener(ROUTES).hear("sensors/kitchen", b"1", 0)
