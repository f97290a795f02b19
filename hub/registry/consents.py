"""What each party agreed to: what for, from when, until when.

Rule: a consent says no more than the wish that holds. It is written from the wishes, in the transaction that changes
them, and its end is a wish that is already there: it lapses by itself, whether or not anybody looks after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import Connection, Row, func, insert, select, update

from hub.core.grade import DAY, Grade
from hub.core.history import Step, grade_at
from hub.core.receipts import Event, Matter
from hub.registry import journal
from hub.registry import tables as t
from hub.registry.database import Database, Transaction
from hub.registry.fragments import present_name
from hub.registry.grades import wishes_of
from hub.registry.ids import new_id
from hub.registry.receipts import Receipts
from hub.registry.streams import Stream

NOTICE = 7 * DAY
"""So long before its end a consent is announced."""
PURPOSES = {
    Grade.COUNTED: "averages over several homes of the neighbourhood",
    Grade.STREET: "what is measured around here, shown to anybody without saying who",
    Grade.OPEN: "a public instrument, for anybody and anything",
}


class Consent(Struct, frozen=True):
    """What a party agreed to for one datastream: `since`, `until`, `ended` and `noticed` are µs or None."""

    id: int
    party: int
    datastream: int
    commons: int | None
    grade: Grade
    purpose: str
    since: int
    until: int | None
    ended: int | None = None
    noticed: int | None = None


class Consents:
    """Reads consents and keeps them true."""

    def __init__(self, database: Database, receipts: Receipts) -> None:
        self._database, self._receipts = database, receipts

    def of(self, parties: Collection[int], *, ended: bool = False) -> list[Consent]:
        """What these parties agreed to and still holds (or, `ended`, all they ever did), the newest first."""
        with self._database.read() as connection:
            found = _read(connection, parties=parties, open_only=not ended)
        return sorted(found, key=lambda c: (c.since, c.id), reverse=True)

    def follow(
        self, tx: Transaction, streams: Iterable[Stream], now: int, *, fallen: Event = Event.WITHDRAWN
    ) -> None:  # fmt: skip
        """Bring the consents of these datastreams (as they are after a change) to what their people wish now (µs).

        `fallen`: what it is called when a decider's wish has become less before its time.
        """
        changed = {s.id: s for s in streams}
        standing = {(c.datastream, c.party): c for c in _read(tx.connection, datastreams=changed)}
        for stream in changed.values():
            deciders = tx.people.deciders(stream.owner)
            wishes = wishes_of(tx, stream.id)
            for party in sorted(deciders | {p for d, p in standing if d == stream.id}):
                before = standing.get((stream.id, party))
                wanted = _wanted(tx, stream, party, wishes.get(party, ()) if party in deciders else (), now)
                if not _same(before, wanted):
                    self._change(tx, stream, before, wanted, now, fallen if party in deciders else Event.VOID)

    def _change(
        self, tx: Transaction, stream: Stream, before: Consent | None, wanted: Consent | None, now: int, fallen: Event
    ) -> None:
        c = t.consents.c
        if before is not None:
            lapsed = before.until is not None and before.until <= now
            ended = now if before.until is None else min(now, before.until)
            tx.connection.execute(update(t.consents).where(c.id == before.id).values(ended=ended))
            if wanted is None or wanted.grade < before.grade or lapsed:
                self._tell(tx, Event.LAPSED if lapsed else fallen, stream, before, now)
        if wanted is not None:
            made = new_id(tx.connection)
            tx.connection.execute(insert(t.consents).values(
                id=made, party=wanted.party, datastream=wanted.datastream, commons=wanted.commons,
                grade=int(wanted.grade), purpose=wanted.purpose, since=wanted.since, until=wanted.until,
            ))  # fmt: skip
            self._tell(tx, Event.GIVEN, stream, wanted, now, record=made)

    def _tell(
        self, tx: Transaction, event: Event, stream: Stream, consent: Consent, now: int, *, record: int | None = None
    ) -> None:
        shared = None if consent.commons is None else _charter(tx, consent.commons)
        owner = tx.people.member(stream.owner)
        name = None if consent.commons is None else present_name(tx.connection, consent.commons, owner, now)
        matter = Matter(
            record=record or consent.id, datastream=stream.id, observed=stream.property or stream.named,
            grade=consent.grade, commons=None if shared is None else shared.handle, purpose=consent.purpose,
            since=consent.since, until=consent.until, retention_days=None if shared is None else shared.retention_days,
        )  # fmt: skip
        self._receipts.issue(tx, consent.party, event, matter, now, nym=None if name is None else name.nym)


def announce(tx: Transaction, now: int) -> int:
    """Write into the diaries which consents end within `NOTICE`, each once; how many."""
    c, d, h = t.consents.c, t.datastreams.c, t.things.c
    query = (
        select(c.id, c.party, c.until, c.commons, d.named, h.title, h.wire)
        .join(t.datastreams, d.id == c.datastream)
        .join(t.things, h.id == d.thing)
        .where(c.ended.is_(None), c.noticed.is_(None), c.until > now, c.until <= now + NOTICE)
    )
    rows = tx.connection.execute(query).all()
    for r in rows:
        day = datetime.fromtimestamp(r.until // 1_000_000, UTC).strftime("%d.%m.%Y")
        what = f"on {day} the consent for {r.named} of {r.title or r.wire} ends by itself: set it again to go on"
        journal.write(tx.connection, now, None, r.party, what)
    tx.connection.execute(update(t.consents).where(c.id.in_([r.id for r in rows])).values(noticed=now))
    return len(rows)


def over(connection: Connection, now: int) -> set[int]:
    """The datastreams of consents that say more than is still wished: lapsed, or fallen with a cap."""
    c, w = t.consents.c, t.wishes.c
    wished = (
        select(w.grade)
        .where(w.datastream == c.datastream, w.party == c.party, w.since <= now)
        .order_by(w.since.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(c.datastream).where(c.ended.is_(None), c.since <= now, func.coalesce(wished, 0) < c.grade)
    return set(connection.execute(query).scalars())


def _wanted(tx: Transaction, stream: Stream, party: int, course: Sequence[Step], now: int) -> Consent | None:
    """The consent that a party's wishes amount to: the present one, or the raise that waits."""
    coming = [s for s in course if s.since > now]
    since, grade = max((s.since for s in course if s.since <= now), default=now), grade_at(course, now)
    for step in coming:
        if step.grade < grade:
            break
        if step.grade > grade:
            since, grade = step.since, step.grade
    if grade < Grade.COUNTED:
        return None
    until = next((s.since for s in coming if s.since > since and s.grade < grade), None)
    commons = stream.commons if grade in (Grade.COMMONS, Grade.STREET) else None
    return Consent(0, party, stream.id, commons, grade, _purpose(tx, grade, commons), since, until)


def _purpose(tx: Transaction, grade: Grade, commons: int | None) -> str:
    shared = "" if commons is None else _charter(tx, commons).purpose
    return "; ".join(words for words in (PURPOSES.get(grade, ""), shared) if words)


def _charter(tx: Transaction, commons: int) -> Row[str, str, int | None]:
    c = t.commons.c
    return tx.connection.execute(select(c.handle, c.purpose, c.retention_days).where(c.id == commons)).one()


def _same(before: Consent | None, wanted: Consent | None) -> bool:
    if before is None or wanted is None:
        return before is wanted
    return (before.grade, before.commons, before.until) == (wanted.grade, wanted.commons, wanted.until)


def _read(
    connection: Connection, *, parties: Collection[int] | None = None, datastreams: Collection[int] | None = None,
    open_only: bool = True,
) -> list[Consent]:  # fmt: skip
    c = t.consents.c
    query = select(
        c.id, c.party, c.datastream, c.commons, c.grade, c.purpose, c.since, c.until, c.ended, c.noticed
    )  # fmt: skip
    if parties is not None:
        query = query.where(c.party.in_(parties))
    if datastreams is not None:
        query = query.where(c.datastream.in_(datastreams))
    if open_only:
        query = query.where(c.ended.is_(None))
    return [
        Consent(r.id, r.party, r.datastream, r.commons, Grade(r.grade), r.purpose, r.since, r.until, r.ended, r.noticed)
        for r in connection.execute(query)
    ]
