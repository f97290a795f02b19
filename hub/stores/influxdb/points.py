"""Observations as InfluxDB's points, and back: line protocol, and the one integer that says how a reading arrived.

Rule: a series is a datastream and nothing else, so that a row with the time of a stored one takes its place whatever
grade it brings, in one write, whoever writes it and however often. All that an erasure goes by is a tag or the time.

A point of `o` has the tags `ds` (datastream) and `o` (owner) and the fields `v` (value) and `a` (arrival). `a` packs
grade and wish (6 bits), the delay from the reading's time to its arrival (51 bits, µs) and quality (7 bits), in the
order of its numbers: the least and the greatest `a` of a window tell whether all of its rows are admitted, so that the
server's mean can be taken.
Times of clocks that are wrong go to `odd`, where one nanosecond stands for a microsecond and a tag `e` for 18 years:
they cannot make more than two shards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hub.core.observations import Bytes, Observations, Times

FIRST, LAST = int(np.datetime64("2015-01", "us").astype(np.int64)), int(np.datetime64("2050-01", "us").astype(np.int64))
"""Times (µs) before `FIRST` or from `LAST` on are odd."""
ERA = 49
"""An era of odd times is 2**49 µs."""
NANO = 1000
_DELAY = 51
_HALF = 1 << (_DELAY - 1)
_QUALITY = 7
_CLASS = _DELAY + _QUALITY
_SIGN = np.uint64(1 << 63)
FLAGS = 1 << _QUALITY
"""Quality must be below this."""


class Arrival(NamedTuple):
    """The parts of `a`: equal-length columns; `delay` in µs."""

    grade: Bytes
    wish: Bytes
    delay: Times
    quality: Bytes


def pack(batch: Observations) -> Times:
    """The `a` of every row; a delay of more than 35 years is stored as that: usual times are no further apart."""
    standing = batch.grade.astype(np.uint64) << 3 | batch.wish
    delay = (np.clip(batch.received - batch.time, -_HALF, _HALF - 1) + _HALF).astype(np.uint64)
    packed = standing << _CLASS | delay << _QUALITY | (batch.quality & (FLAGS - 1))
    signed: Times = (packed ^ _SIGN).view(np.int64)
    return signed


def unpack(arrival: Times) -> Arrival:
    """What `pack` put in."""
    packed = arrival.astype(np.int64).view(np.uint64) ^ _SIGN
    standing = packed >> _CLASS
    grade, wish = (standing >> 3).astype(np.uint8), (standing & 7).astype(np.uint8)
    delay = (packed >> _QUALITY & ((1 << _DELAY) - 1)).astype(np.int64) - _HALF
    return Arrival(grade, wish, delay, (packed & (FLAGS - 1)).astype(np.uint8))


def is_odd(time: Times) -> NDArray[np.bool_]:
    """Which times (µs) are those of a wrong clock."""
    odd: NDArray[np.bool_] = (time < FIRST) | (time >= LAST)
    return odd


def lines(batch: Observations, measurement: str = "o") -> bytes:
    """Rows with times that are not odd as line protocol."""
    return _joined(
        f"{measurement},ds=", _text(batch.datastream), ",o=", _text(batch.owner), " v=", _text(batch.value),
        ",a=", _text(pack(batch)), "i ", _text(batch.time * NANO), "\n",
    )  # fmt: skip


def odd_lines(batch: Observations) -> bytes:
    """Rows with odd times as line protocol."""
    kind = batch.grade.astype(np.int64) << 12 | batch.wish.astype(np.int64) << 8 | batch.quality
    era, rest = split(batch.time)
    return _joined(
        "odd,ds=", _text(batch.datastream), ",o=", _text(batch.owner), ",e=", _text(era), " v=", _text(batch.value),
        ",r=", _text(batch.received), "i,k=", _text(kind), "i ", _text(rest), "\n",
    )  # fmt: skip


def split(time: Times) -> tuple[Times, Times]:
    """Odd times (µs) as era and what stands as nanoseconds in it."""
    return time >> ERA, time & ((1 << ERA) - 1)


def unsplit(era: Times, rest: Times) -> Times:
    """The times (µs) again."""
    return (era << ERA) | rest


def unkind(kind: Times) -> tuple[Bytes, Bytes, Bytes]:
    """Grade, wish and quality of an odd row's `k`."""
    return (kind >> 12).astype(np.uint8), (kind >> 8 & 15).astype(np.uint8), (kind & 255).astype(np.uint8)


def hash_lines(words: Sequence[int], moment: int, step: int = 1) -> bytes:
    """Hashes of messages as line protocol, from `moment` (ns) on each at a nanosecond of its own, `step` apart."""
    return b"".join(b'ack,b=%x h="x%016x" %d\n' % (w & 255, w, moment + n * step) for n, w in enumerate(words))


def _text(column: NDArray[np.generic]) -> pa.Array:
    return pc.cast(pa.array(column), pa.large_string())


def _joined(*parts: pa.Array | str) -> bytes:
    """Columns and constants side by side, row after row."""
    columns = [p if isinstance(p, pa.Array) else pa.scalar(p, pa.large_string()) for p in parts]
    text = pc.binary_join_element_wise(*columns, pa.scalar("", pa.large_string()))
    return text.buffers()[2].to_pybytes() if len(text) else b""
