"""What was erased: the receipts, what goes from the registry with it, and the list that outlives a backup.

Rule: an erasure is written down before anything goes, and is done again until it is done: a hub that is killed in
between, or that a backup is restored under, takes it up where it was. What is written down names ids and times, never
a value.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from threading import Lock

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Delete, delete, insert, or_, select, update

from hub.core.about import ErasureReceipt
from hub.core.history import BEGINNING, END
from hub.core.store import Erasure
from hub.registry import tables as t
from hub.registry.database import Database, Transaction
from hub.registry.doors import under
from hub.registry.engines import POSTGRESQL, RegistryUnavailable

_ELSEWHERE = (
    "In the registry's database its rows are deleted and their tables written anew; what that database's own log and "
    "backups still hold goes when its operator lets it"
)
_MOST_TRACES = 20
_TRACE = 32
_CHUNK = 500


class Asked(Struct, frozen=True, kw_only=True):
    """What shall go: an owner's, all of it or of these things or datastreams, of a stretch of time (µs).

    Only what there was `at` that moment: done again, it takes nothing that came later.
    """

    id: int
    at: int
    owner: int
    datastreams: frozenset[int] | None = None
    things: frozenset[int] | None = None
    since: int = BEGINNING
    until: int = END

    @property
    def everything(self) -> bool:
        """Whether nothing is left out: then what was written about the owner goes too."""
        return self.datastreams is None and self.since <= BEGINNING and self.until >= END

    @property
    def readings(self) -> Erasure:
        """The same for a store."""
        return Erasure(
            owner=self.owner, datastreams=self.datastreams, since=self.since, until=self.until, arrived=self.at
        )


class Traces(Struct):
    """What to look for in files: values of readings, and beginnings of texts and ciphertexts. In memory only."""

    values: list[float]
    texts: list[bytes]


class Erasures:
    """The erasures of one registry. Its methods block; any thread may call them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.traces: dict[int, Traces] = {}
        self.listed: Path | None = None
        self.looking = Lock()
        self.doing: set[int] = set()
        """What is being erased at this moment: nobody looks for it before that is done."""

    def begin(self, transaction: Transaction, asked: Asked, what: str) -> None:
        """Write down that this shall go; the blocks of its datastreams rest from now on."""
        transaction.connection.execute(insert(t.erasures).values(
            id=asked.id, party=asked.owner, at=asked.at, what=what, rows=0, gone=None, told="",
            asked=msgspec.json.encode(asked).decode(),
        ))  # fmt: skip

    def note(self, asked: Asked) -> bool:
        """Have it in the list beside the data, so that a restored backup does not bring it back; False if it is not."""
        if self.listed is None:
            return False
        try:
            if any(one.id == asked.id for one in _lines(self.listed)):
                return True
            handle = os.open(self.listed, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(asked) + b"\n")
                file.flush()
                os.fsync(handle)
        except (OSError, msgspec.MsgspecError):
            return False
        return True

    def forgotten(self) -> list[Asked]:
        """What the list has and the registry does not know of: a backup from before was restored.

        Raises:
            RegistryUnavailable: there is a list and it cannot be read.
        """
        if self.listed is None:
            return []
        with self._database.read() as connection:
            known = set(connection.execute(select(t.erasures.c.id)).scalars())
        try:
            return [asked for asked in _lines(self.listed) if asked.id not in known]
        except (OSError, msgspec.MsgspecError) as error:
            raise RegistryUnavailable(
                f"{self.listed}: the list of what was erased cannot be read: restore it, or put it aside to start "
                "without it"
            ) from error

    def undo(self, receipt: int) -> None:
        """Nothing was erased after all: no receipt."""
        self.traces.pop(receipt, None)
        with self._database.write() as tx:
            tx.connection.execute(delete(t.erasures).where(t.erasures.c.id == receipt))

    def hidden(self, receipt: int, rows: int) -> None:
        """So many rows went."""
        with self._database.write() as tx:
            e = t.erasures.c
            tx.connection.execute(update(t.erasures).where(e.id == receipt).values(rows=e.rows + rows))

    def looked(self, receipt: int, gone: int | None, told: str) -> None:
        """What was found when the files were looked through; `gone` (µs) when nothing was."""
        values: dict[str, object] = {"gone": gone, "told": told}
        if gone is not None:
            values["asked"] = ""
            self.traces.pop(receipt, None)
        with self._database.write() as tx:
            tx.connection.execute(update(t.erasures).where(t.erasures.c.id == receipt).values(values))

    def pending(self, *, new: bool = False) -> list[Asked]:
        """What is not known yet to be gone from every file, the oldest first; `new`: what nobody has looked for yet."""
        e = t.erasures.c
        query = select(e.asked).where(e.gone.is_(None), e.asked != "").order_by(e.at)
        with self._database.read() as connection:
            rows = connection.execute(query.where(e.told == "") if new else query).scalars()
            found = [msgspec.json.decode(row, type=Asked) for row in rows]
        return [asked for asked in found if asked.id not in self.doing]

    def receipts(self, parties: Collection[int]) -> list[ErasureReceipt]:
        """The receipts of these parties, the newest first."""
        e = t.erasures.c
        query = select(e.id, e.party, e.at, e.what, e.rows, e.gone, e.told).where(e.party.in_(parties))
        with self._database.read() as connection:
            return [ErasureReceipt(*row) for row in connection.execute(query.order_by(e.at.desc(), e.id))]

    def sweep(self, asked: Asked) -> int:
        """Erase what the registry holds of it: messages, ciphertext, and with everything what was written about them.

        How many rows; done again, none.
        """
        with self._database.write() as tx:
            connection = tx.connection
            traces = self.traces.setdefault(asked.id, Traces([], []))
            traces.texts += [x for x in _texts(connection, asked) if x not in traces.texts]
            return sum(connection.execute(statement).rowcount for statement in _deletions(connection, asked))

    @property
    def elsewhere(self) -> str:
        """In words for a receipt: what of the registry the hub cannot look into; empty if there is nothing."""
        return _ELSEWHERE if self._database.kind == POSTGRESQL else ""

    def compact(self) -> bool:
        """Write the registry's files anew without what was erased; False while somebody still reads the old ones."""
        return self._database.compact()


def gather(into: Path, lists: Iterable[Path]) -> int:
    """Add to one list of what was erased what others name besides, durable on return; how many it names then.

    Raises:
        RegistryUnavailable: one of them cannot be read, or the first not be written.
    """
    try:
        known = {asked.id: asked for asked in _lines(into)}
        more = {asked.id: asked for file in lists for asked in _lines(file) if asked.id not in known}
        handle = os.open(into, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.writelines(msgspec.json.encode(asked) + b"\n" for asked in more.values())
            file.flush()
            os.fsync(handle)
    except (OSError, msgspec.MsgspecError) as error:
        raise RegistryUnavailable(
            f"a list of what was erased cannot be used ({type(error).__name__}): see that {into} can be written, and "
            "that what was given is such a list"
        ) from error
    return len(known | more)


def _lines(file: Path) -> Iterator[Asked]:
    text = file.read_bytes() if file.exists() else b""
    for line in text.splitlines():
        if line.strip():
            yield msgspec.json.decode(line, type=Asked)


def _things(connection: Connection, asked: Asked) -> list[int]:
    h = t.things.c
    mine = h.owner == asked.owner
    return list(connection.execute(
        select(h.id).where(mine if asked.things is None else mine & h.id.in_(asked.things))
    ).scalars())  # fmt: skip


def _streams(connection: Connection, asked: Asked) -> list[int]:
    """The datastreams that something is erased of: what was counted of them goes whatever the time."""
    if asked.datastreams is not None:
        return sorted(asked.datastreams)
    query = select(t.datastreams.c.id).where(t.datastreams.c.thing.in_(_things(connection, asked)))
    return list(connection.execute(query).scalars())


def _deletions(connection: Connection, asked: Asked) -> Iterator[Delete]:
    """What goes besides the readings; of single datastreams only what was counted of them."""
    yield delete(t.records).where(t.records.c.datastream.in_(_streams(connection, asked)))
    if asked.datastreams is not None and asked.things is None:
        return
    yield delete(t.sealed).where(_sealed(connection, asked))
    refusals = _refusals(connection, asked)
    if refusals is not None:
        yield delete(t.refusals).where(refusals)
    if not asked.everything:
        return
    yield delete(t.look_entries).where(_looks(asked))
    yield delete(t.journal).where(t.journal.c.about == asked.owner, t.journal.c.at < asked.at)
    written = select(t.objections.c.id).where(t.objections.c.at < asked.at)
    reader = t.objection_readers.c
    yield delete(t.objection_readers).where(reader.party == asked.owner, reader.objection.in_(written))
    yield delete(t.claims).where(t.claims.c.party == asked.owner, t.claims.c.since < asked.at)
    for source, prefix in _prefixes(connection, asked):
        yield delete(t.quarantine).where(under(source, prefix), t.quarantine.c.received < asked.at)


def _sealed(connection: Connection, asked: Asked) -> ColumnElement[bool]:
    s = t.sealed.c
    until = min(asked.until, asked.at)
    return s.thing.in_(_things(connection, asked)) & (s.received >= asked.since) & (s.received < until)


def _refusals(connection: Connection, asked: Asked) -> ColumnElement[bool] | None:
    h, c, r = t.things.c, t.credentials.c, t.refusals.c
    query = select(h.wire, c.id, c.kind).join(t.credentials, c.id == h.credential)
    of = [
        (r.credential == row.id) if row.kind == "thing" else (r.credential == row.id) & (r.thing == row.wire)
        for row in connection.execute(query.where(h.id.in_(_things(connection, asked))))
    ]
    if asked.things is None:
        of.append(r.credential.in_(select(c.id).where(c.party == asked.owner)))
    until = min(asked.until, asked.at)
    return or_(*of) & (r.at >= asked.since) & (r.at < until) if of else None


def _looks(asked: Asked) -> ColumnElement[bool]:
    before = select(t.looks.c.id).where(t.looks.c.at < asked.at)
    return (t.look_entries.c.owner == asked.owner) & t.look_entries.c.look.in_(before)


def _prefixes(connection: Connection, asked: Asked) -> list[tuple[int, str]]:
    p, c = t.prefixes.c, t.credentials.c
    query = select(p.source, p.prefix).join(t.credentials, c.id == p.credential).where(c.party == asked.owner)
    return [(row.source, row.prefix) for row in connection.execute(query)]


def _texts(connection: Connection, asked: Asked) -> Iterator[bytes]:
    """Beginnings of what goes that stand in a file as they are and are like nothing else."""
    if asked.datastreams is not None and asked.things is None:
        return
    queries = [select(t.sealed.c.body).where(_sealed(connection, asked))]
    if asked.everything:
        queries.append(select(t.look_entries.c.salt).where(_looks(asked)))
        queries += [select(t.quarantine.c.payload).where(under(*p)) for p in _prefixes(connection, asked)]
    for query in queries:
        for text in connection.execute(query.limit(_MOST_TRACES)).scalars():
            if len(text) >= _TRACE // 2:
                yield bytes(text[:_TRACE])
