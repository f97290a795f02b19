"""How it is now: one property over the whole place, from three readings through the gate.

Rule: the figure of an area is the average that was published for it, else the median of the single rows shown in it;
that of the place is their median, each average counting for its homes; all of the last closed hour. A public instrument
speaks for itself, with its age.
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
from hub.web.around import ALL, Area, areas
from hub.web.between import Ints, Values, between_steps, figures, indoors, of_kind
from hub.web.ground import Ground
from hub.web.series import at_the_same_hour, cadence

PATIENCE = 3 * HOUR
"""An hour older than this is not called now; and so far back an instrument's rhythm is looked for."""
_WEEK = 7 * DAY
_USUAL_CADENCE = HOUR
_LEAST_CADENCE = MINUTE


class Told(Struct, frozen=True):
    """One area in the hour, None where nothing is shown; `homes`: the average of so many at least (0: single rows)."""

    area: Area
    value: float | None = None
    usual: float | None = None
    homes: int = 0


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


def take(
    gate: Gate, observed: PropertySettings, now: int, zone: ZoneInfo, ground: Ground, *, inside: bool = False
) -> Picture:  # fmt: skip
    """The public's picture of a property, outdoors or `inside` homes.

    Raises:
        StoreUnavailable: the store cannot answer now.
    """
    one = frozenset({observed.id})
    full = now // HOUR * HOUR
    hours = gate.read(Query(properties=one, since=full - _WEEK - HOUR, until=full, window=HOUR), PUBLIC)
    recent, newest = (indoors(shown, inside=inside) for shown in _recent(gate, observed, now))
    return picture(observed, indoors(hours, inside=inside), recent, newest, now, zone, ground)


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
        time, values = figures(hours, observed)
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
    """The last closed hour of averages if it is fresh, else of single rows, else of the instruments of the last day."""
    kinds = ((Kind.RELEASE, PATIENCE + HOUR), (Kind.NOBODY, PATIENCE + HOUR), (Kind.NAMED, DAY))
    for kind, fresh in kinds:
        times = hours.time[of_kind(hours, kind)]
        if len(times) and now - int(times.max()) <= fresh:
            return int(times.max()) // HOUR * HOUR
    return None


def _told(
    observed: PropertySettings, hours: Disclosed, hour: int | None, zone: ZoneInfo, ground: Ground
) -> tuple[Told, ...]:
    if hour is None:
        return tuple(Told(a) for a in areas(ground.cells, (), ground.middle))
    rows: dict[str, tuple[Ints, Values, int]] = {}
    for i, face in sorted(enumerate(hours.faces), key=lambda one: one[1].kind, reverse=True):
        mine = hours.where(hours.face == i)
        if face.kind in (Kind.NOBODY, Kind.RELEASE) and np.any(mine.time == hour):
            homes = int(mine.homes[mine.time == hour][0]) if face.kind is Kind.RELEASE else 0
            rows[face.cell or ALL] = (*between_steps(mine, observed), homes)  # an average is last, and stays
    around = areas(ground.cells, rows, ground.middle)
    return tuple(_area(a, *rows[a.cell], hour, zone) if a.cell in rows else Told(a) for a in around)


def _area(area: Area, time: Ints, value: Values, homes: int, hour: int, zone: ZoneInfo) -> Told:
    return Told(area, float(np.median(value[time == hour])), at_the_same_hour(time, value, hour, zone), homes)


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
