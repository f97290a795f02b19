"""A site over a real registry: one owner with a balcony and a kitchen, a neighbour, two shared projects."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub import actions
from hub.actions.own import OwnActions
from hub.core.catalogue import Exposure
from hub.core.grade import DAY, Grade
from hub.core.holdings import Datastream
from hub.core.places import Partition
from hub.gate import Gate
from hub.live import Live
from hub.registry import Registry
from hub.stores.memory import MemoryStore
from hub.web.pages.mine_link import COOKIE
from hub.web.site import create_site
from tests.registry.migrated import migrated
from tests.registry.town import grade, monitor, person
from tests.web.world import CELL, CORNER, NOW, Client, catalogue, settings


@dataclass
class Real:
    """What a test of deeds turns and looks at."""

    client: Client
    registry: Registry
    store: MemoryStore
    gate: Gate
    own: OwnActions
    clock: list[int]
    dust: int
    power: int
    neighbours: int
    cookie: str
    project: str
    other_project: str

    def do(self, deed: str, **form: str) -> tuple[int, str]:
        """One form from her page: the status, and where it leads."""
        answer = self.client.post("/mine", {"do": deed, **form}, cookie=self.cookie)
        return answer.status_code, answer.headers.get("location", answer.text)

    def page(self) -> str:
        """Her page."""
        return self.client.get("/mine", cookie=self.cookie).text

    def stream(self, number: int) -> Datastream:
        """A datastream as it is held now."""
        return next(d for d in self.registry.holdings().datastreams if d.id == number)

    def grade(self, number: int) -> Grade:
        """The grade in force."""
        return grade(self.registry, number, self.clock[0])


@contextmanager
def real(folder: Path) -> Iterator[Real]:
    """Ana's balcony (dust) stands outdoors, her kitchen (power) indoors; all is at home."""
    cells = Partition((CELL,), 8)
    tables = migrated(folder / "registry.sqlite")
    registry = Registry.open(tables, folder / "secret.key", catalogue(), cells, cells, now=NOW)
    ana, ben = person(registry, "Ana", now=NOW - DAY), person(registry, "Ben", now=NOW - DAY)
    (dust,) = monitor(registry, ana, "pm25", place=CORNER, now=NOW - DAY)
    (power,) = monitor(registry, ana, "power", exposure=Exposure.INDOOR, name="kitchen", now=NOW - DAY)
    (neighbours,) = monitor(registry, ben, "pm25", place=CORNER, now=NOW - DAY)
    first = actions.add_commons(registry, "Clean courtyards", "Less dust", ("pm25",), now=NOW - DAY)
    second = actions.add_commons(registry, "Warm rooms", "Less heating", ("power",), now=NOW - DAY)
    link = actions.make_link(registry, ana, now=NOW)
    clock = [NOW]
    store = MemoryStore()
    gate = Gate(store, registry, catalogue(), lambda: clock[0])
    own = OwnActions(registry, store, lambda: clock[0])
    site = create_site(gate, own, Live(gate), settings(folder), lambda: clock[0])
    with asyncio.Runner() as runner:
        client = Client(site, runner)
        yield Real(
            client,
            registry,
            store,
            gate,
            own,
            clock,
            dust,
            power,
            neighbours,
            f"{COOKIE}={link.token}",
            first.handle,
            second.handle,
        )
        client.close()
    registry.close()
