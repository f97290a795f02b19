"""Datastreams as those who change them need them: whose, how far they may go at most, where, and their history.

Rule: a closed one is still its owner's: he may show less of its past, not more.
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
    """One datastream within a transaction."""

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
    closed: bool


def read_streams(
    transaction: Transaction,
    catalogue: Catalogue,
    *,
    ids: Collection[int] | None = None,
    things: Collection[int] | None = None,
    owners: Collection[int] | None = None,
    commons: Collection[int] | None = None,
) -> list[Stream]:
    """The datastreams with these ids, of these things or owners, or shown to these commons (None: any)."""
    h, d, p = t.things.c, t.datastreams.c, t.parties.c
    asked = ((d.id, ids), (h.id, things), (h.owner, owners), (d.commons, commons))
    wanted: list[ColumnElement[bool]] = [column.in_(values) for column, values in asked if values is not None]
    query = (
        select(
            d.id,
            d.thing,
            h.title,
            h.wire,
            h.owner,
            p.kind,
            d.property,
            d.named,
            h.exposure,
            h.lat,
            h.lon,
            d.commons,
            d.closed,
        )
        .join(t.things, h.id == d.thing)
        .join(t.parties, p.id == h.owner)
        .where(*wanted)
        .order_by(d.since, d.id)
    )
    rows = transaction.connection.execute(query).all()
    told = histories(transaction.connection, [r.id for r in rows] if wanted else None)
    streams = []
    for r in rows:
        observed, kind = catalogue.get(r.property), PartyKind(r.kind)
        exposure = None if r.exposure is None else Exposure(r.exposure)
        streams.append(Stream(
            r.id, r.thing, r.title or r.wire, r.owner, kind, r.property, "" if observed is None else observed.family,
            r.named, cap(observed, exposure, kind), None if r.lat is None or r.lon is None else Place(r.lat, r.lon),
            r.commons, told.get(r.id, NO_HISTORY), r.closed is not None,
        ))  # fmt: skip
    return streams
