"""Several processes on one PostgreSQL: each sees at once what another wrote, and every failure is one clear line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import URL, select

from hub import actions
from hub.core.grade import HOUR, Grade
from hub.core.reading import Announcement
from hub.core.releases import Sheet
from hub.registry import Limits, Refused, Registry, RegistryUnavailable
from hub.registry import tables as t
from hub.registry.database import Database
from hub.registry.doors import write_refusals
from tests.registry.kinds import SQLITE_ONLY
from tests.registry.test_looks import look, numbers
from tests.registry.town import AROUND, CATALOGUE, NEAR, NOW, datastream, gateway, monitor, person
from tests.servers.postgresql import Server, postgresql

pytestmark = [SQLITE_ONLY, pytest.mark.slow]
"""These bring their own databases."""


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that may be stopped, beside the one of all other tests."""
    with postgresql() as one:
        yield one


@pytest.fixture
def pair(url: URL, tmp_path: Path) -> Iterator[tuple[Registry, Registry]]:
    """Two processes' registries on one database."""
    here, there = opened(url, tmp_path), opened(url, tmp_path)
    yield here, there
    here.close()
    there.close()


def opened(where: Path | URL, folder: Path) -> Registry:
    return Registry.open(where, folder / "secret.key", CATALOGUE, AROUND, NEAR, Limits(), NOW)


def sheet() -> Sheet:
    return Sheet("dust", "outdoor", "public", NOW, HOUR, np.array([1], "u8"), np.array([7.5]), np.array([6], "u2"))


def test_what_one_process_lowers_another_sees_at_once(pair: tuple[Registry, Registry]) -> None:
    here, there = pair
    ana = person(here)
    (dust,) = monitor(here, ana, "pm25")
    assert there.revision == here.revision
    for grade in (Grade.COUNTED, Grade.HOME):
        actions.set_grade(here, dust, grade, now=NOW)
        assert datastream(there, dust).grade(NOW + 10) == grade
    assert [s.datastream for s in there.series_table(NOW).series] == [dust]
    actions.close_thing(here, datastream(here, dust).thing, now=NOW)
    assert there.series_table(NOW).series == []


def test_a_credential_made_or_ended_elsewhere_counts_at_once(pair: tuple[Registry, Registry]) -> None:
    here, there = pair
    door = actions.add_thing(here, person(here), "balcony", now=NOW)
    assert there.admit(door.user or "", (door.password or "").encode(), None) is not None
    actions.close_thing(here, door.thing, now=NOW)
    assert there.admit(door.user or "", (door.password or "").encode(), None) is None
    assert door.credential not in there.locks()


def test_what_a_device_says_of_itself_to_one_process_all_know(pair: tuple[Registry, Registry]) -> None:
    here, there = pair
    credential = gateway(here, person(here))
    assert here.heard(credential) == there.heard(credential) == {}
    mine = here.heard(credential)
    here.remember(credential, [Announcement("lamp", "power", unit="W")], NOW)
    here.series_table(NOW)
    assert here.heard(credential) is mine
    there.series_table(NOW)
    assert there.heard(credential)["lamp", "power"].unit == "W"
    there.remember(credential, [Announcement("lamp", "energy", unit="kWh")], NOW)
    here.series_table(NOW)
    assert {key[1] for key in here.heard(credential)} == {"power", "energy"}


def test_looks_written_by_several_processes_are_numbered_without_a_gap(pair: tuple[Registry, Registry]) -> None:
    here, there = pair
    ana = person(here)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: pair[n % 2].looks.write([look(ana), look(None)]), range(24)))
    assert numbers(here.looks.read([ana])) == list(range(24, 0, -1))
    here.tree.close_hours(NOW + HOUR)
    assert there.tree.checkpoint() == here.tree.checkpoint()
    assert there.tree.trouble() == []


def test_several_processes_start_at_once_where_nothing_is_yet(url: URL, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: opened(url, tmp_path), range(4)))
    person(made[0])
    assert [[p.name for p in one.holdings().parties.values()] for one in made] == [["Ana"]] * 4
    assert len({one.tree.key for one in made}) == 1
    for one in made:
        one.close()


def test_a_window_is_published_once_and_every_process_notices(pair: tuple[Registry, Registry]) -> None:
    here, there = pair
    before = there.releases.version
    assert here.releases.save([sheet()], NOW)
    assert not there.releases.save([sheet()], NOW)
    assert there.releases.version == before + 1


def test_many_write_at_once_from_several_processes_and_nothing_is_lost(pair: tuple[Registry, Registry]) -> None:
    owner = person(pair[0])
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: monitor(pair[n % 2], owner, "pm25", name=f"t{n}"), range(24)))
    assert {d.id for d in pair[0].holdings().datastreams} == {d for some in made for d in some}
    assert pair[0].revision == pair[1].revision
    assert pair[0].holdings().datastreams == pair[1].holdings().datastreams


def test_a_reader_has_one_view_whatever_is_written_meanwhile(url: URL) -> None:
    here, there = Database(url), Database(url)
    with here.read() as connection:
        first = connection.execute(select(t.state.c.revision)).scalar_one()
        with there.write() as transaction:
            transaction.changed()
        assert connection.execute(select(t.state.c.revision)).scalar_one() == first
        assert here.revision == there.revision == first + 1
    here.close()
    there.close()


def test_whoever_reads_cannot_write(url: URL) -> None:
    database = Database(url)

    def write() -> None:
        with database.read() as connection:
            connection.exec_driver_sql("DELETE FROM state")

    with pytest.raises(RegistryUnavailable, match="read-only"):
        write()
    assert database.revision == 1
    database.close()


def test_a_writer_waits_for_another_process_and_sees_all_it_did(url: URL) -> None:
    here, there = Database(url), Database(url)

    def raised() -> int:
        with there.write() as transaction:
            transaction.changed()
            return transaction.raised().revision

    with ThreadPoolExecutor(1) as pool:
        with here.write() as transaction:
            transaction.changed()
            waiting = pool.submit(raised)
            assert not waiting.done()
        assert waiting.result(10) == 3
    here.close()
    there.close()


@pytest.mark.slow
def test_a_writer_that_never_ends_makes_others_say_so_and_go_on_afterwards(url: URL) -> None:
    here, there = Database(url), Database(url)

    def write() -> None:
        with there.write() as transaction:
            transaction.changed()

    with here.write(), ThreadPoolExecutor(1) as pool, pytest.raises(RegistryUnavailable, match="writes for long"):
        pool.submit(write).result(20)
    write()
    assert here.revision == 2
    here.close()
    there.close()


def test_a_server_that_was_away_is_said_and_works_again_when_it_is_back(own: Server, tmp_path: Path) -> None:
    registry = opened(own.database(), tmp_path)
    ana = person(registry)
    own.kill()
    asked: list[Callable[[], object]] = [
        lambda: person(registry, "Eva"), registry.holdings, lambda: registry.revision, registry.journal,
        lambda: opened(own.url("d1"), tmp_path), lambda: registry.admit("nobody", b"", None),
    ]  # fmt: skip
    for ask in asked:
        with pytest.raises(RegistryUnavailable, match="start the database server"):
            ask()
    own.start()
    for ask in (registry.holdings, registry.journal):
        ask()
    assert set(registry.holdings().parties) == {ana}
    person(registry, "Eva")
    registry.close()


def test_connections_that_were_cut_are_made_anew(url: URL, server: Server, tmp_path: Path) -> None:
    registry = opened(url, tmp_path)
    person(registry)

    def cut() -> None:
        server.cut(url)

    def cut_midway() -> None:
        with registry.transaction():
            person(registry, "Eva")
            cut()
            person(registry, "Zoe")

    cut()
    assert registry.revision > 1
    cut()
    person(registry, "Ben")
    with pytest.raises(RegistryUnavailable):
        cut_midway()
    assert {p.name for p in registry.holdings().parties.values()} == {"Ana", "Ben"}
    registry.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "wrong"}, "registry.password_file"),
        ({"username": "nobody"}, "see the user in registry.url"),
        ({"database": "nowhere"}, "createdb"),
        ({"host": "host.invalid"}, "start the database server"),
        ({"drivername": "mysql"}, "in a file or in PostgreSQL"),
    ],
)
def test_a_database_that_cannot_be_had_is_one_line_that_says_what_to_do(
    url: URL, change: dict[str, str], told: str
) -> None:
    with pytest.raises(RegistryUnavailable, match=told) as caught:
        Database(url.set(**change))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert url.password is not None
    assert url.password not in str(caught.value)


def test_a_database_in_another_encoding_is_refused(server: Server) -> None:
    with pytest.raises(RegistryUnavailable, match=r"LATIN1.*createdb --encoding=UTF8"):
        Database(server.database("LATIN1"))


def test_a_server_that_only_reads_is_said(url: URL, server: Server) -> None:
    Database(url).close()
    server.sql(f"ALTER DATABASE {url.database} SET default_transaction_read_only = on")
    database = Database(url)
    with pytest.raises(RegistryUnavailable, match="name the one that writes"), database.write() as transaction:
        transaction.changed()
    database.close()


def test_a_commit_is_on_the_disk_even_where_the_database_was_told_not_to_wait(url: URL, server: Server) -> None:
    server.sql(f"ALTER DATABASE {url.database} SET synchronous_commit = off")
    database = Database(url)
    with database.write() as transaction:
        assert transaction.connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()


def test_text_that_postgresql_does_not_take_is_kept_without_it(url: URL, tmp_path: Path) -> None:
    registry = opened(url, tmp_path)
    credential = gateway(registry, person(registry))
    with registry.transaction() as transaction:
        write_refusals(transaction.connection, [Refused(credential, "a\0b", "t/\0", "a reason\0", 3, NOW)])
    (kept,) = registry.refusals([credential])
    assert (kept.thing, kept.topic, kept.reason) == ("a\ufffdb", "t/\ufffd", "a reason\ufffd")
    long = Announcement("\U0001f600" * 200, "\U0001f601" * 200)
    registry.remember(credential, [long, Announcement("x" * 201)], NOW)
    assert list(registry.heard(credential)) == [(long.thing, long.property)]
    registry.close()
