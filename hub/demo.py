"""The demo: a neighbourhood of simulated things with a week behind it, on this machine alone.

Rule: its things are heard like any others. Datastreams come of what their messages decode to, grades are set by
actions; only the week before is written without MQTT, since nobody was listening then.
"""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from devices import dialects
from devices.curves import curve
from devices.neighbourhood import Dwelling, Neighbourhood, PlannedThing, plan
from devices.simulate import SimulatedThing
from devices.simulate import run as live_devices
from hub import actions, app, configured
from hub.app import Addresses, Hub, Parts
from hub.core.catalogue import Exposure, PartyKind
from hub.core.grade import DAY, Grade
from hub.core.holdings import Datastream
from hub.core.observations import Key, Observations, Series, SeriesTable
from hub.core.places import Place
from hub.decoders.lines import Listener
from hub.leading import ended
from hub.releaser import Releaser
from hub.settings import (
    HubSettings,
    MqttSettings,
    OperatorSettings,
    PlaceSettings,
    Settings,
    SettingsError,
    WebSettings,
    read,
    shipped,
)  # fmt: skip

NAME, ZONE = "Bubeneč", "Europe/Prague"
BEGUN = 22 * DAY
"""Everybody settled so long ago: before the epochs (weeks, indoors) of which the past week is a part."""
WEEK = 7 * DAY
CREDENTIALS = "simulated.json"
_SLOWEST = 600
_CHUNK = 500_000
_DELAY = 200_000

Say = Callable[[str], object]
Door = tuple[str, str, int]
"""User, password, credential of a gateway."""


class DemoThing(Struct, frozen=True):
    """A planned thing that speaks: by which credential, as what, and along which curves (kind, seed, traffic)."""

    planned: PlannedThing
    simulated: SimulatedThing
    credential: int
    shapes: dict[str, tuple[str, int, float]]

    def keys(self, listener: Listener, moment: int) -> list[tuple[Key, str]]:
        """By which names the hub hears its values, and of which property each is."""
        observed = {name: prop for prop, name in self.simulated.names().items()}
        found: list[tuple[Key, str]] = []
        for topic, payload, _ in (*self.introduction(), *self.simulated.messages(moment)):
            found += [
                (Key(self.credential, r.thing, r.property, r.unit), observed[r.property])
                for r in listener.hear(topic, payload, moment).readings
                if r.property in observed
            ]
        return found

    def introduction(self) -> list[dialects.Packet]:
        """What it, or the bridge it stands behind, says when it connects."""
        s = self.simulated
        return dialects.introduction(s.format, {s.thing: s.units})


def start(data: Path, *, fresh: bool, live: bool, say: Say) -> None:
    """Make the neighbourhood if it is not there, fill in what its past lacks, and run the hub with live things.

    Raises:
        SettingsError: the demo's files are missing, or another hub holds the data.
    """
    if fresh and data.exists():
        shutil.rmtree(data)
    settings = demo_settings(data.resolve())
    with app.opened(settings) as parts:
        began = time.monotonic()
        fleet = neighbourhood(parts, say)
        remembered = fill(parts, fleet)
        if remembered:
            say(f"remembered {remembered:,} readings of the past week")
        closed = Releaser(parts.store, parts.registry, parts.catalogue, parts.now, reach=WEEK).step()
        if closed:
            say(f"closed {closed:,} windows of neighbourhood averages")
        say(f"ready after {time.monotonic() - began:.0f} s")
        app.serve(_run(parts, fleet if live else [], say))
    say("Stopped. The neighbourhood is kept; --fresh begins again.")


def demo_settings(data: Path) -> Settings:
    """The demo's settings: everything on 127.0.0.1, the shipped properties and topics, the demo's place."""
    folder = shipped("demo")
    base = read(shipped("barrio.toml"))
    return base.model_copy(update={
        "hub": HubSettings(name=NAME, zone=ZONE, data=data),
        "mqtt": MqttSettings(),
        "store": base.store.model_copy(update={"folder": data / "observations"}),
        "web": WebSettings(),
        "operator": OperatorSettings(),
        "place": PlaceSettings(
            ground=(folder / "bubenec.geojson", folder / "surroundings.geojson"), dwellings=folder / "dwellings.csv"
        ),
    })  # fmt: skip


def neighbourhood(parts: Parts, say: Say) -> list[DemoThing]:
    """The simulated things with their credentials; parties, things and grades are made when they are not there."""
    planned = plan(_dwellings(shipped("demo") / "dwellings.csv"))
    file = parts.settings.hub.data / CREDENTIALS
    if not file.exists():
        say(f"settling {len(planned.homes)} homes with {len(planned.things)} things …")
        doors = _settle(parts, planned, parts.now() - BEGUN)
        file.touch(mode=0o600)
        file.write_text(json.dumps(doors), encoding="utf-8")
    doors = json.loads(file.read_text(encoding="utf-8"))
    return _fleet(planned, {owner: (str(u), str(p), int(c)) for owner, (u, p, c) in doors.items()})


def fill(parts: Parts, fleet: Sequence[DemoThing]) -> int:
    """Write what the things would have said since they were last heard, a week back at most; how many readings."""
    now = parts.now()
    table, heard = parts.registry.series_table(now), parts.store.last_heard()
    rows, batch = 0, list[Observations]()
    for thing in fleet:
        batch.extend(_past(thing, Listener(configured.routes_of(parts.settings)), table, heard, now))
        if sum(map(len, batch)) >= _CHUNK:
            rows += _append(parts, batch)
            batch = []
    return rows + _append(parts, batch)


def _settle(parts: Parts, planned: Neighbourhood, since: int) -> dict[str, Door]:
    """Everything into the registry, as of `since`; owner → its gateway's user, password and credential."""
    registry = parts.registry
    with registry.transaction():
        owners = dict(_parties(parts, planned, since))
        projects = {
            c.name: actions.add_commons(registry, c.name, c.purpose, c.properties, now=since).commons
            for c in planned.commons
        }
        for c in planned.commons:
            for home in c.members:
                actions.join(registry, projects[c.name], owners[home], now=since)
    with registry.transaction():
        doors: dict[str, Door] = {}
        for owner in dict.fromkeys(t.owner for t in planned.things):
            door = actions.add_credential(registry, owners[owner], "gateway", now=since)
            doors[owner] = (door.user, door.password, door.credential)
    fleet = _fleet(planned, doors)
    with registry.transaction():
        heard = _first_words(parts, fleet, since)
    with registry.transaction():
        for thing, streams in heard:
            _describe(parts, thing.planned, {d.thing for d in streams.values()}, since)
    with registry.transaction():
        for thing, streams in heard:
            _grades(parts, thing.planned, streams, projects, since)
    return doors


def _parties(parts: Parts, planned: Neighbourhood, since: int) -> Iterator[tuple[str, int]]:
    """(id in the plan, party) of everybody."""
    registry = parts.registry
    found: dict[str, int] = {}
    for home in planned.homes:
        called = " and ".join(p.name for p in home.people)
        household = actions.add_party(registry, PartyKind.HOUSEHOLD, called, now=since)
        actions.settle_in(registry, household, actions.add_dwelling(registry, Place(home.lat, home.lon)), now=since)
        yield home.id, household
        for person in home.people:
            found[person.id] = actions.add_party(registry, PartyKind.PERSON, person.name, now=since)
            actions.add_household_member(registry, household, found[person.id], now=since)
            yield person.id, found[person.id]
    for institution in planned.institutions:
        yield institution.id, actions.add_party(registry, PartyKind.INSTITUTION, institution.name, now=since)
    for being in planned.beings:
        party = actions.add_party(registry, PartyKind.BEING, being.name, now=since)
        for guardian in being.guardians:
            actions.add_guardian(registry, party, found[guardian], now=since)
        yield being.id, party


def _first_words(parts: Parts, fleet: Sequence[DemoThing], since: int) -> list[tuple[DemoThing, dict[str, Datastream]]]:
    """Let the registry take on what the things say; each thing's datastreams by property."""
    routes = configured.routes_of(parts.settings)
    keys: list[list[tuple[Key, str]]] = []
    for thing in fleet:
        listener = Listener(routes)
        keys.append(thing.keys(listener, since))
        parts.registry.remember(thing.credential, listener.heard, since)
    refused = parts.registry.first_heard({key for own in keys for key, _ in own}, since)
    if refused:
        raise SettingsError(f"the demo does not fit the configuration: {next(iter(refused.values()))}")
    table = parts.registry.series_table(parts.now())
    streams = {d.id: d for d in parts.registry.holdings().datastreams}
    return [
        (thing, {observed: streams[series_of(table, key).datastream] for key, observed in own})
        for thing, own in zip(fleet, keys, strict=True)
    ]


def series_of(table: SeriesTable, key: Key) -> Series:
    """Where readings of a key go."""
    return table.series[table.numbers[key.credential][key.thing, key.property, key.unit]]


def _describe(parts: Parts, t: PlannedThing, things: set[int], since: int) -> None:
    """What its owner says of a thing: how it is called, what for, where it stands."""
    for thing in things:
        exposure, place = Exposure(t.exposure), Place(t.lat, t.lon)
        grade = None if t.place_grade is None else Grade.read(t.place_grade)
        actions.describe(parts.registry, thing, title=t.name, description=t.why, exposure=exposure, now=since)
        actions.set_place(parts.registry, thing, place, grade=grade, now=since)


def _grades(
    parts: Parts, t: PlannedThing, streams: dict[str, Datastream], projects: dict[str, int], since: int
) -> None:
    """Give every datastream the grade its people chose."""
    for s in t.streams:
        if s.property in streams and s.grade != Grade.HOME.word:
            project = None if s.commons is None else projects[s.commons]
            actions.set_grade(parts.registry, streams[s.property].id, Grade.read(s.grade), commons=project, now=since)


def _fleet(planned: Neighbourhood, doors: dict[str, Door]) -> list[DemoThing]:
    busy = {h.id: h.busy for h in planned.homes}
    return [_thing(t, *doors[t.owner], busy.get(t.owner, 0.5)) for t in planned.things]


def _thing(t: PlannedThing, user: str, password: str, credential: int, busy: float) -> DemoThing:
    told = [s for s in t.streams if s.grade != Grade.SEALED.word]
    shapes = {s.property: (s.curve, crc32(t.owner.encode()), busy) for s in told}
    curves = {prop: _curve(*shape) for prop, shape in shapes.items()}
    units = {s.property: s.unit for s in told}
    simulated = SimulatedThing(user, password, t.key, t.format, curves, t.interval, units)
    return DemoThing(t, simulated, credential, shapes)


def _curve(kind: str, seed: int, busy: float) -> Callable[[int], float]:
    return lambda moment: curve(kind, seed, moment, busy)


def _past(
    thing: DemoThing, listener: Listener, table: SeriesTable, heard: dict[int, int], now: int
) -> Iterator[Observations]:
    """What a thing would have said, a column set for each of its datastreams."""
    step = max(thing.simulated.interval, _SLOWEST) * 1e6
    for key, observed in thing.keys(listener, now):
        series = series_of(table, key)
        first = max(now - WEEK, heard.get(series.datastream, 0) + int(step))
        times = np.arange(first, now - int(step) // 2, int(step), dtype=np.int64)
        if len(times):
            kind, seed, busy = thing.shapes[observed]
            yield _observations(series, times, curve(kind, seed, times, busy))


def _observations(series: Series, times: NDArray[np.int64], values: NDArray[np.float64]) -> Observations:
    def every(number: int, kind: type[np.generic]) -> NDArray[Any]:
        return np.full(len(times), number, kind)

    return Observations(
        every(series.datastream, np.int32), every(series.owner, np.int32), times, times + _DELAY,
        values * series.scale + series.shift, every(series.grade, np.uint8), every(Grade.OPEN, np.uint8),
        every(0, np.uint8),
    )  # fmt: skip


def _append(parts: Parts, batch: Sequence[Observations]) -> int:
    """Store a batch in the order of time, as it would have come."""
    if not batch:
        return 0
    names = Observations.__slots__
    whole = Observations(*(np.concatenate([getattr(b, name) for b in batch]) for name in names))
    parts.store.append(whole.take(np.argsort(whole.received, kind="stable")))
    return len(whole)


def _dwellings(file: Path) -> list[Dwelling]:
    with file.open(newline="", encoding="utf-8") as stream:
        return [
            Dwelling(r["building"], float(r["lat"]), float(r["lon"]), int(r["dwellings"]))
            for r in csv.DictReader(stream)
        ]


async def _run(parts: Parts, fleet: Sequence[DemoThing], say: Say) -> None:
    """The hub with its things, until told to stop; the things fall silent first."""
    async with AsyncExitStack() as stack:
        hub = Hub(parts, next_free=True)
        addresses = await hub.start(stack)
        things = asyncio.create_task(live_devices([t.simulated for t in fleet], *addresses.mqtt))
        stack.push_async_callback(ended, things)
        _greet(parts, addresses, len(fleet), say)
        await hub.told_to_stop()


def _greet(parts: Parts, addresses: Addresses, things: int, say: Say) -> None:
    host, port = addresses.mqtt
    resident = _resident(parts)
    link = actions.make_link(parts.registry, resident, hours=24, now=parts.now())
    name = parts.registry.holdings().parties[resident].name
    say("")
    say(f"  {NAME} now           {addresses.web}")
    say(f"  {name + chr(39) + 's own page':<20} {addresses.web.rstrip('/')}/mine/{link.token}")
    say(f"  things connect to    mqtt://{host}:{port}   ({things} simulated ones are talking)")
    say(f"  the operator's       {(addresses.metrics or '').removesuffix('metrics')}")
    say(f"  its data             {parts.settings.hub.data}")
    say("")
    say("  Ctrl-C stops it.")


def _resident(parts: Parts) -> int:
    """A person whose household shows the most different grades: whose own page says most."""
    held, now = parts.registry.holdings(), parts.now()
    grades: dict[int, set[Grade]] = {}
    for d in held.datastreams:
        for party in d.household:
            if held.parties[party].kind is PartyKind.PERSON:
                grades.setdefault(party, set()).add(d.grade(now))
    return max(sorted(grades), key=lambda party: len(grades[party]))
