"""The registry at one revision, as plain data: `Holdings` for the way out, series for the way in.

Rule: whole tables are read with one query each and joined here, so that ten thousand things take a moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, select

from hub.core.catalogue import Catalogue, Exposure, ObservedProperty, cap
from hub.core.grade import Grade
from hub.core.history import END, arrival_grade, next_change
from hub.core.holdings import Commons, Datastream, Fragment, Holdings, Rest, Thing
from hub.core.observations import Key, Series, SeriesTable
from hub.core.places import Partition, Place
from hub.registry import tables as t
from hub.registry.doors import lock_of
from hub.registry.fragments import EPOCH_DAYS, read_fragments
from hub.registry.histories import NO_HISTORY, histories
from hub.registry.people import People, read_people

INFINITE = float("inf")


class Compiled(Struct, frozen=True):
    """What was compiled at one revision: holdings, people, the open credentials with their locks, and where keys lead.

    A lock is whatever changes when others may come in by a credential, or by a token, than before.
    """

    holdings: Holdings
    people: People
    locks: Mapping[int, str]
    keys: tuple[tuple[Key, int, float, float], ...]
    handed: Mapping[int, int]
    """Things that came from another owner → when (µs)."""


def compiled(connection: Connection, catalogue: Catalogue, street: Partition, shared: Partition) -> Compiled:
    """Read everything; `connection` gives one consistent view."""
    revision = connection.execute(select(t.state.c.revision)).scalar_one()
    fragments = read_fragments(connection)
    people = read_people(connection)
    things = _things(connection)
    holdings = Holdings(
        revision=revision, parties=MappingProxyType(people.parties), things=MappingProxyType(things),
        datastreams=_datastreams(connection, catalogue, people, things, fragments),
        commons=MappingProxyType(_commons(connection, people)), fragments=MappingProxyType(fragments),
        rests=_rests(connection), street=street, shared=shared,
    )  # fmt: skip
    c = t.credentials.c
    rows = connection.execute(select(c.id, c.hash, c.certificate).where(c.closed.is_(None)))
    locks = {i: lock_of(kept, certificate) for i, kept, certificate in rows}
    locks |= {row.id: row.hash for row in connection.execute(select(t.enrolments.c.id, t.enrolments.c.hash))}
    return Compiled(holdings, people, MappingProxyType(locks), _keys(connection), _handed(connection))


def series_table(all_of: Compiled, catalogue: Catalogue, now: int) -> tuple[SeriesTable, int]:
    """Where readings that arrive from `now` on go, and until when (µs) that stays so by itself."""
    by_id = {d.id: d for d in all_of.holdings.datastreams}
    rows: list[tuple[Key, Series]] = []
    for key, datastream, scale, shift in all_of.keys:
        d = by_id[datastream]
        grade = min(arrival_grade(d.history, now), d.cap)
        observed = catalogue.get(d.property)
        low, high = plausible(observed, d.scale, d.shift)
        rate, still = (INFINITE, 0) if observed is None else (observed.rate / abs(d.scale), observed.still)
        where = Series(d.id, d.owner, grade, scale, shift, low, high, d.history.pauses, rate, still)
        if d.thing in all_of.handed:
            where = replace(where, begins=all_of.handed[d.thing])
        rows.append((key, where))
    valid = min((next_change(d.history, now) for d in by_id.values() if d.history is not NO_HISTORY), default=END)
    return SeriesTable.of(rows), valid


def plausible(observed: ObservedProperty | None, scale: float, shift: float) -> tuple[float, float]:
    """A property's plausible range in a datastream's own unit."""
    if observed is None:
        return -INFINITE, INFINITE
    return (observed.low - shift) / scale, (observed.high - shift) / scale


def written(unit: str | None) -> str:
    """A unit as the series table spells it: none at all and an empty one are not the same."""
    return "" if unit is None else "=" + unit


def unwritten(spelling: str) -> str | None:
    """The other way round."""
    return spelling[1:] if spelling else None


def _things(connection: Connection) -> dict[int, Thing]:
    c = t.things.c
    query = select(
        c.id,
        c.handle,
        c.wire,
        c.name,
        c.owner,
        c.title,
        c.description,
        c.exposure,
        c.lat,
        c.lon,
        c.place_grade,
        c.since,
        c.closed,
    )
    return {
        i: Thing(
            i, handle, name or wire, owner, title, description, None if exposure is None else Exposure(exposure),
            None if lat is None or lon is None else Place(lat, lon), None if grade is None else Grade(grade), since,
            closed,
        )
        for i, handle, wire, name, owner, title, description, exposure, lat, lon, grade, since, closed
        in connection.execute(query)
    }  # fmt: skip


def _datastreams(
    connection: Connection, catalogue: Catalogue, people: People, things: Mapping[int, Thing],
    fragments: Mapping[tuple[int, int], tuple[Fragment, ...]],
) -> tuple[Datastream, ...]:  # fmt: skip
    told = histories(connection)
    households = {owner: people.seen_by(owner) for owner in {thing.owner for thing in things.values()}}
    members = {owner: people.member(owner) for owner in households}
    c = t.datastreams.c
    rows = connection.execute(select(c.id, c.thing, c.property, c.named, c.unit, c.scale, c.shift, c.commons))
    every: list[Datastream] = []
    for i, thing, observed, named, unit, scale, shift, commons in rows:
        where = things[thing]
        owner = where.owner
        every.append(Datastream(
            id=i, thing=thing, owner=owner, property=observed, named=named, unit=unit, scale=scale, shift=shift,
            household=households[owner], home=people.homes.get(owner),
            cap=cap(catalogue.get(observed), where.exposure, people.parties[owner].kind),
            history=told.get(i, NO_HISTORY), commons=commons,
            fragments=() if commons is None else fragments.get((commons, members[owner]), ()),
        ))  # fmt: skip
    return tuple(every)


def _commons(connection: Connection, people: People) -> dict[int, Commons]:
    c, m = t.commons.c, t.memberships.c
    homes: dict[int, set[int]] = defaultdict(set)
    for commons, party in connection.execute(select(m.commons, m.party).where(m.until.is_(None))):
        homes[commons].add(people.homes.get(party, party))
    query = select(
        c.id, c.handle, c.name, c.purpose, c.properties, c.since, c.ends, c.homes, c.epoch_days, c.retention_days,
    ).where(c.closed.is_(None))  # fmt: skip
    return {
        r.id: Commons(
            r.id, r.handle, r.name, r.purpose, tuple(r.properties.split()), r.since, r.ends, r.homes or 0,
            r.epoch_days or EPOCH_DAYS, r.retention_days, _how_many(len(homes[r.id])),
        )
        for r in connection.execute(query)
    }  # fmt: skip


def _how_many(homes: int) -> str:
    """How many homes belong to a commons, as its charter says it."""
    if homes < 5:  # noqa: PLR2004 - no fewer are ever told apart
        return "fewer than five"
    return "5 to 9" if homes < 10 else "10 to 19" if homes < 20 else "20 or more"  # noqa: PLR2004 - the house's bands


def _rests(connection: Connection) -> tuple[Rest, ...]:
    c = t.rests.c
    rows = connection.execute(select(c.property, c.cell, c.until, c.since))
    return tuple(Rest(p, cell, until, since) for p, cell, until, since in rows)


def _handed(connection: Connection) -> dict[int, int]:
    h = t.things.c
    rows = connection.execute(select(h.id, h.handed).where(h.handed.is_not(None), h.closed.is_(None)))
    return {row.id: row.handed for row in rows}


def _keys(connection: Connection) -> tuple[tuple[Key, int, float, float], ...]:
    s, d = t.series.c, t.datastreams.c
    query = (
        select(s.credential, s.thing, s.property, s.spelling, s.datastream, s.scale, s.shift)
        .join(t.datastreams, d.id == s.datastream)
        .join(t.things, t.things.c.id == d.thing)
        .join(t.credentials, t.credentials.c.id == s.credential)
        .where(d.closed.is_(None), t.things.c.closed.is_(None), t.credentials.c.closed.is_(None))
    )
    return tuple(
        (Key(credential, thing, named, unwritten(spelling)), datastream, scale, shift)
        for credential, thing, named, spelling, datastream, scale, shift in connection.execute(query)
    )
