"""The log of looks on disk: durable, numbered, padded by the hour, and found out when somebody touches it."""

from __future__ import annotations

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.core import log, witness
from hub.core.checkpoint import NotGenuine, opened
from hub.core.grade import DAY, HOUR
from hub.core.look import Entry, Look, Looker, Values
from hub.core.looked import Told
from hub.core.regions import CITY
from hub.registry import Registry, RegistryUnavailable
from tests.registry.kinds import SQLITE_ONLY
from tests.registry.town import NOW, person
from tests.registry.town import opened as town


def look(owner: int | None, *, at: int = NOW, rows: int = 3, purpose: str = "to breathe") -> Look:
    values = () if owner is None else (Values(7, "commons", rows),)
    observed, regions = ("dust", (CITY,)) if owner is None else (None, ())
    return Look(owner, Entry(
        at=at, role=Looker.MEMBER, who="brave fox", purpose=purpose, commons="yards", values=values, observed=observed,
        regions=regions,
    ))  # fmt: skip


def raw(folder: Path, command: str, *values: object) -> int:
    """What somebody does who has the file."""
    connection = sqlite3.connect(folder / "registry.sqlite")
    with connection:
        changed = connection.execute(command, values).rowcount
    connection.close()
    return changed


def numbers(told: list[Told]) -> list[int]:
    return [one.entry.number for one in told if one.entry is not None]


def test_what_is_written_is_read_by_its_owner_alone_the_newest_first(registry: Registry) -> None:
    ana, ben = person(registry), person(registry, "Ben")
    registry.looks.write([look(ana), look(ben, rows=9), look(ana, at=NOW + HOUR)])
    hers = registry.looks.read([ana])
    assert numbers(hers) == [2, 1]
    assert all(one.sound and not one.closed and one.owner == ana for one in hers)
    (his,) = registry.looks.read([ben])
    assert his.entry is not None
    assert (his.entry.number, his.entry.values) == (1, (Values(7, "commons", 9),))
    assert registry.looks.read([person(registry, "Eva")]) == []


def test_numbers_go_on_after_a_restart_and_are_every_owners_own(tmp_path: Path) -> None:
    registry = town(tmp_path)
    ana, ben = person(registry), person(registry, "Ben")
    registry.looks.write([look(ana), look(ben), look(None)])
    registry.close()
    again = town(tmp_path)
    again.looks.write([look(None), look(ana)])
    assert numbers(again.looks.read([ana])) == [2, 1]
    assert numbers(again.looks.read([ben])) == [1]
    assert numbers(again.looks.at_regions({("dust", CITY)})) == [2, 1]
    again.close()


def test_looks_at_averages_are_for_those_around(registry: Registry) -> None:
    registry.looks.write([look(None)])
    assert len(registry.looks.at_regions({("dust", CITY), ("noise", "861e35447ffffff")})) == 1
    assert registry.looks.at_regions({("noise", CITY), ("dust", "861e35447ffffff")}) == []


def test_writing_a_look_compiles_nothing_anew(registry: Registry) -> None:
    ana = person(registry)
    revision = registry.revision
    registry.looks.write([look(ana)])
    registry.tree.close_hours(NOW)
    assert registry.revision == revision


@pytest.mark.slow
@SQLITE_ONLY
def test_all_or_none_are_written_and_a_disk_that_fails_is_said(tmp_path: Path) -> None:
    registry = town(tmp_path)
    ana = person(registry)
    with pytest.raises(RegistryUnavailable):
        registry.looks.write([look(ana), look(4711)])  # nobody
    assert registry.looks.read([ana]) == []
    held = sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    with pytest.raises(RegistryUnavailable, match="locked"):
        registry.looks.write([look(ana)])
    held.execute("ROLLBACK")
    held.close()
    registry.looks.write([look(ana)])
    assert numbers(registry.looks.read([ana])) == [1]
    registry.close()


def test_many_at_once_get_numbers_without_a_gap(registry: Registry) -> None:
    ana = person(registry)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: registry.looks.write([look(ana), look(ana)]), range(16)))
    assert sorted(numbers(registry.looks.read([ana]))) == list(range(1, 33))


def test_an_hour_grows_the_log_by_one_batch_whether_somebody_looked_or_not(registry: Registry) -> None:
    ana = person(registry)
    sizes = []
    for hour, count in enumerate((0, 1, 1_000, 0)):
        registry.looks.write([look(ana, at=NOW + hour * HOUR)] * count)
        sizes.append(opened(registry.tree.close_hours(NOW + (hour + 1) * HOUR), registry.tree.key).size)
    assert sizes == [1024, 2048, 3072, 4096]
    assert all(one.closed for one in registry.looks.read([ana]))


def test_an_hour_is_closed_once_and_not_before_it_is_over(registry: Registry) -> None:
    ana = person(registry)
    first = registry.tree.close_hours(NOW)
    registry.looks.write([look(ana, at=NOW + HOUR // 2)])
    assert registry.tree.close_hours(NOW + HOUR - 1) == first
    assert not registry.looks.read([ana])[0].closed
    assert registry.tree.proofs([one.look for one in registry.looks.read([ana])]) == []
    assert registry.tree.close_hours(NOW + HOUR) != first
    assert registry.looks.read([ana])[0].closed
    assert len(registry.tree.checkpoints()) == len(registry.tree.batches()) == 2


def test_more_looks_than_a_batch_holds_make_another(registry: Registry) -> None:
    ana = person(registry)
    registry.looks.write([look(ana)] * (log.BATCH + 1))
    assert opened(registry.tree.close_hours(NOW + HOUR), registry.tree.key).size == 2 * log.BATCH
    assert registry.tree.trouble() == []


def test_before_the_first_hour_there_is_a_checkpoint_of_nothing(registry: Registry) -> None:
    head = opened(registry.tree.checkpoint(), registry.tree.key)
    assert (head.size, head.root) == (0, log.EMPTY)
    assert registry.tree.origin in registry.tree.listed()


def test_places_in_a_batch_do_not_tell_the_order_of_looks(registry: Registry) -> None:
    ana = person(registry)
    for _ in range(20):
        registry.looks.write([look(ana)])
    registry.tree.close_hours(NOW + HOUR)
    told = sorted(registry.looks.read([ana]), key=lambda one: one.look)
    places = [proof.index for proof in registry.tree.proofs([one.look for one in told])]
    assert places != sorted(places), "one in 20! would be chance"
    assert len(set(places)) == 20


def closed_town(folder: Path) -> tuple[Registry, int]:
    """Three hours with looks at Ana's in each, all closed; what she has kept is the key and every checkpoint."""
    registry = town(folder)
    ana = person(registry)
    for hour in range(3):
        registry.looks.write([look(ana, at=NOW + hour * HOUR, purpose=f"reason {hour}")])
        registry.tree.close_hours(NOW + (hour + 1) * HOUR)
    return registry, ana


def test_a_log_that_nobody_touched_has_no_trouble_and_proves_every_entry(tmp_path: Path) -> None:
    registry, ana = closed_town(tmp_path)
    assert registry.tree.trouble() == []
    key, roots = witness.read(registry.tree.listed())
    heads = witness.verified(key, registry.tree.checkpoints(), roots)
    proofs = registry.tree.proofs([one.look for one in registry.looks.read([ana])])
    assert len(proofs) == 3
    assert all(witness.is_in_log(proof, heads[-1]) for proof in proofs)
    registry.close()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("UPDATE look_entries SET body = replace(body, 'reason 1', 'reason 9')", "changed after they were written: 1"),
        ("UPDATE look_entries SET body = 'x' WHERE number = 2", "changed after they were written: 1"),
        ("UPDATE looks SET leaf = zeroblob(32) WHERE id = 2", "batch 1 is not what it was"),
        ("DELETE FROM looks WHERE id = 2", "batch 1 is not what it was"),
        ("UPDATE looks SET position = (position + 1) % 1024 WHERE id = 2", "batch 1 is not what it was"),
        ("UPDATE looks SET batch = NULL WHERE id = 3", "batch 2 is not what it was"),
        ("DELETE FROM look_batches WHERE id = 2", "the log was cut"),
    ],
)
@SQLITE_ONLY
def test_whatever_is_changed_on_the_disk_is_found(tmp_path: Path, command: str, told: str) -> None:
    registry, _ = closed_town(tmp_path)
    raw(tmp_path, "PRAGMA foreign_keys=OFF")
    assert raw(tmp_path, command) >= 1
    assert any(told in line for line in registry.tree.trouble()), registry.tree.trouble()
    registry.close()


@SQLITE_ONLY
def test_a_hub_that_rewrites_everything_and_signs_again_is_found_by_whoever_kept_a_checkpoint(tmp_path: Path) -> None:
    registry, ana = closed_town(tmp_path)
    kept = registry.tree.checkpoints()
    raw(tmp_path, "DELETE FROM look_entries WHERE number = 2")
    raw(tmp_path, "DELETE FROM looks WHERE id = 2")
    raw(tmp_path, "UPDATE looks SET batch = NULL, position = NULL")
    raw(tmp_path, "DELETE FROM checkpoints")
    raw(tmp_path, "DELETE FROM look_batches")
    for hour in range(3):
        registry.tree.close_hours(NOW + (hour + 1) * HOUR)
    assert registry.tree.trouble() == [], "the hub itself has made everything fit"
    key, roots = witness.read(witness.written(registry.tree.key, registry.tree.batches()))
    with pytest.raises(NotGenuine, match="rewritten"):
        witness.verified(key, kept, roots)
    told = registry.looks.read([ana])
    assert numbers(told) == [3, 1], "and the owner sees by the numbers that one is gone"
    registry.close()


def test_erased_entries_are_gone_from_the_file_and_the_log_still_verifies(tmp_path: Path) -> None:
    registry, ana = closed_town(tmp_path)
    registry.looks.write([look(person(registry, "Ben"), purpose="reason for Ben")])
    assert registry.looks.erase([ana]) == 3
    assert registry.looks.read([ana]) == []
    assert registry.tree.trouble() == []
    key, roots = witness.read(registry.tree.listed())
    assert len(witness.verified(key, registry.tree.checkpoints(), roots)) == 3
    with registry.transaction() as tx:
        left = tx.connection.exec_driver_sql("SELECT body FROM look_entries").scalars().all()
    assert [re.search("reason [a-z0-9]+", body).group() for body in left] == ["reason for"]  # type: ignore[union-attr]
    registry.close()


def test_what_is_older_than_it_is_kept_goes_and_the_rest_stays(tmp_path: Path) -> None:
    registry, ana = closed_town(tmp_path)
    assert registry.looks.oldest() == NOW
    assert registry.looks.forget(NOW + HOUR) == 1
    assert registry.looks.oldest() == NOW + HOUR
    assert numbers(registry.looks.read([ana])) == [3, 2]
    assert registry.tree.trouble() == []
    registry.looks.forget(NOW + DAY)
    assert registry.looks.oldest() is None
    registry.close()


def test_another_hub_signs_with_another_key(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    here, there = town(tmp_path / "a"), town(tmp_path / "b")
    assert here.tree.key != there.tree.key
    with pytest.raises(NotGenuine):
        opened(here.tree.checkpoint(), there.tree.key)
    here.close()
    there.close()


def test_the_number_of_entries_does_not_show_in_what_everybody_may_read(tmp_path: Path) -> None:
    lengths = set()
    for number, count in enumerate((0, 700)):
        folder = tmp_path / str(number)
        folder.mkdir()
        registry = town(folder)
        registry.looks.write([look(person(registry))] * count)
        registry.tree.close_hours(NOW + HOUR)
        lengths.add((len(registry.tree.listed().splitlines()), len(registry.tree.checkpoint().splitlines())))
        registry.close()
    assert len(lengths) == 1
