"""Homes with public instruments and what they have measured, without a network: what larger measurements stand on.

Rule: everything comes about as in a hub that runs: parties, things and grades by actions, rows through `Store.append`
in the order in which they would have come. The clock stands still, so that a town made once is the same for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hub import actions, app
from hub.core.audience import Audience
from hub.core.catalogue import Exposure, PartyKind
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.observations import STAMPED, Ints, Observations
from hub.core.observations import Key as Name
from hub.core.places import Place
from hub.settings import read
from tests.e2e import running

UNTIL = 490_000 * HOUR
"""When (µs) the towns of the bench have been measuring; a round hour of 2025."""
MEASURED = (
    ("air_temperature", "temperature", "Cel", 12.0, 2), ("relative_humidity", "humidity", "%", 55.0, 1),
    ("pm25", "pm25", "ug/m3", 9.0, 1), ("pm10", "pm10", "ug/m3", 15.0, 1),
    ("air_pressure", "pressure", "hPa", 990.0, 2), ("wind_speed", "wind", "m/s", 3.0, 1),
    ("illuminance", "lux", "lx", 4000.0, 0), ("co2", "co2", "[ppm]", 420.0, 0),
    ("soil_moisture", "soilmoisture", "%", 30.0, 3), ("soil_temperature", "soiltemperature", "Cel", 9.0, 15),
)  # fmt: skip
"""Property, its name on the wire, unit, about how much of it there is, to how many decimals it is told."""
_KEPT_RAW = "\n[retention]\nraw_days = 0\nquarter_hours_days = 0\n"


@dataclass(frozen=True, slots=True)
class Town:
    """An open hub, and what lives in it: a line per home, a column per property of `MEASURED`."""

    parts: app.Parts
    owners: list[int]
    handles: list[str]
    streams: Ints

    def resident(self, home: int) -> Audience:
        """Who lives there."""
        found = self.parts.registry.audience_of_party(self.owners[home])
        if found is None:
            raise LookupError(f"nobody lives in home {home}")
        return found

    @property
    def observations(self) -> Path:
        """Where the store's files are."""
        return self.parts.settings.store.folder


def settle(folder: Path, homes: int, properties: int, since: int) -> None:
    """Make a town in an empty folder: each home a person with one thing outdoors, measuring from `since` (µs) on."""
    running.configure(folder, _KEPT_RAW)
    with app.opened(read(folder / "barrio.toml"), lambda: since) as parts, parts.registry.transaction():
        for home in range(homes):
            owner = actions.add_party(parts.registry, PartyKind.PERSON, f"Neighbour {home:05}", now=since - DAY)
            place = Place(running.CORNER.lat + home // 10 * 0.002, running.CORNER.lon + home % 10 * 0.003)
            made = actions.add_thing(
                parts.registry, owner, f"station-{home:05}", title=f"Station {home}", exposure=Exposure.OUTDOOR,
                place=place, now=since - DAY,
            )  # fmt: skip
            names = {Name(made.credential, f"station-{home:05}", m[1], m[2]) for m in MEASURED[:properties]}
            refused = parts.registry.first_heard(names, since - DAY)
            if refused:
                raise RuntimeError(f"the town does not fit the configuration: {next(iter(refused.values()))}")
        for stream in parts.registry.holdings().datastreams:
            actions.set_grade(parts.registry, stream.id, Grade.OPEN, now=since - HOUR)


@contextmanager
def opened(folder: Path, now: int = UNTIL + HOUR) -> Iterator[Town]:
    """The town in this folder, at `now` (µs)."""
    with app.opened(read(folder / "barrio.toml"), lambda: now) as parts:
        held = parts.registry.holdings()
        things = sorted(held.things.values(), key=lambda thing: thing.name or thing.title)
        of = {(d.thing, d.property): d.id for d in held.datastreams}
        observed = [m[0] for m in MEASURED if (things[0].id, m[0]) in of]
        streams = np.array([[of[t.id, p] for p in observed] for t in things], np.int32)
        yield Town(parts, [t.owner for t in things], [t.handle for t in things], streams)


def measured(town: Town, since: int, until: int, every: int = MINUTE) -> Observations:
    """What all of a town has measured in [`since`, `until`) (µs), each value once in `every`, in order of arrival.

    Clocks drift, half of the things give no time of their own, the way takes up to two seconds; values wander.
    """
    chance = np.random.default_rng(since // MINUTE)
    homes, properties = town.streams.shape
    laps, many = (until - since) // every, homes * properties
    of = np.arange(many)
    offset = np.random.default_rng(0).integers(0, every - 2_000_000, many)
    heard = since + np.arange(laps)[:, None] * every + offset + chance.integers(0, 900_000, (laps, many))
    told = (heard // 1000 * 1000, heard)
    stamped = of // properties % 2 == 1
    time = np.where(stamped, told[1], told[0])
    received = np.where(stamped, time, time + chance.integers(20_000, 2_000_000, (laps, many)))
    value = _wandering(chance, of % properties, laps, many)
    owner = np.repeat(np.array(town.owners, np.int32), properties)
    columns = np.broadcast_arrays(town.streams.ravel()[of], owner[of], time, received, value, stamped)
    order = np.argsort(received.ravel(), kind="stable")
    stream, whose, when, arrived, values, own = (np.ascontiguousarray(c.ravel()[order]) for c in columns)
    quality = own.astype(np.uint8) * np.uint8(STAMPED)
    standing = np.full(len(order), Grade.OPEN, np.uint8)
    return Observations(stream, whose, when, arrived, values, standing, standing, quality)


def _wandering(
    chance: np.random.Generator, of: np.ndarray[tuple[int], np.dtype[np.int64]], laps: int, many: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    usual = np.array([m[3] for m in MEASURED])[of]
    steps = chance.normal(0, usual / 400, (laps, many))
    value = np.clip(np.cumsum(steps, axis=0) + usual * chance.uniform(0.8, 1.2, many), 0, usual * 3)
    for property_, (*_, decimals) in enumerate(MEASURED):
        mine = of == property_
        value[:, mine] = np.round(value[:, mine], decimals)
    return value
