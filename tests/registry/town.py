"""A registry with a few neighbours in it, for the tests of the registry and of the actions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hub import actions
from hub.core.catalogue import Catalogue, Exposure, ObservedProperty, PartyKind
from hub.core.grade import DAY, HOUR, Grade
from hub.core.holdings import Datastream
from hub.core.observations import Key
from hub.core.places import Dwellings, Place, partition
from hub.registry import Limits, Registry
from tests.registry.migrated import migrated

CORNER = Place(50.1030, 14.4030)
FAR = Place(49.2, 16.6)
NOW = 500_000 * HOUR
DUST = ObservedProperty(
    id="dust", name="Fine dust", unit="ug/m3", family="air", cap=Grade.OPEN, low=0, high=1000, names=("pm25", "pm2_5")
)
COARSE = ObservedProperty(id="coarse", name="Dust", unit="ug/m3", family="air", cap=Grade.OPEN, names=("pm10",))
WARMTH = ObservedProperty(
    id="warmth", name="Warmth", unit="Cel", family="warmth", cap=Grade.OPEN, low=-40, high=60, names=("temperature",)
)
NOISE = ObservedProperty(
    id="noise", name="Noise", unit="dB[SPL]", family="noise", cap=Grade.STREET, station_cap=Grade.OPEN, names=("laeq",)
)
POWER = ObservedProperty(id="power", name="Power", unit="W", family="energy", cap=Grade.COUNTED, energy=True)
BATTERY = ObservedProperty(id="battery", name="Battery", unit="%", family="diagnostics", cap=Grade.HOME)
CATALOGUE = Catalogue([DUST, COARSE, WARMTH, NOISE, POWER, BATTERY])
AROUND = partition([Dwellings(CORNER, 80), Dwellings(FAR, 80)], 8)
NEAR = partition([Dwellings(CORNER, 80), Dwellings(FAR, 80)], 9)


def opened(folder: Path, *, catalogue: Catalogue = CATALOGUE, limits: Limits | None = None, now: int = NOW) -> Registry:
    return Registry.open(
        migrated(folder / "registry.sqlite"), folder / "secret.key", catalogue, AROUND, NEAR, limits or Limits(), now
    )


def person(registry: Registry, name: str = "Ana", *, now: int = NOW) -> int:
    return actions.add_party(registry, PartyKind.PERSON, name, now=now)


def gateway(registry: Registry, owner: int) -> int:
    return actions.add_credential(registry, owner, "gateway", now=NOW).credential


@dataclass
class Couple:
    """Two adults of one household."""

    household: int
    ana: int
    ben: int


def couple(registry: Registry) -> Couple:
    household = actions.add_party(registry, PartyKind.HOUSEHOLD, "Number 7", now=NOW - DAY)
    both = Couple(household, person(registry, "Ana"), person(registry, "Ben"))
    actions.add_household_member(registry, household, both.ana, now=NOW - DAY)
    actions.add_household_member(registry, household, both.ben, now=NOW - DAY)
    return both


def monitor(
    registry: Registry, owner: int, *named: str, exposure: Exposure | None = Exposure.OUTDOOR, name: str = "balcony",
    place: Place | None = CORNER, now: int = NOW - DAY,
) -> list[int]:  # fmt: skip
    """A thing outdoors that measures these; its datastreams, in order."""
    made = actions.add_thing(registry, owner, name, exposure=exposure, place=place, now=now)
    keys = [Key(made.credential, name, n, None) for n in named]
    assert registry.first_heard(keys, now) == {}
    by_name = {d.named: d.id for d in registry.holdings().datastreams if d.thing == made.thing}
    return [by_name[n] for n in named]


def datastream(registry: Registry, number: int) -> Datastream:
    return next(d for d in registry.holdings().datastreams if d.id == number)


def grade(registry: Registry, number: int, now: int) -> Grade:
    """The grade in force a moment after `now`: steps that are made at once may lie a few µs apart."""
    return datastream(registry, number).grade(now + 10)
