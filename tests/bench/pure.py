"""What is measured without a network: decoding, disclosure, the grade decision, blocks of homes, CSV."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import h3
import numpy as np

from hub.core.audience import Audience
from hub.core.blocks import Chain, Home
from hub.core.disclosed import disclose
from hub.core.enrolment import enrol
from hub.core.grade import DAY, Grade, view
from hub.core.reading import Heard, Message
from hub.core.releases import CARRIED, close, home_values, seats
from hub.core.scope import role_of, scope_for
from hub.core.store import Rows
from hub.decoders import DECODERS
from hub.settings import read, shipped
from hub.web.numbers import _file
from tests.bench import packets
from tests.bench.effort import Effort
from tests.bench.verdicts import Row, Target, figure, middle
from tests.bench.wire import now
from tests.core import world

_BATCH = 2_000


def decoding(effort: Effort) -> list[Row]:
    """Decode and validate: nanoseconds a reading."""
    things = [f"thing-{n:03}" for n in range(100)]
    single = _messages(list(packets.singles(things, _BATCH, now())))
    packed = _messages(list(packets.packs(things, _BATCH // packets.PACK, now())))
    one, many = (_nanoseconds(messages, effort.rounds * 3) for messages in (single, packed))
    return [
        Row("decode and validate a single reading", Target(unit=" ns"), one),
        Row("decode and validate a reading in a SenML pack of 100", Target(unit=" ns"), many),
    ]


def disclosure(effort: Effort) -> list[Row]:
    """Rows a second that `disclose` puts under their faces: exact ones and those of a commons, stepped."""
    told = []
    for grade, audience in (
        (Grade.OPEN, Audience(world.STRANGER)),
        (Grade.COMMONS, Audience(world.STRANGER, frozenset({world.STRANGER}), frozenset({world.PROJECT.id}))),
    ):
        streams = [
            world.stream(n, world.since_ever(grade), commons=world.PROJECT.id if grade is Grade.COMMONS else None)
            for n in range(200)
        ]
        scope = scope_for(audience, world.holdings(*streams), world.CATALOGUE, world.NOW)
        rows = _rows(len(streams), 5_000)
        took = middle(
            [_seconds(partial(disclose, rows, scope, world.CATALOGUE, bytes(32))) for _ in range(effort.rounds)]
        )
        told.append((grade, len(rows) / took))
    slowest = min(rate for _, rate in told)
    behind = ", ".join(f"{grade.word} {figure(rate / 1e6)}" for grade, rate in told)
    return [Row("disclosure, a million rows at once", Target(least=5, unit=" M rows/s"), slowest / 1e6, behind)]


def decision(effort: Effort) -> list[Row]:
    """Who asks, what grade is in force, what the table shows: µs a datastream."""
    streams = [world.stream(n, world.since_ever(Grade(n % 6))) for n in range(600)]
    audience, at = Audience(world.STRANGER), world.NOW

    def decide() -> None:
        for stream in streams:
            view(stream.grade(at), role_of(stream, audience))

    took = middle([_seconds(decide) for _ in range(effort.rounds * 5)]) / len(streams)
    held = world.holdings(*streams)
    whole = middle([_seconds(lambda: scope_for(audience, held, world.CATALOGUE, at)) for _ in range(effort.rounds)])
    behind = f"a whole scope with its faces and slices: {figure(whole / len(streams) * 1e6)} µs a datastream"
    return [Row("grade decision", Target(most=2, unit=" µs"), took * 1e6, behind)]


def blocks(effort: Effort) -> list[Row]:
    """Milliseconds to put 5,000 homes into blocks, and to close a window of ten properties over them."""
    homes = _homes(5_000)
    deal = partial(
        enrol, observed="dust", where="outdoor", since=0, until=DAY, homes=homes, k=5, public_k=8, k_of=lambda _: 5,
        key=b"bench",
    )  # fmt: skip
    first = deal(previous=None)
    fresh = middle([_seconds(partial(deal, previous=None)) for _ in range(effort.rounds * 3)])
    changed = partial(deal, homes=homes[:-50], previous=first)
    again = middle([_seconds(changed) for _ in range(effort.rounds * 3)])
    streams = np.repeat(np.arange(len(homes), dtype=np.int32) + 1, 1 + CARRIED)
    back = np.tile(np.arange(1 + CARRIED, dtype=np.int32), len(homes))
    means = np.random.default_rng(1).normal(20, 5, len(streams))

    def window() -> None:
        for _ in range(10):
            table = seats(first)
            close(table, 0, home_values(table, world.DUST, streams, back, means), [], world.DUST, {})

    closing = middle([_seconds(window) for _ in range(effort.rounds)])
    behind = f"{len(first.blocks)} blocks; the next epoch, when 50 homes have left: {figure(again * 1e3)} ms"
    return [
        Row("putting 5,000 homes into blocks", Target(most=100, unit=" ms"), fresh * 1e3, behind),
        Row("closing a window of 10 properties over 5,000 homes", Target(most=1000, unit=" ms"), closing * 1e3),
    ]


def csv(effort: Effort) -> list[Row]:
    """A million disclosed rows as a page's own file of numbers."""
    properties = {p.id: p for p in read(shipped("barrio.toml")).properties}
    streams = [world.stream(n, world.since_ever(Grade.OPEN)) for n in range(200)]
    scope = scope_for(Audience(world.STRANGER), world.holdings(*streams), world.CATALOGUE, world.NOW)
    shown = disclose(_rows(len(streams), 5_000), scope, world.CATALOGUE, bytes(32))
    longest = 0

    def write() -> None:
        nonlocal longest
        for piece in _file((shown,), properties, 0):
            longest = max(longest, len(piece))

    took = middle([_seconds(write) for _ in range(effort.rounds)])
    told = f"in pieces of {longest / 1e6:.1f} MB at most, so that memory stays as it is"
    return [Row("a page's own file of a million rows (CSV)", Target(least=200_000, unit=" rows/s"),
                len(shown) / took, told)]  # fmt: skip


def _homes(count: int) -> list[Home]:
    """Homes around the corner, denser in the middle, in three chains."""
    chance = np.random.default_rng(2)
    chains = [Chain(Grade.COUNTED), Chain(Grade.COMMONS, world.PROJECT.id), Chain(Grade.STREET)]
    around = chance.normal((world.CORNER.lat, world.CORNER.lon), (0.02, 0.03), (count, 2))
    return [
        Home(n, h3.latlng_to_cell(lat, lon, 9), chains[n % 3], (n + 1,)) for n, (lat, lon) in enumerate(around.tolist())
    ]


def _messages(published: Sequence[tuple[str, bytes]]) -> list[Message]:
    return [Message(Nobody(), 1, topic, payload, now(), 1, 1) for topic, payload in published]


class Nobody:
    """A sender that nothing is said to."""

    mark = 0

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Nothing."""

    def hold_up(self, messages: Sequence[Message]) -> None:
        """Nothing."""

    def answer(self, topic: str, payload: bytes) -> None:
        """Nothing."""


def _decode(messages: Sequence[Message]) -> None:
    decode, heard = DECODERS["native"], Heard()
    for message in messages:
        decode(message, heard)


def _nanoseconds(messages: Sequence[Message], rounds: int) -> float:
    """A reading, of `_BATCH` in all."""
    return middle([_seconds(partial(_decode, messages)) for _ in range(rounds)]) / _BATCH * 1e9


def _rows(datastreams: int, each: int) -> Rows:
    """Ordered by datastream and time, as a store gives them."""
    chance = np.random.default_rng(1)
    number = np.repeat(np.arange(1000, 1000 + datastreams, dtype=np.int32), each)
    time_of = np.tile(np.arange(each, dtype=np.int64) * 60_000_000, datastreams)
    return Rows(number, time_of, chance.normal(20, 5, datastreams * each))


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
