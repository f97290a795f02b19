"""The face under which something is shown: all that an audience learns of where a row comes from.

Rule: a face holds what its view allows and nothing that could name more: no datastream, no owner, no exact place
below `open`. It is what pages print, so whatever is not in it cannot be printed.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from hub.core.grade import HOUR, Grade, Kind, View
from hub.core.holdings import Datastream, Fragment, Holdings, Thing
from hub.core.places import Place


class Face(Struct, frozen=True, kw_only=True):
    """Who a row is shown as.

    `key` is the same for the same face and says nothing else; `thing` is the handle of a public or own thing's page;
    `name` a chosen name or pseudonym; `named` what the device calls the property (own things only); `window` µs
    (0: instants); `since` µs, when a public instrument began to be one; `where` of a release: measured `indoor` or
    `outdoor`. A release without a `cell` is of the whole neighbourhood.
    """

    key: str
    kind: Kind
    property: str
    grade: Grade
    window: int = 0
    stepped: bool = True
    homes: int = 1
    name: str | None = None
    named: str | None = None
    thing: str | None = None
    cell: str | None = None
    place: Place | None = None
    owner: str | None = None
    description: str | None = None
    since: int | None = None
    datastream: int | None = None
    unit: str | None = None
    where: str | None = None


def exact_face(stream: Datastream, thing: Thing, grade: Grade) -> Face:
    """To its own household: everything."""
    return Face(
        key=f"own-{stream.id}", kind=Kind.EXACT, property=stream.property, grade=grade, stepped=False,
        name=thing.title or thing.name, named=stream.named, thing=thing.handle, place=thing.place,
        datastream=stream.id, unit=stream.unit, description=thing.description or None,
    )  # fmt: skip


def named_face(stream: Datastream, thing: Thing, place_grade: Grade, holdings: Holdings) -> Face:
    """A public instrument under its chosen name, at its place or as near as the place's own grade allows."""
    exact = place_grade is Grade.OPEN
    cells = {Grade.STREET: holdings.street, Grade.COMMONS: holdings.street}.get(place_grade)
    owner = holdings.parties.get(stream.owner)
    since = max((s.since for s in stream.history.steps if s.grade is Grade.OPEN), default=thing.since)
    return Face(
        key=f"{thing.handle}-{stream.property}", kind=Kind.NAMED, property=stream.property, grade=Grade.OPEN,
        stepped=False, name=thing.title or "Public instrument", thing=thing.handle,
        place=thing.place if exact else None, cell=None if cells is None else cells.cell_of(thing.place),
        owner=owner.name if owner is not None and thing.title else None,
        description=thing.description or None, since=since,
    )  # fmt: skip


def pseudonym_face(stream: Datastream, fragment: Fragment, sees: View, grade: Grade, cell: str | None) -> Face:
    """To its one commons: a name that exists only there and only for a while, and a cell."""
    key = hashlib.sha256(f"{stream.commons}|{fragment.nym}|{stream.property}".encode()).hexdigest()[:16]
    return Face(
        key=key, kind=Kind.PSEUDONYM, property=stream.property, grade=grade, window=sees.window, name=fragment.name,
        cell=cell,
    )  # fmt: skip


def somebody_face(observed: str, sees: View, cell: str | None) -> Face:
    """Somebody around here: one face for a whole cell, so that no row can be told from another's."""
    return Face(
        key=f"{cell}-{observed}", kind=Kind.NOBODY, property=observed, grade=Grade.STREET, window=sees.window,
        homes=sees.homes, cell=cell,
    )  # fmt: skip


def release_face(observed: str, where: str, homes: int, cell: str | None) -> Face:
    """Several homes of a cell together; no cell: of the whole neighbourhood."""
    return Face(
        key=f"release-{cell or 'all'}-{observed}-{where}", kind=Kind.RELEASE, property=observed, grade=Grade.COUNTED,
        window=HOUR, homes=homes, cell=cell, where=where,
    )  # fmt: skip
