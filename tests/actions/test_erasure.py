"""Erasing: what goes, what rests, what stays, and that a backup does not bring it back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from hub import actions
from hub.core.grade import DAY, HOUR, Grade
from hub.core.reading import Announcement, Message
from hub.core.store import Erasure, StoreUnavailable
from hub.registry import Refused, Registry, RegistryUnavailable
from hub.registry import tables as t
from hub.stores.memory import MemoryStore
from tests.registry.kinds import SQLITE_ONLY
from tests.registry.test_doors import Nobody
from tests.registry.town import NOW, couple, datastream, gateway, monitor, opened, person
from tests.stores.worlds import Row, batch


def filled(registry: Registry) -> tuple[int, list[int], MemoryStore]:
    """Ana with two values of one thing and one of another, an hour of each."""
    ana = person(registry, now=NOW - DAY)
    streams = monitor(registry, ana, "pm25", "temperature") + monitor(registry, ana, "pm25", name="roof")
    store = MemoryStore()
    for d in streams:
        store.append(batch(*(Row(d, NOW - HOUR + n, float(n), owner=ana) for n in range(3))))
    return ana, streams, store


def count(registry: Registry, table: str) -> int:
    with registry.transaction() as tx:
        return int(tx.connection.execute(select(func.count()).select_from(t.metadata.tables[table])).scalar_one())


def thing_of(registry: Registry, stream: int) -> int:
    return datastream(registry, stream).thing


def test_a_thing_goes_and_the_others_stay(registry: Registry) -> None:
    ana, streams, store = filled(registry)
    done = actions.erase(registry, store, ana, things=[thing_of(registry, streams[0])], now=NOW)
    assert done.rows == 6
    assert set(store.last_heard()) == {streams[2]}


def test_a_time_goes_and_what_was_before_and_after_stays(registry: Registry) -> None:
    ana, streams, store = filled(registry)
    assert actions.erase(registry, store, ana, since=NOW - HOUR + 1, until=NOW - HOUR + 2, now=NOW).rows == 3
    assert store.last_heard() == dict.fromkeys(streams, NOW - HOUR + 2)


def test_what_arrives_after_it_was_asked_for_stays(registry: Registry) -> None:
    ana, streams, store = filled(registry)
    store.append(batch(Row(streams[0], NOW - HOUR, received=NOW, owner=ana)))
    assert actions.erase(registry, store, ana, now=NOW).rows == 8


@pytest.mark.parametrize("whole", [True, False])
def test_blocks_of_everything_that_goes_rest(registry: Registry, *, whole: bool) -> None:
    ana, streams, store = filled(registry)
    actions.erase(registry, store, ana, datastreams=None if whole else streams[:1], now=NOW)
    gone = registry.releases.withdrawn(NOW)
    assert sorted(gone) == sorted((d, NOW) for d in (streams if whole else streams[:1]))


def test_with_everything_goes_what_was_written_about_her_and_nothing_of_others(registry: Registry) -> None:
    ana, streams, store = filled(registry)
    eva = person(registry, "Eva")
    monitor(registry, eva, "pm25", name="eva")
    mine = [registry.credential_of_thing(thing_of(registry, d)) for d in streams]
    thing = next(h for h in registry.holdings().things.values() if h.owner == eva)
    hers = registry.credential_of_thing(thing.id)
    assert mine[0] is not None
    assert hers is not None
    for c, name in ((mine[0], "balcony"), (hers, "eva")):
        registry.remember(c, [Announcement(name, name="Balcony")], NOW - DAY)
        registry.refuse([Refused(c, name, "a", "no number", 3, NOW - DAY)])
    actions.erase(registry, store, ana, now=NOW)
    assert registry.heard(mine[0]) == {}
    assert registry.heard(hers) != {}
    assert registry.refusals([mine[0]]) == []
    assert len(registry.refusals([hers])) == 1
    assert [e.what for e in registry.journal(ana)] == ["erased everything"]
    assert len(registry.journal(eva)) >= 2
    assert ana in registry.holdings().parties
    assert datastream(registry, streams[0]).owner == ana


def test_of_one_value_nothing_else_goes(registry: Registry) -> None:
    ana, streams, store = filled(registry)
    credential = registry.credential_of_thing(thing_of(registry, streams[0]))
    assert credential is not None
    registry.refuse([Refused(credential, "balcony", "a", "no number", 3, NOW - DAY)])
    actions.erase(registry, store, ana, datastreams=streams[:1], now=NOW)
    assert len(registry.refusals([credential])) == 1
    assert "erased some of the values" in {e.what for e in registry.journal(ana)}
    assert "barrio:Erased" in str(registry.agreed([ana])[-1])


def test_sealed_readings_of_a_thing_go_with_it_by_their_time(registry: Registry) -> None:
    ana, streams, store = filled(registry)
    thing = thing_of(registry, streams[0])
    with registry.transaction() as tx:
        for n, at in enumerate((NOW - 2 * DAY, NOW - HOUR)):
            tx.connection.execute(
                insert(t.sealed).values(thing=thing, sequence=n, key="k", received=at, body=b"x" * 40)
            )
    actions.erase(registry, store, ana, things=[thing], since=NOW - DAY, until=NOW, now=NOW)
    assert count(registry, "sealed") == 1


def test_nobody_erases_what_is_not_his(registry: Registry) -> None:
    ana, streams, store = filled(registry)
    eva = person(registry, "Eva")
    thing = thing_of(registry, streams[0])
    tries: list[dict[str, Any]] = [
        {"owner": ana, "by": eva}, {"owner": eva, "by": eva, "things": [thing]}, {"owner": eva, "things": [77]},
        {"owner": eva, "by": eva, "datastreams": streams[:1]}, {"owner": ana, "since": 5, "until": 5},
    ]  # fmt: skip
    for words in tries:
        with pytest.raises(actions.ActionRefused):
            actions.erase(registry, store, **words, now=NOW)
    assert len(store.last_heard()) == 3
    assert count(registry, "erasures") == count(registry, "withdrawals") == 0


def test_an_adult_erases_what_is_the_homes(registry: Registry) -> None:
    both = couple(registry)
    monitor(registry, both.household, "pm25")
    actions.erase(registry, MemoryStore(), both.household, by=both.ben, now=NOW)
    assert all("erased everything" in {e.what for e in registry.journal(p)} for p in (both.ana, both.ben))


class Broken(MemoryStore):
    def delete(self, erasure: object) -> int:
        del erasure
        raise StoreUnavailable("full")


def test_a_store_that_fails_leaves_no_receipt_and_no_trace(registry: Registry) -> None:
    ana = person(registry)
    registry.erasures.listed = registry_folder(registry) / "erased"
    with pytest.raises(StoreUnavailable):
        actions.erase(registry, Broken(), ana, now=NOW)
    assert registry.erasures.receipts([ana]) == []
    assert registry.erasures.traces == {}
    assert registry.erasures.forgotten() == []


def registry_folder(registry: Registry) -> Path:
    return Path(str(registry._database._engines.read.url.database)).parent


def test_what_waits_under_her_prefix_goes_and_under_one_spelt_nearly_so_stays(registry: Registry) -> None:
    ana, _, store = filled(registry)
    city = registry.source("city", None, NOW)
    actions.add_prefix(registry, "city", "home_7", gateway(registry, ana), now=NOW)
    topics = ("home_7", "home_7/x", "Home_7/x", "home_7x/x", "homeA7/x")
    registry.quarantine(-city, [Message(Nobody(), -city, topic, b"1", NOW) for topic in topics])
    actions.erase(registry, store, ana, now=NOW + 1)
    with registry.transaction() as tx:
        left = set(tx.connection.execute(select(t.quarantine.c.topic)).scalars())
    assert left == {"Home_7/x", "home_7x/x", "homeA7/x"}


@SQLITE_ONLY
def test_a_restored_backup_does_not_bring_back_what_was_erased(tmp_path: Path) -> None:
    data = tmp_path / "var"
    data.mkdir()
    registry = opened(data)
    registry.erasures.listed = tmp_path / "var.erased"
    ana, streams, store = filled(registry)
    registry.close()
    shutil.copytree(data, tmp_path / "backup")
    registry = opened(data)
    registry.erasures.listed = tmp_path / "var.erased"
    actions.erase(registry, store, ana, things=[thing_of(registry, streams[0])], now=NOW)
    assert actions.erase_again(registry, store) == 0
    registry.close()

    shutil.rmtree(data)
    shutil.copytree(tmp_path / "backup", data)
    registry = opened(data)
    registry.erasures.listed = tmp_path / "var.erased"
    for d in streams:
        store.append(batch(*(Row(d, NOW - HOUR + n, float(n), owner=ana) for n in range(3))))
    store.append(batch(Row(streams[0], NOW + 5, owner=ana)))
    assert actions.erase_again(registry, store, NOW + DAY) == 1
    assert store.last_heard() == {streams[0]: NOW + 5, streams[2]: NOW - HOUR + 2}
    (receipt,) = registry.erasures.receipts([ana])
    assert (receipt.rows, receipt.gone) == (6, None)
    assert {d for d, _ in registry.releases.withdrawn(NOW + DAY)} == set(streams[:2])
    assert actions.erase_again(registry, store) == 0
    registry.close()


def test_the_list_of_what_was_erased_names_nobody_and_no_value(registry: Registry, tmp_path: Path) -> None:
    registry.erasures.listed = tmp_path / "erased"
    ana, _, store = filled(registry)
    actions.erase(registry, store, ana, now=NOW)
    text = (tmp_path / "erased").read_text(encoding="utf-8")
    assert "Ana" not in text
    assert "balcony" not in text
    assert (tmp_path / "erased").stat().st_mode & 0o077 == 0


def test_a_list_that_cannot_be_read_stops_the_start(registry: Registry, tmp_path: Path) -> None:
    registry.erasures.listed = tmp_path / "erased"
    (tmp_path / "erased").write_text("not json\n", encoding="utf-8")
    with pytest.raises(RegistryUnavailable, match="list of what was erased"):
        actions.erase_again(registry, MemoryStore())


def test_the_cell_of_street_rows_rests(registry: Registry) -> None:
    ana, streams, store = filled(registry)
    actions.set_grade(registry, streams[0], Grade.STREET, now=NOW - HOUR)
    actions.erase(registry, store, ana, datastreams=streams[:1], now=NOW)
    assert [r.property for r in registry.holdings().rests] == ["dust"]


def test_nobody_looks_for_what_is_being_erased_before_that_is_done(registry: Registry) -> None:
    ana, _, store = filled(registry)
    seen: list[int] = []

    class Watched(MemoryStore):
        def delete(self, which: Erasure) -> int:
            seen.append(len(registry.erasures.pending(new=True)))
            return store.delete(which)

    done = actions.erase(registry, Watched(), ana, now=NOW)
    assert seen == [0]
    assert [asked.id for asked in registry.erasures.pending(new=True)] == [done.receipt]
    registry.erasures.looked(done.receipt, None, "not yet: somebody reads")
    assert registry.erasures.pending(new=True) == []
    assert [asked.id for asked in registry.erasures.pending()] == [done.receipt]
