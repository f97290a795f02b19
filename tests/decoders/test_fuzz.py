"""Whatever comes over the wire: a `Decoded` with finite values and lawful names, or a `DecodeError`; nothing else."""

from __future__ import annotations

import contextlib
import gzip
import json
import math
from collections.abc import Iterator

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.reading import DecodeError, Heard, Message
from hub.decoders import DECODERS
from hub.decoders.lines import Nobody
from hub.decoders.names import is_name
from tests.decoders.samples import decoded, every_sample, read

TOPICS = {
    "native": ["things/a/readings", "things/a/temperature", "things/a/about", "things/a/status", "senml/x", "things/a"],
    "tasmota": ["tele/a/SENSOR", "tele/a/STATE", "stat/a/RESULT", "stat/a/STATUS0", "stat/a/POWER", "tele/SENSOR",
                "tasmota/discovery/0/config"],
    "zigbee2mqtt": ["zigbee2mqtt/a", "zigbee2mqtt/bridge/devices", "zigbee2mqtt/a/temperature", "x/bridge/devices"],
    "ttn-v3": ["v3/app@ttn/devices/a/up", "up"],
}  # fmt: skip
SAMPLES = [(form, name, *read(form, name)) for form, name in every_sample()]
MOST_TOPICS = 6
MANY_PLACES = settings(max_examples=40, deadline=None)
"""Hundreds of topics and samples: of each a few, together thousands."""


def _topics(form: str) -> list[str]:
    """Those above, else the first of its samples'."""
    of_samples = dict.fromkeys(sample.topic for said, _, sample, _ in SAMPLES if said == form)
    return TOPICS.get(form) or list(of_samples)[:MOST_TOPICS]


def _keys(tree: object) -> set[str]:
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    own = set(tree) if isinstance(tree, dict) else set()
    return own.union(*map(_keys, inner))


def _keys_of_samples() -> Iterator[str]:
    for _, _, _, payload in SAMPLES:
        with contextlib.suppress(ValueError):
            yield from _keys(json.loads(payload))


PLACES = [(form, topic) for form in DECODERS for topic in _topics(form)]
RECEIVED = 1_780_315_200_000_000
KEYS = [
    "n", "v", "t", "u", "bn", "bt", "bu", "bv", "bs", "bver", "vb", "vs", "s", "grade", "datastreams", "exposure",
    "name", "Time", "Epoch", "TempUnit", "ENERGY", "Temperature", "ZbReceived", "Name", "Device", "StatusSNS", "POWER",
    "ft", "last_seen", "temperature", "friendly_name", "definition", "exposes", "features", "property", "type", "unit",
    "end_device_ids", "device_id", "uplink_message", "decoded_payload", "messages", "measurementValue", "rx_metadata",
    "received_at", "result", "normalized_payload", "rssi", "application_ids", "settings", "",
]  # fmt: skip
KEYS = sorted({*KEYS, *_keys_of_samples()})
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.integers(min_value=10**300, max_value=10**400) | st.floats()
    | st.text(max_size=20) | st.sampled_from(["NaN", "1e999", "3,01", "ON", "2026-06-01T12:00:00Z", "9" * 400])
    | st.just("\ud800")
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner),
    max_leaves=20,
)
NASTY = {
    "nothing": b"",
    "bare nan": b"nan",
    "nan literal": b'{"v":NaN,"Time":NaN,"a":[nan,inf,-Infinity]}',
    "huge exponent": b'[{"n":"a","v":1e999,"t":1e999}]',
    "huge exponent alone": b"1e999",
    "400 digits": b'{"v":' + b"9" * 400 + b',"S":{"Temperature":' + b"9" * 400 + b"}}",
    "400 digits alone": b"9" * 400,
    "5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "deep lists": b"[" * 100_000,
    "deep lists, closed": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep, but readable": b'{"a":' * 200 + b"1" + b"}" * 200,
    "lone surrogate": b'{"\\ud800":1,"Name":"\\udfff","v":"\\ud800"}',
    "latin-1": '{"Temperature":21,"unit":"°C"}'.encode("latin-1"),
    "utf-16": '{"v":1}'.encode("utf-16"),
    "gzip": gzip.compress(b'{"v":1}'),
    "trailing nul": b"21.5\x00\x00",
    "rest of a buffer": b'{"v":21.5}\x00"old":1}',
    "bad value and base value": b'[{"n":"a","v":1e308,"bv":1e308}]',
    "bad sum": b'[{"n":"a","s":-1e308,"bs":-1e308}]',
    "no name": b'[{"v":1}]',
    "wildcards": b'[{"n":"a/+/#","v":1}]',
    "control characters": b'[{"bn":"a\\u0000:","n":"b","v":1}]',
    "long name": b'[{"n":"' + b"a" * 5000 + b'","v":1}]',
    "time before all": b'{"v":1,"t":-1e300}',
    "time after all": b'{"v":1,"t":1e300,"last_seen":99999999999999999999999}',
    "cbor deep": b"\x81" * 100_000,
    "cbor long": b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "cbor unhashable key": b"\x81\xa1\x80\x01",
    "cbor nan": cbor2.dumps([{0: "a", 2: math.nan}, {0: "b", 2: math.inf, 6: math.nan}]),
    "cbor bignum": cbor2.dumps([{0: "a", 2: 10**400}]),
    "cbor decimal": bytes.fromhex("81a2006161") + bytes.fromhex("02c4821a7fffffff01"),
    "cbor shared": bytes.fromhex("d81c81d81d00"),
    "cbor date": bytes.fromhex("c11a514b67b0"),
}


def check(form: str, topic: str, payload: bytes, heard: Heard | None = None) -> None:
    """Decode, and look at what comes out."""
    try:
        found = DECODERS[form](Message(Nobody(), 1, topic, payload, RECEIVED), heard or Heard())
    except DecodeError:
        return
    for reading in found.readings:
        assert math.isfinite(reading.value)
        assert isinstance(reading.value, float | bool)
        assert reading.time is None or abs(reading.time) < 2**62
        assert is_name(reading.thing)
        assert is_name(reading.property)
    for said in found.announcements:
        assert is_name(said.thing)
        assert not said.property or is_name(said.property)


@pytest.mark.parametrize(("form", "topic"), PLACES)
def test_hand_made_nastiness_is_an_answer_or_a_decode_error(form: str, topic: str) -> None:
    for payload in NASTY.values():
        check(form, topic, payload)


@pytest.mark.slow
@pytest.mark.parametrize(("form", "topic"), PLACES)
@MANY_PLACES
@given(payload=st.binary(max_size=200))
def test_random_bytes_are_an_answer_or_a_decode_error(form: str, topic: str, payload: bytes) -> None:
    check(form, topic, payload)


@pytest.mark.slow
@pytest.mark.parametrize(("form", "topic"), PLACES)
@MANY_PLACES
@given(tree=TREES)
def test_nested_json_is_an_answer_or_a_decode_error(form: str, topic: str, tree: object) -> None:
    check(form, topic, json.dumps(tree).encode("utf-8", "surrogatepass"))


@pytest.mark.slow
@pytest.mark.parametrize("topic", ["things/a/readings", "senml/x"])
@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.integers(-7, 9) | st.text(max_size=3), SCALARS.filter(lambda s: s != "\ud800")))
)
def test_cbor_packs_are_an_answer_or_a_decode_error(topic: str, rows: list[dict[object, object]]) -> None:
    check("native", topic, cbor2.dumps(rows))


@pytest.mark.slow
@pytest.mark.parametrize(("form", "name"), list(every_sample()))
@MANY_PLACES
@given(data=st.data())
def test_a_damaged_sample_is_an_answer_or_a_decode_error(form: str, name: str, data: st.DataObject) -> None:
    sample, payload = read(form, name)
    heard = Heard()
    for earlier in sample.after:
        other, _, earlier_name = earlier.rpartition("/")
        heard.hear(decoded(other or form, earlier_name, heard).announcements)
    at = data.draw(st.integers(0, len(payload)))
    until = data.draw(st.integers(at, len(payload)))
    check(form, sample.topic, payload[:at] + data.draw(st.binary(max_size=4)) + payload[until:], heard)


@pytest.mark.parametrize("form", sorted(DECODERS))
@given(topic=st.text(max_size=40), payload=st.sampled_from([b"1", b"{}", b'{"a":1}', b'[{"n":"a","v":1}]']))
def test_any_topic_is_an_answer_or_a_decode_error(form: str, topic: str, payload: bytes) -> None:
    check(form, topic, payload)
