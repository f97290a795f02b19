"""What people who are measured without owning have said to whoever measures, and what was answered.

Rule: of who said it nothing is kept, not even the hour; the handle is kept as a hash. Whoever it reaches sees his own
answer and nobody else's.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, func, insert, select, update

from hub.core.cards import Objection, Said
from hub.registry import tables as t

_NEWEST = 100


def write_objection(
    connection: Connection, number: int, day: int, handle: str, card: str, words: str, readers: Collection[int]
) -> None:  # fmt: skip
    """Keep what was said to a card on a day (µs, its beginning) for its readers; `handle` as a hash."""
    connection.execute(insert(t.objections).values(id=number, at=day, handle=handle, card=card, words=words))
    connection.execute(
        insert(t.objection_readers), [{"objection": number, "party": p, "answer": ""} for p in sorted(readers)]
    )


def write_answer(connection: Connection, objection: int, readers: Collection[int], words: str, now: int) -> bool:
    """Keep what these readers answer, in the stead of what they answered before; False when it never reached them."""
    r = t.objection_readers.c
    theirs = (r.objection == objection) & r.party.in_(readers)
    answered = connection.execute(update(t.objection_readers).where(theirs).values(answer=words, answered=now))
    return bool(answered.rowcount)


def read_objections(connection: Connection, readers: Collection[int]) -> tuple[Objection, ...]:
    """What was said to these parties, the newest first."""
    o, r = t.objections.c, t.objection_readers.c
    query = (
        select(o.id, o.at, o.card, o.words, func.max(r.answer))
        .join(t.objection_readers, r.objection == o.id)
        .where(r.party.in_(readers))
        .group_by(o.id, o.at, o.card, o.words)
        .order_by(o.at.desc(), o.id)
        .limit(_NEWEST)
    )
    return tuple(
        Objection(id=number, day=day, card=card, words=words, answer=answer)
        for number, day, card, words, answer in connection.execute(query)
    )


def read_said(connection: Connection, handle: str) -> Said | None:
    """What was said under a handle (its hash), with the answers; None when there is no such handle."""
    o, r = t.objections.c, t.objection_readers.c
    said = connection.execute(select(o.id, o.at, o.card, o.words).where(o.handle == handle)).first()
    if said is None:
        return None
    query = select(r.answer).where(r.objection == said.id, r.answer != "")
    answers = connection.execute(query.distinct().order_by(r.answer)).scalars()
    return Said(said.at, said.card, said.words, tuple(answers))


def count_of_day(connection: Connection, card: str, day: int) -> int:
    """How much was said to a card on a day."""
    o = t.objections.c
    query = select(func.count()).select_from(t.objections).where(o.card == card, o.at == day)
    return int(connection.execute(query).scalar_one())


def forget(connection: Connection, before: int) -> int:
    """Forget what was said before a time (µs), with its answers; how many there were."""
    o, r = t.objections.c, t.objection_readers.c
    old = select(o.id).where(o.at < before)
    connection.execute(delete(t.objection_readers).where(r.objection.in_(old)))
    return int(connection.execute(delete(t.objections).where(o.at < before)).rowcount)
