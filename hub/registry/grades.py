"""From the wishes of several adults to the grade that holds.

Rule: the strictest wish holds, under the cap; for a ward whose guardians decide by majority, the highest that more
than half of them wish at least. What held is only ever added to, each step later than the one before,
so that no later change can open what was closed; a raise that is still to come may be withdrawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import delete, insert, select

from hub.core.catalogue import Catalogue
from hub.core.grade import DAY, HOUR, Grade
from hub.core.history import Step, grade_at
from hub.core.places import Partition
from hub.registry import tables as t
from hub.registry.database import Transaction
from hub.registry.streams import Stream, read_streams

NOTICE = DAY
"""In a household of several adults a raise waits so long."""
REST = 7 * DAY + HOUR
"""So long a cell shows nothing of a property after somebody's `street` rows have left it."""


def wishes_of(transaction: Transaction, datastream: int) -> dict[int, list[Step]]:
    """What each party wishes for a datastream, in order of time, with what is to come."""
    c = t.wishes.c
    query = select(c.party, c.since, c.grade).where(c.datastream == datastream).order_by(c.since)
    wishes: dict[int, list[Step]] = defaultdict(list)
    for party, since, grade in transaction.connection.execute(query):
        wishes[party].append(Step(since, Grade(grade)))
    return wishes


def wish(transaction: Transaction, stream: Stream, party: int, grade: Grade, now: int) -> int:
    """Record what one of the deciders wants; when (µs) it begins to count. `settle` makes it hold."""
    c = t.wishes.c
    mine = (c.datastream == stream.id) & (c.party == party)
    present = grade_at(wishes_of(transaction, stream.id).get(party, ()), now)
    waits = grade > present and len(transaction.people.deciders(stream.owner)) > 1
    since = now + NOTICE if waits else now
    transaction.connection.execute(delete(t.wishes).where(mine, (c.since > now) | (c.since == since)))
    transaction.connection.execute(
        insert(t.wishes).values(datastream=stream.id, party=party, since=since, grade=int(grade))
    )
    return since


def lapse(transaction: Transaction, stream: Stream, party: int, grade: Grade, at: int) -> None:
    """From `at` (µs) on a party's wish falls to this by itself, unless it says so anew; never does it rise."""
    if grade_at(wishes_of(transaction, stream.id).get(party, ()), at) > grade:
        transaction.connection.execute(
            insert(t.wishes).values(datastream=stream.id, party=party, since=at, grade=int(grade))
        )


def settle(transaction: Transaction, stream: Stream, street: Partition, now: int, *, dip: bool = False) -> Grade:
    """Make the wishes of the deciders hold from `now` (µs); with `dip` the past falls to `counted` at most.

    Out: the grade that holds now. Raises to come are written as pending.
    """
    s, r = t.steps.c, t.rests.c
    mine = s.datastream == stream.id
    transaction.connection.execute(delete(t.steps).where(mine, s.pending, s.since > now))
    transaction.connection.execute(delete(t.rests).where(r.datastream == stream.id, r.since > now))
    last = transaction.connection.execute(
        select(s.since, s.grade).where(mine).order_by(s.since.desc()).limit(1)
    ).first()
    before = Grade.HOME if last is None else Grade(last.grade)
    fresh = _Course(before, now if last is None else max(now, last.since + 1))
    if dip and before > Grade.COUNTED:
        fresh.to(Grade.COUNTED, now)
    wishes = wishes_of(transaction, stream.id)
    decided = [wishes.get(party, []) for party in transaction.people.deciders(stream.owner)]
    majority = stream.owner in transaction.people.majority
    fresh.to(_holds(decided, stream.cap, now, majority=majority), now)
    holds_now, firm = fresh.grade, len(fresh.steps)
    for moment in sorted({w.since for some in decided for w in some if w.since > now}):
        fresh.to(_holds(decided, stream.cap, moment, majority=majority), moment)
    _write(transaction, stream.id, fresh.steps, firm)
    _withdraw_ticks(transaction, stream.id, now)
    _rest(transaction, stream, street, before, fresh.steps, firm)
    return holds_now


def cap_wishes(transaction: Transaction, stream: Stream, most: Grade, now: int) -> None:
    """No wish, present or to come, above `most`: what was possible once does not come back by itself."""
    c = t.wishes.c
    for party, some in wishes_of(transaction, stream.id).items():
        first = next((s.since for s in some if s.since > now and s.grade > most), None)
        if first is not None:  # and what was to follow it: a fall from there would be a raise from here
            gone = (c.datastream == stream.id) & (c.party == party) & (c.since >= first)
            transaction.connection.execute(delete(t.wishes).where(gone))
        if grade_at(some, now) > most:
            _wish_now(transaction, stream, party, most, now)


def keep_unsealed(transaction: Transaction, stream: Stream, now: int) -> None:
    """Who wished it sealed alone wishes `home` from now on: it is not to be sealed by somebody else's leaving."""
    for party, some in wishes_of(transaction, stream.id).items():
        if grade_at(some, now) is Grade.SEALED:
            _wish_now(transaction, stream, party, Grade.HOME, now)


def _wish_now(transaction: Transaction, stream: Stream, party: int, grade: Grade, now: int) -> None:
    c = t.wishes.c
    mine = (c.datastream == stream.id) & (c.party == party) & (c.since == now)
    transaction.connection.execute(delete(t.wishes).where(mine))
    transaction.connection.execute(
        insert(t.wishes).values(datastream=stream.id, party=party, since=now, grade=int(grade))
    )


def keep_caps(
    transaction: Transaction, catalogue: Catalogue, street: Partition, now: int, things: Collection[int] | None = None
) -> None:
    """Lower what stands above its cap, after a cap has fallen (of these things; None: of all)."""
    for stream in read_streams(transaction, catalogue, things=things):
        if _summit(stream, now) > stream.cap:
            cap_wishes(transaction, stream, stream.cap, now)
            settle(transaction, stream, street, now)


def highest(stream: Stream, now: int) -> Grade:
    """The highest grade that holds now or that a raise to come has been announced for."""
    return min(_summit(stream, now), stream.cap)


def rest(transaction: Transaction, stream: Stream, street: Partition, since: int, *, planned: bool = False) -> None:
    """Let the cell of a `street` datastream rest from `since` (µs) for `REST`; `planned`: unless something changes."""
    cell = street.cell_of(stream.place)
    if cell is None:
        return
    r = t.rests.c
    if not planned:
        same = (r.property == stream.property) & (r.cell == cell) & r.datastream.is_(None)
        over = (r.until <= since) | ((r.since >= since) & (r.until <= since + REST))
        transaction.connection.execute(delete(t.rests).where(same, over))
    transaction.connection.execute(insert(t.rests).values(
        property=stream.property, cell=cell, since=since, until=since + REST, datastream=stream.id if planned else None,
    ))  # fmt: skip
    transaction.changed()


class _Course:
    """The steps that will hold from now on, each later than the one before."""

    def __init__(self, grade: Grade, slot: int) -> None:
        self.steps: list[Step] = []
        self.grade, self._slot = grade, slot

    def to(self, grade: Grade, moment: int) -> None:
        """Hold this from `moment` on, or as soon after as there is room."""
        if grade != self.grade:
            self._slot = max(self._slot, moment)
            self.steps.append(Step(self._slot, grade))
            self.grade, self._slot = grade, self._slot + 1


def _holds(wishes: Collection[Sequence[Step]], cap: Grade, moment: int, *, majority: bool) -> Grade:
    """The strictest under the cap; `sealed` needs all of them: one alone closes it to the home."""
    each = sorted((grade_at(some, moment) for some in wishes), reverse=True)
    least = each[len(each) // 2] if majority else each[-1]
    return Grade.HOME if least is Grade.SEALED and each[0] is not Grade.SEALED else min(least, cap)


def _summit(stream: Stream, now: int) -> Grade:
    coming = [step.grade for step in stream.history.steps if step.since > now]
    return max([grade_at(stream.history.steps, now), *coming])


def _write(transaction: Transaction, datastream: int, steps: Sequence[Step], firm: int) -> None:
    if steps:
        transaction.connection.execute(insert(t.steps), [
            {"datastream": datastream, "since": step.since, "grade": int(step.grade), "pending": i >= firm}
            for i, step in enumerate(steps)
        ])  # fmt: skip
    transaction.changed()


def _withdraw_ticks(transaction: Transaction, datastream: int, now: int) -> None:
    """A tick that waits goes with the raise that it waits for."""
    k, s = t.ticks.c, t.steps.c
    query = select(k.id, k.at, k.grade).where(k.datastream == datastream, k.at > now)
    for row in transaction.connection.execute(query).all():
        reached = select(s.grade).where(s.datastream == datastream, s.since <= row.at).order_by(s.since.desc()).limit(1)
        then = transaction.connection.execute(reached).scalar()
        if then is None or then < row.grade:
            transaction.connection.execute(delete(t.ticks).where(k.id == row.id))


def _rest(
    transaction: Transaction, stream: Stream, street: Partition, before: Grade, steps: Iterable[Step], firm: int
) -> None:  # fmt: skip
    """Whenever `street` rows of a datastream go, for whatever reason, its cell rests; what was planned is void."""
    held = before
    for i, step in enumerate(steps):
        if held is Grade.STREET:
            rest(transaction, stream, street, step.since, planned=i >= firm)
        held = step.grade
