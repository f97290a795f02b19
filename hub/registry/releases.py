"""What has been published, and who was enrolled for it.

Rule: a window that is out stays as it is: it is written once, for all levels together, and never again. Who is in
which block goes as soon as the epoch's last window is out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
import numpy as np
from msgspec import Struct
from sqlalchemy import delete, func, insert, select, update

from hub.core.blocks import Level, read_key, release_key, span
from hub.core.catalogue import ObservedProperty
from hub.core.counting import Enrolled, where_of
from hub.core.holdings import Datastream, Thing
from hub.core.releases import Sheet
from hub.registry import tables as t
from hub.registry.database import Database

_CELLS, _MEANS, _HOMES = "<u8", "<f8", "<u2"


class StoredEpoch(Struct, frozen=True):
    """One epoch of a property; without a `body` it is over."""

    since: int
    until: int
    body: bytes | None


class Releases:
    """The releases of one registry. Its methods block; any thread may call them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def version(self) -> int:
        """A number that grows with every window that is published."""
        return self._database.numbers.published

    def save(self, sheets: Sequence[Sheet], published: int) -> bool:
        """Publish one window of a property at all its levels, durable on return; False when it is out already."""
        with self._database.write() as tx:
            r = t.releases.c
            for sheet in sheets:
                mine = (r.property == release_key(sheet.property, sheet.where)) & (r.start == sheet.start)
                if tx.connection.execute(select(r.start).where(mine, r.level == sheet.level)).first() is not None:
                    return False
            tx.connection.execute(insert(t.releases), [_row(sheet, published) for sheet in sheets])
            tx.published()
        return True

    def read(self, keys: Collection[str], level: Level, since: int, until: int, *, newest: bool = False) -> list[Sheet]:
        """The windows of these properties (`release_key`) that begin in [`since`, `until`), by property and time.

        `newest`: of each property the last of them only.
        """
        r = t.releases.c
        asked = r.property.in_(keys) & (r.level == level) & (r.start >= since) & (r.start < until)
        query = select(r.property, r.level, r.start, r.window, r.cells, r.means, r.homes)
        if newest:
            last = select(r.property, func.max(r.start).label("start")).where(asked).group_by(r.property).subquery()
            query = query.join(last, (last.c.property == r.property) & (last.c.start == r.start))
        with self._database.read() as connection:
            rows = connection.execute(query.where(asked).order_by(r.property, r.start)).all()
        return [_sheet(*row) for row in rows]

    def last(self, key: str) -> int | None:
        """The start of the last window of a property (`release_key`) that is out, or None."""
        r = t.releases.c
        query = select(func.max(r.start)).where(r.property == key, r.level == "public")
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else int(found)

    def out_until(self) -> int | None:
        """The end of the last window of any property that is out, or None."""
        with self._database.read() as connection:
            found = connection.execute(select(func.max(t.releases.c.start + t.releases.c.window))).scalar()
        return None if found is None else int(found)

    def epoch(self, key: str, since: int) -> StoredEpoch | None:
        """The epoch of a property that begins at `since`, or None."""
        e = t.epochs.c
        return self._epoch(key, e.since == since)

    def epoch_before(self, key: str, since: int) -> StoredEpoch | None:
        """The last epoch of a property that begins before `since`, or None."""
        return self._epoch(key, t.epochs.c.since < since)

    def keep_epoch(self, key: str, since: int, until: int, body: bytes | None) -> None:
        """Write down an epoch, or what has become of it; without a body who was enrolled is forgotten."""
        e = t.epochs.c
        with self._database.write() as tx:
            mine = (e.property == key) & (e.since == since)
            if tx.connection.execute(select(e.since).where(mine)).first() is None:
                tx.connection.execute(insert(t.epochs).values(property=key, since=since, until=until, body=body))
            else:
                tx.connection.execute(update(t.epochs).where(mine).values(body=body))

    def empty_epochs(self, key: str, before: int) -> None:
        """Forget who was enrolled in the epochs of a property that began before a moment (µs)."""
        e = t.epochs.c
        mine = (e.property == key) & (e.since < before) & e.body.is_not(None)
        with self._database.read() as connection:
            if connection.execute(select(e.since).where(mine)).first() is None:
                return
        with self._database.write() as tx:
            tx.connection.execute(update(t.epochs).where(mine).values(body=None))

    def forget_epochs(self, before: int) -> None:
        """Drop the epochs that ended before a moment (µs)."""
        with self._database.write() as tx:
            tx.connection.execute(delete(t.epochs).where(t.epochs.c.until < before))

    def withdrawn(self, since: int) -> list[tuple[int, int]]:
        """Of which datastreams readings were erased from `since` (µs) on, and when."""
        w = t.withdrawals.c
        with self._database.read() as connection:
            rows = connection.execute(select(w.datastream, w.at).where(w.at >= since))
            return [(int(datastream), int(at)) for datastream, at in rows]

    def enrolled_with(
        self, stream: Datastream, thing: Thing, observed: ObservedProperty, now: int
    ) -> tuple[Enrolled | None, bool]:
        """The present epoch with those enrolled where this datastream could be; whether it was erased of since then."""
        where = where_of(thing)
        kept = self.epoch(release_key(observed.id, where), span(observed, where, now)[0])
        if kept is None or kept.body is None:
            return None, False
        enrolled = read_enrolled(kept.body)
        return enrolled, any(d == stream.id for d, _ in self.withdrawn(enrolled.at))

    def open_datastreams(self) -> frozenset[int]:
        """The datastreams of things that are still heard."""
        d, h = t.datastreams.c, t.things.c
        query = select(d.id).join(t.things, h.id == d.thing).where(d.closed.is_(None), h.closed.is_(None))
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def _epoch(self, key: str, which: object) -> StoredEpoch | None:
        e = t.epochs.c
        query = select(e.since, e.until, e.body).where(e.property == key, which).order_by(e.since.desc()).limit(1)  # type: ignore[arg-type]
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else StoredEpoch(*row)


def read_enrolled(body: bytes) -> Enrolled:
    """Who was enrolled, as it was kept."""
    return msgspec.msgpack.decode(body, type=Enrolled)


def _row(sheet: Sheet, published: int) -> dict[str, object]:
    return {
        "property": release_key(sheet.property, sheet.where), "level": sheet.level, "start": sheet.start,
        "window": sheet.window, "published": published, "cells": sheet.cells.astype(_CELLS).tobytes(),
        "means": sheet.means.astype(_MEANS).tobytes(), "homes": sheet.homes.astype(_HOMES).tobytes(),
    }  # fmt: skip


def _sheet(key: str, level: Level, start: int, window: int, cells: bytes, means: bytes, homes: bytes) -> Sheet:
    observed, where = read_key(key)
    return Sheet(
        property=observed, where=where, level=level, start=start, window=window,
        cells=np.frombuffer(cells, _CELLS), means=np.frombuffer(means, _MEANS), homes=np.frombuffer(homes, _HOMES),
    )  # fmt: skip
