"""A small hub to back up: a registry with two neighbours and what they measured, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.backup import make, restore
from hub.backup.manifest import Manifest
from hub.core.grade import DAY
from hub.core.store import Store
from hub.registry import Registry
from hub.stores import STORES
from tests.registry.town import NOW, monitor, opened, person
from tests.stores.copying import Whole, copied, taken
from tests.stores.worlds import Row, batch


def quietly(what: str, done: int, of: int) -> None:
    """Nobody asks how far it is."""
    assert what
    assert 0 <= done <= of


@dataclass
class Home:
    """A hub's parts, and where everything of it is."""

    folder: Path
    registry: Registry
    store: Store

    @property
    def data(self) -> Path:
        return self.folder / "var"

    @property
    def listed(self) -> Path:
        return self.folder / "var.erased"

    def back_up(self, to: str = "backup", now: int = NOW) -> Manifest:
        return make(self.registry, self.store, "duckdb", self.data, self.folder / to, now, quietly)


def home(folder: Path) -> AbstractContextManager[Home]:
    """A hub with its data in `var`, below this folder."""
    (folder / "var").mkdir()
    return home_of(folder / "var")


@contextmanager
def home_of(data: Path) -> Iterator[Home]:
    """The hub that has these data."""
    registry = opened(data)
    registry.erasures.listed = data.with_name(f"{data.name}.erased")
    store = STORES["duckdb"](data / "observations")
    try:
        yield Home(data.parent, registry, store)
    finally:
        store.close()
        registry.close()


def fill(made: Home) -> tuple[int, int]:
    """Ana and Eva have measured for two months; both."""
    ana, eva = person(made.registry), person(made.registry, "Eva")
    (dust,) = monitor(made.registry, ana, "pm25")
    (other,) = monitor(made.registry, eva, "pm25", name="roof")
    for stream, owner in ((dust, ana), (other, eva)):
        made.store.append(
            batch(*(Row(stream, NOW - n * DAY // 3, n + 0.25, owner=owner) for n in range(1, 181))), [stream]
        )
    return ana, eva


def put_back(backup: Path, data: Path, *lists: Path, engine: str = "duckdb") -> Manifest:
    listed = data.with_name(f"{data.name}.erased")
    return restore(backup, data, listed, lists, lambda folder: STORES[engine](folder / "observations"), quietly)


def stored(store: Store) -> Whole:
    with copied(store).snapshot() as whole:
        return taken(whole)
