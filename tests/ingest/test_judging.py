"""What comes in is judged by what was stored before of the same datastream; a flag beside the value, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from hub.core.catalogue import Catalogue
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.observations import FLAT, JUMP, STAMPED, Attributed, Key, Observations, Series, SeriesTable, attribute
from hub.core.reading import Decoded, Reading
from hub.ingest.judging import Judging
from tests.core.test_observations import message
from tests.core.world import DUST, NOISE, NOW
from tests.ingest.test_pipeline import Hub, Moody, running

START = 1_000_000 * HOUR - HOUR
NOW_SECONDS = NOW // 1_000_000


def table(*names: str, rate: float = 5.0, still: int = 0) -> SeriesTable:
    """Datastreams with these names, numbered by them; of one without a limit the name is in capitals."""
    rows = []
    for name in names:
        limits = (float("inf"), 0) if name.isupper() else (rate, still)
        series = Series(1000 + ord(name), 7, Grade.HOME, rate=limits[0], still=limits[1])
        rows.append((Key(1, "a", name, None), series))
    return SeriesTable.of(rows)


def made(where: SeriesTable, *readings: tuple[str, float, float]) -> Attributed:
    """Of readings (name, minute, value)."""
    told = [Reading("a", name, value, time=START + round(minute * MINUTE)) for name, minute, value in readings]
    return attribute([(message(), Decoded(told))], where)


def flags(judging: Judging, where: SeriesTable, *readings: tuple[str, float, float]) -> list[int]:
    some = made(where, *readings)
    judging.learn(judging.mark(some, where))
    return [int(q) for q in some.observations.quality]


def test_each_datastream_is_judged_by_its_own_past() -> None:
    judging, where = Judging(), table("p", "q", "X")
    assert flags(judging, where, ("p", 0, 0), ("q", 0, 50), ("X", 0, 0)) == [0, 0, 0]
    assert flags(judging, where, ("q", 1, 51), ("X", 1, 90), ("p", 1, 50)) == [0, 0, JUMP]


def test_the_limit_is_in_the_unit_of_the_datastream() -> None:
    judging = Judging()
    series = Series(1, 7, Grade.HOME, scale=0.1, rate=5.0)
    where = SeriesTable.of([(Key(1, "a", "p", None), series)])
    assert flags(judging, where, ("p", 0, 0), ("p", 1, 49), ("p", 2, 100)) == [0, 0, JUMP]


def test_two_names_of_one_datastream_are_one() -> None:
    series = Series(1, 7, Grade.HOME, rate=5.0)
    where = SeriesTable.of([(Key(1, "a", name, None), series) for name in "pq"])
    assert flags(Judging(), where, ("p", 0, 0), ("q", 1, 50)) == [0, JUMP]


def test_a_new_table_forgets_nothing_of_the_datastreams_that_stay() -> None:
    judging = Judging()
    flags(judging, table("p", "q", "s"), ("p", 0, 0), ("q", 0, 0), ("s", 0, 0))
    later = table("a", "s", "q", "z")
    assert flags(judging, later, ("q", 1, 50), ("s", 1, 1), ("a", 1, 50), ("z", 1, 50)) == [JUMP, 0, 0, 0]
    assert flags(judging, table("p"), ("p", 2, 90)) == [0], "it was gone in between"


def test_what_was_not_stored_has_not_happened() -> None:
    judging, where = Judging(), table("p")
    flags(judging, where, ("p", 0, 0))
    for _ in range(2):
        some = made(where, ("p", 1, 50))
        judging.mark(some, where)
        assert list(some.observations.quality) == [JUMP]


def test_without_any_limit_nothing_is_judged() -> None:
    judging, where = Judging(), table("X")
    assert judging.mark(made(where, ("X", 0, 0), ("X", 1, 99)), where) is None
    assert flags(judging, where) == []


class Remembering(Moody):
    """A store that remembers the flags of what it took."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.flags: list[int] = []

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        super().append(batch, acknowledged)
        self.flags += [int(q) for q in batch.quality]


@asynccontextmanager
async def limited(folder: Path) -> AsyncIterator[tuple[Hub, Remembering]]:
    """A hub whose dust has limits, and its store."""
    async with running(folder, Catalogue([replace(DUST, rate=50.0, still=6 * HOUR), NOISE])) as hub:
        store = Remembering(folder / "remembering")
        hub.store = hub.ingest._store = store
        yield hub, store


async def test_a_jump_is_stored_with_its_flag_and_its_value(tmp_path: Path) -> None:
    async with limited(tmp_path) as (hub, store):
        for value in ("5", "900", "6"):
            await hub.put(hub.message("things/hall/pm25", value))
        assert sorted(hub.values()) == [5.0, 6.0, 900.0]
        assert store.flags == [STAMPED, STAMPED | JUMP, STAMPED]


async def test_a_failing_batch_is_judged_again_as_if_nothing_had_been(tmp_path: Path) -> None:
    async with limited(tmp_path) as (hub, store):
        store.stumbles_over = 7.0
        await hub.put(hub.message("things/hall/pm25", "5"))
        await hub.put(hub.message("things/hall/pm25", "900"), hub.message("things/hall/pm25", "7"))
        assert sorted(hub.values()) == [5.0, 900.0]
        assert store.flags == [STAMPED, STAMPED | JUMP]


async def test_a_value_that_stays_is_stored_and_marked_flat(tmp_path: Path) -> None:
    async with limited(tmp_path) as (hub, store):
        records = [f'{{"n": "pm25", "v": 5, "t": {NOW_SECONDS - 24000 + n * 600}}}' for n in range(40)]
        await hub.put(hub.message("things/hall/readings", f"[{', '.join(records)}]"))
        found = np.array(store.flags) & FLAT > 0
        assert found.tolist() == [n * 600 >= 6 * 3600 for n in range(40)]
