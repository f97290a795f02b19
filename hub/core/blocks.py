"""Blocks: who is published together with whom, for one property and one epoch.

Rule: every number that is published in an epoch, for any audience, zoom and window, is a function of whole blocks of
homes that are alike to every audience. So no subtraction of published numbers shows less than a whole block. Blocks
follow from who is enrolled, never from what was measured.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Literal

from msgspec import Struct

from hub.core.catalogue import ObservedProperty
from hub.core.grade import DAY, RELEASE_5, RELEASE_8, RELEASE_HOMES_INTIMATE, Grade

Where = Literal["indoor", "outdoor"]
"""Exposure class. Indoor and outdoor are never mixed: an indoor release is another property to residents."""
Level = Literal["near", "public"]
"""Whom a figure is for: `near` are staff with a purpose and the members of any commons, `public` is everybody."""
LEVELS: tuple[Level, ...] = ("near", "public")
LEAST_DAYS_INDOOR = 7
NOBODY = -1
"""In the place of a home that has left its block."""
_INDOOR = "@indoor"


class Chain(Struct, frozen=True, order=True, array_like=True):
    """Homes that are alike to every audience.

    `floor` is `COUNTED` (then `commons` is 0 and `cell` empty), `COMMONS` (with its commons) or `STREET` (with its
    commons or 0, and the cell in which its rows are visible; empty: visible to nobody).
    """

    floor: Grade
    commons: int = 0
    cell: str = ""


class Home(Struct, frozen=True):
    """One home's record for one property and exposure class.

    `home` is its number at this revision of the registry; `cell` an H3 cell of resolution 6 or finer (finer than 9 is
    lifted to 9) or `CITY` ("somewhere here"); `datastreams` what of it counts. Who is the same home in the next epoch
    goes by the datastreams, whose ids are never used again; so `home` may be numbered anew at any time.
    """

    home: int
    cell: str
    chain: Chain
    datastreams: tuple[int, ...]


class Block(Struct, frozen=True, array_like=True):
    """The atom of publication: homes that are only ever told together.

    `homes` are the numbers at enrolment (`NOBODY` in the place of who left), `members` the datastreams of each, in the
    same order; `region` is the label cell it is near figures' place, `public` that of public ones (None: in no public
    figure). Labels are H3 cells or `CITY`.
    """

    number: int
    chain: Chain
    homes: tuple[int, ...]
    members: tuple[tuple[int, ...], ...]
    region: str
    public: str | None
    marks: tuple[int, ...] = ()


class Change(Struct, frozen=True, array_like=True):
    """Homes have come to or left this region of a chain; the first of them in the epoch that began at `since` (µs).

    `region` None: homes of the chain that are in nobody's region yet.
    """

    chain: Chain
    region: str | None
    since: int


class Epoch(Struct, frozen=True, kw_only=True):
    """Who is in which block of `property`, from `since` until `until` (µs); msgspec encodes it.

    `k` is the least number of homes of a near figure (and of any block), `public_k` of a public one. `resting` are
    blocks that say nothing all the epoch because somebody left them, `waiting` the datastreams that count from a later
    epoch on, `changed` the regions whose changes are gathered into a batch.
    """

    property: str
    where: Where
    since: int
    until: int
    k: int
    public_k: int
    blocks: tuple[Block, ...] = ()
    resting: tuple[int, ...] = ()
    changed: tuple[Change, ...] = ()
    waiting: tuple[int, ...] = ()


def resting(epoch: Epoch, withdrawn: Container[int]) -> frozenset[int]:
    """The numbers of the blocks that say nothing.

    In: the datastreams that, since the epoch began, were regraded, paused, closed, moved, given another owner, commons
    or home, or of which something was erased. Nothing measured enters here.
    """
    touched = (b.number for b in epoch.blocks if any(d in withdrawn for member in b.members for d in member))
    return frozenset(epoch.resting) | frozenset(touched)


def span(observed: ObservedProperty, where: Where, moment: int) -> tuple[int, int]:
    """The epoch (since, until in µs) in which a moment lies; they begin at multiples of their length since 1970 UTC."""
    days = max(observed.epoch_days, LEAST_DAYS_INDOOR) if where == "indoor" else observed.epoch_days
    since = moment // (days * DAY) * days * DAY
    return since, since + days * DAY


def least_homes(observed: ObservedProperty, where: Where, level: Level) -> int:
    """For how many homes a figure stands at least (design.md §2); near's is also the size of the smallest block."""
    if observed.energy or where == "indoor":
        return RELEASE_HOMES_INTIMATE
    return RELEASE_5.homes if level == "near" else RELEASE_8.homes


def release_key(observed: str, where: Where) -> str:
    """The word under which epochs and releases of a property are kept: ``pm25``, ``pm25@indoor``."""
    return observed + _INDOOR if where == "indoor" else observed


def read_key(key: str) -> tuple[str, Where]:
    """The property and exposure class of such a word."""
    return (key.removesuffix(_INDOOR), "indoor") if key.endswith(_INDOOR) else (key, "outdoor")
