"""The hot loop beside the codec: it takes less, and what it takes is what the codec would have given."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.grade import Grade
from hub.core.reading import Message
from hub.mqtt.codec import Decoder, Side, write
from hub.mqtt.hot import Intake, Known, Wishes
from hub.mqtt.packets import MQTT_3, MQTT_5, PingReq, Publish
from hub.mqtt.properties import NO_PROPERTIES, Properties
from hub.mqtt.reasons import ProtocolError

TOPICS = ["a", "things/7/readings", "zigbee2mqtt/kuchyň"]
STREET = Properties(user=(("grade", "street"),))
LIMIT = 40_000


class Silent:
    mark = 0

    def acknowledge(self, messages: Sequence[Message]) -> None:
        pass

    def hold_up(self, messages: Sequence[Message]) -> None:
        pass

    def answer(self, topic: str, payload: bytes) -> None:
        pass


def intake(version: int, bound: int = 100, *, repeats: bool = False) -> Intake:
    """An intake that knows `TOPICS` and the wish for the street."""
    known, wishes = Known(bound), Wishes(bound)
    for topic in TOPICS:
        known.remember(topic)
    raw = write(Publish("a", b"", properties=STREET))
    wishes.remember(raw[5:], Grade.STREET)
    return Intake(Silent(), 5, known, wishes, LIMIT, five=version == MQTT_5, repeats=repeats)


def told(message: Message) -> tuple[object, ...]:
    qos_and_flags = (message.qos, message.packet, message.dup, message.retained)
    return (message.topic, message.payload, *qos_and_flags, message.wish)


@st.composite
def bursts(draw: st.DrawFn) -> tuple[int, list[Publish]]:
    """Messages that the loop knows all about, with a QoS 2 identifier only once."""
    version = draw(st.sampled_from([MQTT_3, MQTT_5]))
    sizes = st.sampled_from([0, 1, 100, 127, 128, 129, 16_383, 16_384])
    packets = []
    for number in range(draw(st.integers(1, 6))):
        qos = draw(st.integers(0, 2))
        properties = draw(st.sampled_from([NO_PROPERTIES, STREET])) if version == MQTT_5 else NO_PROPERTIES
        packets.append(
            Publish(
                draw(st.sampled_from(TOPICS)), bytes(draw(sizes)), qos, number + 1 if qos else 0,
                bool(qos and draw(st.booleans())), draw(st.booleans()), properties,
            )
        )  # fmt: skip
    return version, packets


@pytest.mark.parametrize("version", [MQTT_3, MQTT_5])
def test_what_a_bridge_sends_again_when_it_connects_is_marked_once_for_each_topic(version: int) -> None:
    first, second = TOPICS[:2]
    sent = [(first, True), (second, False), (first, True), (second, True), (first, False)]
    data = b"".join(write(Publish(topic, b"1", retain=retain), version) for topic, retain in sent)
    bridge, device = intake(version, repeats=True), intake(version)
    assert bridge.take(data, 0, 99) == device.take(data, 0, 99) == len(data)
    assert [message.retained for message in bridge.messages] == [True, False, False, True, False]
    assert not any(message.retained for message in device.messages)
    device.add(Publish(first, b"1", retain=True), 99)
    assert not device.messages[-1].retained


@given(burst=bursts())
def test_it_takes_all_that_it_knows(burst: tuple[int, list[Publish]]) -> None:
    version, packets = burst
    data = b"".join(write(packet, version) for packet in packets)
    loop = intake(version)
    assert loop.take(data, 0, 99) == len(data)
    wishes = [Grade.STREET if packet.properties == STREET else None for packet in packets]
    expected = [
        (packet.topic, packet.payload, packet.qos, packet.packet, packet.dup, False, wish)
        for packet, wish in zip(packets, wishes, strict=True)
    ]
    assert [told(message) for message in loop.messages] == expected
    assert loop.owed == sum(packet.qos > 0 for packet in packets)
    assert {(message.credential, message.received) for message in loop.messages} == {(5, 99)}


@given(burst=bursts(), cut=st.integers(0, 60))
def test_it_stops_before_a_packet_that_is_not_complete(burst: tuple[int, list[Publish]], cut: int) -> None:
    version, packets = burst
    raws = [write(packet, version) for packet in packets]
    data = b"".join(raws)[: max(0, sum(map(len, raws)) - cut)]
    loop = intake(version)
    end = loop.take(data, 0, 99)
    assert end == sum(len(raw) for raw in raws[: len(loop.messages)])
    assert len(data) - end < len(raws[-1]) or len(loop.messages) < len(raws)


@pytest.mark.slow
@given(burst=bursts(), changes=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=3))
@settings(max_examples=400)
def test_changed_bytes_are_left_to_the_codec_or_mean_what_the_codec_says(
    burst: tuple[int, list[Publish]], changes: list[tuple[int, int]]
) -> None:
    version, packets = burst
    data = bytearray(b"".join(write(packet, version) for packet in packets))
    for place, value in changes:
        data[place % len(data)] = value
    loop = intake(version)
    end = loop.take(bytes(data), 0, 99)
    decoder = Decoder(Side.CLIENT, version, LIMIT)
    decoder.feed(bytes(data[:end]))
    try:
        read = [packet for packet in decoder if isinstance(packet, Publish)]
    except ProtocolError as fault:
        pytest.fail(f"the loop took what the codec refuses: {fault}")
    assert [told(message)[:5] for message in loop.messages] == [
        (packet.topic, packet.payload, packet.qos, packet.packet, packet.dup) for packet in read
    ]


@given(data=st.binary(max_size=300), version=st.sampled_from([MQTT_3, MQTT_5]))
def test_random_bytes_never_make_it_raise(data: bytes, version: int) -> None:
    for start in (b"", b"\x30", b"\x32\x05\x00\x01a", b"\x30\xff\xff\x01"):
        loop = intake(version)
        assert 0 <= loop.take(start + data, 0, 0) <= len(start) + len(data)


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (PingReq(), "another packet"),
        (Publish("unknown", b"1"), "a topic it has not seen"),
        (Publish("a", b"1", properties=Properties(content_type="x")), "properties it has not seen"),
        (Publish("a", bytes(LIMIT)), "larger than the limit"),
    ],
)
def test_what_it_does_not_know_is_left_where_it_is(packet: Publish | PingReq, why: str) -> None:
    loop = intake(MQTT_5)
    first = write(Publish("a", b"1", 1, 3))
    assert loop.take(first + write(packet), 0, 0) == len(first), why
    assert len(loop.messages) == 1


def test_a_repeated_identifier_of_qos_2_is_left_to_the_codec_until_it_is_released() -> None:
    loop = intake(MQTT_5)
    raw = write(Publish("a", b"1", 2, 7))
    assert loop.take(raw + raw, 0, 0) == len(raw)
    loop.taken.clear()
    loop.stored.add(7)
    assert loop.take(raw, 0, 0) == 0
    loop.stored.clear()
    assert loop.take(raw, 0, 0) == len(raw)


def test_what_is_remembered_is_bounded_and_long_topics_are_not() -> None:
    known = Known(3)
    for number in range(10):
        known.remember(f"topic/{number}")
    known.remember("x" * 300)
    assert len(known) <= 3
    assert known[b"topic/9"] == "topic/9"
