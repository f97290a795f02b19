"""The codec by itself: what is written is read again, however it is cut, and nothing else gets through."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.mqtt.codec import Decoder, Side, write
from hub.mqtt.packets import MQTT_3, MQTT_5, Connect, Packet, PingReq, PubAck, Publish, Subscribe
from hub.mqtt.properties import Properties
from hub.mqtt.reasons import ProtocolError, Reason
from tests.mqtt.strategies import packets

WAYS = list(product((MQTT_3, MQTT_5), (Side.CLIENT, Side.SERVER)))
way = pytest.mark.parametrize(("version", "sender"), WAYS)
HELLO = write(Connect("c", MQTT_5))


def outcome(decoder: Decoder, pieces: list[bytes]) -> tuple[list[Packet], Reason | None]:
    """Everything that the decoder makes of the pieces, and the fault it ends with."""
    found: list[Packet] = []
    for piece in pieces:
        decoder.feed(piece)
        try:
            found.extend(decoder)
        except ProtocolError as fault:
            return found, fault.reason
    return found, None


def refusal(data: bytes, version: int | None = MQTT_5, sender: Side = Side.CLIENT, limit: int = 1_000) -> Reason | None:
    return outcome(Decoder(sender, version, limit), [data])[1]


@way
@given(data=st.data())
def test_what_is_written_is_read_again_by_the_other_side(version: int, sender: Side, data: st.DataObject) -> None:
    sent = data.draw(st.lists(packets(version, sender), max_size=5))
    raw = b"".join(write(packet, version) for packet in sent)
    assert outcome(Decoder(sender, version), [raw]) == (sent, None)


@pytest.mark.slow
@way
@given(data=st.data())
def test_a_byte_at_a_time_gives_what_one_piece_gives(version: int, sender: Side, data: st.DataObject) -> None:
    sent = data.draw(st.lists(packets(version, sender), min_size=1, max_size=3))
    raw = b"".join(write(packet, version) for packet in sent)
    assert outcome(Decoder(sender, version), [raw[at : at + 1] for at in range(len(raw))]) == (sent, None)


@given(data=st.binary(max_size=200), cut=st.integers(0, 200), version=st.sampled_from([None, MQTT_3, MQTT_5]))
@settings(max_examples=400)
def test_random_bytes_give_packets_or_a_protocol_error_however_they_are_cut(
    data: bytes, cut: int, version: int | None
) -> None:
    whole = outcome(Decoder(Side.BOTH, version, 100), [data])
    assert outcome(Decoder(Side.BOTH, version, 100), [data[:cut], data[cut:]]) == whole


@way
@given(data=st.data())
def test_a_packet_with_changed_bytes_gives_packets_or_a_protocol_error(
    version: int, sender: Side, data: st.DataObject
) -> None:
    raw = bytearray(write(data.draw(packets(version, sender)), version))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found, fault = outcome(Decoder(sender, version), [bytes(raw)])
    if fault is None:
        again = b"".join(write(packet, version) for packet in found)
        assert outcome(Decoder(sender, version), [again]) == (found, None)


def test_packets_before_a_fault_are_given_and_the_fault_stays() -> None:
    decoder = Decoder(Side.CLIENT, MQTT_5)
    decoder.feed(write(PingReq()) + b"\xf7\x00" + write(PingReq()))
    assert decoder.take() == PingReq()
    for _ in range(2):
        with pytest.raises(ProtocolError):
            decoder.take()


def test_the_version_is_what_connect_says() -> None:
    decoder = Decoder(Side.CLIENT)
    decoder.feed(write(Connect("c", MQTT_3)) + write(Publish("a", b"1"), MQTT_3))
    assert [type(packet) for packet in decoder] == [Connect, Publish]
    assert decoder.version == MQTT_3


def test_a_bridge_marks_its_level_and_is_understood() -> None:
    raw = write(Connect("bridge", MQTT_3, bridge=True))
    assert raw[8] == 0x84
    decoder = Decoder(Side.CLIENT)
    decoder.feed(raw)
    assert list(decoder) == [Connect("bridge", MQTT_3, bridge=True)]


def test_what_is_kept_of_an_unfinished_packet_is_bounded() -> None:
    decoder = Decoder(Side.CLIENT, MQTT_5, limit=1_000)
    decoder.feed(b"\x30\xff\xff\x7f")
    with pytest.raises(ProtocolError) as fault:
        decoder.take()
    assert fault.value.reason is Reason.PACKET_TOO_LARGE


def body(head: int, *parts: bytes) -> bytes:
    whole = b"".join(parts)
    return bytes([head, len(whole)]) + whole


CASES: dict[str, tuple[bytes, int | None, Reason]] = {
    "a type that does not exist": (b"\x00\x00", MQTT_5, Reason.MALFORMED),
    "AUTH in 3.1.1": (b"\xf0\x00", MQTT_3, Reason.PROTOCOL_ERROR),
    "flags of PUBREL that are wrong": (body(0x60, b"\0\1"), MQTT_5, Reason.MALFORMED),
    "a packet of the other side": (b"\xd0\x00", MQTT_5, Reason.PROTOCOL_ERROR),
    "a first packet that is not CONNECT": (b"\xc0\x00", None, Reason.PROTOCOL_ERROR),
    "a length of five bytes": (b"\xc0\xff\xff\xff\xff\x01", MQTT_5, Reason.MALFORMED),
    "a length not in its shortest form": (b"\xc0\x80\x00", MQTT_5, Reason.MALFORMED),
    "more than the packet holds": (body(0xC0, b"x"), MQTT_5, Reason.MALFORMED),
    "QoS 3": (body(0x36, b"\0\1a\0\1\0"), MQTT_5, Reason.MALFORMED),
    "DUP with QoS 0": (body(0x38, b"\0\1a\0"), MQTT_5, Reason.MALFORMED),
    "packet identifier 0": (body(0x32, b"\0\1a\0\0\0"), MQTT_5, Reason.PROTOCOL_ERROR),
    "a topic with #": (body(0x30, b"\0\1#\0"), MQTT_5, Reason.TOPIC_NAME_INVALID),
    "a topic with +": (body(0x30, b"\0\3a/+\0"), MQTT_5, Reason.TOPIC_NAME_INVALID),
    "an empty topic": (body(0x30, b"\0\0\0"), MQTT_5, Reason.TOPIC_NAME_INVALID),
    "an empty topic in 3.1.1": (body(0x30, b"\0\0x"), MQTT_3, Reason.TOPIC_NAME_INVALID),
    "a topic alias of 0": (body(0x30, b"\0\0\3\x23\0\0"), MQTT_5, Reason.TOPIC_ALIAS_INVALID),
    "a topic past the end": (body(0x30, b"\0\x09a"), MQTT_5, Reason.MALFORMED),
    "U+0000 in a topic": (body(0x30, b"\0\2a\0\0"), MQTT_5, Reason.MALFORMED),
    "a surrogate in a topic": (body(0x30, b"\0\3\xed\xa0\x80\0"), MQTT_5, Reason.MALFORMED),
    "overlong UTF-8": (body(0x30, b"\0\2\xc0\xaf\0"), MQTT_5, Reason.MALFORMED),
    "a property twice": (body(0x30, b"\0\1a\4\1\1\1\1"), MQTT_5, Reason.PROTOCOL_ERROR),
    "a property of another packet": (body(0x30, b"\0\1a\3\x21\0\1"), MQTT_5, Reason.PROTOCOL_ERROR),
    "a property that does not exist": (body(0x30, b"\0\1a\2\x7e\0"), MQTT_5, Reason.MALFORMED),
    "a payload format of 2": (body(0x30, b"\0\1a\2\1\2"), MQTT_5, Reason.PROTOCOL_ERROR),
    "properties past the end": (body(0x30, b"\0\1a\x09\1"), MQTT_5, Reason.MALFORMED),
    "a wildcard in a response topic": (body(0x30, b"\0\1a\4\x08\0\1#"), MQTT_5, Reason.TOPIC_NAME_INVALID),
    "a client's subscription identifier": (body(0x30, b"\0\1a\2\x0b\1"), MQTT_5, Reason.PROTOCOL_ERROR),
    "a reason of another packet": (body(0x40, b"\0\1\x8e"), MQTT_5, Reason.PROTOCOL_ERROR),
    "SUBSCRIBE without a filter": (body(0x82, b"\0\1\0"), MQTT_5, Reason.PROTOCOL_ERROR),
    "SUBSCRIBE with QoS 3": (body(0x82, b"\0\1\0\0\1a\3"), MQTT_5, Reason.MALFORMED),
    "SUBSCRIBE with options of MQTT 5 in 3.1.1": (body(0x82, b"\0\1\0\1a\4"), MQTT_3, Reason.MALFORMED),
    "# in the middle": (body(0x82, b"\0\1\0\0\4a#/b\0"), MQTT_5, Reason.MALFORMED),
    "a shared filter with no local": (body(0x82, b"\0\1\0\0\x0a$share/g/a\4"), MQTT_5, Reason.PROTOCOL_ERROR),
    "UNSUBSCRIBE without a filter": (body(0xA2, b"\0\1"), MQTT_3, Reason.PROTOCOL_ERROR),
    "another protocol": (body(0x10, b"\0\4HTTP\4\2\0\0\0\0"), None, Reason.UNSUPPORTED_VERSION),
    "level 3": (body(0x10, b"\0\4MQTT\3\2\0\0\0\0"), None, Reason.UNSUPPORTED_VERSION),
    "CONNECT's reserved flag": (body(0x10, b"\0\4MQTT\4\3\0\0\0\0"), None, Reason.MALFORMED),
    "will QoS without a will": (body(0x10, b"\0\4MQTT\4\x0a\0\0\0\0"), None, Reason.MALFORMED),
    "a password without a name in 3.1.1": (body(0x10, b"\0\4MQTT\4\x42\0\0\0\0\0\0"), None, Reason.MALFORMED),
    "a receive maximum of 0": (body(0x10, b"\0\4MQTT\5\2\0\0\3\x21\0\0\0\0"), None, Reason.PROTOCOL_ERROR),
    "authentication data without a method": (
        body(0x10, b"\0\4MQTT\5\2\0\0\4\x16\0\1x\0\0"), None, Reason.PROTOCOL_ERROR,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_the_standard_forbids_is_refused_with_its_reason(case: str) -> None:
    data, version, reason = CASES[case]
    assert refusal(data, version) is reason


def test_a_fault_behind_the_level_tells_the_version_to_answer_in() -> None:
    decoder = Decoder(Side.CLIENT)
    decoder.feed(body(0x10, b"\0\4MQTT\5\3\0\0\0\0\0"))
    with pytest.raises(ProtocolError) as fault:
        decoder.take()
    assert fault.value.version == MQTT_5


@pytest.mark.parametrize(
    ("packet", "version"),
    [
        (Publish("a", b"", qos=1), MQTT_5),
        (Publish("a\0", b""), MQTT_5),
        (Publish("a" * 70_000, b""), MQTT_5),
        (PubAck(1, properties=Properties(receive_maximum=1)), MQTT_5),
        (Connect("c", MQTT_3, password=b"x"), MQTT_3),
    ],
)
def test_what_nobody_may_read_is_not_written(packet: Packet, version: int) -> None:
    with pytest.raises(ValueError, match=r"MQTT|packet"):
        write(packet, version)


def test_a_subscription_has_the_same_bytes_as_in_the_standard() -> None:
    """Figure 3-20 of MQTT 5: `a/b` with QoS 1 and `c/d` with QoS 2, packet identifier 10, no properties."""
    raw = bytes.fromhex("82 0f 000a 00 0003612f62 01 0003632f64 02")
    decoder = Decoder(Side.CLIENT, MQTT_5)
    decoder.feed(raw)
    packet = decoder.take()
    assert isinstance(packet, Subscribe)
    assert [(one.pattern, one.qos) for one in packet.filters] == [("a/b", 1), ("c/d", 2)]
    assert write(packet) == raw
