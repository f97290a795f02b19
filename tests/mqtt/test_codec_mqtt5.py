"""The codec beside `mqtt5`, an implementation in Rust that knows nothing of ours: each reads what the other writes.

An absent property and its default are the same to it, so only the properties that are present are compared.
"""

# ruff: noqa: ANN401 - the other codec's packets have no common type

from __future__ import annotations

from typing import Any

import mqtt5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.mqtt.codec import RULES, Decoder, Side, write
from hub.mqtt.packets import MQTT_5, Connect, Filter, Packet, Publish, SubAck, Subscribe, Unsubscribe, Will
from hub.mqtt.properties import Properties
from tests.mqtt.strategies import TYPES, packets

NAMES = {
    "message_expiry": "message_expiry_interval",
    "payload_format": "payload_format_indicator",
    "session_expiry": "session_expiry_interval",
    "request_problem_information": "request_problem_info",
    "request_response_information": "request_response_info",
    "will_delay": "will_delay_interval",
    "response_information": "response_info",
    "reason_string": "reason_str",
    "receive_maximum": "receive_max",
    "topic_alias_maximum": "topic_alias_max",
    "maximum_qos": "max_qos",
    "user": "user_properties",
    "maximum_packet_size": "max_packet_size",
    "wildcards_available": "wildcard_subscription_available",
    "identifiers_available": "subscription_id_available",
    "shared_available": "shared_subscription_available",
    "packet": "packet_id",
    "reason": "reason_code",
    "reasons": "reason_codes",
    "dup": "duplicate",
    "subscription_identifiers": "subscription_ids",
    "filters": "topic_filters",
    "qos": "qos",
}
"""Our names → theirs, where they differ."""


def other(packet: Packet) -> Any:
    """What `mqtt5` reads from our bytes."""
    raw = write(packet, MQTT_5)
    found, size = mqtt5.read(memoryview(raw))
    assert size == len(raw)
    return found


def check(ours: Any, theirs: Any) -> None:
    """Every field and every property that is present is the same."""
    for name in ours.__struct_fields__:
        value = getattr(ours, name)
        if name == "properties":
            _check_properties(ours, value, theirs)
        elif isinstance(value, Will):
            check(value, theirs.will)
        elif name == "filters":
            for one, its in zip(value, theirs.topic_filters, strict=True):
                _check_filter(one, its)
        elif name not in {"version", "bridge"}:
            _check_value(NAMES.get(name, name), value, theirs)


def _check_properties(ours: Any, given: Properties, theirs: Any) -> None:
    for name in given.__struct_fields__:
        value = getattr(given, name)
        their = NAMES.get(name, name)
        if isinstance(ours, Subscribe) and name == "subscription_identifiers":
            their, value = "subscription_id", (value[0] if value else None)
        if value is not None and value != ():
            _check_value(their, value, theirs)


def _check_value(name: str, value: Any, theirs: Any) -> None:
    their = getattr(theirs, name)
    if name == "packet_id" and value == 0:
        assert their is None
    elif isinstance(value, tuple):
        assert [int(one) if name == "reason_codes" else one for one in their] == list(value)
    elif isinstance(value, int):
        assert int(their) == value
    elif name == "payload":
        assert (their or b"") == value
    else:
        assert their == value


def _check_filter(one: Filter, its: Any) -> None:
    mine = (one.pattern, one.qos, one.no_local, one.retain_as_published, one.retain_handling)
    assert mine == (its.pattern, int(its.max_qos), its.no_local, its.retain_as_published, int(its.retain_handling))


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_both_codecs_say_the_same_of_every_packet(kind: type, data: st.DataObject) -> None:
    sender = Side.SERVER if RULES[TYPES[kind]].sender is Side.BOTH else RULES[TYPES[kind]].sender
    packet = data.draw(packets(MQTT_5, sender, kind))
    theirs = other(packet)
    check(packet, theirs)
    decoder = Decoder(sender, MQTT_5)
    decoder.feed(theirs.write())
    back = decoder.take()
    assert back is not None
    check(back, theirs)


@pytest.mark.parametrize(
    "packet", [Publish("a", b"1", 1, 7), Connect("c"), SubAck(1, (0, 0x8F)), Unsubscribe(1, ("a",))]
)
def test_plain_packets_have_the_same_bytes_in_both_codecs(packet: Packet) -> None:
    assert write(packet, MQTT_5) == other(packet).write()


@given(data=st.binary(min_size=2, max_size=60), kind=st.integers(0, 255))
@settings(max_examples=400)
def test_what_the_other_codec_refuses_is_not_taken_either(data: bytes, kind: int) -> None:
    """Ours may be stricter; where it takes a packet, the other takes it as well and ends it in the same place."""
    raw = bytes([kind, len(data)]) + data
    decoder = Decoder(Side.SERVER, MQTT_5)
    decoder.feed(raw)
    try:
        packet = decoder.take()
    except Exception:  # noqa: BLE001 - only what is taken is of interest here
        return
    if packet is not None:
        assert mqtt5.read(memoryview(raw))[1] == len(raw)
