"""Simulated devices that publish through real MQTT, each as its own format does.

Rule: one connection for each credential, one task for each connection, asleep in between; what a thing says is what
its curves say at that moment. A hub that goes away is tried again, ever more slowly.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import ssl
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import aiomqtt

from devices import dialects

Curve = Callable[[int], float]
"""Time (µs since 1970 UTC) → value."""
_LOG = logging.getLogger("devices.simulate")
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


@dataclass(frozen=True)
class SimulatedThing:
    """A thing that speaks: `curves` and `units` (UCUM) by property, `interval` in seconds between its messages."""

    user: str
    password: str
    thing: str
    format: str
    curves: Mapping[str, Curve]
    interval: float = 60.0
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def heard_as(self) -> str:
        """The name by which the hub knows it."""
        return dialects.heard_as(self.format, self.thing)

    def names(self) -> dict[str, str]:
        """Property → the name under which the hub hears it."""
        return {observed: dialects.word(self.format, observed) for observed in self.curves}

    def messages(self, time_us: int) -> list[dialects.Packet]:
        """What it says at this time (µs)."""
        values = {observed: curve(time_us) for observed, curve in self.curves.items()}
        return dialects.messages(self.format, self.thing, values, self.units, time_us)

    def next_after(self, now: float) -> float:
        """When it speaks next (s): a moment of its own within each interval, so that not all speak at once."""
        own = crc32(f"{self.user}/{self.thing}".encode()) / 2**32 * self.interval
        return (now - own) // self.interval * self.interval + self.interval + own


async def run(
    fleet: Sequence[SimulatedThing], host: str = "127.0.0.1", port: int = 1883, *,
    tls: ssl.SSLContext | None = None, qos: int = 1, now: Callable[[], float] = time.time,
) -> None:  # fmt: skip
    """Let all these things live, until cancelled. Things with the same user share one connection, as at a gateway."""
    homes: dict[tuple[str, str], list[SimulatedThing]] = defaultdict(list)
    for thing in fleet:
        homes[thing.user, thing.password].append(thing)
    async with asyncio.TaskGroup() as group:
        for things in homes.values():
            group.create_task(_keep_alive(things, host, port, tls, qos, now))


async def _keep_alive(
    things: Sequence[SimulatedThing], host: str, port: int, tls: ssl.SSLContext | None, qos: int,
    now: Callable[[], float],
) -> None:  # fmt: skip
    pause = _FIRST_PAUSE
    while True:
        first = things[0]
        client = aiomqtt.Client(
            host, port, username=first.user, password=first.password, identifier=f"sim-{first.user}", tls_context=tls,
            protocol=aiomqtt.ProtocolVersion.V5, keepalive=120,
        )  # fmt: skip
        try:
            async with client:
                pause = _FIRST_PAUSE
                await _live(client, things, qos, now)
        except aiomqtt.MqttError as error:
            _end_if_told(error)  # saying goodbye failed: that must not begin it all anew
            _LOG.warning("no connection, trying again in %g s: %s", pause, error)
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)


async def _live(client: aiomqtt.Client, things: Sequence[SimulatedThing], qos: int, now: Callable[[], float]) -> None:
    """Introduce them, say a first word at once, then speak in turn."""
    await _say(client, _introductions(things), qos)
    for thing in things:
        await _say(client, thing.messages(int(now() * 1e6)), qos)
    turns = [(thing.next_after(now()), at) for at, thing in enumerate(things)]
    heapq.heapify(turns)
    while True:
        when, at = turns[0]
        await asyncio.sleep(max(0.0, when - now()))
        await _say(client, things[at].messages(int(now() * 1e6)), qos)
        heapq.heapreplace(turns, (things[at].next_after(max(when, now())), at))


async def _say(client: aiomqtt.Client, packets: Sequence[dialects.Packet], qos: int) -> None:
    for topic, payload, retained in packets:
        await client.publish(topic, payload, qos=qos, retain=retained)
        _end_if_told()


def _end_if_told(why: Exception | None = None) -> None:
    """End a task that was cancelled: before Python 3.12 `asyncio.wait_for`, and so a client's call, may lose that."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from why


def _introductions(things: Sequence[SimulatedThing]) -> list[dialects.Packet]:
    spoken = dict.fromkeys(t.format for t in things)
    of = {form: {t.thing: t.units for t in things if t.format == form} for form in spoken}
    return [packet for form, those in of.items() for packet in dialects.introduction(form, those)]


if __name__ == "__main__":
    from devices.simulate_command import main

    raise SystemExit(main())
