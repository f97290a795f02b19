"""A neighbourhood of homes that count, with a real registry, a store in memory and a clock that a test turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from hub import actions
from hub.core.audience import PUBLIC, Audience
from hub.core.catalogue import Catalogue, Exposure, PartyKind
from hub.core.disclosed import Disclosed
from hub.core.grade import DAY, HOUR, MINUTE, Grade, Kind
from hub.core.observations import Observations
from hub.core.places import Place
from hub.core.query import Query
from hub.gate import Gate
from hub.registry import Registry
from hub.releaser import Releaser
from hub.stores.memory import MemoryStore
from tests.registry import town
from tests.registry.town import CORNER, DUST, NOISE, POWER, monitor

MIDNIGHT = 20_000 * DAY
"""A day begins: UTC."""
BEGUN = MIDNIGHT - 20 * DAY
NEAR = Audience(party=1, parties=frozenset({1}), staff=True, purpose="air quality")
AIR = msgspec.structs.replace(DUST, watermark=5 * MINUTE, step_commons=0.5)
CATALOGUE = Catalogue([AIR, NOISE, POWER])


class Neighbourhood:
    """Homes, what they measure, and the releaser; the time is `clock`."""

    def __init__(self, registry: Registry, catalogue: Catalogue) -> None:
        self.registry, self.catalogue = registry, catalogue
        self.clock = MIDNIGHT
        self.store = MemoryStore()
        self.gate = Gate(self.store, registry, catalogue, lambda: self.clock)
        self.releaser = self.new_releaser()

    def new_releaser(self, reach: int = 2 * DAY) -> Releaser:
        """A releaser as after a restart."""
        return Releaser(self.store, self.registry, self.catalogue, lambda: self.clock, reach=reach)

    def home(
        self, grade: Grade = Grade.COUNTED, *, named: str = "pm25", place: Place | None = CORNER, at: int = BEGUN,
        exposure: Exposure = Exposure.OUTDOOR, commons: int | None = None,
    ) -> int:  # fmt: skip
        """A person who lives alone with one thing; the datastream."""
        owner = actions.add_party(self.registry, PartyKind.PERSON, "Somebody", now=at)
        if commons is not None:
            actions.join(self.registry, commons, owner, now=at)
        (stream,) = monitor(self.registry, owner, named, exposure=exposure, place=place, now=at)
        actions.set_grade(self.registry, stream, grade, commons=commons, now=at)
        return stream

    def homes(self, count: int, grade: Grade = Grade.COUNTED, **more: object) -> list[int]:
        with self.registry.transaction():
            return [self.home(grade, **more) for _ in range(count)]  # type: ignore[arg-type]

    def say(
        self, streams: Iterable[int], since: int, until: int, value: float = 10.0, *, late: int = 0,
        wish: Grade = Grade.OPEN,
    ) -> None:  # fmt: skip
        """A reading every ten minutes of each; the n-th stream measures n more than `value`."""
        known = {d.id: d for d in self.registry.holdings().datastreams}
        for n, stream in enumerate(streams):
            time = np.arange(since, until, 10 * MINUTE, dtype=np.int64)
            grades = [known[stream].grade(int(t)) for t in time + late]
            count = len(time)
            self.store.append(Observations(
                np.full(count, stream, np.int32), np.full(count, known[stream].owner, np.int32), time, time + late,
                np.full(count, value + n), np.array(grades, np.uint8), np.full(count, wish, np.uint8),
                np.zeros(count, np.uint8),
            ))  # fmt: skip

    def until(self, moment: int) -> int:
        """Turn the clock, and let the releaser do what is due; how many windows came out."""
        self.clock = moment
        return self.releaser.step()

    def shown(self, audience: Audience = PUBLIC, **asked: object) -> Disclosed:
        """What of releases an audience is shown."""
        found = self.gate.read(Query(**asked), audience)  # type: ignore[arg-type]
        release = np.array([f.kind is Kind.RELEASE for f in found.faces] or [False])
        return found.where(release[found.face])

    def blocks(self, key: str = "dust", since: int = MIDNIGHT) -> bytes | None:
        """An epoch as it is kept."""
        kept = self.registry.releases.epoch(key, since)
        return None if kept is None else kept.body


@contextmanager
def neighbourhood(folder: Path, catalogue: Catalogue = CATALOGUE) -> Iterator[Neighbourhood]:
    """An empty one, at midnight."""
    registry = town.opened(folder, catalogue=catalogue, now=BEGUN)
    yield Neighbourhood(registry, catalogue)
    registry.close()


__all__ = ["AIR", "BEGUN", "CATALOGUE", "DAY", "HOUR", "MIDNIGHT", "MINUTE", "NEAR", "Neighbourhood", "neighbourhood"]
