"""The registry's file: migrated, kept, guarded; transactions whole or not at all."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import select

from hub import actions
from hub.core.observations import Key
from hub.registry import Registry, RegistryUnavailable
from hub.registry import tables as t
from hub.registry.database import MIGRATIONS, Database
from hub.registry.engines import engines
from hub.registry.tables import metadata
from tests.registry.kinds import SQLITE_ONLY
from tests.registry.migrated import untouched
from tests.registry.town import AROUND, CATALOGUE, NEAR, NOW, gateway, monitor, person


def opened(folder: Path) -> Registry:
    """As the hub opens it: nothing is there that a test put there (`tests.registry.migrated`)."""
    where = untouched(folder / "registry.sqlite")
    return Registry.open(where, folder / "secret.key", CATALOGUE, AROUND, NEAR, now=NOW)


def test_the_migrations_make_exactly_the_tables_of_this_version(tmp_path: Path) -> None:
    opened(tmp_path).close()
    where = engines(untouched(tmp_path / "registry.sqlite"))
    with where.read.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    where.close()


def test_what_the_first_version_held_is_there_in_this_one(tmp_path: Path) -> None:
    url = untouched(tmp_path / "registry.sqlite")
    where, config = engines(url), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with where.write.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "v0001")
        for row in (
            "parties (id, kind, name, rule, staff, since) VALUES (1, 'person', 'Ana', 'any', false, 0)",
            "commons (id, handle, name, purpose, properties, since) VALUES (2, 'yards', 'Yards', 'why', '', 0)",
            "memberships (commons, party, pseudonym, since) VALUES (2, 1, 'brave fox', 5)",
            "rests (property, cell, until) VALUES ('dust', '881e354', 9)",
        ):
            connection.exec_driver_sql(f"INSERT INTO {row}")
    where.close()
    database = Database(url)
    with database.read() as connection:
        assert [*connection.execute(select(t.rests.c.property, t.rests.c.since, t.rests.c.until))] == [("dust", 0, 9)]
        assert [*connection.execute(select(t.fragments.c.nym, t.fragments.c.since))] == [("brave fox", 5)]
        assert [*connection.execute(select(t.memberships.c.turn, t.memberships.c.named))] == [(0, None)]
    assert database.numbers == (1, 0, 0)
    database.close()


def test_opening_again_changes_nothing_and_forgets_nothing(tmp_path: Path) -> None:
    registry = opened(tmp_path)
    ana = person(registry)
    monitor(registry, ana, "pm25")
    before, revision = registry.holdings(), registry.revision
    registry.close()
    again = opened(tmp_path)
    assert again.revision == revision
    assert again.holdings().datastreams == before.datastreams
    assert dict(again.holdings().things) == dict(before.things)
    again.close()


def test_a_registry_that_a_newer_barrio_wrote_is_left_alone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    where = engines(untouched(tmp_path / "registry.sqlite"))
    with where.write.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'v9999'")
    where.close()
    with pytest.raises(RegistryUnavailable, match="newer Barrio"):
        opened(tmp_path)


@SQLITE_ONLY
def test_the_registry_and_its_key_are_for_the_hub_alone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    for name in ("registry.sqlite", "secret.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert len((tmp_path / "secret.key").read_bytes()) == 32


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("mode", "content", "told"), [(0o644, b"k" * 32, "chmod 600"), (0o600, b"short", "not the hub's key")]
)
def test_a_key_that_others_may_read_or_that_is_none_stops_the_start(
    tmp_path: Path, mode: int, content: bytes, told: str
) -> None:
    (tmp_path / "secret.key").write_bytes(content)
    (tmp_path / "secret.key").chmod(mode)
    with pytest.raises(RegistryUnavailable, match=told):
        opened(tmp_path)


@SQLITE_ONLY
def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(RegistryUnavailable):
        opened(tmp_path / "nowhere")


@SQLITE_ONLY
def test_a_file_that_is_no_registry_is_said(tmp_path: Path) -> None:
    (tmp_path / "registry.sqlite").write_bytes(b"not a database, but long enough to look" * 50)
    with pytest.raises(RegistryUnavailable, match="cannot be used"):
        opened(tmp_path)


def test_the_revision_rises_with_what_is_compiled_and_with_nothing_else(registry: Registry) -> None:
    ana = person(registry)
    first = registry.revision
    monitor(registry, ana, "pm25")
    second = registry.revision
    assert second > first
    actions.make_link(registry, ana, now=NOW)
    registry.journal()
    assert registry.revision == second
    assert registry.refresh() == second


def test_another_process_is_noticed_when_asked_for(tmp_path: Path) -> None:
    here, there = opened(tmp_path), opened(tmp_path)
    person(there, "Eva")
    assert here.refresh() == there.revision
    assert [p.name for p in here.holdings().parties.values()] == ["Eva"]
    here.close()
    there.close()


def test_a_transaction_that_fails_leaves_nothing_and_many_actions_can_be_one(registry: Registry) -> None:
    def half_done() -> None:
        with registry.transaction():
            monitor(registry, person(registry), "pm25")
            raise RuntimeError("midway")

    revision = registry.revision
    with pytest.raises(RuntimeError, match="midway"):
        half_done()
    assert registry.revision == revision
    assert not registry.holdings().parties


def test_a_part_that_is_taken_back_does_not_take_the_revision_along(registry: Registry) -> None:
    def half_done(ana: int) -> None:
        with registry.transaction():
            monitor(registry, ana, "pm25")
            raise RuntimeError("midway")

    before = registry.revision
    with registry.transaction():
        ana = person(registry)
        with pytest.raises(RuntimeError, match="midway"):
            half_done(ana)
    assert registry.revision > before
    assert registry.refresh() == registry.revision
    assert ana in registry.holdings().parties


def test_within_a_transaction_an_action_that_is_refused_leaves_the_others(registry: Registry) -> None:
    with registry.transaction():
        ana = person(registry)
        with pytest.raises(actions.ActionRefused):
            actions.add_thing(registry, ana, "a/b", now=NOW)
    assert ana in registry.holdings().parties
    assert not registry.holdings().things


def test_many_threads_write_and_read_at_once_and_nothing_is_lost(registry: Registry) -> None:
    credential = gateway(registry, person(registry))

    def hear(number: int) -> None:
        refused = registry.first_heard({Key(credential, f"t{number}-{i}", "pm25", "ug/m3") for i in range(5)}, NOW)
        assert refused == {}
        assert registry.series_table(NOW).numbers

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hear, range(24)))
    assert len(registry.holdings().datastreams) == 120
    assert len({d.id for d in registry.holdings().datastreams}) == 120


def test_a_writer_in_another_thread_is_waited_for_not_joined(registry: Registry) -> None:
    with ThreadPoolExecutor(1) as pool:
        with registry.transaction():
            person(registry, "Ana")
            other = pool.submit(person, registry, "Eva")
            assert [p.name for p in registry.holdings().parties.values()] == ["Ana"]
            assert not other.done()
        other.result(timeout=10)
    assert {p.name for p in registry.holdings().parties.values()} == {"Ana", "Eva"}


@SQLITE_ONLY
@pytest.mark.slow
def test_a_locked_file_is_unavailable_and_works_again_afterwards(tmp_path: Path) -> None:
    registry = opened(tmp_path)
    raw = sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)
    raw.execute("BEGIN IMMEDIATE")
    with pytest.raises(RegistryUnavailable, match="locked"):
        person(registry)
    raw.execute("ROLLBACK")
    raw.close()
    assert person(registry) in registry.holdings().parties
    registry.close()


def test_what_is_not_committed_is_compiled_for_nobody_else(registry: Registry) -> None:
    made = {}

    def half_done() -> None:
        with registry.transaction():
            ana = person(registry)
            made["door"] = actions.add_thing(registry, ana, "balcony", now=NOW)
            door = made["door"]
            assert registry.first_heard({Key(door.credential, "balcony", "pm25", None)}, NOW) == {}
            assert len(registry.series_table(NOW).series) == len(registry.holdings().datastreams) == 1
            assert door.user is not None
            assert registry.admit(door.user, (door.password or "").encode(), None) is not None
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        half_done()
    door = made["door"]
    assert registry.series_table(NOW).series == []
    assert registry.holdings().datastreams == ()
    assert registry.admit(door.user or "", (door.password or "").encode(), None) is None
