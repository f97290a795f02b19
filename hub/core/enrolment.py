"""Enrolment: at the beginning of an epoch, homes are put into blocks.

Rule: what was dealt stays as it is, epoch after epoch, until at least three homes have come or gone (or thirty days
have passed): two epochs must not differ by one home, or their difference would show it. Decisions use who is enrolled,
and nothing else.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from hub.core.blocks import NOBODY, Block, Chain, Change, Epoch, Home, Where
from hub.core.grade import DAY, Grade
from hub.core.regions import finest, label_of, merge, number_of, resolution_of, within

BATCH = 3
"""So many homes must have come, or gone, before a region is dealt anew."""
PATIENCE = 30 * DAY
"""After so long it is dealt anew with fewer."""


def enrol(
    *, observed: str, where: Where, since: int, until: int, homes: Sequence[Home], k: int, public_k: int,
    k_of: Callable[[Chain], int], key: bytes, previous: Epoch | None,
) -> Epoch:  # fmt: skip
    """The blocks of a property for the epoch [since, until) in µs.

    In: one record a home, of homes whose devices are heard at least once a window (what is silent silences its block);
    `k` and `public_k` the least homes of near and public figures, `k_of` the least homes of a chain's blocks (never
    below `k`); `key` the hub's own secret, by which blocks are dealt; the epoch before, if there was one. Out: the
    epoch, also with what the next enrolment needs to know of this one.

    Raises:
        ValueError: a home or a datastream is there twice, a place is no cell, or a grade is in no release.
    """
    cells = _checked(homes)
    dealt = _Dealt(f"{observed}|{where}|{since}", key)
    for chain, part in sorted(_parts(homes, cells, previous, since, key).items()):
        least = max(k, k_of(chain))
        made, alone = _rearranged(part, cells, least)
        for label in sorted(part.kept):
            dealt.keep(chain, part.kept[label], least)
        for label in sorted(made):
            dealt.deal(chain, label, made[label], least)
        dealt.leave(chain, alone, part.alone_since)
    return Epoch(
        property=observed, where=where, since=since, until=until, k=k, public_k=public_k,
        blocks=_told_in_public(dealt.blocks, frozenset(dealt.resting), public_k), resting=tuple(dealt.resting),
        changed=tuple(dealt.changed), waiting=tuple(sorted(dealt.waiting)),
    )  # fmt: skip


class _Seat(NamedTuple):
    """A home's place in the epoch before: its chain, its region's label, the block within it, the place in that."""

    chain: Chain
    label: int
    block: int
    slot: int


@dataclass(slots=True)
class _Region:
    """A region of the epoch before: its blocks, and which of this epoch's homes sit where in them.

    `since` is when its gathered changes began, `extra` are datastreams that seated homes have besides, `joiners` the
    homes that came to live in it.
    """

    label: int
    since: int
    overdue: bool = False
    blocks: list[Block] = field(default_factory=list)
    seated: dict[tuple[int, int], Home] = field(default_factory=dict)
    extra: list[int] = field(default_factory=list)
    gained: int = 0
    joiners: list[Home] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many homes changed at least: one that left may have come back as another."""
        gone = sum(len(b.homes) for b in self.blocks) - len(self.seated)
        return max(gone, len(self.joiners) + self.gained)

    def ripe(self, least: int) -> bool:
        """Whether it is dealt anew."""
        if self.changes == 0:
            return any(len(b.homes) < least for b in self.blocks)
        return self.changes >= BATCH or self.overdue


@dataclass(slots=True)
class _Part:
    """One chain: the regions that are kept so far, the homes that sit in none of them, the homes to be dealt.

    `alone_since` is when the first home began to wait that lives in nobody's region.
    """

    alone_since: int
    alone_overdue: bool = False
    kept: dict[int, _Region] = field(default_factory=dict)
    free: list[Home] = field(default_factory=list)
    pool: list[Home] = field(default_factory=list)


def _checked(homes: Sequence[Home]) -> dict[int, int]:
    """The number of each home's cell."""
    numbers = {label: number_of(label) for label in {home.cell for home in homes}}
    cells = {home.home: numbers[home.cell] for home in homes}
    streams = [d for home in homes for d in home.datastreams]
    if len(cells) < len(homes) or len(set(streams)) < len(streams) or not all(home.datastreams for home in homes):
        raise ValueError("enrol each home once, with at least one datastream, and each datastream in one home")
    if not all(Grade.COUNTED <= home.chain.floor <= Grade.STREET for home in homes):
        raise ValueError("a home counts with what is counted, commons or street: leave out the rest of it")
    return cells


def _parts(
    homes: Sequence[Home], cells: Mapping[int, int], previous: Epoch | None, since: int, key: bytes
) -> dict[Chain, _Part]:
    """The chains of both epochs, with each home in its seat of the epoch before or free."""
    parts: dict[Chain, _Part] = defaultdict(lambda: _Part(since))
    seats: dict[int, _Seat] = {}
    for block in previous.blocks if previous else ():
        label = number_of(block.region)
        region = parts[block.chain].kept.setdefault(label, _Region(label, since))
        for slot, member in enumerate(block.members):
            seats.update((d, _Seat(block.chain, label, len(region.blocks), slot)) for d in member)
        for slot, mark in enumerate(block.marks):
            if mark:
                seats[-mark] = _Seat(block.chain, label, len(region.blocks), slot)
        region.blocks.append(block)
    for change in previous.changed if previous else ():
        part, overdue = parts[change.chain], since - change.since >= PATIENCE
        if change.region is None:
            part.alone_since, part.alone_overdue = change.since, overdue
        else:
            kept = part.kept[number_of(change.region)]
            kept.since, kept.overdue = change.since, overdue
    for home in homes:
        part = parts[home.chain]
        if not _sit(home, cells[home.home], part, seats, key):
            part.free.append(home)
    return parts


def _sit(home: Home, cell: int, part: _Part, seats: Mapping[int, _Seat], key: bytes) -> bool:
    """Seat a home where it sat; False when its chain, its region, or what of it counted there is another now."""
    found = [seats[d] for d in home.datastreams if d in seats]
    seat = found[0] if found else seats.get(-_mark(key, home.datastreams)) if seats else None
    if seat is None or seat.chain != home.chain or not within(cell, seat.label):
        return False
    region = part.kept[seat.label]
    counted = region.blocks[seat.block].members[seat.slot]
    if len(found) != len(counted) or any(other != seat for other in found):
        return False
    extra = set(home.datastreams) - set(counted) if counted else set()
    region.seated[seat.block, seat.slot] = home
    region.extra += extra
    region.gained += bool(extra)
    return True


def _mark(key: bytes, datastreams: Iterable[int]) -> int:
    """A number by which a home that left is known again when it comes back with the same datastreams; never 0."""
    text = ",".join(str(d) for d in sorted(datastreams))
    return int.from_bytes(hmac.digest(key, f"left|{text}".encode(), "sha256")[:8], "big") >> 1 | 1


def _rearranged(part: _Part, cells: Mapping[int, int], least: int) -> tuple[dict[int, list[Home]], list[Home]]:
    """Take apart the regions that are ripe and put their homes together anew.

    Out: label → homes of the new regions, and the homes that live in no region; `part.kept` are the others, with the
    homes that wait to join them. A home waits at the finest kept region in which it lives.
    """
    while True:
        alone: list[Home] = []
        for region in part.kept.values():
            region.joiners = []
        pool = part.pool
        if not part.kept:
            pool += part.free
        else:
            for home in part.free:
                _wait(home, cells, part, pool)
        part.free = [h for r in part.kept.values() for h in r.joiners]
        made, left = merge([cells[h.home] for h in pool], [1] * len(pool), least, part.kept)
        for atom in left:
            _wait(pool[atom], cells, part, alone)
        ripe = [r for r in part.kept.values() if r.ripe(least)] or _company(part, alone)
        if not ripe:
            return {label: [pool[a] for a in atoms] for label, atoms in made.items()}, alone
        in_pool = {h.home for h in pool}
        for region in ripe:
            del part.kept[region.label]
            pool += [h for h in (*region.seated.values(), *region.joiners) if h.home not in in_pool]
        in_pool = {h.home for h in pool}
        part.free = [h for h in part.free if h.home not in in_pool]


def _wait(home: Home, cells: Mapping[int, int], part: _Part, otherwise: list[Home]) -> None:
    label = finest(cells[home.home], part.kept)
    (otherwise if label is None else part.kept[label].joiners).append(home)


def _company(part: _Part, alone: Sequence[Home]) -> list[_Region]:
    """The region that takes in homes which live in none, if they are enough or have waited long enough."""
    if not alone or not part.kept or not (len(alone) >= BATCH or part.alone_overdue):
        return []
    regions = part.kept.values()
    outermost = [r for r in regions if not any(o is not r and within(r.label, o.label) for o in regions)]
    return [min(outermost, key=lambda r: (-resolution_of(r.label), len(r.seated), r.label))]


class _Dealt:
    """What the epoch is made of, as it grows."""

    def __init__(self, epoch: str, key: bytes) -> None:
        self.epoch = epoch
        self.key = key
        self.blocks: list[Block] = []
        self.resting: list[int] = []
        self.changed: list[Change] = []
        self.waiting: list[int] = []

    def keep(self, chain: Chain, region: _Region, least: int) -> None:
        """The blocks of a region as they were dealt; a block that somebody left, or that is too small now, rests."""
        for n, old in enumerate(region.blocks):
            block = self._kept(chain, region, n, old)
            self.blocks.append(block)
            if block.marks or len(block.homes) < least:
                self.resting.append(block.number)
        if region.changes:
            self.changed.append(Change(chain, label_of(region.label), region.since))
            self.waiting += [*region.extra, *(d for home in region.joiners for d in home.datastreams)]

    def _kept(self, chain: Chain, region: _Region, n: int, old: Block) -> Block:
        homes, members, marks = [], [], []
        for slot, member in enumerate(old.members):
            home = region.seated.get((n, slot))
            homes.append(NOBODY if home is None else home.home)
            members.append(() if home is None else member or tuple(sorted(home.datastreams)))
            marks.append(0 if home else _mark(self.key, member) if member else old.marks[slot])
        left = tuple(marks) if any(marks) else ()
        return Block(len(self.blocks), chain, tuple(homes), tuple(members), old.region, None, left)

    def deal(self, chain: Chain, label: int, homes: Iterable[Home], least: int) -> None:
        """Deal a new region into as many blocks of at least `least` homes as there can be."""
        word = label_of(label)
        order = sorted(homes, key=lambda h: self._lot(word, h))
        count = len(order) // least
        for n in range(count):
            part = order[n::count]
            members = tuple(tuple(sorted(h.datastreams)) for h in part)
            self.blocks.append(Block(len(self.blocks), chain, tuple(h.home for h in part), members, word, None))

    def leave(self, chain: Chain, alone: Sequence[Home], since: int) -> None:
        """Homes that live in no region: too few."""
        if alone:
            self.changed.append(Change(chain, None, since))
            self.waiting += [d for home in alone for d in home.datastreams]

    def _lot(self, label: str, home: Home) -> bytes:
        return hmac.digest(self.key, f"{self.epoch}|{label}|{home.home}".encode(), "sha256")


def _told_in_public(blocks: Sequence[Block], resting: frozenset[int], public_k: int) -> tuple[Block, ...]:
    """The blocks with their public cells: the near areas, each as a whole, merged upward until they are enough."""
    areas: dict[str, int] = defaultdict(int)
    for b in blocks:
        if b.number not in resting:
            areas[b.region] += len(b.homes)
    names = sorted(areas)
    made, _ = merge([number_of(name) for name in names], [areas[name] for name in names], public_k)
    public = {names[atom]: label_of(label) for label, atoms in made.items() for atom in atoms}
    return tuple(msgspec.structs.replace(b, public=public.get(b.region)) for b in blocks)
