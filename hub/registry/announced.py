"""What follows from an announcement for the things that are there already.

Rule: names, units and exposures may follow what a device says, as long as its owner has said nothing; a grade never
does, and where a cap falls what stands above it is lowered.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Row, select, update

from hub.core.catalogue import Catalogue
from hub.core.places import Partition
from hub.core.reading import Announcement, Place
from hub.core.units import conversion
from hub.registry import tables as t
from hub.registry.database import Transaction
from hub.registry.first_heard import EXPOSURES, recognised
from hub.registry.grades import keep_caps
from hub.registry.heard import Fresh, write_heard

_Thing = Row[int, str, str, str | None, bool, bytes | None]


def learn(
    transaction: Transaction, credential: int, fresh: Fresh, withdrawn: Collection[Place], catalogue: Catalogue,
    street: Partition, now: int,
) -> bool:  # fmt: skip
    """Write announcements down, and let the credential's things follow; `now` in µs. False: no such credential."""
    kind = _kind(transaction, credential)
    if kind is None:
        return False
    write_heard(transaction.connection, credential, fresh, withdrawn)
    things = _things(transaction, credential, kind)
    touched: set[int] = set()
    for a in fresh.values():
        thing = things.get(a.thing) or things.get("")
        if thing is None:
            continue
        follows = _describe(transaction, thing, a) if not a.property else _measure(transaction, thing, a, catalogue)
        if follows:
            touched.add(thing.id)
    if touched:
        transaction.changed()
        keep_caps(transaction, catalogue, street, now, touched)
    return True


def _kind(transaction: Transaction, credential: int) -> str | None:
    c = t.credentials.c
    return transaction.connection.execute(select(c.kind).where(c.id == credential, c.closed.is_(None))).scalar()


def _things(transaction: Transaction, credential: int, kind: str) -> dict[str, _Thing]:
    """The open things of a credential by their name on the wire; by the empty one, if it speaks for one thing only."""
    h = t.things.c
    query = select(h.id, h.wire, h.name, h.exposure, h.exposure_stated, h.signing_key).where(h.closed.is_(None))
    things = {row.wire: row for row in transaction.connection.execute(query.where(h.credential == credential))}
    return {"": next(iter(things.values()))} if kind == "thing" and things else things


def _describe(transaction: Transaction, thing: _Thing, a: Announcement) -> bool:
    new: dict[str, str | bytes] = {}
    if a.name and a.name != thing.name:
        new["name"] = a.name
    if a.signing_key is not None and thing.signing_key is None:  # the first holds; another only its owner can set
        new["signing_key"] = a.signing_key
    if a.exposure in EXPOSURES and a.exposure != thing.exposure and not thing.exposure_stated:
        new["exposure"] = str(a.exposure)
    if new:
        transaction.connection.execute(update(t.things).where(t.things.c.id == thing.id).values(**new))
    return bool(new)


def _measure(transaction: Transaction, thing: _Thing, a: Announcement, catalogue: Catalogue) -> bool:
    """A value of which too little was known: its property where that was unknown, its unit where none was."""
    d = t.datastreams.c
    query = select(d.id, d.property, d.unit, d.scale, d.shift).where(
        d.thing == thing.id, d.named == a.property, d.closed.is_(None)
    )
    changed = False
    for row in transaction.connection.execute(query).all():
        unit = row.unit if row.unit is not None else a.unit
        if row.property:
            observed = catalogue.get(row.property)
            way = None if unit is None or observed is None else conversion(unit, observed.unit)
            if row.unit is not None or way is None:
                continue
            known = row.property
        else:
            known, way = recognised(catalogue, a.kind, a.property, unit)
        if (known, unit, *way) != (row.property, row.unit, row.scale, row.shift):
            change = {"property": known, "unit": unit, "scale": way[0], "shift": way[1]}
            transaction.connection.execute(update(t.datastreams).where(d.id == row.id).values(change))
            changed = True
    return changed
