"""Attacks 22 and 23: to read from the log who is at home or who else is looked at, and to change what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from hub import actions
from hub.core import log, witness
from hub.core.catalogue import PartyKind
from hub.core.checkpoint import NotGenuine
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.looked import Looked
from hub.core.query import Query
from hub.registry import tables as t
from tests.attacks.figures import THOROUGH, Figures
from tests.attacks.town import MIDNIGHT, Device, Said, Town, town, twins

pytestmark = pytest.mark.slow

OTHERS, LOOKS = (10, 5) if THOROUGH else (5, 3)


class Watched:
    """Ana and others in one project, a member who looks, and the city."""

    def __init__(self, made: Town) -> None:
        commons = actions.add_commons(made.registry, "Project", "to know", now=made.now).commons
        staff = actions.add_party(made.registry, PartyKind.INSTITUTION, "The city", staff=True, now=made.now)
        self.devices = [made.device(made.person(), "dust") for _ in range(1 + OTHERS)]
        member = made.person()
        for party in (member, *(d.party for d in self.devices)):
            actions.join(made.registry, commons, party, now=made.now)
        for device in self.devices:
            made.wish(device, "dust", Grade.COMMONS, commons)
        self.viewers = [made.audience(member), made.audience(staff, "streets")]

    @property
    def ana(self) -> Device:
        return self.devices[0]


def own(made: Town, device: Device) -> None:
    """A household looks at its own thing."""
    shown = made.read(made.audience(device.party), Query(things=frozenset({device.handle})))
    assert len(shown) > 0


def a_morning(made: Town, watched: Watched, *, among_others: bool) -> None:
    """Ana's readings are looked at each hour; with or without others who are there too, and who look at their own."""
    for d in [] if among_others else watched.devices[1:]:
        made.wish(d, "dust", Grade.HOME)
    for hour in range(LOOKS):
        made.pass_by(MIDNIGHT + hour * HOUR)
        there = watched.devices if among_others else [watched.ana]
        made.say(Said(d, "dust", MIDNIGHT + hour * HOUR + MINUTE, 20.0 + n) for n, d in enumerate(there))
        made.pass_by(MIDNIGHT + hour * HOUR + 40 * MINUTE)
        for viewer in watched.viewers:
            made.read(viewer)
        for d in watched.devices[1:] if among_others else ():
            own(made, d)
    made.pass_by(MIDNIGHT + (LOOKS + 1) * HOUR)
    made.registry.tree.close_hours(made.now)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Town, Watched]]:
    with town(tmp_path_factory.mktemp("log")) as made:
        watched = Watched(made)
        with twins(made) as (one, other):
            a_morning(one, watched, among_others=False)
            a_morning(other, watched, among_others=True)
            yield one, other, watched


def hers(made: Town, watched: Watched) -> list[Looked]:
    return list(made.gate.who_looked(made.audience(watched.ana.party)).looks)


def size(made: Town) -> int:
    return int(made.registry.tree.checkpoint().splitlines()[1])


def leaves(made: Town) -> int:
    with made.registry._database.read() as connection:
        return len(connection.execute(select(t.looks.c.id)).all())


@pytest.mark.attack(22)
def test_the_logs_size_does_not_tell_how_many_were_looked_at(
    both: tuple[Town, Town, Watched], figures: Figures
) -> None:
    one, other, _ = both
    figures.tell("leaves of the log after that morning, when only she was there", size(one))
    figures.tell("leaves of the log after that morning, when others were there too", size(other))
    assert size(one) == size(other)
    assert size(one) % log.BATCH == 0


@pytest.mark.attack(22)
def test_her_own_entries_are_the_same_whoever_else_is_there(both: tuple[Town, Town, Watched], figures: Figures) -> None:
    one, other, watched = both
    alone, among = ([(x.at, x.who, x.purpose, x.what, x.since, x.until, x.sound) for x in hers(m, watched)]
                    for m in (one, other))  # fmt: skip
    figures.tell("entries that she reads", len(alone))
    figures.tell(
        "of those, others when somebody else is there", sum(a != b for a, b in zip(alone, among, strict=False))
    )
    assert len(alone) >= LOOKS
    assert alone == among
    assert not any("Neighbour" in str(entry) or str(watched.devices[1].thing) in str(entry) for entry in alone)


@pytest.mark.attack(22)
def test_a_household_that_looks_at_its_own_leaves_no_trace_in_the_log(
    both: tuple[Town, Town, Watched], figures: Figures
) -> None:
    one, _, watched = both
    before = leaves(one)
    for _ in range(20):
        own(one, watched.ana)
        one.gate.who_looked(one.audience(watched.ana.party))
    figures.tell("leaves after a household looked at its own forty times", leaves(one) - before)
    assert leaves(one) == before


@pytest.mark.control(22)
def test_without_padding_the_log_would_tell(both: tuple[Town, Town, Watched], figures: Figures) -> None:
    one, other, _ = both
    figures.tell("entries behind the leaves, when only she was there", leaves(one))
    figures.tell("entries behind the leaves, when others were there too", leaves(other))
    assert leaves(other) > leaves(one)


def kept_by_a_neighbour(made: Town) -> list[str]:
    """What a second party has on its own disk."""
    return made.registry.tree.checkpoints()


def forged(made: Town, how: str) -> None:
    """The operator himself, with all keys: change or drop an entry, and make everything fit again."""
    tree = made.registry.tree
    with made.registry.transaction() as tx:
        c, k = tx.connection, t.looks.c
        some = c.execute(select(k.id, k.batch).where(k.batch.is_not(None)).limit(1)).one()
        c.execute(delete(t.look_entries).where(t.look_entries.c.look == some.id))
        if how == "drop":
            c.execute(delete(t.looks).where(k.id == some.id))
        else:
            c.execute(update(t.looks).where(k.id == some.id).values(leaf=bytes(32)))
        placed = {r.position: bytes(r.leaf) for r in c.execute(select(k.position, k.leaf).where(k.batch == some.batch))}
        root = log.batch_root(log.batch(some.batch, placed, tree._pad))
        c.execute(update(t.look_batches).where(t.look_batches.c.id == some.batch).values(root=root))
        roots = [bytes(r) for r in c.execute(select(t.look_batches.c.root).order_by(t.look_batches.c.id)).scalars()]
        c.execute(delete(t.checkpoints))
        c.execute(t.checkpoints.insert().values(size=len(roots) * log.BATCH, at=made.now, note=tree._signed(roots)))
    tree._listed = (-1, "")


def is_believed(made: Town, checkpoints: list[str]) -> bool:
    key, roots = witness.read(made.registry.tree.listed())
    try:
        witness.verified(key, checkpoints, roots)
    except NotGenuine:
        return False
    return True


@pytest.mark.attack(23)
@pytest.mark.parametrize("how", ["change", "drop"])
def test_a_log_that_its_own_operator_rewrites_is_not_believed_by_who_kept_a_checkpoint(
    tmp_path: Path, figures: Figures, how: str
) -> None:
    with town(tmp_path) as made:
        watched = Watched(made)
        a_morning(made, watched, among_others=True)
        kept = kept_by_a_neighbour(made)
        assert is_believed(made, kept)
        forged(made, how)
        figures.tell(f"rewritten logs believed by a neighbour ({how} an entry)", int(is_believed(made, kept)), 1)
        assert not is_believed(made, kept)


@pytest.mark.control(23)
def test_who_kept_nothing_believes_it(tmp_path: Path, figures: Figures) -> None:
    with town(tmp_path) as made:
        a_morning(made, Watched(made), among_others=True)
        forged(made, "drop")
        believed = is_believed(made, made.registry.tree.checkpoints())
        figures.tell("rewritten logs believed by somebody who kept no checkpoint", int(believed), 1)
        assert believed


@pytest.mark.attack(23)
def test_an_erased_entry_leaves_the_tree_as_it_was(tmp_path: Path, figures: Figures) -> None:
    with town(tmp_path) as made:
        watched = Watched(made)
        a_morning(made, watched, among_others=True)
        kept = kept_by_a_neighbour(made)
        gone = made.registry.looks.erase([watched.ana.party])
        figures.tell("entries erased without breaking the log", gone)
        assert gone > 0
        assert is_believed(made, kept)
        assert hers(made, watched) == []
