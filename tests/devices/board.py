"""umqtt.simple for computers: its calls over a plain socket, so that what is written for boards runs here as well.

Rule: as the board's own: QoS 1 waits for its acknowledgement, a line that breaks is an `OSError`, a refusal an
`MQTTException` with its number, and after each packet the socket waits without limit again. Import this before
`devices.micropython.barrio`.
"""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Callable
from types import ModuleType

_CONNECT, _PUBLISH, _SUBSCRIBE, _DISCONNECT = 0x10, 0x30, 0x82, 0xE0
_PUBACK, _SUBACK = 0x40, 0x90


class MQTTException(Exception):
    """The other side said no."""


class MQTTClient:
    """MQTT 3.1.1 with a clean session."""

    def __init__(
        self, client_id: str, server: str, port: int = 0, user: str | None = None, password: str | None = None,
        keepalive: int = 0, ssl: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self.sock: socket.socket | None = None
        self._server, self._port, self._ssl = server, port or (8883 if ssl else 1883), ssl
        self._login = [client_id, *([user, password or ""] if user else [])]
        self._flags, self._keepalive = 0xC2 if user else 0x02, keepalive
        self._number = 0
        self._callback: Callable[[bytes, bytes], object] | None = None

    def set_callback(self, callback: Callable[[bytes, bytes], object]) -> None:
        self._callback = callback

    def connect(self) -> None:
        self.sock = socket.create_connection((self._server, self._port))
        if self._ssl is not None:
            self.sock = self._ssl.wrap_socket(self.sock, server_hostname=self._server)
        head = _text(b"MQTT") + bytes([4, self._flags]) + self._keepalive.to_bytes(2, "big")
        self._send(_CONNECT, head + b"".join(_text(word.encode()) for word in self._login))
        answer = self._packet()[1]
        if answer[1]:
            self.sock.close()
            raise MQTTException(answer[1])

    def publish(self, topic: bytes, msg: bytes, retain: bool = False, qos: int = 0) -> None:  # noqa: FBT001, FBT002
        assert isinstance(topic, bytes)  # of other text the board would count the letters, not the bytes
        assert isinstance(msg, bytes)
        self._number += qos
        number = self._number.to_bytes(2, "big") if qos else b""
        self._send(_PUBLISH | qos << 1 | retain, _text(topic) + number + msg)
        while qos and self.wait_msg() != _PUBACK:
            pass

    def subscribe(self, topic: bytes, qos: int = 0) -> None:
        assert isinstance(topic, bytes)
        assert self._callback is not None
        self._number += 1
        self._send(_SUBSCRIBE, self._number.to_bytes(2, "big") + _text(topic) + bytes([qos]))
        while self.wait_msg() != _SUBACK:
            pass

    def wait_msg(self) -> int:
        kind, body = self._packet()
        if kind & 0xF0 == _PUBLISH and self._callback is not None:
            end = 2 + int.from_bytes(body[:2], "big")
            self._callback(body[2:end], body[end:])
        return kind

    def check_msg(self) -> int | None:
        assert self.sock is not None
        self.sock.setblocking(False)
        try:
            return self.wait_msg()
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        finally:
            self.sock.setblocking(True)

    def disconnect(self) -> None:
        assert self.sock is not None
        self._send(_DISCONNECT, b"")
        self.sock.close()

    def _send(self, kind: int, body: bytes) -> None:
        assert self.sock is not None
        size, length = b"", len(body)
        while not size or length:
            length, seven = divmod(length, 128)
            size += bytes([seven | (128 if length else 0)])
        self.sock.sendall(bytes([kind]) + size + body)

    def _packet(self) -> tuple[int, bytes]:
        kind = self._read(1)[0]
        assert self.sock is not None
        self.sock.setblocking(True)
        shift = length = 0
        while True:
            part = self._read(1)[0]
            length |= (part & 127) << shift
            shift += 7
            if part < 128:
                return kind, self._read(length)

    def _read(self, count: int) -> bytes:
        assert self.sock is not None
        found = b""
        while len(found) < count:
            more = self.sock.recv(count - len(found))
            if not more:
                raise OSError(-1)
            found += more
        return found


def _text(words: bytes) -> bytes:
    return len(words).to_bytes(2, "big") + words


_simple = ModuleType("umqtt.simple")
vars(_simple).update(MQTTClient=MQTTClient, MQTTException=MQTTException)
sys.modules.setdefault("umqtt", ModuleType("umqtt"))
sys.modules["umqtt.simple"] = _simple
