"""The appender of test_crash over an outbox, before files that are as moody as a server."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from hub.core.observations import Observations
from hub.core.store import Store, StoreUnavailable
from hub.stores import STORES
from hub.stores.duckdb.store import DuckDBStore
from hub.stores.outbox.store import Outbox
from tests.stores.duckdb import appender
from tests.stores.moody import AWAY

ENGINE = "files behind an outbox"


class MoodyFiles(DuckDBStore):
    """Is away for a while, and then there for a while; sometimes slow."""

    chance = Random()  # noqa: S311 -- its moods are no secret
    _turn = 0.0
    _away = False

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        if time.monotonic() > self._turn:
            self._turn, self._away = time.monotonic() + self.chance.uniform(0.02, 0.1), self.chance.random() < 0.6
        if self._away:
            raise StoreUnavailable(AWAY)
        if self.chance.random() < 0.1:
            time.sleep(0.05)
        super().append(batch, acknowledged)


def opened(directory: Path, engine: type[DuckDBStore] = MoodyFiles) -> Store:
    """The store in this folder."""
    directory.mkdir(exist_ok=True)
    return Outbox(engine(directory / "observations"), directory / "outbox.sqlite", 10**8, patience=0.02)


if __name__ == "__main__":
    STORES[ENGINE] = opened
    appender.main(ENGINE, Path(sys.argv[1]), int(sys.argv[2]), 100_000)
