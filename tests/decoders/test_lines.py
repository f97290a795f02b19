"""JSON lines in, JSON lines out."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from hub.core.reading import DecodeError
from hub.decoders.lines import Listener, answers
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


def test_an_unknown_topic_is_refused_with_what_to_do() -> None:
    with pytest.raises(DecodeError, match=r"topics\.toml"):
        Listener(ROUTES).hear("sensors/kitchen", b"1", 0)
