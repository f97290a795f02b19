"""Releases in the registry: written once, read as they were."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from hub.core.blocks import LEVELS, Level
from hub.core.grade import DAY, HOUR
from hub.core.history import BEGINNING, END
from hub.core.releases import Sheet
from hub.registry import Registry
from hub.registry.keys import derived
from tests.registry.kinds import SQLITE_ONLY
from tests.registry.town import NOW, opened

CELLS = np.array([0x8A1E35C8D4FFFFF, 0x891E35C8D47FFFF], np.uint64)


def sheet(start: int, level: Level = "public", *, mean: float = 12.5, where: str = "outdoor") -> Sheet:
    return Sheet(
        "dust", "indoor" if where == "indoor" else "outdoor", level, start, HOUR, CELLS, np.array([mean, -0.125]),
        np.array([5, 20], np.uint8),
    )  # fmt: skip


def both(start: int, mean: float = 12.5) -> list[Sheet]:
    return [sheet(start, level, mean=mean) for level in LEVELS]


def test_a_window_comes_back_as_it_was_published(registry: Registry, tmp_path: Path) -> None:
    assert registry.releases.save(both(NOW), NOW + HOUR)
    again = opened(tmp_path)
    (found,) = again.releases.read(["dust"], "near", NOW, NOW + 1)
    assert (found.property, found.where, found.level, found.start, found.window) == (
        "dust", "outdoor", "near", NOW, HOUR,
    )  # fmt: skip
    assert found.cells.tolist() == CELLS.tolist()
    assert (found.means.tolist(), found.homes.tolist()) == ([12.5, -0.125], [5, 20])
    again.close()


def test_a_window_that_is_out_is_never_published_again(registry: Registry) -> None:
    registry.releases.save(both(NOW), NOW + HOUR)
    version = registry.releases.version
    assert not registry.releases.save(both(NOW, 99.0), NOW + 2 * HOUR)
    assert not registry.releases.save([*both(NOW + HOUR), sheet(NOW, mean=99.0)], NOW + 2 * HOUR)
    assert registry.releases.version == version
    assert [s.means[0] for s in registry.releases.read(["dust"], "public", BEGINNING, END)] == [12.5]


def test_of_two_who_publish_at_once_one_does(registry: Registry) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: registry.releases.save(both(NOW, n), NOW), range(8)))
    assert sum(done) == 1
    (found,) = registry.releases.read(["dust"], "public", NOW, NOW + 1)
    assert found.means[0] == done.index(True)


def test_what_is_asked_decides_what_is_read(registry: Registry) -> None:
    for hour in range(5):
        registry.releases.save(both(NOW + hour * HOUR), NOW)
    registry.releases.save([sheet(NOW, where="indoor")], NOW)
    starts = [s.start for s in registry.releases.read(["dust"], "public", NOW + HOUR, NOW + 3 * HOUR)]
    assert starts == [NOW + HOUR, NOW + 2 * HOUR]
    newest = registry.releases.read(["dust", "dust@indoor"], "public", BEGINNING, END, newest=True)
    assert [(s.where, s.start) for s in newest] == [("outdoor", NOW + 4 * HOUR), ("indoor", NOW)]
    assert registry.releases.read(["noise"], "public", BEGINNING, END) == []
    assert (registry.releases.last("dust"), registry.releases.last("noise")) == (NOW + 4 * HOUR, None)
    assert registry.releases.out_until() == NOW + 5 * HOUR


@SQLITE_ONLY
def test_an_epoch_is_kept_until_it_is_over_and_then_who_was_in_it_is_gone(registry: Registry, tmp_path: Path) -> None:
    releases = registry.releases
    assert releases.epoch("dust", NOW) is None
    releases.keep_epoch("dust", NOW, NOW + DAY, b"CANARY-who-is-with-whom")
    releases.keep_epoch("dust", NOW + DAY, NOW + 2 * DAY, b"later")
    before = releases.epoch_before("dust", NOW + DAY)
    assert before is not None
    assert (before.since, before.body) == (NOW, b"CANARY-who-is-with-whom")
    assert b"CANARY" in b"".join(p.read_bytes() for p in tmp_path.iterdir())
    releases.keep_epoch("dust", NOW, NOW + DAY, None)
    kept = releases.epoch("dust", NOW)
    assert kept is not None
    assert kept.body is None
    registry.close()
    assert b"CANARY" not in b"".join(p.read_bytes() for p in tmp_path.iterdir())
    again = opened(tmp_path)
    again.releases.forget_epochs(NOW + DAY + 1)
    assert again.releases.epoch("dust", NOW) is None
    assert again.releases.epoch("dust", NOW + DAY) is not None
    again.close()


def test_every_purpose_has_a_key_of_its_own_that_stays(registry: Registry, tmp_path: Path) -> None:
    again = opened(tmp_path)
    assert registry.derived("blocks") == again.derived("blocks")
    again.close()
    key = (tmp_path / "secret.key").read_bytes()
    made = {registry.derived("blocks"), registry.derived("rows"), derived(bytes(32), "blocks"), key}
    assert len(made) == 4
    assert {len(k) for k in made} == {32}
