"""SenML packs: JSON and CBOR agree, and names never fall together."""

from __future__ import annotations

import json
from itertools import pairwise

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.reading import Decoded, Heard, Message
from hub.decoders.lines import Nobody
from hub.decoders.native import decode as native

NOW = 1_780_315_200_000_000
LABELS = {"bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6, "n": 0, "u": 1, "v": 2, "vb": 4, "s": 5, "t": 6}
NUMBERS = st.floats(-1e6, 1e6, width=32)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "n": st.sampled_from(["pm25", "noise", "battery"]),
        "v": NUMBERS,
        "t": st.floats(-1e4, 1e4, width=32),
        "u": st.sampled_from(["Cel", "dB"]),
        "bt": st.sampled_from([0.0, 1_780_000_000.0, 1_780_315_200.5]),
        "bn": st.sampled_from(["balcony:", "balcony/", ""]),
        "bv": NUMBERS,
        "bu": st.just("W"),
        "vb": st.booleans(),
        "s": NUMBERS,
        "bs": NUMBERS,
        "grade": st.sampled_from(["home", "open"]),
    },
)


def take(topic: str, payload: bytes) -> Decoded:
    return native(Message(Nobody(), 1, topic, payload, NOW), Heard())


@settings(max_examples=100, deadline=None)
@given(pack=st.lists(RECORDS, min_size=1, max_size=6))
def test_json_and_cbor_mean_the_same(pack: list[dict[str, object]]) -> None:
    plain = [{k: v for k, v in record.items() if k != "grade"} | {"n": "a"} for record in pack]
    coded = cbor2.dumps([{LABELS[key]: value for key, value in record.items()} for record in plain])
    in_json = take("things/balcony/readings", json.dumps(plain).encode()).readings
    assert take("things/balcony/readings", coded).readings == in_json


@pytest.mark.parametrize(
    ("topic", "name", "expected"),
    [
        ("things/balcony/readings", "temp", ("balcony", "temp")),
        ("things/balcony/readings", "balcony", ("balcony", "value")),
        ("things/balcony/readings", "balcony:temp", ("balcony", "temp")),
        ("things/balcony/readings", "balcony2:temp", ("balcony", "balcony2:temp")),
        ("things/balcony/readings", "urn:dev:ow:10e2_temp", ("balcony/urn:dev:ow:10e2", "temp")),
        ("things/balcony/readings", "urn:dev:ow:10e2", ("balcony/urn:dev:ow:10e2", "value")),
        ("senml/x", "urn:dev:ow:10e2:temp", ("urn:dev:ow:10e2", "temp")),
        ("senml/x", "2001:db8::2/temp", ("2001:db8::2", "temp")),
        ("senml/x", "temp", ("senml/x", "temp")),
    ],
)
def test_names_say_whose_and_what(topic: str, name: str, expected: tuple[str, str]) -> None:
    (reading,) = take(topic, json.dumps([{"n": name, "v": 1}]).encode()).readings
    assert (reading.thing, reading.property) == expected


def test_devices_behind_one_gateway_never_fall_together() -> None:
    names = ["t", "balcony:u", "urn:dev:ow:1_t", "urn:dev:ow:2_t", "urn:dev:mac:1:t", "balcony2/t"]
    payload = json.dumps([{"n": name, "v": at} for at, name in enumerate(names)]).encode()
    places = sorted((r.thing, r.property) for r in take("things/balcony/readings", payload).readings)
    assert len(places) == len(names)
    assert all(one != other for one, other in pairwise(places))


@pytest.mark.parametrize(
    ("pack", "values"),
    [
        ([{"n": "a", "v": 1, "bv": 10}, {"n": "a", "v": 2}, {"n": "a", "bv": 0, "v": 3}], [11, 12, 3]),
        ([{"bn": "a", "bs": 5, "bu": "W"}, {"s": 2}, {"v": 1, "s": 3}], [7, 1, 8]),
        (
            [{"n": "a", "vb": True, "bv": 7}, {"n": "a", "vs": "1"}, {"n": "a", "vd": "MQ"}, {"n": "a", "v": None}],
            [True],
        ),
        ([], []),
    ],
)
def test_base_values_sums_and_switches_are_resolved(pack: list[dict[str, object]], values: list[float]) -> None:
    assert [r.value for r in take("things/balcony/readings", json.dumps(pack).encode()).readings] == values


@pytest.mark.parametrize(
    ("record", "time"),
    [
        ({}, None),
        ({"t": -2.5}, NOW - 2_500_000),
        ({"bt": 1_780_315_200, "t": 0.25}, NOW + 250_000),
        ({"bt": 2**28 - 1}, NOW + (2**28 - 1) * 1_000_000),
        ({"bt": 2**28}, 2**28 * 1_000_000),
    ],
)
def test_times_are_absolute_or_relative_to_the_arrival(record: dict[str, object], time: int | None) -> None:
    (reading,) = take("things/balcony/readings", json.dumps([{"n": "a", "v": 1, **record}]).encode()).readings
    assert reading.time == time
