"""A whole registry moves from a file into PostgreSQL and back into a file: all of it, compared, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import URL, func, insert, select
from typer.testing import CliRunner

from hub import actions
from hub.cli import cli
from hub.core.grade import HOUR, Grade
from hub.registry import Limits, Registry, RegistryUnavailable
from hub.registry import tables as t
from hub.registry.copies import look_at
from hub.registry.database import Database
from hub.registry.moving import check_empty, copy, move
from tests.registry.kinds import SQLITE_ONLY
from tests.registry.test_looks import look, numbers
from tests.registry.town import AROUND, CATALOGUE, NEAR, NOW, couple, monitor, opened, person
from tests.servers.postgresql import PASSWORD, Server

pytestmark = [SQLITE_ONLY, pytest.mark.slow]
"""These bring their own databases."""
CONFIG = '[hub]\ndata = "."\n[registry]\nurl = "{url}"\npassword_file = "secret"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A registry's folder in which something of nearly everything was done."""
    registry = opened(tmp_path)
    home = couple(registry).household
    (dust,) = monitor(registry, home, "pm25")
    commons = actions.add_commons(registry, "Yards", "to know", now=NOW).commons
    actions.join(registry, commons, home, now=NOW)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=commons, now=NOW)
    actions.make_link(registry, home, now=NOW)
    registry.looks.write([look(home), look(None)])
    registry.tree.close_hours(NOW + HOUR)
    registry.close()
    return tmp_path


def reopened(where: Path | URL, folder: Path) -> Registry:
    return Registry.open(where, folder / "secret.key", CATALOGUE, AROUND, NEAR, Limits(), NOW)


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in t.metadata.sorted_tables
            if table is not t.state
        }


def quietly(_what: str, _done: int, _of: int) -> None:
    pass


def test_all_is_there_afterwards_and_goes_on(folder: Path, url: URL) -> None:
    before = opened(folder)
    holdings, head = before.holdings(), before.tree.checkpoint()
    before.close()
    move(folder / "registry.sqlite", url, quietly)
    old, new = Database(folder / "registry.sqlite"), Database(url)
    assert everything(old) == everything(new)
    assert new.revision > old.revision
    old.close()
    new.close()
    registry = reopened(url, folder)
    assert registry.holdings().datastreams == holdings.datastreams
    assert dict(registry.holdings().fragments) == dict(holdings.fragments)
    assert registry.tree.checkpoint() == head
    assert registry.tree.trouble() == []
    ana = next(iter(holdings.things.values())).owner
    registry.looks.write([look(ana)])
    assert numbers(registry.looks.read([ana])) == [2, 1]
    monitor(registry, person(registry, "Eva"), "pm10")  # numbers that are counted up go on
    assert len(registry.journal()) > 1
    registry.close()


def test_it_comes_back_into_a_file_as_it_is(folder: Path, url: URL, tmp_path: Path) -> None:
    move(folder / "registry.sqlite", url, quietly)
    database = Database(url)
    copy(database, tmp_path / "copy.sqlite")
    made = Database(tmp_path / "copy.sqlite")
    assert everything(made) == everything(database)
    made.close()
    database.close()
    assert look_at(tmp_path / "copy.sqlite").parties == 3
    assert not (tmp_path / "copy.sqlite-wal").exists()
    assert (tmp_path / "copy.sqlite").stat().st_mode & 0o077 == 0


def test_nothing_moves_into_a_registry_that_is_in_use(folder: Path, url: URL) -> None:
    move(folder / "registry.sqlite", url, quietly)
    database = Database(url)
    before = everything(database)
    for tried in (lambda: move(folder / "registry.sqlite", url, quietly), lambda: check_empty(url)):
        with pytest.raises(RegistryUnavailable, match="already: name an empty one"):
            tried()
    assert everything(database) == before
    database.close()


def test_cut_short_nothing_is_there_and_it_can_begin_again(folder: Path, url: URL) -> None:
    def cut(_what: str, done: int, _of: int) -> None:
        if done > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(folder / "registry.sqlite", url, cut)
    check_empty(url)
    assert move(folder / "registry.sqlite", url, quietly) > 20


def test_text_with_what_postgresql_does_not_take_moves_without_it(folder: Path, url: URL) -> None:
    old = Database(folder / "registry.sqlite")
    with old.write() as tx:
        tx.connection.execute(insert(t.journal).values(at=NOW, who=None, about=None, what="a\0b"))
    old.close()
    move(folder / "registry.sqlite", url, quietly)
    new = Database(url)
    with new.read() as connection:
        found = connection.execute(select(func.count()).where(t.journal.c.what == "a\ufffdb")).scalar_one()
    assert found == 1
    new.close()


def test_the_command_moves_it_and_puts_the_file_aside(folder: Path, url: URL) -> None:
    config = folder / "barrio.toml"
    config.write_text(CONFIG.format(url=f"postgresql://{url.username}@{url.host}:{url.port}/{url.database}"))
    (folder / "secret").write_text(f"{PASSWORD}\n")
    run = CliRunner().invoke
    refused = run(cli, ["party", "list", "--config", str(config)])
    assert "barrio migrate --registry" in str(refused.exception)
    said = run(cli, ["migrate", "--registry", "--config", str(config)])
    assert said.exit_code == 0, said.exception
    assert "counted and compared" in said.output
    assert (folder / "registry.sqlite.moved").exists()
    assert not (folder / "registry.sqlite").exists()
    assert "Number 7" in run(cli, ["party", "list", "--config", str(config)]).output
    assert "no registry to move" in str(run(cli, ["migrate", "--registry", "--config", str(config)]).exception)


def test_a_backup_of_it_is_put_back_into_an_empty_database_only(folder: Path, url: URL, server: Server) -> None:
    config, other = folder / "barrio.toml", server.database()
    text = CONFIG.format(url=f"postgresql://{url.username}@{url.host}:{url.port}/{url.database}")
    config.write_text(text)
    (folder / "secret").write_text(PASSWORD)
    run = CliRunner().invoke
    assert run(cli, ["migrate", "--registry", "--config", str(config)]).exit_code == 0
    backup = run(cli, ["backup", str(folder.with_name("backup")), "--config", str(config)])
    assert "3 parties" in backup.output
    back = ["restore", str(folder.with_name("backup")), "--without-list", "--config", str(config)]
    config.write_text(text.replace('data = "."', 'data = "new"'))
    assert "name an empty one" in str(run(cli, back).exception)
    assert not (folder / "new").exists()
    config.write_text(text.replace('data = "."', 'data = "new"').replace(f"/{url.database}", f"/{other.database}"))
    said = run(cli, back)
    assert said.exit_code == 0, said.exception
    assert not list((folder / "new").glob("registry.*"))
    assert "Number 7" in run(cli, ["party", "list", "--config", str(config)]).output
    server.sql(f"DROP DATABASE {other.database} WITH (FORCE)")


def test_what_is_erased_leaves_the_tables_files_too(folder: Path, url: URL, server: Server) -> None:
    canary = b"CANARY-of-somebody-who-has-left"
    move(folder / "registry.sqlite", url, quietly)
    registry = reopened(url, folder)
    registry.releases.keep_epoch("dust", NOW, NOW + HOUR, canary * 9)
    server.sql("CHECKPOINT")
    assert server.holds(canary)
    registry.releases.forget_epochs(NOW + 2 * HOUR)
    assert registry.erasures.compact()
    server.sql("CHECKPOINT")
    assert not server.holds(canary)
    assert "its operator" in registry.erasures.elsewhere
    registry.close()
