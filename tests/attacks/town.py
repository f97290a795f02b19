"""A simulated neighbourhood: homes with things around a few corners, on a clock that the attack turns.

Rule: nothing of the hub is left out or replaced. What things say goes through the way in (decoders, attribution, the
registry's own grades at arrival), what is read comes out of the gate; only time and the things are the attack's.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hub import actions
from hub.core.audience import Audience
from hub.core.catalogue import Catalogue, Exposure, ObservedProperty, PartyKind
from hub.core.disclosed import Disclosed
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.holdings import Datastream
from hub.core.observations import Key
from hub.core.places import Dwellings, Place, partition
from hub.core.query import Query
from hub.core.reading import Message
from hub.core.store import Store
from hub.decoders.lines import Nobody
from hub.decoders.routes import Routes
from hub.gate import Gate
from hub.ingest.inbox import Inbox
from hub.ingest.pipeline import Ingest
from hub.registry import Limits, Registry
from hub.registry.streams import read_streams
from hub.releaser import Releaser
from hub.stores.memory import MemoryStore
from tests.registry.migrated import migrated

MIDNIGHT = 7 * 2857 * DAY
"""A midnight (UTC) at which an epoch of a day, and one of a week, begins."""
CORNER = Place(50.1030, 14.4030)
FINE = 1e-8
"""The attacker's best case: values are published so finely that rounding hides nothing."""
DUST = ObservedProperty(
    id="dust", name="Fine dust", unit="ug/m3", family="air", cap=Grade.OPEN, low=0, high=1000, step_street=FINE,
    step_commons=FINE, watermark=5 * MINUTE, names=("pm25",),
)  # fmt: skip
COARSE = ObservedProperty(
    id="coarse", name="Dust", unit="ug/m3", family="air", cap=Grade.OPEN, low=0, high=2000, step_street=FINE,
    step_commons=FINE, watermark=5 * MINUTE, names=("pm10",),
)  # fmt: skip
NOISE = ObservedProperty(
    id="noise", name="Noise", unit="dB[SPL]", family="noise", cap=Grade.STREET, station_cap=Grade.OPEN, low=0,
    high=140, step_street=FINE, step_commons=FINE, watermark=30 * MINUTE, names=("laeq",), epoch_days=7,
)  # fmt: skip
WARMTH = ObservedProperty(
    id="warmth", name="Warmth", unit="Cel", family="warmth", cap=Grade.OPEN, low=-40, high=60, names=("temperature",)
)
POWER = ObservedProperty(
    id="power", name="Power", unit="W", family="energy", cap=Grade.COUNTED, low=0, high=20_000, step_commons=FINE,
    watermark=30 * MINUTE, energy=True, epoch_days=7,
)  # fmt: skip
BATTERY = ObservedProperty(id="battery", name="Battery", unit="%", family="diagnostics", cap=Grade.HOME)
CATALOGUE = Catalogue([DUST, COARSE, NOISE, WARMTH, POWER, BATTERY])


class Said(NamedTuple):
    """One reading on the wire: `at` when it was measured, `heard` when it arrived (None: at once)."""

    device: Device
    observed: str
    at: int
    value: float
    heard: int | None = None
    wish: Grade | None = None


@dataclass(eq=False)
class Device:
    """A thing as its owner holds it in his hands."""

    party: int
    name: str
    place: Place
    credential: int
    thing: int
    handle: str
    user: str
    password: str
    streams: dict[str, int] = field(default_factory=dict)


class Town:
    """A hub with neighbours. Make it with `town`."""

    def __init__(
        self, folder: Path, runner: asyncio.Runner, store: Store, catalogue: Catalogue, seed: int, around: Place
    ) -> None:
        self.folder, self.catalogue, self.store, self.seed = folder, catalogue, store, seed
        self.around = around
        self.random = np.random.default_rng(seed)
        self.now = MIDNIGHT - 9 * HOUR
        buildings = [Dwellings(self.somewhere(), 12) for _ in range(120)]
        self.registry = Registry.open(
            migrated(folder / "registry.sqlite"), folder / "secret.key", catalogue, partition(buildings, 8),
            partition(buildings, 9), Limits(), self.now,
        )  # fmt: skip
        self.gate = Gate(store, self.registry, catalogue, lambda: self.now)
        self.releaser = Releaser(store, self.registry, catalogue, lambda: self.now)
        self.inbox = Inbox(least_wait=0, most_wait=1)
        self.runner = runner
        self._ingest = Ingest(self.inbox, Routes([]), self.registry, store, lambda: self.now)
        self._sender = Nobody()
        self._people = 0

    def somewhere(self, spread: float = 0.004) -> Place:
        """A place within some hundred metres of the corner."""
        lat, lon = self.random.normal((self.around.lat, self.around.lon), (spread, spread * 1.5)).tolist()
        return Place(lat, lon)

    def person(self, name: str = "", *, vouched_by: int | None = None, at_home: bool = True) -> int:
        """Somebody in a dwelling of their own (unless not `at_home`), vouched for by the operator unless said."""
        self._people += 1
        name = name or f"Neighbour {self._people}"
        party = actions.add_party(self.registry, PartyKind.PERSON, name, vouched_by=vouched_by, now=self.now)
        if at_home:
            actions.settle_in(self.registry, party, actions.add_dwelling(self.registry, self.somewhere()), now=self.now)
        return party

    def device(
        self, party: int, *observed: str, place: Place | None = None, exposure: Exposure | None = Exposure.OUTDOOR,
        name: str = "",
    ) -> Device:  # fmt: skip
        """A thing that measures these (by the property's own id), everything at `home`."""
        name, place = name or f"thing-{self.random.integers(2**48):x}", place or self.somewhere()
        made = actions.add_thing(
            self.registry, party, name, title=f"The {name}", exposure=exposure, place=place, now=self.now
        )
        refused = self.registry.first_heard([Key(made.credential, name, o, None) for o in observed], self.now)
        assert not refused
        device = Device(
            party, name, place, made.credential, made.thing, made.handle, made.user or "", made.password or ""
        )
        self.find([device])
        return device

    def find(self, devices: Sequence[Device]) -> None:
        """Look up the datastreams of things."""
        with self.registry.transaction() as tx:
            found = read_streams(tx, self.catalogue, things=[d.thing for d in devices])
        for device in devices:
            device.streams = {s.named: s.id for s in found if s.thing == device.thing}

    def wish(self, device: Device, observed: str, grade: Grade, commons: int | None = None) -> None:
        """What the owner wishes for one of a thing's values, now."""
        actions.set_grade(
            self.registry, device.streams[observed], grade, by=device.party, commons=commons, now=self.now
        )

    def grade(self, device: Device, observed: str) -> Grade:
        """The grade in force a moment later: steps that are made at once lie a few µs apart."""
        return self.stream(device, observed).grade(self.now + 10)

    def stream(self, device: Device, observed: str) -> Datastream:
        """What the registry has of one of a thing's values."""
        return next(d for d in self.registry.holdings().datastreams if d.id == device.streams[observed])

    def say(self, said: Iterable[Said]) -> None:
        """Let things speak; in the order in which they are heard. The clock goes with them, never back."""
        for one in sorted(said, key=lambda s: s.at if s.heard is None else s.heard):
            heard = one.at if one.heard is None else one.heard
            told: dict[str, object] = {"v": one.value, "t": one.at / 1e6}
            if one.wish is not None:
                told["grade"] = one.wish.word
            message = Message(
                self._sender, one.device.credential, f"things/{one.device.name}/{one.observed}",
                json.dumps(told).encode(), heard, wish=one.wish,
            )  # fmt: skip
            self.now = max(self.now, heard)
            self.inbox.put([message])
            # Everything of one moment of the registry comes together: batches end where the clock would matter.
        self.runner.run(self.inbox.drained(30))

    def publish(self, device: Device, last: str, payload: bytes) -> None:
        """Let a thing publish anything, under the last level of its own topic."""
        topic = f"things/{device.name}/{last}"
        self.inbox.put([Message(self._sender, device.credential, topic, payload, self.now + 1)])
        self.runner.run(self.inbox.drained(30))

    def pass_by(self, moment: int) -> None:
        """Let time go on until `moment` (µs)."""
        self.now = max(self.now, moment)

    def audience(self, party: int, purpose: str | None = None) -> Audience:
        """Who asks, as the registry knows him by his link."""
        link = actions.make_link(self.registry, party, now=self.now)
        audience = self.gate.audience_of_link(link.token)
        assert audience is not None
        return (
            audience
            if purpose is None
            else Audience(audience.party, audience.parties, audience.memberships, audience.staff, purpose)
        )

    def read(self, audience: Audience, query: Query | None = None) -> Disclosed:
        """What the gate shows."""
        return self.gate.read(query or Query(), audience)

    async def take(self) -> None:
        """Let the way in work from now on."""
        self._taking = asyncio.create_task(self._ingest.run())

    async def end(self) -> None:
        """Stop it."""
        self._taking.cancel()
        await asyncio.gather(self._taking, return_exceptions=True)


@contextmanager
def town(
    folder: Path, *, store: Store | None = None, catalogue: Catalogue = CATALOGUE, seed: int = 7, around: Place = CORNER
) -> Iterator[Town]:
    """A neighbourhood without anybody in it yet, nine hours before midnight."""
    with asyncio.Runner() as runner:
        made = Town(folder, runner, store or MemoryStore(folder), catalogue, seed, around)
        runner.run(made.take())
        try:
            yield made
        finally:
            runner.run(made.end())
            made.store.close()
            made.registry.close()


def copied(made: Town, folder: Path, runner: asyncio.Runner, store: Store | None = None) -> Town:
    """The same registry and keys once more, over a store in which nothing has been said yet: another course of time."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(made.folder / "registry.sqlite")) as there:
        there.execute("VACUUM INTO ?", [str(folder / "registry.sqlite")])
    for name in ("secret.key", "fragments.key"):
        shutil.copy(made.folder / name, folder / name)
    twin = Town(folder, runner, store or MemoryStore(folder), made.catalogue, made.seed, made.around)
    twin.now = made.now
    return twin


@contextmanager
def twins(made: Town) -> Iterator[tuple[Town, Town]]:
    """A town as it is, and its copy."""
    other = copied(made, made.folder / "twin", made.runner)
    made.runner.run(other.take())
    try:
        yield made, other
    finally:
        made.runner.run(other.end())
        other.registry.close()


def rows(shown: Disclosed) -> Sequence[tuple[str, int, float]]:
    """What is shown as plain rows: the face's key, the time (µs), the value."""
    keys = [f.key for f in shown.faces]
    return [
        (keys[f], t, v) for f, t, v in zip(shown.face.tolist(), shown.time.tolist(), shown.value.tolist(), strict=True)
    ]
