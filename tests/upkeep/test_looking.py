"""Gone from every file: a canary is found in each kind of file first, and in none afterwards."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert

from hub import actions
from hub.core.grade import DAY, HOUR
from hub.core.store import Erasure, Store
from hub.registry import Registry
from hub.registry import tables as t
from hub.stores.duckdb.store import DuckDBStore
from hub.stores.memory import MemoryStore
from hub.upkeep import looking
from hub.upkeep.looking import asked_here, finish, finish_new, left, look_for
from tests.registry.town import NOW, monitor, opened, person
from tests.stores.worlds import Row, batch

CANARY = b"canary-4242-canary-4242-canary-4242"
BITS = np.frombuffer(np.random.default_rng(11).bytes(8 * 6000), np.float64)
VALUES = [float(v) for v in BITS[np.abs(BITS) < 1e300][:4000]]
"""Doubles of random bits do not compress: they stand in a file as they are."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = tmp_path / "var"
    made.mkdir()
    return made


@pytest.fixture
def registry(data: Path) -> Iterator[Registry]:
    one = opened(data)
    one.erasures.listed = data.with_name("var.erased")
    yield one
    one.close()


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    one = DuckDBStore(data / "observations")
    yield one
    one.close()


def found(data: Path, *needles: bytes) -> list[str]:
    """The kinds of file in which any of these bytes stand."""
    return sorted(look_for(data, needles).found)


def le(value: float) -> bytes:
    return struct.pack("<d", value)


# The look itself


def test_bytes_are_found_in_every_kind_of_file_and_named_by_it(tmp_path: Path) -> None:
    names = {
        "registry.sqlite": "registry", "registry.sqlite-wal": "the registry's log",
        "outbox.sqlite": "the outbox", "outbox.sqlite-wal": "the outbox", "outbox-2.sqlite-wal": "the outbox",
        "engine-2.news": "news among workers",
        "a/observations-2026-01.duckdb": "readings",
        "a/observations-2026-01.duckdb.wal": "the readings' log", "a/journal-000000000001": "the readings' journal",
        "a/observations-2026-01-000003.parquet": "archived readings",
        "a/observations-2026-01.draft": "files half written", "a/observations-odd.draft.wal": "files half written",
        "a/spill/duckdb_temp_0.tmp": "others", "backup.tar": "others",
    }  # fmt: skip
    for name, kind in names.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"x" * 100 + CANARY + b"y")
        assert found(tmp_path, b"nothing", CANARY) == [kind], name
        file.unlink()
    assert found(tmp_path, CANARY) == []


@pytest.mark.parametrize("at", range(90, 131, 3))
def test_bytes_across_the_edge_of_a_chunk_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr(looking, "_CHUNK", 64)
    (tmp_path / "file").write_bytes(b"x" * at + CANARY + b"y" * 50)
    assert found(tmp_path, CANARY, b"zz") == ["others"]
    assert found(tmp_path, CANARY + b"z") == []


@pytest.mark.parametrize("many", [0, 20_000])
def test_the_look_finds_exactly_what_a_plain_search_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(looking, "_MANY_PLACES", many)
    monkeypatch.setattr(looking, "_CHUNK", 97)
    noise = np.random.default_rng(3)
    for size in [*range(1, 40), 96, 97, 98, 500, 501]:
        text = noise.integers(0, 3, size, np.uint8).tobytes()
        needles = [noise.integers(0, 3, n, np.uint8).tobytes() for n in (5, 6, 9)]
        (tmp_path / "file").write_bytes(text)
        assert bool(found(tmp_path, *needles)) == any(n in text for n in needles)


def test_a_file_that_cannot_be_read_counts_as_one_in_which_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"x")

    def denied(*_: object) -> bool:
        raise PermissionError

    monkeypatch.setattr(looking, "_stands_in", denied)
    assert found(tmp_path, CANARY) == ["others"]


# What was erased


def fill(registry: Registry, store: Store) -> tuple[int, int, dict[str, bytes]]:
    """Ana's and Eva's readings in a month's file and in the journal; messages, ciphertext and a look of hers.

    Ana, a thing of hers, and what of it stands where.
    """
    ana, eva = person(registry), person(registry, "Eva")
    (dust,) = monitor(registry, ana, "pm25")
    (other,) = monitor(registry, eva, "pm25", name="roof")
    things = {h.owner: h.id for h in registry.holdings().things.values()}
    store.append(batch(*(Row(dust, NOW - DAY + n, v, owner=ana) for n, v in enumerate(VALUES[:2000]))))
    store.append(batch(*(Row(other, NOW - DAY + n, v, owner=eva) for n, v in enumerate(VALUES[2000:]))))
    assert len(store.holds(np.array(VALUES[:3]))) == 3, "files what waits"
    store.append(batch(Row(dust, NOW - HOUR, VALUES[5] / 3, owner=ana)))
    source = registry.source("city", None, NOW)
    door = actions.add_credential(registry, ana, "bridge", now=NOW)
    actions.add_prefix(registry, "city", "house7", door.credential, now=NOW)
    needles = {what: what.encode() + CANARY for what in ("quarantine", "sealed", "salt")}
    with registry.transaction() as tx:
        run = tx.connection.execute
        run(
            insert(t.quarantine).values(
                source=-source, topic="house7/a", payload=needles["quarantine"], received=NOW - 9
            )
        )
        run(insert(t.sealed).values(thing=things[ana], sequence=1, key="k", received=NOW - 9, body=needles["sealed"]))
        look = run(insert(t.looks).values(at=NOW - 9, leaf=b"leaf")).inserted_primary_key
        assert look is not None
        run(insert(t.look_entries).values(look=look[0], owner=ana, number=1, salt=needles["salt"], body="{}"))
    needles |= {"month": le(VALUES[5]), "journal": le(VALUES[5] / 3)}
    return ana, things[ana], needles


def test_everything_erased_is_in_no_file_once_the_receipt_says_so(registry: Registry, store: Store, data: Path) -> None:
    ana, _, needles = fill(registry, store)
    assert found(data, needles["month"]) == ["the readings' log"]
    assert found(data, needles["journal"]) == ["the readings' journal"]
    for what in ("quarantine", "sealed", "salt"):
        assert "the registry's log" in found(data, needles[what]), what
    registry.erasures.compact()
    for what in ("quarantine", "sealed", "salt"):
        assert found(data, needles[what]) == ["registry"], what
    store.close()
    store = DuckDBStore(data / "observations")
    assert found(data, needles["month"]) == found(data, needles["journal"]) == ["readings"]
    store.append(batch(Row(1, NOW - HOUR, VALUES[6] / 3, owner=ana)))
    assert found(data, le(VALUES[6] / 3)) == ["the readings' journal"]
    eva = le(VALUES[2005])
    done = actions.erase(registry, store, ana, now=NOW)
    assert done.rows == 2002
    (receipt,) = registry.erasures.receipts([ana])
    assert (receipt.gone, receipt.rows, receipt.at) == (None, 2002, NOW)
    assert finish(registry, store, data, NOW + 1) == "1 of 1 erasures are gone from every file"
    (receipt,) = registry.erasures.receipts([ana])
    assert receipt.gone == NOW + 1
    assert "none is there" in receipt.told
    for what, needle in needles.items():
        assert found(data, needle) == [], what
    assert "readings" in found(data, eva)
    assert finish(registry, store, data, NOW + 2) == ""
    assert registry.erasures.traces == {}
    store.close()
    assert all(found(data, needle) == [] for needle in (*needles.values(), le(VALUES[6] / 3)))


def test_what_was_settled_summed_up_and_archived_is_gone_as_well(registry: Registry, store: Store, data: Path) -> None:
    ana, _, needles = fill(registry, store)
    old = VALUES[9] / 7
    store.append(batch(Row(1, NOW - 90 * DAY, old, owner=ana), Row(2, NOW - 90 * DAY, VALUES[2009] / 7)))
    assert "months" in store.compact(NOW - 60 * DAY)
    assert "archived readings" in found(data, le(old))
    assert found(data, needles["month"]) == ["readings"]
    actions.erase(registry, store, ana, now=NOW)
    finish(registry, store, data, NOW + 1)
    assert registry.erasures.receipts([ana])[0].gone == NOW + 1
    assert found(data, le(old), *needles.values()) == []
    assert "archived readings" in found(data, le(VALUES[2009] / 7))


def test_what_still_stands_somewhere_is_not_said_to_be_gone(registry: Registry, store: Store, data: Path) -> None:
    ana, thing, needles = fill(registry, store)
    stray = data / "copy-of-last-week"
    stray.write_bytes(b"".join(map(le, VALUES[:2000])) + needles["sealed"])
    actions.erase(registry, store, ana, things=[thing], now=NOW)
    finish(registry, store, data, NOW + 1)
    (receipt,) = registry.erasures.receipts([ana])
    assert receipt.gone is None
    assert "not yet: something of it still stands in others (1)" in receipt.told
    stray.unlink()
    finish(registry, store, data, NOW + 2)
    assert registry.erasures.receipts([ana])[0].gone == NOW + 2


def test_a_number_that_a_neighbour_measured_too_is_no_trace(registry: Registry, data: Path) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    mine, theirs = VALUES[1], VALUES[2]
    store = MemoryStore()
    store.append(batch(*(Row(1, NOW - n, v, owner=ana) for n, v in enumerate((mine, theirs, 7.5), 1))))
    store.append(batch(Row(2, NOW - 1, theirs, owner=eva)))
    (data / "somewhere").write_bytes(le(theirs) + le(7.5))
    actions.erase(registry, store, ana, now=NOW)
    finish(registry, store, data, NOW)
    assert registry.erasures.receipts([ana])[0].gone == NOW


def test_a_hub_that_was_killed_in_between_goes_on_where_it_was(registry: Registry, store: Store, data: Path) -> None:
    ana, _, needles = fill(registry, store)
    real = store.delete

    class Killed(BaseException):
        """The process is no more."""

    def killed(erasure: Erasure) -> int:
        del erasure
        raise Killed

    store.delete = killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        actions.erase(registry, store, ana, now=NOW)
    store.delete = real  # type: ignore[method-assign]
    registry.erasures.traces.clear()
    finish(registry, store, data, NOW + 1)
    (receipt,) = registry.erasures.receipts([ana])
    assert (receipt.rows, receipt.gone) == (2001, NOW + 1)
    assert all(found(data, needle) == [] for needle in needles.values())


def test_what_stood_where_the_hub_cannot_look_is_said(registry: Registry, data: Path) -> None:
    class Far(MemoryStore):
        """A store with files of its own."""

        elsewhere = "It leaves the server's files tomorrow"

    ana = person(registry)
    actions.erase(registry, Far(), ana, now=NOW)
    finish(registry, Far(), data, NOW)
    assert registry.erasures.receipts([ana])[0].told.endswith(". It leaves the server's files tomorrow")


@pytest.mark.slow
def test_while_somebody_reads_the_registry_it_is_not_said_to_be_gone(registry: Registry, data: Path) -> None:
    ana = person(registry)
    with registry._database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM parties").fetchone()
        actions.erase(registry, MemoryStore(), ana, now=NOW)
        finish(registry, MemoryStore(), data, NOW)
        assert registry.erasures.receipts([ana])[0].gone is None
    finish(registry, MemoryStore(), data, NOW + 1)
    assert registry.erasures.receipts([ana])[0].gone == NOW + 1


# Several workers


def test_each_worker_looks_for_what_was_asked_for_in_it_and_the_leader_for_what_is_left(
    registry: Registry, store: Store, data: Path
) -> None:
    ana = person(registry)
    monitor(registry, ana)
    actions.erase(registry, store, ana, now=NOW)
    [asked] = registry.erasures.pending()
    traces = registry.erasures.traces.pop(asked.id)  # as another process sees it
    for whose in (asked_here, left):
        assert finish_new(registry, store, data, NOW + HOUR, whose=whose) == ""
        assert registry.erasures.pending() == [asked]
    registry.erasures.traces[asked.id] = traces
    assert finish_new(registry, store, data, NOW + 2 * DAY, whose=left) == "", "it is here, and looked for here"
    assert finish_new(registry, store, data, NOW + HOUR, whose=asked_here).startswith("1 of 1 erasures")
    assert registry.erasures.pending() == []


def test_what_was_asked_for_in_a_worker_that_is_no_more_is_looked_for_a_day_later(
    registry: Registry, store: Store, data: Path
) -> None:
    ana = person(registry)
    monitor(registry, ana)
    actions.erase(registry, store, ana, now=NOW)
    registry.erasures.traces.clear()
    assert finish(registry, store, data, NOW + DAY, whose=left) == ""
    assert finish(registry, store, data, NOW + DAY + HOUR, whose=left).startswith("1 of 1 erasures")
