"""The demo's neighbourhood: which homes there are, what they own, and how far each of it may be known.

Rule: pure and the same every time. `plan` reads no file and no clock; who has dwellings, passes them in. Nobody in it
is real: first names, house numbers and measurements are invented.

The curve that a `PlannedStream` names is a key of `devices.curves.CURVES`.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

import h3
from msgspec import Struct

from devices import kits
from devices.kits import Kind, PlannedStream

HOMES = 120
CELLS = 6
FEWEST_A_CELL = 16
RESOLUTION = 8
METRE = 1 / 111_320
COUPLES = 0.45
FIRST_NAMES = (
    "Adéla", "Alois", "Anežka", "Antonín", "Barbora", "Bedřich", "Běla", "Bohdan", "Cyril", "Dana", "Dominik",
    "Eliška", "Emil", "Filip", "Gabriela", "Hana", "Hugo", "Ilona", "Ivan", "Jakub", "Jan", "Jitka", "Josefína",
    "Klára", "Kryštof", "Lenka", "Libor", "Ludmila", "Marek", "Markéta", "Matěj", "Nela", "Oldřich", "Ondřej",
    "Pavla", "Petr", "Radka", "Richard", "Sára", "Šimon", "Tereza", "Tomáš", "Václav", "Věra", "Vít", "Zdena",
)  # fmt: skip


class Dwelling(Struct, frozen=True):
    """One building of `dwellings.csv` and how many dwellings it has (WGS 84 degrees)."""

    building: str
    lat: float
    lon: float
    dwellings: int


class Person(Struct, frozen=True):
    """Somebody who lives in a home; `id` is unique in the plan."""

    id: str
    name: str


class Home(Struct, frozen=True):
    """One household in one dwelling. `busy` is how much traffic passes its street, 0 to 1."""

    id: str
    building: str
    number: int
    lat: float
    lon: float
    people: tuple[Person, ...]
    busy: float


class Institution(Struct, frozen=True):
    """A school or a library: a party that is nobody's home."""

    id: str
    name: str
    lat: float
    lon: float


class Being(Struct, frozen=True):
    """A tree or a brook: a party that acts through its guardians (ids of persons of different homes)."""

    id: str
    name: str
    lat: float
    lon: float
    guardians: tuple[str, ...]


class PlannedCommons(Struct, frozen=True):
    """A shared project: what it is for, the properties it asks for, how long, and the homes in it."""

    name: str
    purpose: str
    properties: tuple[str, ...]
    days: int
    retention_days: int
    members: tuple[str, ...]


class PlannedThing(Struct, frozen=True):
    """A thing and its place. `owner` is the id of a home, an institution or a being; `key` its word in topics.

    `place_grade` is the word of the place's own grade (None: as its datastreams); `why` is the purpose of a public
    instrument in its owner's words; `interval` is in seconds.
    """

    key: str
    name: str
    owner: str
    format: str
    exposure: str
    lat: float
    lon: float
    interval: int
    streams: tuple[PlannedStream, ...]
    place_grade: str | None = None
    why: str = ""


class Neighbourhood(Struct, frozen=True):
    """All of the demo's parties and things."""

    homes: tuple[Home, ...]
    institutions: tuple[Institution, ...]
    beings: tuple[Being, ...]
    commons: tuple[PlannedCommons, ...]
    things: tuple[PlannedThing, ...]


INSTITUTIONS = (
    Institution("school", "School by the park", 50.104050, 14.405450),
    Institution("library", "Neighbourhood library", 50.101250, 14.401900),
)
PUBLIC = (
    # owner, place, kind of thing, the place's own grade, why; an owner of None is a home in the nearest building
    ("school", 50.104050, 14.405450, kits.SCHOOL_ROOF, "open", "The fourth form wants to know what it breathes."),
    ("library", 50.101250, 14.401900, kits.LIBRARY_ROOF, "open", "Come in and look at the paper record of each day."),
    ("linden", 50.103750, 14.401950, kits.LINDEN, "open", "So that somebody waters it before it thirsts."),
    ("brook", 50.106388, 14.403112, kits.BROOK, "open", "So that the gardens below know when it rises."),
    (None, 50.101150, 14.403750, kits.BALCONY, "open", "My daughter coughs; I wanted to know when to open windows."),
    (None, 50.104550, 14.400350, kits.CORNER, "open", "I have written down the weather since 1987; now it does."),
    (None, 50.098900, 14.400600, kits.GARDEN, "street", "Take it as advice when to water; the garden stays mine."),
)
BEINGS = (
    ("linden", "The linden in the courtyard", 50.103750, 14.401950),
    ("brook", "Zvonivý potok", 50.106388, 14.403112),
)
COMMONS = (
    (kits.COURTYARDS, "Find the courtyards where smoke stays, and talk to those who light fires.", ("pm25",), 180, 365),
    (kits.STREETS, "Show what the night is like before the city moves its bus line.", ("noise_level",), 120, 180),
    (kits.TREES, "Water the young trees in time, and learn where they cool us.", ("soil_moisture", "air_temperature"),
     365, 730),
)  # fmt: skip


def plan(dwellings: Sequence[Dwelling], seed: int = 1961) -> Neighbourhood:
    """The neighbourhood over these dwellings: about 120 homes in the six cells (H3 resolution 8) that hold the most.

    Raises `ValueError` when there are fewer dwellings than homes.
    """
    if sum(d.dwellings for d in dwellings) < HOMES:
        raise ValueError(f"{HOMES} homes need as many dwellings; look at config/demo/dwellings.csv")
    settler = _Settler(dwellings, random.Random(seed))  # noqa: S311 - a plan that is the same every time
    owners = tuple(settler.nearest(lat, lon) for owner, lat, lon, *_ in PUBLIC if owner is None)
    by_cell = [[settler.within(cell) for _ in range(count)] for cell, count in settler.shares(HOMES - len(owners))]
    things = [*_public(owners), *(t for homes in by_cell for k, h in enumerate(homes) for t in _kit(h, k))]
    homes = tuple(sorted((*owners, *(h for homes in by_cell for h in homes)), key=lambda h: h.id))
    return Neighbourhood(homes, INSTITUTIONS, tuple(_beings(homes)), tuple(_commons(things)), tuple(things))


class _Settler:
    """Puts households into dwellings, each dwelling once."""

    def __init__(self, dwellings: Sequence[Dwelling], dice: random.Random) -> None:
        self._dice = dice
        self._free = {d.building: list(range(1, d.dwellings + 1)) for d in dwellings}
        self._cells: dict[str, list[Dwelling]] = defaultdict(list)
        for d in dwellings:
            self._cells[h3.latlng_to_cell(d.lat, d.lon, RESOLUTION)].append(d)
        self._settled = 0

    def shares(self, homes: int) -> list[tuple[str, int]]:
        """How many homes each cell gets: sixteen at least where there is room, the rest where most people live."""
        size = {cell: sum(d.dwellings for d in ds) for cell, ds in self._cells.items()}
        chosen = sorted(size, key=lambda cell: (-size[cell], cell))[:CELLS]
        counts = {cell: min(FEWEST_A_CELL, size[cell], homes // len(chosen)) for cell in chosen}
        counts[chosen[0]] += homes - sum(counts.values())
        return list(counts.items())

    def within(self, cell: str) -> Home:
        """A household somewhere in this cell."""
        free = [d for d in self._cells[cell] if self._free[d.building]]
        return self._settle(self._dice.choice(free))

    def nearest(self, lat: float, lon: float) -> Home:
        """A household in the building nearest to this point."""
        free = [d for ds in self._cells.values() for d in ds if self._free[d.building]]
        return self._settle(min(free, key=lambda d: (_metres(d.lat, d.lon, lat, lon), d.building)))

    def _settle(self, d: Dwelling) -> Home:
        self._settled += 1
        number = self._free[d.building].pop(self._dice.randrange(len(self._free[d.building])))
        adults = 2 if self._dice.random() < COUPLES else 1
        home = f"home-{self._settled:03d}"
        names = self._dice.sample(FIRST_NAMES, adults)
        people = tuple(Person(f"{home}-{n}", name) for n, name in enumerate(names, 1))
        return Home(home, d.building, number, d.lat, d.lon, people, _busy(d.lat, d.lon))


def _public(homes: Sequence[Home]) -> Iterator[PlannedThing]:
    """The public instruments; those without an owner are the given homes', in turn."""
    living = iter(homes)
    for owner, lat, lon, kind, place_grade, why in PUBLIC:
        yield _thing(kind, owner or next(living).id, lat, lon, place_grade, why)


def _kit(home: Home, turn: int) -> Iterator[PlannedThing]:
    """What the home that is `turn`-th in its cell has; outdoors on its own side of the house."""
    side = 2 * math.pi * (home.number / 7 + turn / 5)
    for kind in kits.KITS[turn % len(kits.KITS)]:
        off = 0.0 if kind.exposure == "indoor" else 6 * METRE
        yield _thing(kind, home.id, home.lat + off * math.sin(side), home.lon + off * 1.56 * math.cos(side))


def _thing(
    kind: Kind, owner: str, lat: float, lon: float, place_grade: str | None = None, why: str = ""
) -> PlannedThing:
    return PlannedThing(
        kind.key, kind.name, owner, kind.format, kind.exposure, round(lat, 6), round(lon, 6), kind.interval,
        kind.streams, place_grade, why,
    )  # fmt: skip


def _beings(homes: Sequence[Home]) -> Iterator[Being]:
    """Each being with the two nearest homes' first adults as its guardians."""
    for being, name, lat, lon in BEINGS:
        near = sorted(homes, key=lambda h: (_metres(h.lat, h.lon, lat, lon), h.id))[:2]
        yield Being(being, name, lat, lon, tuple(h.people[0].id for h in near))


def _commons(things: Sequence[PlannedThing]) -> Iterator[PlannedCommons]:
    """Each commons with the homes of which a datastream has joined it."""
    for name, purpose, properties, days, retention in COMMONS:
        members = sorted({t.owner for t in things for s in t.streams if s.commons == name})
        yield PlannedCommons(name, purpose, properties, days, retention, tuple(members))


def _metres(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    return math.hypot((lat - to_lat) / METRE, (lon - to_lon) / METRE * math.cos(math.radians(lat)))


def _busy(lat: float, lon: float) -> float:
    """Traffic in a home's street, 0 to 1: two invented main roads, one along and one across."""
    along, across = math.sin(lat / METRE / 260), math.sin(lon / METRE / 330)
    return round(max(0.0, 0.5 + 0.3 * along + 0.2 * across), 3)
