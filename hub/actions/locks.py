"""What changes when somebody has left who could have known it: passwords, certificates, links, tokens, sealing keys.

Rule: everything that he could have known ends in one transaction; a new secret is in the result once and nowhere else.
What is his own ends too, because those he lived with could have known it, and they get nothing of his that is new.
"""

from __future__ import annotations

from sqlalchemy import delete, select, update

from hub.actions.results import Removed, Renewed
from hub.actions.tokens import end_tokens
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.claims import end_claims
from hub.registry.keys import new_secret
from hub.registry.sealed import end_keys


def change_locks(registry: Registry, tx: Transaction, owners: frozenset[int], person: int, now: int) -> Removed:
    """New passwords for all that `owners` have but for the `person`'s own, which just end; links, tokens, keys too."""
    tx.connection.execute(delete(t.links).where(t.links.c.party.in_(owners)))
    end_tokens(tx, owners)
    end_claims(tx, owners, now)
    c = t.credentials.c
    query = select(c.id, c.party, c.user, c.label, c.kind, c.hash, c.certificate).order_by(c.id)
    rows = tx.connection.execute(query.where(c.party.in_(owners), c.closed.is_(None))).all()
    locks = [row for row in rows if row.hash or row.certificate]
    renewed = []
    for row in locks:
        password = "" if row.party == person else new_secret()
        kept = registry.hash_of(password) if password else ""
        tx.connection.execute(update(t.credentials).where(c.id == row.id).values(hash=kept, certificate=None))
        if password:
            renewed.append(Renewed(row.id, row.party, row.user, password, row.label, _things(tx, row.id, row.party)))
    tx.changed()
    brokers = tuple(row.label for row in rows if row.kind == "source")
    keys = end_keys(tx, owners, now)
    return Removed(tuple(row.id for row in locks), tuple(renewed), brokers, keys)


def what_next(removed: Removed) -> str:
    """What those who stay have to do, in words."""
    told = f"{len(removed.renewed)} devices need the new passwords, and everybody a new link"
    return told + ("; what is sealed needs a new key" if removed.keys else "")


def _things(tx: Transaction, credential: int, party: int) -> tuple[str, ...]:
    """What the credential speaks for; what a gateway carries for others, by the name that it knows itself."""
    h = t.things.c
    query = select(h.title, h.wire, h.owner).where(h.credential == credential, h.closed.is_(None)).order_by(h.id)
    return tuple((title if owner == party else "") or wire for title, wire, owner in tx.connection.execute(query))
