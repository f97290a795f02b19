"""Batches and scopes for the tests of stores: who looks decides the scope, as in the hub itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from hub.core.audience import PUBLIC, Audience
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.history import History, Step, Tick
from hub.core.observations import Observations
from hub.core.scope import Scope, scope_for
from tests.core.world import CATALOGUE, LONG_AGO, NOW, PROJECT, holdings, since_ever, stream

QUARTER = 15 * MINUTE
HOMES = range(6)
"""Six homes at one corner, each with one datastream: enough for a `street` cell."""
MEMBER = Audience(party=1, parties=frozenset({1}), memberships=frozenset({PROJECT.id}))
HISTORIES = (
    since_ever(Grade.OPEN),
    since_ever(Grade.STREET),
    since_ever(Grade.COMMONS),
    History((Step(LONG_AGO, Grade.OPEN), Step(NOW - 30 * HOUR, Grade.HOME), Step(NOW - 20 * HOUR, Grade.OPEN))),
    History((Step(LONG_AGO, Grade.COMMONS), Step(NOW - 9 * HOUR, Grade.HOME), Step(NOW - 5 * HOUR, Grade.STREET))),
    History(
        (Step(LONG_AGO, Grade.HOME), Step(NOW - 4 * HOUR, Grade.OPEN)),
        (Tick(NOW - 4 * HOUR, NOW - 40 * HOUR, NOW - 10 * HOUR, Grade.OPEN),),
    ),
)
"""Lives of a datastream that give one slice, several, or none, with and without windows."""


class Row(NamedTuple):
    """One observation."""

    datastream: int = 1000
    time: int = NOW - 6 * HOUR
    value: float = 1.0
    received: int | None = None
    grade: Grade = Grade.OPEN
    wish: Grade = Grade.OPEN
    owner: int | None = None

    @property
    def arrived(self) -> int:
        """When it arrived: at once, unless said otherwise."""
        return self.time if self.received is None else self.received

    @property
    def party(self) -> int:
        """Whose it is: home n has datastream 1000+n and party 100+n."""
        return self.datastream - 900 if self.owner is None else self.owner


def batch(*rows: Row) -> Observations:
    """Rows as columns."""
    return Observations(
        np.array([r.datastream for r in rows], np.int32), np.array([r.party for r in rows], np.int32),
        np.array([r.time for r in rows], np.int64), np.array([r.arrived for r in rows], np.int64),
        np.array([r.value for r in rows], np.float64), np.array([r.grade for r in rows], np.uint8),
        np.array([r.wish for r in rows], np.uint8), np.zeros(len(rows), np.uint8),
    )  # fmt: skip


def regular(datastream: int, start: int, step: int, values: Iterable[float]) -> Observations:
    """One datastream's values at equal distances (µs)."""
    return batch(*(Row(datastream, start + i * step, v) for i, v in enumerate(values)))


def seen_by(audience: Audience, histories: Sequence[History], now: int = NOW, joined: int = 2**31) -> Scope:
    """What an audience may see of homes whose datastreams (1000, 1001, …) have these histories.

    The first `joined` of them are in the project.
    """
    streams = (stream(n, h, commons=PROJECT.id if n < joined else None) for n, h in enumerate(histories))
    return scope_for(audience, holdings(*streams), CATALOGUE, now)


def own(home: int = 0, homes: int = len(HOMES)) -> Scope:
    """All that one home may see of itself: everything of datastream 1000+home."""
    household = Audience(party=100 + home, parties=frozenset({100 + home}))
    return seen_by(household, [since_ever(Grade.HOME)] * homes)


def all_of(homes: int = len(HOMES)) -> Scope:
    """Everything of datastreams 1000, 1001, …: somebody who is of all these households."""
    everywhere = Audience(party=100, parties=frozenset(range(100, 100 + homes)))
    return seen_by(everywhere, [since_ever(Grade.HOME)] * homes)


def public(*grades: Grade, now: int = NOW) -> Scope:
    """What anybody may see of datastreams 1000, 1001, … that always had these grades."""
    return seen_by(PUBLIC, [since_ever(g) for g in grades], now)


def street(now: int = NOW) -> Scope:
    """What anybody may see of six homes that are `street`: hourly means, as they close."""
    return public(*[Grade.STREET] * len(HOMES), now=now)


def mixed(now: int = NOW) -> Scope:
    """What a member sees of one home in the project, quarter-hourly, and of six around it, hourly and not for ever."""
    return seen_by(MEMBER, [since_ever(Grade.COMMONS), *[since_ever(Grade.STREET)] * 6], now, joined=1)


def project(now: int = NOW) -> Scope:
    """What a member of the project sees of one home in it: quarter-hourly means."""
    return seen_by(MEMBER, [since_ever(Grade.COMMONS)], now)
