"""What the rows of `street` homes give away beside their values: nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hub.core.audience import PUBLIC
from hub.core.disclosed import Disclosed
from hub.core.grade import Grade, Kind
from hub.core.observations import Observations
from hub.core.query import Query
from hub.gate import Gate
from hub.stores.memory import MemoryStore
from tests.releaser.world import DAY, HOUR, MIDNIGHT, MINUTE, Neighbourhood

COLUMNS = ("face", "time", "value", "homes", "row")
LAST = Query(properties=frozenset({"dust"}), since=MIDNIGHT - 6 * HOUR)


class Kept(MemoryStore):
    """A store that can say what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Observations] = []

    def append(self, batch: Observations, acknowledged: object = ()) -> None:
        del acknowledged
        self.given.append(batch)
        super().append(batch)


def seven_homes(town: Neighbourhood) -> tuple[Kept, list[int]]:
    town.store = store = Kept()
    homes = town.homes(7, Grade.STREET)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT)
    town.clock = MIDNIGHT + HOUR + 5 * MINUTE
    return store, homes


def seen(town: Neighbourhood, store: MemoryStore) -> Disclosed:
    return Gate(store, town.registry, town.catalogue, lambda: town.clock).read(LAST, PUBLIC)


def test_streams_are_byte_identical_when_a_reading_moves_within_its_window(town: Neighbourhood) -> None:
    store, homes = seven_homes(town)
    before = seen(town, store)
    assert len(before) == 6 * 7
    moved = MemoryStore()
    dice = np.random.default_rng(7)
    for batch in dice.permutation(np.array(store.given, object)):
        mine = batch.datastream == homes[2]
        moved.append(replace(batch, time=batch.time + np.where(mine, 7 * MINUTE, 0)).take(dice.permutation(len(batch))))
    after = seen(town, moved)
    assert [f.kind for f in after.faces] == [Kind.NOBODY]
    for name in COLUMNS:
        assert getattr(before, name).tobytes() == getattr(after, name).tobytes()


def test_a_row_keeps_its_number_and_no_two_windows_share_one(town: Neighbourhood) -> None:
    store, _ = seven_homes(town)
    before = seen(town, store)
    town.clock += 3 * HOUR
    again = seen(town, store)
    assert before.row.tolist() == again.row.tolist()
    assert len(set(before.row.tolist())) == len(before)
