"""A power-cycle as a sign: what speaks with a beat falls silent when it is asked to, and comes back, twice.

Rule: whatever cannot be told shows nothing. Every topic has to have a steady beat before; from `GRACE` after a moment
that the hub drew until `GRACE` before the end nothing at all may be heard, and every topic at once before and soon
after; and that twice in a row, while the hub was listening without a break.

The odds: to do so by chance, without anybody's hand, a thing has to fail within a beat and a half and two graces, for
as long as was asked and no more than `back` longer. One that fails ten times a day, each time just so long, with a beat
of ten seconds: 10 * 55 s of the 86,400 s of a day, or 1 in 157; twice in a row 1 in 25,000; with five tries a day 1 in
5,000 a day. One that often fails is refused before (`steady`). Who can cut a thing's power, as in the same house, can
show it: a code is the better sign where it can be had.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import median

from msgspec import Struct

from hub.core.grade import DAY, MINUTE

SECOND = 1_000_000
GRACE = 20 * SECOND
"""People's clocks and fingers: so long (µs) after the moment and before the end a message counts for nothing."""
BACK = 5 * MINUTE
"""So long after the end every topic has to be heard again; or two beats long, if that is longer."""
_LONGEST_BEAT = 5 * MINUTE
_LEAST = 12
_MISSED = 5
_BREAKS = 2
_ASIDE = frozenset({"lwt", "status", "availability", "online", "connected", "$state", "announce"})
_ASIDE |= {"info", "info1", "info2", "info3"}
"""Last levels of what a broker says when a thing has gone, and a thing when it starts: no beat, and no breach."""


class Asked(Struct, frozen=True):
    """To be off from each of two `moments` on, for `length` (µs); `topics` have a beat, the slowest is `beat`."""

    topics: tuple[str, ...]
    beat: int
    moments: tuple[int, int]
    length: int

    @property
    def back(self) -> int:
        """So long after each end every topic has to be heard again."""
        return max(BACK, 2 * self.beat)

    @property
    def expires(self) -> int:
        """After that nothing counts any more."""
        return self.moments[1] + self.length + self.back


class NoBeatError(Exception):
    """It cannot be told whether it would be silent; the text says why."""


def steady(times: Sequence[int], now: int) -> int | None:
    """The beat (µs) of what was heard at these times, in order; None: none, too slow, or with too many breaks."""
    times = [t for t in times if t > now - DAY]
    gaps = [b - a for a, b in pairwise(times)]
    if len(gaps) < _LEAST:
        return None
    beat = max(int(median(gaps)), 1)
    near = sum(gap <= beat * 3 // 2 for gap in gaps)
    breaks = sum(gap > 3 * beat for gap in gaps)
    fine = near * 10 >= len(gaps) * 9 and breaks <= _BREAKS and now - times[-1] <= 3 * beat
    return beat if fine and beat <= _LONGEST_BEAT else None


def ask(heard: Mapping[str, Sequence[int]], now: int, draw: Callable[[int], int]) -> Asked:
    """When to be silent; `heard`: the times of each topic, in order. `draw` gives a random whole number below another.

    Raises:
        NoBeatError: a topic has no steady beat, or nothing was heard.
    """
    beats = {topic: steady(times, now) for topic, times in heard.items() if not _aside(topic)}
    uneven = sum(beat is None for beat in beats.values())
    known = {topic: beat for topic, beat in beats.items() if beat is not None}
    if not known:
        raise NoBeatError("nothing speaks there steadily, at least every five minutes")
    if uneven:
        raise NoBeatError(f"{uneven} of {len(beats)} topics have no steady beat of at most five minutes")
    beat = max(known.values())
    length = _minutes(max(2 * MINUTE, _MISSED * beat + 2 * GRACE))
    first = _minutes(now) + (2 + draw(4)) * MINUTE
    second = first + length + _minutes(max(BACK, 2 * beat)) + (1 + draw(5)) * MINUTE
    return Asked(tuple(sorted(known)), beat, (first, second), length)


class Watch:
    """Listens to one claim's topics, in the order in which they were heard."""

    def __init__(self, asked: Asked) -> None:
        """Nothing was heard yet."""
        self._asked = asked
        self._before: tuple[set[str], set[str]] = (set(), set())
        self._after: tuple[set[str], set[str]] = (set(), set())
        self.broken = False

    def hear(self, topic: str, at: int, listening_since: int) -> bool:
        """A message under the prefix, `at` µs; the hub has listened without a break since. Whether all is shown now."""
        if _aside(topic):
            return False
        a, every = self._asked, set(self._asked.topics)
        for moment, before, after in zip(a.moments, self._before, self._after, strict=True):
            begins, ends = moment - a.beat * 3 // 2 - GRACE, moment + a.length
            if begins <= at < moment + GRACE:
                before.add(topic)
            elif moment + GRACE <= at < ends - GRACE:
                self.broken = True
            elif ends - GRACE <= at < ends + a.back:
                after.add(topic)
                self.broken |= not before >= every or listening_since > begins
        shown = all(after >= every for after in self._after)
        return shown and not self.broken


def _minutes(time: int) -> int:
    """Rounded up to whole minutes, as people tell the time (µs)."""
    return -(-time // MINUTE) * MINUTE


def _aside(topic: str) -> bool:
    return topic.rsplit("/", 1)[-1].lower() in _ASIDE
