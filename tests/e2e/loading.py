"""A publisher that remembers what was acknowledged, survives the hub's death, and sends the rest again (MQTT 3.1.1)."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

IN_FLIGHT = 200
_TOPIC = b"things/probe/count"


class Load:
    """Bare numbers 1, 2, 3 … (or from `after` on), each once, each until acknowledged.

    `acknowledged` are in the order of the answers; `most` may be on their way at a time.
    """

    def __init__(self, port: int, user: str, password: str, *, after: int = 0, most: int = IN_FLIGHT) -> None:
        self.acknowledged: list[int] = []
        self.sent = 0
        self._after, self._most = after, most
        self._port, self._user, self._password = port, user.encode(), password.encode()
        self._waiting: dict[int, int] = {}
        self._line: socket.socket | None = None
        self._rest = b""

    def run(self, until: Callable[[], bool]) -> None:
        """Publish until told to stop, then wait for what is still out (ten seconds at most)."""
        while not until():
            self._turn(more=True)
        deadline = time.monotonic() + 10
        while self._waiting and time.monotonic() < deadline:
            self._turn(more=False)
        if self._line is not None:
            self._line.close()

    def _turn(self, *, more: bool) -> None:
        try:
            if self._line is None:
                self._connect()
            while more and len(self._waiting) < self._most:
                self._publish_next()
            self._listen()
        except OSError:
            if self._line is not None:
                self._line.close()
            self._line = None
            time.sleep(0.05)

    def _connect(self) -> None:
        line = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        self._line, self._rest = line, b""
        body = b"\0\4MQTT\4\xc0\0\0" + _text(b"load") + _text(self._user) + _text(self._password)
        line.sendall(_packet(0x10, body))
        if self._exactly(4) != b"\x20\2\0\0":
            raise ConnectionRefusedError  # while the registry is away nobody comes in
        for packet, number in list(self._waiting.items()):
            line.sendall(self._publish(packet, number, again=True))

    def _publish_next(self) -> None:
        self.sent += 1
        packet = next(p for p in range((self.sent - 1) % 65535 + 1, 65536) if p not in self._waiting)
        self._waiting[packet] = self._after + self.sent
        assert self._line is not None
        self._line.sendall(self._publish(packet, self._after + self.sent))

    def _publish(self, packet: int, number: int, *, again: bool = False) -> bytes:
        return _packet(0x3A if again else 0x32, _text(_TOPIC) + struct.pack(">H", packet) + str(number).encode())

    def _listen(self) -> None:
        assert self._line is not None
        data = self._line.recv(65536)
        if not data:
            raise ConnectionResetError
        self._rest += data
        while len(self._rest) >= 4:
            head, packet = self._rest[0], struct.unpack(">H", self._rest[2:4])[0]
            assert head == 0x40, head
            self._rest = self._rest[4:]
            number = self._waiting.pop(packet, None)
            if number is not None:
                self.acknowledged.append(number)

    def _exactly(self, count: int) -> bytes:
        assert self._line is not None
        data = b""
        while len(data) < count:
            more = self._line.recv(count - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data


def _text(words: bytes) -> bytes:
    return struct.pack(">H", len(words)) + words


def _packet(head: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | 0x80 if size else digit])
        if not size:
            return bytes([head]) + length + body
