"""Which homes' readings a published number is made of: found out from the number itself.

Rule: nothing is believed. The hub's own list of blocks says which homes may stand behind a figure, the attack knows
what each of them had said; only what gives the published number to its last digit is its explanation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import h3
import msgspec

from hub.core.blocks import NOBODY, Block, Level, Where, release_key
from hub.core.counting import Enrolled
from hub.core.grade import HOUR, Grade
from hub.core.published import WHERES
from hub.core.regions import CITY
from tests.attacks.story import Story
from tests.attacks.town import CATALOGUE, Said

CARRIED = 4
_CLOSE = 2e-8
_MOST_SILENT = 4
"""So many blocks of a figure that could have spoken may be silent without a reason that the attack knows of."""
Reading = tuple[int, int]
"""A home (its party), and the start of the window in which it said something."""


class Figure(NamedTuple):
    """One published number: where, and when its window began."""

    observed: str
    where: Where
    level: Level
    cell: str
    start: int
    value: float


class Explained(NamedTuple):
    """The homes behind a figure, and which of their windows it was made of."""

    figure: Figure
    blocks: frozenset[int]
    homes: frozenset[int]
    readings: frozenset[Reading]
    epoch: int
    """When the epoch began whose blocks these are."""


@dataclass
class Ledger:
    """The truth: what was said, in windows; and the hub's lists of blocks, as they were when they were needed."""

    story: Story
    enrolled: dict[tuple[str, Where, int], Enrolled] = field(default_factory=dict)
    in_time: dict[tuple[int, int], Said] = field(default_factory=dict)
    """(datastream, window) → what had arrived of it when the window closed."""
    by_value: dict[tuple[str, float], Reading] = field(default_factory=dict)
    """Property and value → who said it, and in which window: all values are different."""
    _owners: dict[int, int] = field(default_factory=dict)
    _taken: dict[int, int] = field(default_factory=dict)

    def look(self) -> None:
        """Copy down the lists of blocks before the hub forgets them, and what was said since the last look."""
        releases = self.story.town.registry.releases
        for observed in self.story.town.catalogue.properties:
            for where in WHERES:
                kept = releases.epoch_before(release_key(observed, where), 2**62)
                if kept is not None and kept.body is not None:
                    self.enrolled[observed, where, kept.since] = msgspec.msgpack.decode(kept.body, type=Enrolled)
        owner = self.party_of
        for stream, said in self.story.said.items():
            for one in said[self._taken.get(stream, 0) :]:
                start = one.at // HOUR * HOUR
                self.by_value[one.observed, one.value] = owner[stream], start
                if (one.heard or one.at) < start + HOUR + CATALOGUE.properties[one.observed].watermark:
                    self.in_time[stream, start] = one
            self._taken[stream] = len(said)

    def explain(self, figure: Figure) -> Explained | None:
        """The blocks whose homes give this number; None when no choice of whole blocks does."""
        enrolled = self._epoch(figure)
        if enrolled is None:
            return None
        said = [self._block(b, figure, enrolled) for b in enrolled.epoch.blocks if _label(b, figure) == figure.cell]
        speaking = [s for s in said if s is not None]
        touched = [s for s in speaking if s[0] in enrolled.silent]
        rest = [s for s in speaking if s[0] not in enrolled.silent]
        for silent in _few(rest, touched):
            blocks = [s for s in speaking if s[0] not in silent]
            values = [v for _, told in blocks for v in told.values()]
            if values and abs(sum(values) / len(values) - figure.value) < _CLOSE:
                return _explained(figure, blocks, enrolled.epoch.since)
        return None

    def _epoch(self, figure: Figure) -> Enrolled | None:
        for (observed, where, since), enrolled in self.enrolled.items():
            if (observed, where) == figure[:2] and since <= figure.start < enrolled.epoch.until:
                return enrolled
        return None

    def _block(self, block: Block, figure: Figure, enrolled: Enrolled) -> tuple[int, dict[Reading, float]] | None:
        """What the homes of a block had said for this window, or None when it cannot have spoken."""
        told: dict[Reading, float] = {}
        live = 0
        for streams in block.members:
            found = self._home(streams, block.chain.floor, figure.start, enrolled.epoch.since)
            if found is None:
                return None
            reading, value = found
            told[reading] = value
            live += reading[1] == figure.start
        return (block.number, told) if 5 * live >= 4 * len(block.members) else None

    def _home(self, streams: Iterable[int], floor: Grade, start: int, since: int) -> tuple[Reading, float] | None:
        """What a home had said last that its block may tell of; a wish for less than the block's grade counts not."""
        told, owner = self.in_time, self._owner(streams)
        for window in range(start, max(since, start - CARRIED * HOUR) - 1, -HOUR):
            said = [told[s, window] for s in streams if (s, window) in told]
            values = [one.value for one in said if one.wish is None or one.wish >= floor]
            if values:
                return (owner, window), sum(values) / len(values)
        return None

    def _owner(self, streams: Iterable[int]) -> int:
        first = min(streams, default=NOBODY)
        if first != NOBODY and first not in self._owners:
            self._owners = self.party_of
        return self._owners.get(first, NOBODY)

    @property
    def party_of(self) -> dict[int, int]:
        """Datastream → the home it counts for."""
        every = (*self.story.devices, *self.story.indoors, *self.story.gone)
        return {s: d.party for d in every for s in d.streams.values()}


def _label(block: Block, figure: Figure) -> str | None:
    return block.region if figure.level == "near" else block.public


def _few(
    rest: list[tuple[int, dict[Reading, float]]], touched: list[tuple[int, dict[Reading, float]]]
) -> Iterable[set[int]]:
    """Which blocks were silent: the fewest first, those whose people had changed something before others."""
    fallen = [s[0] for s in touched]
    for some in range(len(fallen), -1, -1):
        for known in combinations(fallen, some):
            yield set(known)
    for more in range(1, _MOST_SILENT):
        for unknown in combinations([s[0] for s in rest], more):
            yield {*fallen, *unknown}


def _explained(figure: Figure, blocks: list[tuple[int, dict[Reading, float]]], epoch: int) -> Explained:
    readings = frozenset(r for _, told in blocks for r in told)
    return Explained(figure, frozenset(b for b, _ in blocks), frozenset(h for h, _ in readings), readings, epoch)


def cell_word(cell: int) -> str:
    """A cell's number as its label."""
    return str(h3.int_to_str(cell)) if cell else CITY
