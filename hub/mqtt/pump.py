"""The thread in which paho speaks to an outside broker: connect, read, write, and try again.

Rule: every call of the client is made here, so that nothing needs a lock against a reconnection. It is our loop and not
paho's own, which cannot serve a socket whose number is above 1,023, as a hub with many things has. Acknowledgements go
out together, between the client's own packets: one by one through the client they cost more than everything else.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, cast

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from hub.mqtt.fields import put_varint

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
_LOOK_SECONDS = 1.0
_READS = 500
_GONE = getattr(select, "POLLRDHUP", 0)
"""The other side has closed: Linux says so apart from there being something to read."""


class Reader(Client):
    """Paho's client, except that it keeps PUBLISH packets as they are instead of taking them apart itself.

    That takes it longer than all of the rest together. This is the one place that knows its inside (2.1 and later);
    tests/e2e/test_broker.py would notice a change.
    """

    def __init__(self, source: str, protocol: MQTTProtocolVersion, *, clean_session: bool | None) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, source, clean_session, protocol=protocol, manual_ack=True)
        self.kept = bytearray()

    def taken(self) -> bytes:
        """The PUBLISH packets since the last call, one after another, as they came."""
        kept, self.kept = bytes(self.kept), bytearray()
        return kept

    def _handle_publish(self) -> MQTTErrorCode:
        packet = self._in_packet
        body = packet["packet"]
        self.kept.append(packet["command"])
        self.kept += put_varint(len(body))
        self.kept += body
        return MQTTErrorCode.MQTT_ERR_SUCCESS


class Work(Protocol):
    """What the thread asks of whoever runs it; called in the thread."""

    def may_read(self) -> bool:
        """Whether there is room for more."""

    def has_read(self) -> None:
        """Hand over what was read."""

    def acks(self) -> bytes:
        """Acknowledgements that are due on this connection, as packets."""

    def publish(self) -> None:
        """Give the client what is to be published."""

    def is_unreachable(self) -> None:
        """There is no connection; it is tried again after a while."""


class Pump(threading.Thread):
    """Runs a client that `connect_async` was called on, until `end`."""

    def __init__(self, client: Reader, work: Work, is_connected: Callable[[], bool]) -> None:
        super().__init__(name="mqtt source", daemon=True)
        self._client = client
        self._work = work
        self._is_connected = is_connected
        self._ended = threading.Event()
        self._out = bytearray()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)

    def wake(self) -> None:
        """There is something to write, or room to read; from any thread."""
        with suppress(OSError):  # it is ringing already, or has ended
            self._bell.send(b"\0")

    def end(self) -> None:
        """Say goodbye and wait for the thread; blocks for as long as a connection attempt may take."""
        self._ended.set()
        self.wake()
        self.join()
        self._bell.close()
        self._ear.close()

    def run(self) -> None:
        """Connect, serve, pause; the pauses grow while the broker does not let the hub in."""
        pause = FIRST_PAUSE
        while not self._ended.is_set():
            let_in = False
            try:
                self._client.reconnect()
                let_in = self._serve()
            except Exception:  # noqa: BLE001 - whatever a broken broker makes the library raise, it is tried again
                self._work.is_unreachable()
            pause = FIRST_PAUSE if let_in else min(LONGEST_PAUSE, pause * 2)
            self._ended.wait(pause)

    def _serve(self) -> bool:
        """One connection, to its end; whether the broker had accepted it."""
        let_in, looked = False, time.monotonic()
        line = cast("socket.socket | None", self._client.socket())
        if line is None:
            return False
        self._out.clear()
        watch = select.poll()
        watch.register(self._ear, select.POLLIN)
        watch.register(line, 0)
        while self._has(line) and not self._ended.is_set():
            reads = self._work.may_read()
            if self._is_readable(watch, line, reads=reads):
                self._read()
            self._write(line)
            let_in = let_in or self._is_connected()
            if reads and time.monotonic() - looked >= _LOOK_SECONDS:
                looked = time.monotonic()
                self._client.loop_misc()
        if self._has(line):
            self._write(line)
            self._client.disconnect()
        return let_in

    def _is_readable(self, watch: select.poll, line: socket.socket, *, reads: bool) -> bool:
        """Wait for something to do, and say whether it is to read; a lost connection is, also without room."""
        if reads and isinstance(line, ssl.SSLSocket) and line.pending():
            return True
        writes = bool(self._out) or self._client.want_write()
        watch.modify(line, _GONE | (select.POLLIN if reads else 0) | (select.POLLOUT if writes else 0))
        ready = dict(watch.poll(_LOOK_SECONDS * 1_000))
        if self._ear.fileno() in ready:
            self._ear.recv(4_096)
        return bool(ready.get(line.fileno(), 0) & ~select.POLLOUT)

    def _write(self, line: socket.socket) -> None:
        """The client's packets and ours, never one inside the other."""
        client = self._client
        self._work.publish()
        if not self._has(line):
            return
        if not self._out and client.want_write():
            client.loop_write()
        self._out += self._work.acks()
        if self._out and not client.want_write() and self._has(line):
            with suppress(OSError):  # it would block, or is lost, which the client finds when it reads
                del self._out[: line.send(self._out)]

    def _has(self, line: socket.socket) -> bool:
        """Whether this is still the client's connection."""
        return self._client.socket() is line

    def _read(self) -> None:
        """Read for as long as messages come, but not for ever."""
        for _ in range(_READS):
            before = len(self._client.kept)
            self._client.loop_read()
            if len(self._client.kept) == before:
                break
        self._work.has_read()
