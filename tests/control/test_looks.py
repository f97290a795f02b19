"""The commands about who looked, over a real registry: words for an owner, proofs for a witness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import actions
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.core import witness
from hub.core.catalogue import PartyKind
from hub.core.checkpoint import opened
from hub.core.grade import HOUR
from hub.core.look import Entry, Look, Looker, Values
from hub.gate import Gate
from hub.registry import Registry
from hub.settings import Settings
from hub.stores.memory import MemoryStore
from tests.core.world import AROUND, CATALOGUE, NEAR, NOW
from tests.registry.migrated import migrated


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    registry = Registry.open(migrated(tmp_path / "registry.sqlite"), tmp_path / "key", CATALOGUE, AROUND, NEAR, now=NOW)
    store = MemoryStore()
    yield Desk(registry, store, Gate(store, registry, CATALOGUE, lambda: NOW), Settings(), lambda: NOW)
    registry.close()


def looked_at(desk: Desk, name: str, *, times: int = 1) -> int:
    """Somebody whose data the city looked at."""
    party = actions.add_party(desk.registry, PartyKind.PERSON, name, now=NOW)
    entry = Entry(at=NOW, role=Looker.STAFF, purpose="to plan the trees", values=(Values(7, "commons", 3),))
    desk.registry.looks.write([Look(party, entry)] * times)
    return party


def test_an_owner_is_told_in_words_and_nobody_else_is(desk: Desk) -> None:
    looked_at(desk, "Ana", times=2)
    actions.add_party(desk.registry, PartyKind.PERSON, "Ben", now=NOW)
    told = perform(desk, "who-looked", {"party": "Ana"})
    assert (told["name"], told["gone"], len(told["looks"])) == ("Ana", 0, 2)
    one = told["looks"][0]
    assert (one["who"], one["purpose"], one["sound"], one["closed"]) == (
        "somebody of the city", "to plan the trees", True, False,
    )  # fmt: skip
    assert one["what"] == ["something that is no longer yours: 3 values (commons)"]
    assert perform(desk, "who-looked", {"party": "Ben"})["looks"] == []
    with pytest.raises(CommandError, match="there is no party"):
        perform(desk, "who-looked", {"party": "Eva"})


def test_so_many_are_told_as_were_asked_for(desk: Desk) -> None:
    looked_at(desk, "Ana", times=9)
    assert len(perform(desk, "who-looked", {"party": "Ana", "count": 4})["looks"]) == 4


def test_proofs_lead_to_the_head_that_is_published(desk: Desk) -> None:
    looked_at(desk, "Ana", times=3)
    assert perform(desk, "who-looked", {"party": "Ana", "proofs": True}) == {"proofs": ""}, "its hour is not over"
    desk.registry.tree.close_hours(NOW + HOUR)
    proofs = witness.unpacked(perform(desk, "who-looked", {"party": "Ana", "proofs": True})["proofs"])
    published = perform(desk, "log.published", {})
    key, roots = witness.read(published["batches"])
    (head,) = witness.verified(key, [published["checkpoint"]], roots)
    assert head == opened(published["checkpoint"], key)
    assert len(proofs) == 3
    assert all(witness.is_in_log(proof, head) for proof in proofs)


def test_the_hub_checks_its_own_log_and_says_what_is_wrong(desk: Desk) -> None:
    looked_at(desk, "Ana")
    desk.registry.tree.close_hours(NOW + HOUR)
    assert perform(desk, "log.check", {}) == {"trouble": [], "batches": 1, "checkpoints": 1}
    with desk.registry.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE look_entries SET body = replace(body, 'trees', 'roads')")
    (trouble,) = perform(desk, "log.check", {})["trouble"]
    assert trouble == "entries that were changed after they were written: 1"
    assert perform(desk, "who-looked", {"party": "Ana"})["looks"][0]["sound"] is False


def test_a_party_of_the_city_is_told_that_a_link_needs_a_purpose(desk: Desk) -> None:
    perform(desk, "party.add", {"name": "Air office", "kind": "institution", "staff": True})
    told = perform(desk, "party.link", {"party": "Air office", "purpose": "to plan the trees"})
    assert told["staff"] is True
    token = told["link"].rpartition("/")[2]
    audience = desk.gate.audience_of_link(token)
    assert audience is not None
    assert audience.purpose == "to plan the trees"
