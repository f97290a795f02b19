"""What the generator sends: real packets, as long as the page says, no two alike."""

from __future__ import annotations

from hub.core.reading import Heard, Message
from hub.decoders import DECODERS
from hub.mqtt.codec import Decoder, Side
from hub.mqtt.packets import MQTT_3, Publish
from tests.bench.packets import IDENTIFIERS, PACK, packs, singles, stream
from tests.bench.pure import Nobody

THINGS = ["a", "b", "c"]
SINCE = 1_732_327_200_123_456


def published(data: bytes) -> list[Publish]:
    decoder = Decoder(Side.CLIENT, MQTT_3)
    decoder.feed(data)
    return [packet for packet in decoder if isinstance(packet, Publish)]


def readings(topic: str, payload: bytes) -> list[tuple[str, str, int | None]]:
    decoded = DECODERS["native"](Message(Nobody(), 1, topic, payload, SINCE), Heard())
    return [(r.thing, r.property, r.time) for r in decoded.readings]


def test_the_codec_reads_what_the_generator_writes() -> None:
    messages = list(singles(THINGS, 7, SINCE))
    made = stream(iter(messages))
    found = published(made.data)
    assert [(p.topic, p.payload) for p in found] == messages
    assert [(p.packet, p.qos, p.dup) for p in found] == [(n + 1, 1, False) for n in range(7)]
    assert made.ends[-1] == len(made.data)
    assert made.acks == b"".join(b"\x40\x02" + (n + 1).to_bytes(2, "big") for n in range(7))


def test_packet_identifiers_begin_again_and_are_never_nothing() -> None:
    made = stream(("a", b"") for _ in range(IDENTIFIERS + 2))
    assert [p.packet for p in published(made.data)][-3:] == [IDENTIFIERS, 1, 2]


def test_a_single_reading_has_58_bytes() -> None:
    assert {len(payload) for _, payload in singles(THINGS, 9_000, SINCE)} == {58}


def test_no_two_readings_are_of_one_thing_at_one_time() -> None:
    single = [r for message in singles(THINGS, 300, SINCE) for r in readings(*message)]
    packed = [r for message in packs(THINGS, 30, SINCE) for r in readings(*message)]
    assert len(set(single)) == 300
    assert len(set(packed)) == len(packed) == 30 * PACK
