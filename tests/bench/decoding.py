"""Every decoder beside `json.loads` of the same payload: ``python -m tests.bench.decoding > docs/decoding.md``.

Rule: the samples of devices/formats/ that hold one to ten readings; both take turns over the same bytes, and the best
of many rounds counts, so that other work on the machine does not. What is not JSON stands beside the JSON of its
readings. A format is as fast as all its samples together.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from hub.core.reading import Heard, Message
from hub.decoders import DECODERS
from hub.decoders.lines import Nobody, shown
from hub.decoders.times import from_iso
from tests.decoders.samples import decoded, every_sample, read

MOST_READINGS = 10
RATIO = 3.0
ROUNDS = 60
LOOPS = 20
HEAD = """# Decoding, measured

Written by `python -m tests.bench.decoding > docs/decoding.md`: the best of {rounds} rounds, over the samples of each
format that hold one to ten readings. Only the ratio means something from one machine to another; it is that of all
samples of a format together, and at most {ratio:g} is wanted. What is not JSON (plain values, telegrams, protobuf)
stands beside the JSON of its readings; births and descriptions, which come once, are left out.

| Format | Samples | A message | `json.loads` | Ratio | Slowest sample | |
|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Timed:
    """One sample: µs to decode it, µs for `json.loads`."""

    name: str
    decoding: float
    parsing: float

    @property
    def ratio(self) -> float:
        """How many times as long the decoder takes."""
        return self.decoding / self.parsing


def timed(form: str) -> list[Timed]:
    """The samples of one format that hold one to ten readings."""
    return [found for said, name in every_sample() if said == form for found in _sample(form, name)]


def _sample(form: str, name: str) -> Iterator[Timed]:
    sample, payload = read(form, name)
    if sample.refused is not None or not 1 <= len(sample.expect) <= MOST_READINGS:
        return
    heard = Heard()
    for earlier in sample.after:
        other, _, earlier_name = earlier.rpartition("/")
        told = decoded(other or form, earlier_name, heard)
        heard.hear(told.announcements, told.withdrawn)
    message = Message(Nobody(), 1, sample.topic, payload, from_iso(sample.received) or 0)
    first = DECODERS[form](message, heard)
    heard.hear(first.announcements, first.withdrawn)
    if DECODERS[form](message, heard).announcements:  # a birth: it comes once, and says more than values
        return
    text = payload if _is_json(payload) else json.dumps([shown(r) for r in first.readings]).encode()
    ways: tuple[Callable[[], object], ...] = (partial(DECODERS[form], message, heard), partial(json.loads, text))
    best = [min(rounds) for rounds in zip(*[[_micros(way) for way in ways] for _ in range(ROUNDS)], strict=True)]
    yield Timed(name, *best)


def _is_json(payload: bytes) -> bool:
    try:
        return isinstance(json.loads(payload), dict | list)
    except ValueError:
        return False


def _micros(way: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(LOOPS):
        way()
    return (time.perf_counter() - began) / LOOPS * 1e6


def table() -> Iterator[str]:
    """The lines of the page."""
    yield HEAD.format(rounds=ROUNDS, ratio=RATIO)
    short = []
    for form in sorted(DECODERS):
        found = timed(form)
        if not found:
            continue
        decoding, parsing = sum(t.decoding for t in found), sum(t.parsing for t in found)
        worst = max(found, key=lambda t: t.ratio)
        slow = decoding / parsing > RATIO
        short += [form] if slow else []
        yield (
            f"| `{form}` | {len(found)} | {decoding / len(found):.1f} µs | {parsing / len(found):.1f} µs "
            f"| {decoding / parsing:.2f} | {worst.name}: {worst.decoding:.1f} µs, {worst.ratio:.1f} "
            f"| {'**falls short**' if slow else 'reached'} |"
        )
    yield (
        "\nEvery byte of a telegram (`dsmr`) goes through its checksum. A bare `nan` (`tasmota`: sensor-broken-probe) "
        "is no JSON, and such a message is read twice."
    )
    yield f"\nFalls short: {', '.join(short)}." if short else "\nNone falls short."


if __name__ == "__main__":
    for line in table():
        print(line, flush=True)  # noqa: T201 - the page itself
