"""A small neighbourhood for tests: seven homes around one street corner, a catalogue of a few properties."""

from __future__ import annotations

from hub.core.catalogue import Catalogue, Exposure, ObservedProperty, PartyKind
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.history import BEGINNING, END, History, Step
from hub.core.holdings import Commons, Datastream, Fragment, Holdings, Party, Rest, Thing
from hub.core.places import Dwellings, Place, partition

CORNER = Place(50.1030, 14.4030)
FAR = Place(49.2, 16.6)
NOISE = ObservedProperty(
    id="noise", name="Noise", unit="dB[SPL]", family="noise", cap=Grade.STREET, station_cap=Grade.OPEN,
    step_street=3, step_commons=1, low=0, high=140, watermark=30 * MINUTE, names=("laeq",),
)  # fmt: skip
DUST = ObservedProperty(
    id="dust", name="Fine dust", unit="ug/m3", family="air", cap=Grade.OPEN,
    step_street=5, step_commons=2, low=0, high=1000, watermark=5 * MINUTE, names=("pm25", "pm2.5"),
)  # fmt: skip
CATALOGUE = Catalogue([NOISE, DUST])
AROUND = partition([Dwellings(CORNER, 80)], 8)
NEAR = partition([Dwellings(CORNER, 80)], 9)
NOW = 500_000 * HOUR
LONG_AGO = NOW - 40 * 24 * HOUR
PROJECT = Commons(900, "clean-courtyards", "Clean courtyards", "to know what we breathe", ("dust",))
HERON = (Fragment(BEGINNING, END, "quietheronquiet2", "quiet-heron"),)
STRANGER = 1
"""A party that owns nothing and lives nowhere here."""


def since_ever(grade: Grade) -> History:
    return History((Step(LONG_AGO, grade),))


def stream(number: int, history: History, *, observed: str = "dust", cap: Grade = Grade.OPEN,
           commons: int | None = None, home: int | None = -1) -> Datastream:  # fmt: skip
    """Datastream 1000+n of thing 2000+n of party 100+n, its own home unless said otherwise."""
    return Datastream(
        id=1000 + number, thing=2000 + number, owner=100 + number, property=observed, named=observed, unit=None,
        household=frozenset({100 + number, 500 + number}), home=number if home == -1 else home, cap=cap,
        history=history, commons=commons, fragments=HERON if commons else (),
    )  # fmt: skip


def thing(number: int, *, place: Place | None = CORNER, place_grade: Grade | None = None) -> Thing:
    return Thing(
        id=2000 + number, handle=f"thing{number}", name=f"esp-{number}", owner=100 + number, title=f"Monitor {number}",
        exposure=Exposure.OUTDOOR, place=place, place_grade=place_grade, since=LONG_AGO,
    )  # fmt: skip


def holdings(
    *streams: Datastream, things: tuple[Thing, ...] | None = None, rests: tuple[Rest, ...] = (), revision: int = 1
) -> Holdings:
    numbers = [d.thing - 2000 for d in streams]
    return Holdings(
        revision=revision,
        parties={100 + n: Party(100 + n, PartyKind.PERSON, f"Neighbour {n}") for n in numbers},
        things={t.id: t for t in (things or tuple(thing(n) for n in numbers))},
        datastreams=streams, commons={PROJECT.id: PROJECT}, rests=rests, street=AROUND, shared=NEAR,
    )  # fmt: skip
