"""How it is now: one property over the whole place, from three readings through the gate.

Rule: the figure of a place or an area is the median of rows that are shown, in the last closed hour; a public
instrument speaks for itself, with its age.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from hub.core.audience import PUBLIC
from hub.core.disclosed import Disclosed
from hub.core.face import Face
from hub.core.grade import DAY, HOUR, MINUTE, Kind
from hub.core.query import Query
from hub.gate import Gate, newest_per_face
from hub.settings import PropertySettings
from hub.web.around import Area, areas
from hub.web.between import Ints, Values, between_steps
from hub.web.ground import Ground
from hub.web.series import at_the_same_hour, cadence

PATIENCE = 3 * HOUR
"""An hour older than this is not called now; and so far back an instrument's rhythm is looked for."""
_WEEK = 7 * DAY
_USUAL_CADENCE = HOUR
_LEAST_CADENCE = MINUTE


class Told(Struct, frozen=True):
    """One area: the median of what somebody around there measured in the hour, None where nothing is shown."""

    area: Area
    value: float | None = None
    usual: float | None = None


class Instrument(Struct, frozen=True):
    """One public instrument: its newest value, from when (µs), and whether that is older than twice its cadence."""

    face: Face
    value: float
    time: int
    usual: float | None
    stale: bool


class Picture(Struct, frozen=True):
    """One property now. `hour` is when the hour began that is told (µs), None if none is; `value` its median."""

    now: int
    hour: int | None
    value: float | None
    usual: float | None
    told: tuple[Told, ...]
    instruments: tuple[Instrument, ...]

    @property
    def hidden(self) -> tuple[Area, ...]:
        """The areas in which nothing is shown."""
        return tuple(t.area for t in self.told if t.value is None)


def take(gate: Gate, observed: PropertySettings, now: int, zone: ZoneInfo, ground: Ground) -> Picture:
    """The public's picture of a property.

    Raises:
        StoreUnavailable: the store cannot answer now.
    """
    one = frozenset({observed.id})
    full = now // HOUR * HOUR
    hours = gate.read(Query(properties=one, since=full - _WEEK - HOUR, until=full, window=HOUR), PUBLIC)
    recent, newest = _recent(gate, observed, now)
    return picture(observed, hours, recent, newest, now, zone, ground)


def instruments(gate: Gate, observed: PropertySettings, now: int, zone: ZoneInfo) -> tuple[Instrument, ...]:
    """The public instruments alone, without what is usual.

    Raises:
        StoreUnavailable: the store cannot answer now.
    """
    recent, newest = _recent(gate, observed, now)
    return _instruments(None, recent, newest, now, zone)


def picture(
    observed: PropertySettings, hours: Disclosed, recent: Disclosed, newest: Disclosed, now: int, zone: ZoneInfo,
    ground: Ground,
) -> Picture:  # fmt: skip
    """The same from what was read: hour windows of a week, all of the last hours, the newest of each face."""
    hour = _last_hour(hours, now)
    value = usual = None
    if hour is not None:
        time, values = between_steps(hours, observed)
        value = float(np.median(values[time == hour]))
        usual = at_the_same_hour(time, values, hour, zone)
    told = _told(observed, hours, hour, zone, ground)
    return Picture(now, hour, value, usual, told, _instruments(hours, recent, newest, now, zone))


def _recent(gate: Gate, observed: PropertySettings, now: int) -> tuple[Disclosed, Disclosed]:
    """All of the last hours, and the newest of each face."""
    one = frozenset({observed.id})
    recent = gate.read(Query(properties=one, since=now - PATIENCE), PUBLIC)
    return recent, gate.read(Query(properties=one, since=now - _WEEK, newest=True), PUBLIC)


def _last_hour(hours: Disclosed, now: int) -> int | None:
    """The last closed hour of the areas if it is fresh, else of the instruments of the last day."""
    nobody = np.array([f.kind is Kind.NOBODY for f in hours.faces] or [False])[hours.face]
    street, others = hours.time[nobody], hours.time[~nobody]
    if len(street) and now - int(street.max()) <= PATIENCE + HOUR:
        return int(street.max())
    if len(others) and now - int(others.max()) <= DAY:
        return int(others.max())
    return None


def _told(
    observed: PropertySettings, hours: Disclosed, hour: int | None, zone: ZoneInfo, ground: Ground
) -> tuple[Told, ...]:
    rows = {}
    for i, face in enumerate(hours.faces):
        if face.kind is Kind.NOBODY and face.cell is not None:
            rows[face.cell] = between_steps(hours.where(hours.face == i), observed)
    return tuple(_area(a, *rows[a.cell], hour, zone) if a.cell in rows else Told(a) for a in _areas(hours, ground))


def _areas(hours: Disclosed, ground: Ground) -> tuple[Area, ...]:
    shown = [f.cell for f in hours.faces if f.kind is Kind.NOBODY and f.cell is not None]
    return areas(ground.cells, shown, ground.middle)


def _area(area: Area, time: Ints, value: Values, hour: int | None, zone: ZoneInfo) -> Told:
    now = value[time == hour] if hour is not None else value[:0]
    if not len(now) or hour is None:
        return Told(area)
    return Told(area, float(np.median(now)), at_the_same_hour(time, value, hour, zone))


def _instruments(
    hours: Disclosed | None, recent: Disclosed, newest: Disclosed, now: int, zone: ZoneInfo
) -> tuple[Instrument, ...]:
    named = [] if hours is None else [(i, f) for i, f in enumerate(hours.faces) if f.kind is Kind.NAMED]
    past = {f.key: hours.of(i) for i, f in named} if hours is not None else {}
    rhythm = {f.key: cadence(recent.of(i)[0]) for i, f in enumerate(recent.faces) if f.kind is Kind.NAMED}
    found = []
    for i, row in newest_per_face(newest).items():
        face, time = newest.faces[i], int(newest.time[row])
        if face.kind is not Kind.NAMED:
            continue
        usual = at_the_same_hour(*past[face.key], now // HOUR * HOUR, zone) if face.key in past else None
        late = now - time > 2 * max(rhythm.get(face.key) or _USUAL_CADENCE, _LEAST_CADENCE)
        found.append(Instrument(face, float(newest.value[row]), time, usual, late))
    return tuple(sorted(found, key=lambda i: (i.face.name or "", i.face.key)))
