"""What is heard for the first time becomes a thing of the credential's party, at `home`.

Rule: a key, once it leads somewhere, leads there for ever. Nothing heard raises a grade; what was closed does not come
back; and nobody can fill the registry.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from hub.core.catalogue import Catalogue
from hub.core.observations import Key
from hub.core.reading import Announcement, Heard
from hub.core.units import conversion
from hub.registry import tables as t
from hub.registry.compiled import written
from hub.registry.heard import LONGEST_NAME, storable
from hub.registry.ids import new_ids
from hub.registry.keys import new_handle

MOST_STREAMS = 256
"""So many datastreams one thing may have."""
_CHUNK = 500
EXPOSURES = frozenset({"indoor", "outdoor"})
"""What a thing may say of itself; that it is an institution's station, only its owner may."""
_NOTHING = Announcement("")

CLOSED = "this thing or its credential was closed by its owner"
FULL = "this credential carries as many things as it may; ask the operator for more"
CROWDED = f"this thing has {MOST_STREAMS} values already; more are not kept"
NAMELESS = f"names are 1 to {LONGEST_NAME} characters long, without control characters"


class _Stream(Struct):
    id: int
    named: str
    property: str
    unit: str | None
    closed: bool


class _Thing(Struct):
    id: int
    closed: bool
    streams: list[_Stream]


class Doorstep:
    """One credential's things and datastreams while new keys are placed; writes gather and go out together."""

    def __init__(self, connection: Connection, credential: int, heard: Heard, catalogue: Catalogue, now: int) -> None:
        """Read what the credential carries already; `now` in µs."""
        self._connection, self._credential, self._now = connection, credential, now
        self._heard, self._catalogue = heard, catalogue
        row = connection.execute(
            select(t.credentials.c.party, t.credentials.c.kind, t.credentials.c.closed).where(
                t.credentials.c.id == credential
            )
        ).first()
        self._party = None if row is None or row.closed is not None else int(row.party)
        self._things = _things_of(connection, credential)
        self._alone = next(iter(self._things)) if row is not None and row.kind == "thing" and self._things else None
        self._new_things: list[dict[str, Any]] = []
        self._new_streams: list[tuple[_Stream, dict[str, Any]]] = []
        self._new_series: list[tuple[_Stream, dict[str, Any]]] = []

    def place(self, keys: Iterable[Key], most_things: int) -> dict[Key, str]:
        """Give each key a datastream; those that cannot have one, with the reason."""
        refused: dict[Key, str] = {}
        fine = []
        led = set() if self._party is None else _led(self._connection, self._credential)
        fresh = (k for k in keys if (k.thing, k.property, written(k.unit)) not in led)
        for key in sorted(fresh, key=lambda k: (k.thing, k.property, k.unit is None, k.unit or "")):
            reason = self._objection(key)
            if reason is None:
                fine.append(key)
            else:
                refused[key] = reason
        names = {} if self._alone is not None else {k.thing: None for k in fine if k.thing not in self._things}
        room = max(0, most_things - sum(not thing.closed for thing in self._things.values()))
        self._add_things(list(names)[:room])
        for key in fine:
            reason = self._stream(key)
            if reason is not None:
                refused[key] = reason
        return refused

    def welcome(self, name: str, most_things: int) -> int | str:
        """The thing of this name, made if there is none yet; the reason in words when it cannot be."""
        objection = self._objection(Key(self._credential, name, "-", None))
        if objection is not None:
            return objection
        room = most_things - sum(not thing.closed for thing in self._things.values())
        if self._alone is None and name not in self._things and room > 0:
            self._add_things([name])
        thing = self._things.get(name if self._alone is None else self._alone)
        if thing is None:
            return FULL
        return CLOSED if thing.closed else thing.id

    def write(self) -> bool:
        """Write down what is new; whether there was anything. Ids are drawn here: what is refused uses up none."""
        fresh = new_ids(self._connection, len(self._new_streams))
        for (stream, row), i in zip(self._new_streams, fresh, strict=True):
            stream.id = row["id"] = i
        for stream, row in self._new_series:
            row["datastream"] = stream.id
        new = (
            (t.things, self._new_things),
            (t.datastreams, [row for _, row in self._new_streams]),
            (t.series, [row for _, row in self._new_series]),
        )
        for table, rows in new:
            if rows:
                self._connection.execute(insert(table), rows)
        return any(rows for _, rows in new)

    def _objection(self, key: Key) -> str | None:
        if self._party is None:
            return CLOSED
        words = (key.thing, key.property, key.unit or "-")
        return None if all(1 <= len(w) <= LONGEST_NAME and storable(w) for w in words) else NAMELESS

    def _add_things(self, names: list[str]) -> None:
        for name, i in zip(names, new_ids(self._connection, len(names)), strict=True):
            told = self._heard.get((name, ""), _NOTHING)
            self._things[name] = _Thing(i, False, [])
            self._new_things.append({
                "id": i, "handle": new_handle(), "wire": name, "name": told.name or "", "title": "", "description": "",
                "exposure": told.exposure if told.exposure in EXPOSURES else None, "exposure_stated": False,
                "owner": self._party, "credential": self._credential, "since": self._now,
                "signing_key": told.signing_key,
            })  # fmt: skip

    def _stream(self, key: Key) -> str | None:
        thing = self._things.get(key.thing if self._alone is None else self._alone)
        if thing is None:
            return FULL
        if thing.closed:
            return CLOSED
        for stream in thing.streams:
            if stream.named == key.property:
                way = self._joins(stream, key.unit)
                if way is not None and stream.closed:
                    return CLOSED
                if way is not None:
                    self._lead(key, stream, way)
                    return None
        if len(thing.streams) >= MOST_STREAMS:
            return CROWDED
        self._lead(key, self._add_stream(thing, key), (1.0, 0.0))
        return None

    def _joins(self, stream: _Stream, unit: str | None) -> tuple[float, float] | None:
        """How values in `unit` become values of the stream; None when they are something else."""
        if unit is None or unit == stream.unit:
            return 1.0, 0.0
        if stream.unit is not None:
            return conversion(unit, stream.unit)
        return (1.0, 0.0) if self._adopt(stream, unit) else None

    def _adopt(self, stream: _Stream, unit: str) -> bool:
        """A stream that had no unit takes the first that is named, if it fits what the stream is."""
        observed = self._catalogue.get(stream.property)
        ours = (1.0, 0.0) if observed is None else conversion(unit, observed.unit)
        if ours is None:
            return False
        stream.unit = unit
        for fresh, row in self._new_streams:
            if fresh is stream:
                row.update(unit=unit, scale=ours[0], shift=ours[1])
                return True
        self._connection.execute(
            update(t.datastreams).where(t.datastreams.c.id == stream.id).values(unit=unit, scale=ours[0], shift=ours[1])
        )
        return True

    def _add_stream(self, thing: _Thing, key: Key) -> _Stream:
        told = self._heard.get((key.thing, key.property), _NOTHING)
        unit = key.unit if key.unit is not None else told.unit
        observed, (scale, shift) = recognised(self._catalogue, told.kind, key.property, unit)
        stream = _Stream(0, key.property, observed, unit, False)
        thing.streams.append(stream)
        self._new_streams.append((stream, {
            "thing": thing.id, "property": observed, "named": key.property, "unit": unit,
            "scale": scale, "shift": shift, "since": self._now,
        }))  # fmt: skip
        return stream

    def _lead(self, key: Key, stream: _Stream, way: tuple[float, float]) -> None:
        self._new_series.append((stream, {
            "credential": key.credential, "thing": key.thing, "property": key.property,
            "spelling": written(key.unit), "scale": way[0], "shift": way[1],
        }))  # fmt: skip


def recognised(catalogue: Catalogue, kind: str | None, named: str, unit: str | None) -> tuple[str, tuple[float, float]]:
    """The property's id, empty when it is not known, and how the unit becomes the catalogue's."""
    observed = catalogue.match([w for w in (kind, named) if w], unit)
    if observed is None:
        return "", (1.0, 0.0)
    way = None if unit is None else conversion(unit, observed.unit)
    return observed.id, way or (1.0, 0.0)


def _led(connection: Connection, credential: int) -> set[tuple[str, str, str]]:
    """What leads somewhere already, to open things or to closed ones."""
    c, d = t.series.c, t.datastreams.c
    query = select(c.thing, c.property, c.spelling).join(t.datastreams, d.id == c.datastream)
    return {tuple(row) for row in connection.execute(query.where(c.credential == credential, d.closed.is_(None)))}


def _things_of(connection: Connection, credential: int) -> dict[str, _Thing]:
    h, d = t.things.c, t.datastreams.c
    things: dict[str, _Thing] = {}
    by_id: dict[int, _Thing] = {}
    for i, wire, closed in connection.execute(
        select(h.id, h.wire, h.closed).where(h.credential == credential).order_by(h.since, h.id)
    ):
        things[wire] = by_id[i] = _Thing(i, closed is not None, [])
    query = select(d.thing, d.id, d.named, d.property, d.unit, d.closed).order_by(d.since, d.id)
    for thing, i, named, observed, unit, closed in connection.execute(
        query.join(t.things, h.id == d.thing).where(h.credential == credential)
    ):
        by_id[thing].streams.append(_Stream(i, named, observed, unit, closed is not None))
    return things
