"""Datastreams as those who change them need them: whose, how far they may go at most, where, and their history.

Rule: what is not there, closed or not whole is not found.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import ColumnElement, select

from hub.core.catalogue import Catalogue, Exposure, PartyKind, cap
from hub.core.grade import Grade
from hub.core.history import History
from hub.core.places import Place
from hub.registry import tables as t
from hub.registry.database import Transaction
from hub.registry.histories import NO_HISTORY, histories


class Stream(Struct, frozen=True):
    """One open datastream within a transaction."""

    id: int
    thing: int
    title: str
    owner: int
    kind: PartyKind
    property: str
    family: str
    named: str
    cap: Grade
    place: Place | None
    commons: int | None
    history: History


def read_streams(
    transaction: Transaction,
    catalogue: Catalogue,
    *,
    ids: Collection[int] | None = None,
    things: Collection[int] | None = None,
    owners: Collection[int] | None = None,
) -> list[Stream]:
    """The open datastreams with these ids, or of these things or owners (None: any)."""
    h, d, p = t.things.c, t.datastreams.c, t.parties.c
    wanted: list[ColumnElement[bool]] = [d.closed.is_(None), h.closed.is_(None)]
    for column, values in ((d.id, ids), (h.id, things), (h.owner, owners)):
        if values is not None:
            wanted.append(column.in_(values))
    query = (
        select(
            d.id, d.thing, h.title, h.wire, h.owner, p.kind, d.property, d.named, h.exposure, h.lat, h.lon, d.commons
        )
        .join(t.things, h.id == d.thing)
        .join(t.parties, p.id == h.owner)
        .where(*wanted)
        .order_by(d.since, d.id)
    )
    rows = transaction.connection.execute(query).all()
    told = histories(transaction.connection, None if ids is things is owners is None else [r.id for r in rows])
    streams = []
    for r in rows:
        observed, kind = catalogue.get(r.property), PartyKind(r.kind)
        exposure = None if r.exposure is None else Exposure(r.exposure)
        streams.append(Stream(
            r.id, r.thing, r.title or r.wire, r.owner, kind, r.property, "" if observed is None else observed.family,
            r.named, cap(observed, exposure, kind), None if r.lat is None or r.lon is None else Place(r.lat, r.lon),
            r.commons, told.get(r.id, NO_HISTORY),
        ))  # fmt: skip
    return streams
