"""Enrolling: a token gives a device a password of its own, and nothing is there before the device has it for sure."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from hub import actions
from hub.core.admission import ENROL, Admission, Newcomer
from hub.core.catalogue import Exposure
from hub.core.grade import DAY, HOUR, Grade
from hub.core.observations import Key
from hub.registry import Registry
from hub.registry import tables as t
from tests.actions.test_things import Shelf, shelf
from tests.registry.kinds import SQLITE_ONLY
from tests.registry.town import CORNER, NOW, Couple, couple, opened, person


def enroller(registry: Registry, at: int = NOW) -> actions.Enroller:
    return actions.Enroller(registry, lambda: at)


def asked(registry: Registry, made: actions.Invitation) -> tuple[dict[str, Any], str]:
    """What a device is told that asks now, and the mark of it."""
    told = enroller(registry).ask(made.enrolment)
    assert told is not None
    return json.loads(told.payload), told.mark


def door(registry: Registry, user: str, password: str) -> Admission | None:
    return registry.admit(user, password.encode(), None)


def counted(registry: Registry) -> int:
    """Rows of things and of credentials."""
    with registry.transaction() as tx:
        return sum(
            tx.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (t.things, t.credentials)
        )


def test_a_token_lets_in_a_newcomer_to_a_space_of_its_own_and_nobody_else(registry: Registry) -> None:
    made = actions.invite(registry, person(registry), "balcony", now=NOW)
    admitted = door(registry, ENROL, made.token)
    assert admitted is not None
    assert admitted.credential == made.enrolment
    assert admitted.newcomer == Newcomer(made.enrolment, NOW + DAY)
    assert made.enrolment in registry.locks()
    for user, password in ((ENROL, made.token[:-1]), (ENROL, ""), ("", made.token), ("balcony", made.token)):
        assert door(registry, user, password) is None
    assert len(made.token) == 26, "128 bits"


def test_nothing_is_there_before_the_device_has_said_that_it_has_its_password(registry: Registry) -> None:
    ana = person(registry)
    made = actions.invite(
        registry, ana, "balcony", title="Our balcony", description="dust", exposure=Exposure.OUTDOOR, place=CORNER,
        now=NOW,
    )  # fmt: skip
    told, mark = asked(registry, made)
    assert told["thing"] == "balcony"
    assert told["topics"] == ["things/balcony/#"]
    assert counted(registry) == 0
    waiting = door(registry, told["user"], told["password"])
    assert waiting is not None
    assert waiting.newcomer == Newcomer(made.enrolment, made.expires, mark)
    assert waiting.credential not in registry.locks()
    assert enroller(registry).accept(made.enrolment, mark)
    admitted = door(registry, told["user"], told["password"])
    assert admitted == Admission(waiting.credential, 0, 200, lock=waiting.lock)
    assert registry.locks()[waiting.credential] == waiting.lock, "so that whoever came in by it may stay"
    (thing,) = registry.holdings().things.values()
    assert (thing.name, thing.title, thing.description, thing.owner) == ("balcony", "Our balcony", "dust", ana)
    assert (thing.exposure, thing.place) == (Exposure.OUTDOOR, CORNER)
    registry.first_heard({Key(admitted.credential, "balcony", "pm25", None)}, NOW)
    (stream,) = registry.holdings().datastreams
    assert (stream.thing, stream.owner, stream.grade(NOW)) == (thing.id, ana, Grade.HOME)


def test_once_it_has_joined_the_token_has_ended(registry: Registry) -> None:
    made = actions.invite(registry, person(registry), "balcony", now=NOW)
    assert not enroller(registry).accept(made.enrolment), "nothing was given yet"
    _, mark = asked(registry, made)
    assert enroller(registry).accept(made.enrolment), "whoever does not say what he has, has the last"
    assert door(registry, ENROL, made.token) is None
    assert made.enrolment not in registry.locks()
    assert enroller(registry).ask(made.enrolment) is None
    assert enroller(registry).accept(made.enrolment, mark), "said again, it is as true"
    assert not enroller(registry).accept(made.enrolment, "0" * 64)
    assert not enroller(registry).accept(made.enrolment)
    assert counted(registry) == 2


def test_a_lost_answer_costs_nothing_and_each_password_ends_the_one_before(registry: Registry) -> None:
    made = actions.invite(registry, person(registry), "balcony", now=NOW)
    (first, old), (second, new) = asked(registry, made), asked(registry, made)
    assert (first["user"], first["thing"]) == (second["user"], second["thing"])
    assert door(registry, first["user"], first["password"]) is None
    assert not enroller(registry).accept(made.enrolment, old), "it counts for whoever has the last, and nobody else"
    assert door(registry, ENROL, made.token) is not None
    assert enroller(registry).accept(made.enrolment, new)
    assert door(registry, first["user"], first["password"]) is None
    assert door(registry, second["user"], second["password"]) is not None


def test_a_gateway_joins_too_and_all_it_carries_is_its_owners(registry: Registry) -> None:
    ana = person(registry)
    made = actions.invite(registry, ana, "attic gateway", gateway=True, now=NOW)
    told, mark = asked(registry, made)
    assert (told["thing"], told["topics"]) == (None, ["#"])
    assert enroller(registry).accept(made.enrolment, mark)
    assert registry.holdings().things == {}
    admitted = door(registry, told["user"], told["password"])
    assert admitted is not None
    assert registry.first_heard({Key(admitted.credential, "kitchen", "pm25", None)}, NOW) == {}
    assert [thing.owner for thing in registry.holdings().things.values()] == [ana]


def test_after_its_time_a_token_gives_nothing_and_is_swept_away(registry: Registry) -> None:
    made = actions.invite(registry, person(registry), "balcony", hours=2, now=NOW)
    assert made.expires == NOW + 2 * HOUR
    _, mark = asked(registry, made)
    late = enroller(registry, made.expires)
    assert late.ask(made.enrolment) is None
    assert not late.accept(made.enrolment, mark)
    assert registry.tokens.awaited(made.expires) == []
    assert counted(registry) == 0
    gone = registry.forget_old(made.expires, readings=0, sealed=0, log=0, quarantine=0)
    assert gone["tokens"] == 1


def test_a_withdrawn_token_ends_also_what_was_given_for_it(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    made = actions.invite(registry, ana, "balcony", by=ana, now=NOW)
    told, mark = asked(registry, made)
    with pytest.raises(actions.ActionRefused, match="no such open token"):
        actions.withdraw_invitation(registry, made.enrolment, by=eva, now=NOW)
    with pytest.raises(actions.ActionRefused):
        actions.invite(registry, ana, "x", by=eva, now=NOW)
    assert actions.withdraw_invitation(registry, made.enrolment, by=ana, now=NOW) == "balcony"
    assert door(registry, ENROL, made.token) is None
    assert door(registry, told["user"], told["password"]) is None
    assert not enroller(registry).accept(made.enrolment, mark)
    with pytest.raises(actions.ActionRefused, match="no such open token"):
        actions.withdraw_invitation(registry, made.enrolment, now=NOW)


def leaving(registry: Registry, both: Couple) -> None:
    actions.remove_household_member(registry, both.household, both.ben, now=NOW)


def erasing(registry: Registry, both: Couple) -> None:
    actions.erase(registry, shelf(Shelf()), both.household, now=NOW)


def restoring(registry: Registry, _both: Couple) -> None:
    actions.end_all_links(registry, now=NOW)


@pytest.mark.parametrize("ends", [leaving, erasing, restoring])
def test_tokens_end_when_somebody_leaves_erases_everything_or_a_backup_is_restored(
    registry: Registry, ends: Callable[[Registry, Couple], None]
) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    made = actions.invite(registry, both.household, "balcony", now=NOW)
    hers = actions.invite(registry, eva, "desk", now=NOW)
    told, mark = asked(registry, made)
    ends(registry, both)
    assert door(registry, ENROL, made.token) is None
    assert door(registry, told["user"], told["password"]) is None
    assert not enroller(registry).accept(made.enrolment, mark)
    assert (door(registry, ENROL, hers.token) is None) == (ends is restoring)


@SQLITE_ONLY
def test_a_token_and_a_password_are_nowhere_and_the_diary_tells_of_them(tmp_path: Path) -> None:
    registry = opened(tmp_path)
    ana = person(registry)
    made = actions.invite(registry, ana, "balcony", now=NOW)
    told, mark = asked(registry, made)
    enroller(registry).accept(made.enrolment, mark)
    said = [entry.what for entry in registry.journal(ana)]
    assert [any(word in what for what in said) for word in ("made a token", "asked for", "joined")] == [True] * 3
    registry.close()
    with sqlite3.connect(tmp_path / "registry.sqlite") as file:
        everything = "\n".join(file.iterdump())
    assert made.token not in everything
    assert told["password"] not in everything


def test_tokens_are_few_and_good_for_a_time_that_is_one(registry: Registry) -> None:
    ana = person(registry)
    for hours in (0, -1, 24 * 31, float("nan"), float("inf")):
        with pytest.raises(actions.ActionRefused, match="up to 720 hours"):
            actions.invite(registry, ana, "balcony", hours=hours, now=NOW)
    for number in range(50):
        actions.invite(registry, ana, f"probe-{number}", now=NOW)
    with pytest.raises(actions.ActionRefused, match="50 open tokens"):
        actions.invite(registry, ana, "one more", now=NOW)
    actions.invite(registry, ana, "one more", now=NOW + DAY)


@pytest.mark.parametrize("name", ["", "a/b", "a+", "#", "$SYS", "a\x00"])
def test_a_thing_that_cannot_be_in_a_topic_gets_no_token(registry: Registry, name: str) -> None:
    with pytest.raises(actions.ActionRefused):
        actions.invite(registry, person(registry), name, now=NOW)


def test_a_device_that_asks_again_and_again_is_given_no_more(registry: Registry) -> None:
    made = actions.invite(registry, person(registry), "balcony", now=NOW)
    with registry.transaction():
        given_out = [enroller(registry).ask(made.enrolment) for _ in range(101)]
    assert given_out[-1] is None
    assert None not in given_out[:100]


DEEDS = st.lists(st.tuples(st.sampled_from(["ask", "accept", "say"]), st.integers(0, 3)), max_size=12)


@pytest.mark.slow
@given(deeds=DEEDS)
@settings(max_examples=25, deadline=None)
def test_whatever_is_asked_and_said_in_whatever_order_one_password_counts_at_last(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, int]]
) -> None:
    """Against a model: the passwords that were given, and which of them counts once one does."""
    registry = opened(tmp_path_factory.mktemp("joining"))
    made = actions.invite(registry, person(registry), "balcony", now=NOW)
    told: list[tuple[dict[str, Any], str]] = []
    counts: int | None = None
    for deed, which in deeds:
        if deed == "ask":
            fresh = enroller(registry).ask(made.enrolment)
            assert (fresh is None) == (counts is not None)
            if fresh is not None:
                told.append((json.loads(fresh.payload), fresh.mark))
            continue
        number = min(which, len(told) - 1) if deed == "accept" else len(told) - 1
        mark = told[number][1] if deed == "accept" and told else ""
        is_last = bool(told) and number == len(told) - 1
        expected = is_last if counts is None else deed == "accept" and number == counts
        assert enroller(registry).accept(made.enrolment, mark) == expected
        counts = number if expected else counts
    for number, (said, _) in enumerate(told):
        admitted = door(registry, said["user"], said["password"])
        assert (admitted is not None) == (number == len(told) - 1)
        assert admitted is None or (admitted.newcomer is None) == (counts is not None)
    assert len(registry.holdings().things) == (counts is not None)
    registry.close()
