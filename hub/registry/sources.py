"""Outside brokers, as the registry knows them.

Rule: a source is one party's, and then a topic space like a credential's, or shared, and then attributed by prefix.
"""

from __future__ import annotations

from sqlalchemy import insert, select, update

from hub.registry import journal
from hub.registry import tables as t
from hub.registry.database import Transaction
from hub.registry.ids import new_id
from hub.registry.keys import new_handle

_FULL_EVERY = 3_600_000_000


def number(transaction: Transaction, name: str, party: int | None, now: int) -> int:
    """The source's number: its party's credential, or minus its id when it is shared; made when it is new.

    A source whose party has changed gets a new credential: what it brought before stays where it was.
    """
    connection = transaction.connection
    s, c = t.sources.c, t.credentials.c
    query = select(s.id, s.credential, c.party).outerjoin(t.credentials, c.id == s.credential).where(s.name == name)
    row = connection.execute(query).first()
    if row is not None and row.party == party:
        return -int(row.id) if row.credential is None else int(row.credential)
    credential = None if party is None else _credential(transaction, name, party, now)
    transaction.changed()
    if row is None:
        i = new_id(connection)
        connection.execute(insert(t.sources).values(id=i, name=name, credential=credential))
    else:
        i = int(row.id)
        connection.execute(update(t.sources).where(s.id == i).values(credential=credential))
    return -i if credential is None else credential


def note_full(transaction: Transaction, source: int, at: int, reason: str) -> None:
    """Tell the operator that the quarantine is full, once an hour."""
    j = t.journal.c
    query = select(j.id).where(j.what.startswith("quarantine"), j.at > at - _FULL_EVERY).limit(1)
    if transaction.connection.execute(query).first() is None:
        journal.write(transaction.connection, at, None, None, f"quarantine of source {source} full: {reason}")


def _credential(transaction: Transaction, name: str, party: int, now: int) -> int:
    i = new_id(transaction.connection)
    transaction.connection.execute(insert(t.credentials).values(
        id=i, user=f"source-{new_handle()}", hash="", party=party, label=f"broker {name}", kind="source", since=now,
    ))  # fmt: skip
    return i
