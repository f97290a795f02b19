"""The data types of MQTT (MQTT 5 section 1.5), read from bytes and written to them.

Rule: a cursor never leaves its packet. Every read past the end is a malformed packet, and so is every text that is
not UTF-8, holds U+0000 or a surrogate, and every length that is not written in its shortest form.
"""

from __future__ import annotations

from hub.mqtt.reasons import ProtocolError, Reason

MAX_VARINT = 268_435_455
MAX_LENGTH = 65_535
_MORE = 0x80
_VARINT_BYTES = 4


class Cursor:
    """A place in the bytes of one packet."""

    __slots__ = ("data", "end", "position")

    def __init__(self, data: bytes, position: int, end: int) -> None:
        self.data = data
        self.position = position
        self.end = end

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return self.end - self.position

    def u8(self) -> int:
        """A byte."""
        return self.data[self._step(1)]

    def u16(self) -> int:
        """Two bytes, big end first."""
        start = self._step(2)
        return self.data[start] << 8 | self.data[start + 1]

    def u32(self) -> int:
        """Four bytes, big end first."""
        start = self._step(4)
        return int.from_bytes(self.data[start : start + 4], "big")

    def varint(self) -> int:
        """A variable byte integer of one to four bytes."""
        found = varint(self.data, self.position, self.end)
        if found is None:
            raise ProtocolError(Reason.MALFORMED, "a length ends in the middle")
        value, self.position = found
        return value

    def binary(self) -> bytes:
        """Bytes with their length before them."""
        size = self.u16()
        start = self._step(size)
        return self.data[start : start + size]

    def text(self) -> str:
        """UTF-8 with its length before it."""
        return decode_text(self.binary())

    def pair(self) -> tuple[str, str]:
        """Two texts: a user property."""
        return self.text(), self.text()

    def rest(self) -> bytes:
        """Everything that is left."""
        start = self._step(self.left)
        return self.data[start : self.end]

    def part(self, size: int) -> Cursor:
        """A cursor over the next `size` bytes; this one goes on behind them."""
        start = self._step(size)
        return Cursor(self.data, start, start + size)

    def _step(self, size: int) -> int:
        start = self.position
        if start + size > self.end:
            raise ProtocolError(Reason.MALFORMED, "a field reaches past the end of its packet")
        self.position = start + size
        return start


def varint(data: bytes, position: int, end: int) -> tuple[int, int] | None:
    """The variable byte integer at `position` and where it ends; None when it is not complete before `end`."""
    value = 0
    for count in range(_VARINT_BYTES):
        if position >= end:
            return None
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << (7 * count)
        if byte < _MORE:
            if byte == 0 and count:
                raise ProtocolError(Reason.MALFORMED, "a length is not written in its shortest form")
            return value, position
    raise ProtocolError(Reason.MALFORMED, "a length has more than four bytes")


def decode_text(raw: bytes) -> str:
    """The text of UTF-8 bytes (section 1.5.4); raises `ProtocolError` where the standard has the connection closed."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ProtocolError(Reason.MALFORMED, "a text is not UTF-8") from None
    if "\0" in text:
        raise ProtocolError(Reason.MALFORMED, "a text holds U+0000")
    return text


def put_u8(value: int) -> bytes:
    """A byte."""
    return value.to_bytes(1, "big")


def put_u16(value: int) -> bytes:
    """Two bytes, big end first."""
    return value.to_bytes(2, "big")


def put_u32(value: int) -> bytes:
    """Four bytes, big end first."""
    return value.to_bytes(4, "big")


def put_varint(value: int) -> bytes:
    """A variable byte integer; raises `ValueError` above 268,435,455."""
    if not 0 <= value <= MAX_VARINT:
        raise ValueError("A length of MQTT is between 0 and 268,435,455.")
    out = bytearray()
    while value >= _MORE:
        out.append(value & 0x7F | _MORE)
        value >>= 7
    out.append(value)
    return bytes(out)


def put_binary(value: bytes) -> bytes:
    """Bytes with their length before them; raises `ValueError` above 65,535."""
    if len(value) > MAX_LENGTH:
        raise ValueError("A field of MQTT has at most 65,535 bytes.")
    return put_u16(len(value)) + value


def put_text(value: str) -> bytes:
    """UTF-8 with its length before it; raises `ValueError` for what no receiver may accept."""
    if "\0" in value:
        raise ValueError("A text of MQTT has no U+0000.")
    return put_binary(value.encode())


def put_pair(value: tuple[str, str]) -> bytes:
    """Two texts: a user property."""
    return put_text(value[0]) + put_text(value[1])
