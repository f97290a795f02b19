"""The thread in which paho speaks to an outside broker: connect, read, write, and try again.

Rule: every call of the client is made here, so that nothing needs a lock against a reconnection. It is our loop and not
paho's own: that one wakes for every single acknowledgement, and cannot serve a socket whose number is above 1,023,
which a hub with many things has.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Protocol

from paho.mqtt.client import Client

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
_LOOK_SECONDS = 1.0
_READS = 500


class Work(Protocol):
    """What the thread asks of whoever runs it; called in the thread."""

    @property
    def count(self) -> int:
        """How many packets of interest have been read so far."""

    def may_read(self) -> bool:
        """Whether there is room for more."""

    def has_read(self) -> None:
        """Hand over what was read."""

    def write(self) -> None:
        """Give the client what is to be sent."""

    def is_unreachable(self) -> None:
        """Nobody answers there; it is tried again after a while."""


class Pump(threading.Thread):
    """Runs a client that `connect_async` was called on, until `end`."""

    def __init__(self, client: Client, work: Work, is_connected: Callable[[], bool]) -> None:
        super().__init__(name="mqtt source", daemon=True)
        self._client = client
        self._work = work
        self._is_connected = is_connected
        self._ended = threading.Event()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)

    def wake(self) -> None:
        """There is something to write, or room to read; from any thread."""
        try:
            self._bell.send(b"\0")
        except (BlockingIOError, OSError):
            return  # it is ringing already, or has ended

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
            try:
                self._client.reconnect()
            except OSError:
                self._work.is_unreachable()
                let_in = False
            else:
                let_in = self._serve()
            pause = FIRST_PAUSE if let_in else min(LONGEST_PAUSE, pause * 2)
            self._ended.wait(pause)

    def _serve(self) -> bool:
        """One connection, to its end; whether the broker had accepted it."""
        client, let_in, looked = self._client, False, time.monotonic()
        line = client.socket()
        watch = select.poll()
        watch.register(self._ear, select.POLLIN)
        if line is not None:
            watch.register(line, 0)
        while line is not None and client.socket() is line and not self._ended.is_set():
            reads = self._work.may_read()
            watch.modify(line, (select.POLLIN if reads else 0) | (select.POLLOUT if client.want_write() else 0))
            ready = dict(watch.poll(_LOOK_SECONDS * 1_000))
            if self._ear.fileno() in ready:
                self._ear.recv(4_096)
            if reads and ready.get(line.fileno(), 0) & ~select.POLLOUT:
                self._read()
            self._work.write()
            if client.want_write():
                client.loop_write()
            let_in = let_in or self._is_connected()
            if reads and time.monotonic() - looked >= _LOOK_SECONDS:
                looked = time.monotonic()
                client.loop_misc()
        if self._ended.is_set():
            self._work.write()
            client.disconnect()
        return let_in

    def _read(self) -> None:
        """Read for as long as messages come, but not for ever."""
        for _ in range(_READS):
            before = self._work.count
            self._client.loop_read()
            if self._work.count == before:
                break
        self._work.has_read()
