"""A bucket that lies on the table, and neighbours of every grade whose readings come to it.

Rule: the bucket does what the real one does: points are replaced one by one, deletions go by series and time, and
whatever it is asked may fail, after half of it was done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hub import actions
from hub.core.audience import PUBLIC
from hub.core.catalogue import Catalogue, Exposure
from hub.core.grade import HOUR, MINUTE, Grade, Kind
from hub.core.query import Query, StoreUnavailable
from hub.mirror import Mirror, Points, Series
from hub.mirror.comparing import Gone
from hub.mirror.points import NO_POINTS, SETTLES, STEP, pointed
from tests.attacks.town import CORNER, DUST, MIDNIGHT, Device, Said, Town, town

UNITS = {DUST.id: DUST.unit}
Row = tuple[str, str, str, int, float, int]
"""What anybody may know of a row: property, kind, place, window (µs), value, homes."""


@dataclass
class Board:
    """The points by series and time; `fails` is asked before each of them is touched."""

    points: dict[tuple[Series, int], tuple[float, int]] = field(default_factory=dict)
    fails: Callable[[], bool] = bool
    told: list[str] = field(default_factory=list)

    def earliest(self) -> int | None:
        self._touch()
        return min((time for _, time in self.points), default=None)

    def held(self, since: int, until: int) -> Points:
        self._touch()
        self.told.append("held")
        found = [(s, t, v, h) for (s, t), (v, h) in self.points.items() if since <= t < until]
        if not found:
            return NO_POINTS
        series, times, values, homes = zip(*found, strict=True)
        whole = np.array([times, homes], np.int64)
        return pointed(series, np.arange(len(found)), whole[0], np.array(values, float), whole[1])

    def delete(self, gone: Gone) -> None:
        self.told.append("delete")
        for key in [k for k in self.points if k[0] == gone.series and gone.since <= k[1] < gone.until]:
            self._touch()
            del self.points[key]
        self._touch()

    def clear(self, since: int, until: int) -> None:
        for key in [k for k in self.points if since <= k[1] < until]:
            self._touch()
            del self.points[key]

    def write(self, points: Points) -> None:
        self.told.append("write")
        rows = zip(*(c.tolist() for c in (points.which, points.time, points.value, points.homes)), strict=True)
        for which, time, value, homes in rows:
            self._touch()
            self.points[points.series[which], time] = (value, homes)

    def close(self) -> None:
        self.told.append("closed")

    def _touch(self) -> None:
        if self.fails():
            raise StoreUnavailable("away")

    def rows(self) -> Counter[Row]:
        """What it says, rows of one window side by side again."""
        return Counter(
            (s.observed, s.kind, s.name or s.place, t // STEP * STEP, v, h) for (s, t), (v, h) in self.points.items()
        )


def fresh(made: Town) -> Counter[Row]:
    """What the gate shows now, worked out row by row."""
    shown = made.gate.read(Query(window=STEP), PUBLIC)
    found: Counter[Row] = Counter()
    for face, time, value, homes in zip(shown.face, shown.time, shown.value, shown.homes, strict=True):
        f = shown.faces[face]
        match f.kind:
            case Kind.RELEASE:
                where = f.property if f.where == "outdoor" else f"{f.property}@indoor"
                key = (where, "region", f.cell or "all")
            case Kind.NOBODY:
                key = (f.property, "street", f.cell or "")
            case _ if time + STEP + SETTLES <= made.now:
                key = (f.property, "open", f.name or "")
            case _:
                continue
        found[*key, int(time), round(float(value), 9), int(homes)] += 1
    return found


@dataclass
class Neighbours:
    """Homes around one corner that measure dust, and what was said so far."""

    town: Town
    devices: list[Device]
    hour: int = -8

    @property
    def now(self) -> int:
        return self.town.now

    def hours(self, count: int, *, late: bool = False) -> None:
        """So many hours in which everything speaks every twenty minutes; windows are closed as they end."""
        for _ in range(count):
            start = MIDNIGHT + self.hour * HOUR
            self.hour += 1
            self.town.say(
                Said(d, "dust", start + (7 * n + 20 * k) % 60 * MINUTE + n, 20 + n + k / 8 + self.hour / 16,
                     heard=start + HOUR + 9 * MINUTE if late and n % 3 == 0 else None)
                for n, d in enumerate(self.devices) for k in range(3)
            )  # fmt: skip
            self.town.pass_by(start + HOUR + 31 * MINUTE)
            self.town.releaser.step()

    def skip(self, span: int) -> None:
        """Time goes by and nothing is said."""
        self.hour += -(-span // HOUR)
        self.town.pass_by(MIDNIGHT + self.hour * HOUR + 31 * MINUTE)
        self.town.releaser.step()


GRADES = (*[Grade.STREET] * 6, *[Grade.COUNTED] * 9, *[Grade.OPEN] * 2, Grade.HOME)


@contextmanager
def neighbours(folder: Path, *, indoors: bool = False) -> Iterator[Neighbours]:
    """Homes of every grade, up to the midnight at which the first epoch begins."""
    with town(folder, catalogue=Catalogue([DUST])) as made:
        with made.registry.transaction():
            devices = [made.device(made.person(), "dust", place=CORNER) for _ in GRADES]
            inside = [made.device(d.party, "dust", exposure=Exposure.INDOOR) for d in devices if indoors]
            for device, grade in zip(devices, GRADES, strict=True):
                made.wish(device, "dust", grade)
            for device in inside:
                made.wish(device, "dust", Grade.COUNTED)
        there = Neighbours(made, [*devices, *inside])
        there.hours(8)
        yield there


def mirror(there: Neighbours, board: Board) -> Mirror:
    return Mirror(there.town.gate, UNITS, board)


def erase(there: Neighbours, device: Device) -> None:
    """Erase all of what somebody measured before the last two hours."""
    until = there.now - 2 * HOUR
    actions.erase(there.town.registry, there.town.store, device.party, until=until, now=there.now)
