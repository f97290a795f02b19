"""Who may do what, asked in every action before anything is written.

Rule: hidden and unknown answer alike. The operator (`by` None) may act for everybody, and the diary says so.
"""

from __future__ import annotations

import time
import unicodedata

from sqlalchemy import select

from hub.actions.results import ActionRefused
from hub.core.catalogue import Catalogue
from hub.core.holdings import Fragment
from hub.core.receipts import Event, Matter
from hub.registry import Registry, Transaction, journal
from hub.registry import tables as t
from hub.registry.heard import storable
from hub.registry.streams import Stream, read_streams

_LONGEST = 200


def moment(now: int | None) -> int:
    """The time of an action in µs: the clock's, unless it is given."""
    return time.time_ns() // 1000 if now is None else now


def unknown(what: str) -> ActionRefused:
    """There is no such thing, or none for you: the same answer."""
    return ActionRefused("unknown", f"There is no such {what}, or it is not yours.")


def check_party(transaction: Transaction, party: int, by: int | None = None) -> None:
    """The party exists and `by` may act for it.

    Raises:
        ActionRefused: it does not, or may not.
    """
    p = t.parties.c
    there = transaction.connection.execute(select(p.id).where(p.id == party)).first() is not None
    if not there or (by is not None and party not in transaction.people.acting(by)):
        raise unknown("party")


def owner_of_thing(transaction: Transaction, thing: int, by: int | None) -> int:
    """The owner of an open thing for which `by` may act.

    Raises:
        ActionRefused: there is none, or `by` may not.
    """
    h = t.things.c
    owner = transaction.connection.execute(select(h.owner).where(h.id == thing, h.closed.is_(None))).scalar()
    if owner is None or (by is not None and owner not in transaction.people.acting(by)):
        raise unknown("thing")
    return int(owner)


def stream_of(transaction: Transaction, catalogue: Catalogue, datastream: int) -> Stream:
    """A datastream.

    Raises:
        ActionRefused: there is none.
    """
    found = read_streams(transaction, catalogue, ids=[datastream])
    if not found:
        raise unknown("value")
    return found[0]


def speaks_for(transaction: Transaction, stream: Stream, by: int | None) -> frozenset[int]:
    """Those of a datastream's deciders for whom `by` speaks (the operator: for all).

    Raises:
        ActionRefused: for none of them.
    """
    deciders = transaction.people.deciders(stream.owner)
    speaks = deciders if by is None else deciders & transaction.people.acting(by)
    if not speaks:
        raise unknown("value")
    return speaks


def tell(transaction: Transaction, now: int, by: int | None, owner: int | None, what: str) -> None:
    """Write into the diary of everybody who decides for `owner` (None: of the hub alone)."""
    about = {None} if owner is None else transaction.people.deciders(owner)
    for reader in about:
        journal.write(transaction.connection, now, by, reader, what)


def give_receipt(
    registry: Registry, transaction: Transaction, owner: int, event: Event, matter: Matter, now: int,
    name: Fragment | None = None,
) -> None:  # fmt: skip
    """Give everybody who decides for `owner` a receipt, about the `name` in a commons if it is of that."""
    for party in sorted(transaction.people.deciders(owner)):
        registry.receipts.issue(transaction, party, event, matter, now, nym=None if name is None else name.nym)


def plain(text: str, what: str, *, empty: bool = False) -> str:
    """A text that can be kept and shown.

    Raises:
        ActionRefused: it is empty, too long, or has control characters.
    """
    tidy = unicodedata.normalize("NFC", text.strip()) if storable(text) else ""
    if (not tidy and (text or not empty)) or len(tidy) > _LONGEST * 5:
        raise ActionRefused("text", f"The {what} has to be a plain text of up to {_LONGEST * 5} characters.")
    return tidy


def topic_level(name: str) -> str:
    """A name that can be one level of a topic.

    Raises:
        ActionRefused: it is empty, too long, or has `+`, `#`, `/`, `$` at its start or control characters.
    """
    if not 1 <= len(name) <= _LONGEST or not storable(name) or name.startswith("$") or set(name) & set("+#/"):
        raise ActionRefused("name", f"A thing's name has 1 to {_LONGEST} characters and none of + # / in it.")
    return name
