"""A small neighbourhood for the pages: nine homes in one area, one public instrument, one secret.

The gate, the store and the disclosure are the real ones; only the registry is written by hand.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import h3
import httpx
import msgspec
import numpy as np
from fastapi import FastAPI
from sqlalchemy import insert

from hub.actions.own import OwnActions
from hub.core.audience import Audience
from hub.core.catalogue import Catalogue, Exposure, ObservedProperty, PartyKind
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.history import History, Step
from hub.core.holdings import Commons, Datastream, Fragment, Holdings, Party, Thing
from hub.core.observations import Observations
from hub.core.places import Partition, Place
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Rows, StoreUnavailable
from hub.gate import Gate
from hub.live import Live
from hub.registry import Refused, Registry
from hub.registry import tables as t
from hub.settings import HubSettings, PlaceSettings, PropertySettings, Settings, WebSettings
from hub.stores.memory import MemoryStore
from hub.web.site import create_site
from tests.registry.migrated import migrated

NOW = int(datetime(2026, 11, 22, 18, 40, tzinfo=UTC).timestamp()) * 1_000_000  # a Sunday, 19:40 in Prague
LONG_AGO = NOW - 400 * 24 * HOUR
CORNER = Place(50.1032, 14.4032)
CELL = h3.latlng_to_cell(CORNER.lat, CORNER.lon, 8)
BESIDE = h3.grid_ring(CELL, 1)[0]
SECRET = 4242.5
TOKEN = "a-link-that-holds"
GROUND = {
    "type": "FeatureCollection",
    "attribution": "© OpenStreetMap contributors, ODbL (an extract)",
    "features": [
        {
            "type": "Feature", "properties": {"layer": "streets", "name": "Kaštanová"},
            "geometry": {"type": "LineString", "coordinates": [[14.4030, 50.1030], [14.4034, 50.1034]]},
        },
        {
            "type": "Feature", "properties": {"layer": "buildings"},
            "geometry": {"type": "Point", "coordinates": list(reversed(h3.cell_to_latlng(BESIDE)))},
        },
    ],
}  # fmt: skip
DUST = PropertySettings.model_validate({
    "id": "pm25", "name": "Fine dust (PM2.5)", "short": "Fine dust", "unit": "ug/m3", "symbol": "µg/m³", "cap": "open",
    "family": "air", "decimals": 0, "step_street": 1, "usual_steps": (-4, -2, -0.5, 0.5, 2, 4), "watermark_minutes": 5,
    "classes": {"steps": (5, 15, 30, 50), "words": ("very low", "low", "raised", "high", "very high"), "source": "UBA"},
    "limit": {"value": 15, "words": "WHO guideline for a day", "source": "WHO 2021"},
    "ramp": {"name": "cividis", "light": (9, 1), "dark": (2, 9)},
})  # fmt: skip
WARMTH = PropertySettings.model_validate({
    "id": "air_temperature", "name": "Warmth (air temperature)", "short": "Warmth", "unit": "Cel", "symbol": "°C",
    "cap": "open", "family": "warmth", "decimals": 1,
})  # fmt: skip
POWER = PropertySettings.model_validate({
    "id": "power", "name": "Electric power", "short": "Power", "unit": "W", "symbol": "W", "cap": "counted",
    "family": "energy", "decimals": 0, "energy": True,
})  # fmt: skip


class HandRegistry(Registry):
    """A registry whose holdings and links a test writes; releases, letters and the log of looks are real."""

    written: Holdings
    links: dict[str, Audience]

    @property
    def revision(self) -> int:
        return self.written.revision

    def holdings(self) -> Holdings:
        return self.written

    def audience_of_link(self, token: str, now: int) -> Audience | None:
        assert now > 0
        return self.links.get(token)

    def refusals_of_thing(self, thing: int, limit: int = 50) -> list[Refused]:
        told = Refused(1, "esp-1", "things/esp-1/pm25", "is no number", 3, NOW - HOUR)
        return [told][:limit] if thing == 2001 else []

    def now_is(self, holdings: Holdings) -> None:
        self.written = msgspec.structs.replace(holdings, revision=self.written.revision + 1)


def hand_registry(folder: Path, holdings: Holdings, links: dict[str, Audience]) -> HandRegistry:
    """The registry of these holdings; the parties are in its tables too, since what is kept refers to them."""
    tables = migrated(folder / "registry.sqlite")
    made = HandRegistry.open(tables, folder / "secret.key", catalogue(), holdings.street, holdings.shared, now=NOW)
    assert isinstance(made, HandRegistry)
    made.written, made.links = holdings, links
    with made.transaction() as tx:
        tx.connection.execute(insert(t.parties), [
            {"id": p.id, "kind": p.kind.value, "name": p.name, "rule": "any", "staff": False, "since": LONG_AGO}
            for p in holdings.parties.values()
        ])  # fmt: skip
    return made


class FailingStore(MemoryStore):
    """A store that can be told to answer no more."""

    broken = False

    def read(self, query: Query, scope: Scope) -> Rows:
        if self.broken:
            raise StoreUnavailable("the disk is gone; put it back")
        return super().read(query, scope)


class Client:
    """Asks the site as a browser does, one request after another on one event loop."""

    def __init__(self, site: FastAPI, runner: asyncio.Runner) -> None:
        self.site = site
        self.runner = runner
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(site, raise_app_exceptions=True), base_url="http://barrio.test"
        )

    def get(self, path: str, **headers: str) -> httpx.Response:
        """One GET; header names with an underscore for the hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.runner.run(self._http.get(path, headers=named))

    def head(self, path: str) -> httpx.Response:
        return self.runner.run(self._http.head(path))

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """One form, from our own page unless the headers say otherwise."""
        named = {"sec-fetch-site": "same-origin"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.runner.run(self._http.post(path, data=form or {}, headers={k: v for k, v in named.items() if v}))

    def forget(self) -> None:
        """Without cookies again."""
        self._http.cookies.clear()

    def close(self) -> None:
        self.runner.run(self._http.aclose())


@dataclass
class World:
    """A site, and what a test may turn in it."""

    client: Client
    gate: Gate
    store: FailingStore
    registry: HandRegistry
    holdings: Holdings
    clock: list[int] = field(default_factory=lambda: [NOW])

    def say(self, datastream: int, owner: int, time: int, value: float, grade: Grade) -> None:
        """One reading more."""
        self.store.append(rows([(datastream, owner, time, value, grade)]))

    def lower(self, datastream: int) -> None:
        """The owner takes a datastream home, now."""
        steps = next(d for d in self.registry.holdings().datastreams if d.id == datastream).history.steps
        self._turn(datastream, history=History((*steps, Step(self.clock[0], Grade.HOME))))

    def nameless(self, datastream: int) -> None:
        """The owner has no name in the commons any more."""
        self._turn(datastream, fragments=())

    def _turn(self, datastream: int, **changed: object) -> None:
        streams = tuple(
            msgspec.structs.replace(d, **changed) if d.id == datastream else d
            for d in self.registry.holdings().datastreams
        )
        self.registry.now_is(msgspec.structs.replace(self.holdings, datastreams=streams))


def rows(told: list[tuple[int, int, int, float, Grade]]) -> Observations:
    """Observations that arrived as they were taken: (datastream, owner, time, value, grade)."""
    streams, owners, times, values, grades = zip(*told, strict=True)
    time, grade = np.array(times, np.int64), np.array(grades, np.uint8)
    return Observations(
        np.array(streams, np.int32), np.array(owners, np.int32), time, time, np.array(values, np.float64), grade,
        np.full(len(told), Grade.OPEN, np.uint8), np.zeros(len(told), np.uint8),
    )  # fmt: skip


def stream(number: int, observed: str, grade: Grade, **more: object) -> Datastream:
    """Datastream 1000+n of thing 2000+n of party 100+n, in its own home."""
    made = Datastream(
        id=1000 + number, thing=2000 + number, owner=100 + number, property=observed, named=observed, unit=None,
        household=frozenset({100 + number}), home=number, cap=Grade.OPEN, history=History((Step(LONG_AGO, grade),)),
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def thing(number: int, **more: object) -> Thing:
    """Thing 2000+n, outdoors at the corner."""
    made = Thing(
        id=2000 + number, handle=f"handle{number}", name=f"esp-{number}", owner=100 + number, title=f"Monitor {number}",
        description="To know the air of our street.", exposure=Exposure.OUTDOOR, place=CORNER, since=LONG_AGO,
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def neighbourhood() -> Holdings:
    """Things 1 to 6 are `street`, 7 is `open`, 8 is `home` with the secret, 9 `counted`, 10 `commons`."""
    streams = [stream(n, "pm25", Grade.STREET) for n in range(1, 7)]
    streams += [
        stream(7, "pm25", Grade.OPEN),
        stream(70, "air_temperature", Grade.OPEN, thing=2007, owner=107, household=frozenset({107})),
        stream(8, "pm25", Grade.HOME),
        stream(9, "power", Grade.COUNTED, cap=Grade.COUNTED),
        stream(10, "pm25", Grade.COMMONS, commons=1, fragments=(Fragment(-(2**62), 2**62, "heron234", "Heron"),)),
    ]
    things = {2000 + n: thing(n) for n in range(1, 11)}
    things[2007] = thing(7, title="School roof")
    parties = {100 + n: Party(100 + n, PartyKind.PERSON, f"Neighbour{n}") for n in range(1, 11)}
    return Holdings(
        revision=1, parties=parties, things=things, datastreams=tuple(streams),
        commons={1: Commons(1, "yards", "Clean courtyards", "Less dust")},
        street=Partition((CELL,), 8), shared=Partition((CELL,), 9),
    )  # fmt: skip


def week() -> Observations:
    """A week of hours: the `street` things around 8, the instrument around 6, the secret always the secret."""
    told = []
    for hour in range(7 * 24 + 3):
        time = NOW // HOUR * HOUR - hour * HOUR + 20 * MINUTE
        told += [(1000 + n, 100 + n, time, 5.0 + n, Grade.STREET) for n in range(1, 7)]
        told += [
            (1007, 107, time, 6.0, Grade.OPEN), (1070, 107, time, 7.25, Grade.OPEN),
            (1008, 108, time, SECRET, Grade.HOME),
            (1009, 109, time, SECRET, Grade.COUNTED), (1010, 110, time, SECRET, Grade.COMMONS),
        ]  # fmt: skip
    told += [(1007, 107, NOW - m * MINUTE, 6.0 + m % 3, Grade.OPEN) for m in range(60) if m % 60 != 20]
    return rows(told)


def catalogue() -> Catalogue:
    """The core's side of the properties."""
    return Catalogue([
        ObservedProperty(
            id="pm25", name="dust", unit="ug/m3", family="air", cap=Grade.OPEN, step_street=1.0, step_commons=1.0,
            watermark=5 * MINUTE,
        ),
        ObservedProperty(id="air_temperature", name="warmth", unit="Cel", family="warmth", cap=Grade.OPEN),
        ObservedProperty(id="power", name="power", unit="W", family="energy", cap=Grade.COUNTED, energy=True),
    ])  # fmt: skip


def settings(folder: Path, **place: object) -> Settings:
    """Settings of the place, its ground written to `folder`."""
    ground = folder / "ground.geojson"
    ground.write_text(json.dumps(GROUND), encoding="utf-8")
    return Settings(
        hub=HubSettings(name="Bubeneč", zone="Europe/Prague"), properties=(DUST, WARMTH, POWER),
        place=PlaceSettings.model_validate({"ground": (ground,), **place}), web=WebSettings(address="http://127.0.0.1"),
    )  # fmt: skip


@contextmanager
def world(folder: Path, **place: object) -> Iterator[World]:
    """A site over the neighbourhood, ready to be asked."""
    store = FailingStore()
    store.append(week())
    holdings = neighbourhood()
    links = {
        TOKEN: Audience(108, frozenset({108})),
        "street": Audience(101, frozenset({101})),
        "open": Audience(107, frozenset({107})),
        "commons": Audience(110, frozenset({110}), frozenset({1})),
    }
    registry = hand_registry(folder, holdings, links)
    clock = [NOW]
    gate = Gate(store, registry, catalogue(), lambda: clock[0])
    own = OwnActions(registry, store, lambda: clock[0])
    site = create_site(gate, own, Live(gate, every=0.05), settings(folder, **place), lambda: clock[0])
    with asyncio.Runner() as runner:
        client = Client(site, runner)
        yield World(client, gate, store, registry, holdings, clock)
        client.close()
    registry.close()


__all__ = ["NOW", "SECRET", "TOKEN", "World", "replace", "world"]
