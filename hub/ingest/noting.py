"""What is noted beside the readings: how many were marked, for the record of their thing; and a word to wrong clocks.

Rule: nothing here delays or refuses a reading. What was counted is written down every ten seconds at most, beside the
readings' own way, and waits while the registry cannot take it. Whoever has a wrong clock hears of it at most once an
hour. When the hub is killed, the counts of ten seconds are lost; the marks themselves are stored with the readings.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec
import numpy as np

from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.observations import FUTURE, LATE, Observations
from hub.core.reading import Decoded, Message
from hub.core.record import NEVER_SET, Key, Tally, tallies
from hub.ingest.refusals import thing_of
from hub.registry import Registry, RegistryUnavailable

_LOG = logging.getLogger("hub.ingest")
_EVERY = 10.0
_AGAIN = 3600.0
_PAUSE = 5.0
_MOST_THINGS = 10_000
_MOST_WAITING = 100_000
_AHEAD = 10 * MINUTE


class Noting:
    """The notes of one way in. Times named `moment` are seconds of a clock that only goes forward."""

    def __init__(self, registry: Registry) -> None:
        """Write into `registry`."""
        self._registry = registry
        self._waiting: dict[Key, Tally] = {}
        self._something, self._writing = asyncio.Event(), asyncio.Lock()
        self._next_look = float("-inf")
        self._told: dict[tuple[int, str], float] = {}

    def add(self, heard: Sequence[tuple[Message, Decoded]], stored: Observations, moment: float) -> None:
        """Count what is marked of what was stored, and tell whose clock is wrong."""
        found = tallies(stored)
        for key, tally in found.items():
            self._waiting[key] = tally.plus(self._waiting.get(key, Tally()))
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.pop(next(iter(self._waiting)))
        if found:
            self._something.set()
        if found and moment >= self._next_look and _wrong(stored):
            self._next_look = moment + _PAUSE
            self._tell(heard, moment)

    async def run(self) -> None:
        """Write down what there is to write, every now and then, until cancelled."""
        while True:
            await self._something.wait()
            await self.write_all()
            await asyncio.sleep(_EVERY)

    async def write_all(self) -> None:
        """Write down what waits, now."""
        async with self._writing:
            waiting, self._waiting = self._waiting, {}
            self._something.clear()
            if not waiting:
                return
            try:
                await asyncio.to_thread(self._registry.records.note, waiting)
            except RegistryUnavailable:
                for key, tally in waiting.items():
                    self._waiting[key] = tally.plus(self._waiting.get(key, Tally()))
                self._something.set()
            except Exception as error:  # noqa: BLE001 - our own mistake here must not stop everybody's readings
                _LOG.error("the record failed with %s: please report it", type(error).__name__)

    def _tell(self, heard: Sequence[tuple[Message, Decoded]], moment: float) -> None:
        for message, decoded in heard:
            off = next((o for r in decoded.readings if (o := _off(r.time, message.received)) is not None), None)
            if off is None:
                continue
            key = (message.credential, thing_of(message.topic))
            if moment - self._told.get(key, -_AGAIN) < _AGAIN:
                continue
            if len(self._told) >= _MOST_THINGS:
                self._told.clear()
            self._told[key] = moment
            told = {"code": "kept", "type": "clock", "message": _words(off), "topic": message.topic}
            message.sender.answer(f"things/{key[1]}/errors", msgspec.json.encode(told))


def _wrong(stored: Observations) -> bool:
    """Whether something of this comes from a clock that is wrong: one that runs ahead, or was never set."""
    late = stored.quality & np.uint8(LATE) > 0
    return bool((stored.quality & np.uint8(FUTURE)).any() or (stored.time[late] < NEVER_SET).any())


def _off(time: int | None, received: int) -> int | None:
    """How far (µs) a clock is ahead, or 0 for one that was never set; None for one that may be right."""
    if time is None:
        return None
    return time - received if time > received + _AHEAD else 0 if time < NEVER_SET else None


def _words(off: int) -> str:
    ahead = "was never set"
    if off:
        one, unit = next((one, unit) for least, one, unit in _UNITS if off >= least)
        ahead = f"is ahead by {off // one} {unit}"
    return (
        f"your clock {ahead}: the reading is kept with the time it told, and marked; set the clock (NTP), or send no "
        "time, then that of the arrival counts"
    )


_UNITS = ((2 * DAY, DAY, "days"), (2 * HOUR, HOUR, "hours"), (MINUTE, MINUTE, "minutes"))
