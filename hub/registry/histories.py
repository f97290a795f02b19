"""The grades, ticks and pauses of datastreams, as the core's `History`.

Rule: what held is read, never worked out anew: a later change of who decides cannot change what held before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import BindParameter, Connection, bindparam, literal, select, union_all

from hub.core.grade import Grade
from hub.core.history import History, Span, Step, Tick
from hub.registry import tables as t

NO_HISTORY = History()
_STEP, _TICK, _PAUSE = range(3)
_NONE = literal(0)
_ROWS = {
    _STEP: (t.steps, _NONE, t.steps.c.since, _NONE, t.steps.c.grade),
    _TICK: (t.ticks, t.ticks.c.at, t.ticks.c.since, t.ticks.c.until, t.ticks.c.grade),
    _PAUSE: (t.pauses, _NONE, t.pauses.c.since, t.pauses.c.until, _NONE),
}
_EVERY = {
    kind: select(literal(kind), table.c.datastream, at.label("at"), since.label("since"), until, grade)
    for kind, (table, at, since, until, grade) in _ROWS.items()
}
_ALL = union_all(*_EVERY.values()).order_by("at", "since")
_ONLY: BindParameter[int] = bindparam("ids", expanding=True)
_THESE = union_all(*(_EVERY[kind].where(row[0].c.datastream.in_(_ONLY)) for kind, row in _ROWS.items())).order_by(
    "at", "since"
)


def histories(connection: Connection, datastreams: Collection[int] | None = None) -> dict[int, History]:
    """The histories of these datastreams (None: of all); those that never had any are left out."""
    steps: dict[int, list[Step]] = defaultdict(list)
    ticks: dict[int, list[Tick]] = defaultdict(list)
    pauses: dict[int, list[Span]] = defaultdict(list)
    rows = connection.execute(_ALL) if datastreams is None else connection.execute(_THESE, {"ids": list(datastreams)})
    for kind, d, at, since, until, grade in rows.all():
        if kind == _STEP:
            steps[d].append(Step(since, Grade(grade)))
        elif kind == _TICK:
            ticks[d].append(Tick(at, since, until, Grade(grade)))
        else:
            pauses[d].append(Span(since, until))
    every = steps.keys() | ticks.keys() | pauses.keys()
    return {d: History(tuple(steps[d]), tuple(ticks[d]), tuple(pauses[d])) for d in every}
