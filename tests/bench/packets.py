"""What the generator sends, encoded before the clock starts: whole MQTT 3.1.1 packets, one byte string a connection.

Rule: no two messages say the same of one thing at one time, so that what is stored can be counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hub.mqtt import codec
from hub.mqtt.packets import MQTT_3, Connect, Publish

IDENTIFIERS = 65_535
PACK = 100
PACK_SPAN = 100_000
"""A pack reaches over 0.1 s (µs), and the next of the same thing begins where it ends."""
_NAMES = 10


@dataclass(frozen=True, slots=True)
class Stream:
    """Packets one after the other: message `i` ends at `ends[i]`; `acks` are their PUBACKs."""

    data: bytes
    ends: NDArray[np.int64]
    acks: bytes

    def __len__(self) -> int:
        """How many messages."""
        return len(self.ends)


def stream(messages: Iterator[tuple[str, bytes]]) -> Stream:
    """QoS 1 PUBLISH packets; identifiers go from 1 to `IDENTIFIERS` and begin again."""
    packets, acks = [], []
    for number, (topic, payload) in enumerate(messages):
        identifier = (number % IDENTIFIERS + 1).to_bytes(2, "big")
        packets.append(_head(topic, len(payload)) + identifier + payload)
        acks.append(b"\x40\x02" + identifier)
    return Stream(b"".join(packets), np.cumsum([len(p) for p in packets]), b"".join(acks))


def connect(client: str, user: str | None, password: str | None) -> bytes:
    """CONNECT in 3.1.1."""
    secret = None if password is None else password.encode()
    return codec.write(Connect(client, MQTT_3, username=user, password=secret), MQTT_3)


def singles(things: Sequence[str], count: int, since: int) -> Iterator[tuple[str, bytes]]:
    """Single readings of 58 bytes, thing after thing; times (µs) from `since` on, a microsecond further each round."""
    for number in range(count):
        lap, which = divmod(number, len(things))
        time = since + lap
        yield (
            f"things/{things[which]}/temperature",
            b'{"v":%.15f, "t":%d.%06d, "u":"Cel"}' % (10 + number % 7919 / 800, *divmod(time, 1_000_000)),
        )


def packs(things: Sequence[str], count: int, since: int) -> Iterator[tuple[str, bytes]]:
    """SenML packs of 100 records: ten values ten times over, as a thing that buffers sends them."""
    for number in range(count):
        lap, which = divmod(number, len(things))
        yield f"things/{things[which]}/readings", _pack(since + lap * PACK_SPAN, number)


def _pack(since: int, number: int) -> bytes:
    records = [
        b'{"n":"p%d","u":"Cel","v":%.2f,"t":%.2f}' % (i % _NAMES, 10 + (number + i) % 997 / 50, i // _NAMES / 100 - 0.1)
        for i in range(PACK)
    ]
    base = b'[{"bt":%d.%06d,' % divmod(since, 1_000_000)
    return base + b",".join(records)[1:] + b"]"


@cache
def _head(topic: str, length: int) -> bytes:
    """A PUBLISH up to its packet identifier, as the hub's own codec writes it."""
    return codec.write(Publish(topic, b"0" * length, qos=1, packet=1), MQTT_3)[: -length - 2]
