"""The one loop of the endpoint that is written for speed: PUBLISH packets of a whole socket read into `Message`s.

Rule: it takes what is common and certain and leaves everything else, unread, to the codec. A packet is taken when it
is complete, its topic and its property block were seen before and found good, and its packet identifier is free;
otherwise the loop stops at its first byte. So it makes no decision of its own, and it raises nothing.
"""

from __future__ import annotations

from hub.core.grade import Grade
from hub.core.reading import Message, Sender
from hub.mqtt.packets import Publish, Type
from hub.mqtt.properties import Properties

_MOST_REPEATED = 65_536
TOPIC_BYTES = 256
PROPERTY_BYTES = 127
"""Longer topics and property blocks are not remembered; they go through the codec every time."""


class Known(dict[bytes, str]):
    """Topic bytes that were found good → the topic, for all connections together, at most `bound` of them.

    When it is full it starts again from nothing: whoever floods it with topics makes others a little slower, no more.
    """

    def __init__(self, bound: int) -> None:
        super().__init__()
        self._bound = bound

    def remember(self, topic: str) -> None:
        """Keep a topic that the endpoint takes."""
        raw = topic.encode()
        if len(raw) <= TOPIC_BYTES:
            if len(self) >= self._bound:
                self.clear()
            self[raw] = topic


class Wishes(dict[bytes, Grade | None]):
    """Property blocks (length included) that were found good → the wish they hold, bounded like `Known`."""

    def __init__(self, bound: int) -> None:
        super().__init__()
        self._bound = bound

    def remember(self, block: bytes, wish: Grade | None) -> None:
        """Keep a property block that the codec has read; longer ones than one length byte can say are not kept."""
        if len(block) <= PROPERTY_BYTES + 1:
            if len(self) >= self._bound:
                self.clear()
            self[block] = wish


class Intake:
    """What the loop knows of one connection, and what it has taken since it was last emptied.

    `messages` are in the order in which they came; `owed` of them want an acknowledgement. `taken` holds the packet
    identifiers of QoS 2 that are not stored yet, `stored` those that were acknowledged and not released yet.
    `limit` is the largest packet in bytes, `five` whether the connection speaks MQTT 5. `repeats`: the other side is a
    broker or a bridge, which sends what it retained when it connects; then the first retained message of each topic is
    marked as retained. A device's own message is new, whatever it asks others to do with it (MQTT 5, 3.3.1.3).
    """

    __slots__ = (
        "_credential",
        "_five",
        "_known",
        "_limit",
        "_repeated",
        "_sender",
        "_wishes",
        "messages",
        "owed",
        "stored",
        "taken",
    )

    def __init__(
        self, sender: Sender, credential: int, known: Known, wishes: Wishes, limit: int, *, five: bool,
        repeats: bool = False,
    ) -> None:  # fmt: skip
        self._sender = sender
        self._credential = credential
        self._known = known
        self._wishes = wishes
        self._limit = limit
        self._five = five
        self._repeated: set[str] | None = set() if repeats else None
        self.messages: list[Message] = []
        self.owed = 0
        self.taken: set[int] = set()
        self.stored: set[int] = set()

    def take(self, data: bytes, position: int, received: int) -> int:  # noqa: C901, PLR0911, PLR0912 - the hot loop
        """Take the PUBLISH packets from `position` on; give the place of the first byte that was not taken."""
        known, wishes, sender, credential = self._known.get, self._wishes, self._sender, self._credential
        append, five, length = self.messages.append, self._five, len(data)
        last = length - 4  # the shortest PUBLISH has five bytes, so a head and its length can always be read
        while position < last:
            qos = _QOS[data[position]]
            size = data[position + 1]
            start = position + 2
            if size > _ONE_BYTE:
                size, start = _long(data, position + 1, self._limit)
            stop = start + size
            if qos == _OTHER or size < _SHORTEST or stop > length:
                return position
            body = start + 2 + (data[start] << 8 | data[start + 1])
            topic = known(data[start + 2 : body])
            if topic is None:
                return position
            packet = 0
            if qos:
                body += 2
                if body > stop:
                    return position
                packet = data[body - 2] << 8 | data[body - 1]
                if not packet or (qos == 2 and (packet in self.taken or packet in self.stored)):  # noqa: PLR2004
                    return position
            wish = None
            if five:
                if body < stop and not data[body]:
                    body += 1
                else:
                    block = data[body : body + 1 + data[body]] if body < stop else b""
                    if block not in wishes:
                        return position
                    wish = wishes[block]
                    body += len(block)
            if body > stop:
                return position
            message = Message(sender, credential, topic, data[body:stop], received, packet, qos)
            if wish is not None or data[position] & _FLAGS:
                message.wish, message.dup = wish, bool(data[position] & 8)
                message.retained = bool(data[position] & 1) and self._repeats(topic)
            append(message)
            if qos:
                self.owed += 1
                if qos == 2:  # noqa: PLR2004
                    self.taken.add(packet)
            position = stop
        return position

    def _repeats(self, topic: str) -> bool:
        """Whether a retained message repeats what was new before this connection: once for each topic."""
        seen = self._repeated
        if seen is None or topic in seen or len(seen) >= _MOST_REPEATED:
            return False
        seen.add(topic)
        return True

    def add(self, packet: Publish, received: int) -> None:
        """Take a PUBLISH that the codec has read."""
        self.messages.append(
            Message(
                self._sender, self._credential, packet.topic, packet.payload, received, packet.packet, packet.qos,
                packet.dup, packet.retain and self._repeats(packet.topic), read_wish(packet.properties),
            )
        )  # fmt: skip
        if packet.qos:
            self.owed += 1
            if packet.qos == 2:  # noqa: PLR2004
                self.taken.add(packet.packet)

    def learn(self, data: bytes, start: int, packet: Publish) -> None:
        """Remember topic and properties of a packet that was added and that the codec has read from `start` on."""
        self._known.remember(packet.topic)
        at = start + 2 + len(packet.topic.encode()) + (2 if packet.qos else 0)
        if self._five and data[at] <= PROPERTY_BYTES:
            self._wishes.remember(data[at : at + 1 + data[at]], read_wish(packet.properties))


def read_wish(properties: Properties) -> Grade | None:
    """The strictest of the user properties named `grade`; None when there is none."""
    return min((Grade.read(value) for name, value in properties.user if name == "grade"), default=None)


_ONE_BYTE = 0x7F
_SHORTEST = 3
_FLAGS = 0x09
_OTHER = 3


def _qos(head: int) -> int:
    """The QoS of a PUBLISH by its first byte; `_OTHER` for another packet, QoS 3 or a repeated QoS 0."""
    qos = head >> 1 & 3
    return qos if head >> 4 == Type.PUBLISH and not (head & 8 and not qos) else _OTHER


_QOS = bytes(_qos(head) for head in range(256))


def _long(data: bytes, at: int, limit: int) -> tuple[int, int]:
    """A length of two or three bytes and where it ends; 0 for any other, and for one over the limit."""
    second, third = data[at + 1], data[at + 2]
    size, end = data[at] & 0x7F | second << 7, at + 2
    if second > _ONE_BYTE:
        size, end = size & 0x3FFF | third << 14, at + 3
    fits = size > _ONE_BYTE and end - at + 1 + size <= limit
    shortest = 0 < second <= _ONE_BYTE or 0 < third <= _ONE_BYTE
    return (size, end) if fits and shortest else (0, end)
