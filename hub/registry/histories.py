"""The grades, ticks and pauses of datastreams, as the core's `History`.

Rule: what held is read, never worked out anew: a later change of who decides cannot change what held before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from hub.core.grade import Grade
from hub.core.history import History, Span, Step, Tick
from hub.registry import tables as t

NO_HISTORY = History()


def histories(connection: Connection, datastreams: Collection[int] | None = None) -> dict[int, History]:
    """The histories of these datastreams (None: of all); those that never had any are left out."""
    steps: dict[int, list[Step]] = defaultdict(list)
    ticks: dict[int, list[Tick]] = defaultdict(list)
    pauses: dict[int, list[Span]] = defaultdict(list)
    s, k, p = t.steps.c, t.ticks.c, t.pauses.c

    def rows(query: Select[Any], column: ColumnElement[int]) -> Sequence[Row[*tuple[Any, ...]]]:
        return connection.execute(query if datastreams is None else query.where(column.in_(datastreams))).all()

    for d, since, grade in rows(select(s.datastream, s.since, s.grade).order_by(s.since), s.datastream):
        steps[d].append(Step(since, Grade(grade)))
    for d, at, since, until, grade in rows(
        select(k.datastream, k.at, k.since, k.until, k.grade).order_by(k.at, k.id), k.datastream
    ):
        ticks[d].append(Tick(at, since, until, Grade(grade)))
    for d, since, until in rows(select(p.datastream, p.since, p.until).order_by(p.since), p.datastream):
        pauses[d].append(Span(since, until))
    every = steps.keys() | ticks.keys() | pauses.keys()
    return {d: History(tuple(steps[d]), tuple(ticks[d]), tuple(pauses[d])) for d in every}
