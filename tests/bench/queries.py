"""A large past, asked through the gate as pages ask: how long answers take out of a hundred million observations.

Rule: each question is asked again and again of another home and another time, warm, and the slow ones count (p95). The
past is made once, in build/bench, and used again; the rows say how large it is.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from hub.core.audience import PUBLIC, Audience
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.query import Query
from tests.bench import town
from tests.bench.contenders import ROOT
from tests.bench.effort import Effort
from tests.bench.town import MEASURED, UNTIL, Town
from tests.bench.verdicts import Row, Target, figure, percentile

DAYS = 70
"""One value a minute of every datastream, for so many days: three months' files."""
_EACH = DAYS * DAY // MINUTE
_WARM = 25
_RESIDENTS = 5
"""So many look at their own: what each may see is compiled when he first asks, and kept."""
_ASKED = 40
"""So often a round asks each question."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question as the table names it, who asks, how it is drawn, and within how many ms it is to be answered."""

    what: str
    most: float
    draw: Callable[[Town, np.random.Generator], tuple[Query, Audience]]


def _day_of_one(t: Town, chance: np.random.Generator) -> tuple[Query, Audience]:
    since = UNTIL - int(chance.integers(1, DAYS)) * DAY
    return _of_one(t, chance, since, since + DAY, 0), PUBLIC


def _month_of_one(t: Town, chance: np.random.Generator) -> tuple[Query, Audience]:
    since = UNTIL - int(chance.integers(30, DAYS)) * DAY
    return _of_one(t, chance, since, since + 30 * DAY, HOUR), PUBLIC


def _of_one(t: Town, chance: np.random.Generator, since: int, until: int, window: int) -> Query:
    thing, observed = str(chance.choice(t.handles)), str(chance.choice([m[0] for m in MEASURED]))
    return Query(things=frozenset({thing}), properties=frozenset({observed}), since=since, until=until, window=window)


def _own_day(t: Town, chance: np.random.Generator) -> tuple[Query, Audience]:
    home = int(chance.integers(min(_RESIDENTS, len(t.handles))))
    query, _ = _day_of_one(t, chance)
    return replace(query, things=frozenset({t.handles[home]})), t.resident(home)


def _cells_over_a_day(t: Town, chance: np.random.Generator) -> tuple[Query, Audience]:
    del t
    since = UNTIL - int(chance.integers(1, DAYS)) * DAY
    observed = frozenset({str(chance.choice([m[0] for m in MEASURED]))})
    return Query(properties=observed, since=since, until=since + DAY, window=10 * MINUTE), PUBLIC


def _latest(t: Town, chance: np.random.Generator) -> tuple[Query, Audience]:
    del t, chance
    return Query(newest=True), PUBLIC


QUESTIONS = (
    Asking("24 h of one", 15, _day_of_one),
    Asking("30 days of one, hourly means", 30, _month_of_one),
    Asking("a property over all cells, 10-minute means over a day", 30, _cells_over_a_day),
    Asking("latest of everything visible", 10, _latest),
    Asking("24 h of one, by its own household", 15, _own_day),
)


def queries(effort: Effort) -> list[Row]:
    """p95 of each question, and what it is made of."""
    folder = past(homes_for(effort.rows))
    with town.opened(folder) as t:
        rows = [_row(asking, t, effort) for asking in QUESTIONS]
        size = sum(file.stat().st_size for file in t.observations.iterdir()) / _rows_of(t)
    what = "disk an observation after compaction, of things that tell one value a minute"
    return [*rows, Row(what, Target(most=9, unit=" B"), size, f"{_rows_of(t):,} rows of {DAYS} days, sums included")]


def homes_for(rows: int) -> int:
    """How many homes, each with a thing that measures all of `MEASURED`, have about so many observations."""
    return max(2, round(rows / (_EACH * len(MEASURED))))


def past(homes: int) -> Path:
    """The folder of a town with a past, made if it is not there; it takes minutes, and says how far it is."""
    folder = ROOT / "build" / "bench" / f"town-1-{homes}"
    if folder.exists():
        return folder
    making = folder.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    town.settle(making, homes, len(MEASURED), UNTIL - DAYS * DAY)
    with town.opened(making) as t:
        began = time.monotonic()
        for day in range(DAYS):
            since = UNTIL - (DAYS - day) * DAY
            t.parts.store.append(town.measured(t, since, since + DAY))
            if day % 7 == 0:
                _say(f"\rmaking {homes * len(MEASURED) * _EACH:,} observations: {100 * day // DAYS} %")
        _say(f" ({time.monotonic() - began:.0f} s); compacting …")
        t.parts.store.compact()
    _say(f" done ({time.monotonic() - began:.0f} s)\n")
    making.rename(folder)
    return folder


def _row(asking: Asking, t: Town, effort: Effort) -> Row:
    chance = np.random.default_rng(7)
    for _ in range(_WARM):
        t.parts.gate.read(*asking.draw(t, chance))
    whole, stored, found = [], [], 0
    for _ in range(_ASKED * effort.rounds):
        query, audience = asking.draw(t, chance)
        start = time.perf_counter()
        found += len(t.parts.gate.read(query, audience))
        whole.append(time.perf_counter() - start)
        scope = t.parts.gate._scope(audience).narrow(query)
        start = time.perf_counter()
        t.parts.store.read(query, scope)
        stored.append(time.perf_counter() - start)
    taken, of_store = (np.array(each) * 1e3 for each in (whole, stored))
    told = (
        f"p50 {figure(percentile(taken, 0.5))} ms, of which the store {figure(percentile(of_store, 0.5))} ms; "
        f"{found // len(whole):,} rows an answer"
    )
    what = f"{_rows_of(t):,} observations, through the gate: {asking.what}, p95"
    return Row(what, Target(most=asking.most, unit=" ms"), percentile(taken, 0.95), told)


def _rows_of(t: Town) -> int:
    return len(t.handles) * len(MEASURED) * _EACH


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
