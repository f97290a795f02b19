"""Tokens, as the operator makes them, looks at them and uses them."""

from __future__ import annotations

import pytest

from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.core.admission import ENROL
from tests.control.test_commands import desk, heard
from tests.control.test_commands import made as a_balcony

__all__ = ["desk"]


def test_a_token_is_made_shown_once_listed_and_withdrawn(desk: Desk) -> None:
    perform(desk, "party.add", {"name": "Ana"})
    made = perform(desk, "thing.enrol", {"name": "balcony", "owner": "Ana", "exposure": "outdoor", "hours": 2})
    assert desk.registry.admit(ENROL, made["token"].encode(), None) is not None
    (row,) = perform(desk, "thing.enrolments", {})["enrolments"]
    assert (row["name"], row["owner"], row["kind"], row["asked"]) == ("balcony", "Ana", "thing", 0)
    assert made["token"] not in str(row)
    assert perform(desk, "thing.list", {})["things"] == []
    with pytest.raises(CommandError, match="no open token has the number 'attic'"):
        perform(desk, "thing.enrolments", {"withdraw": "attic"})
    assert perform(desk, "thing.enrolments", {"withdraw": str(row["enrolment"])})["enrolments"] == []
    assert desk.registry.admit(ENROL, made["token"].encode(), None) is None


def test_a_token_of_a_name_that_several_have_is_withdrawn_by_its_number(desk: Desk) -> None:
    perform(desk, "party.add", {"name": "Ana"})
    for _ in range(2):
        perform(desk, "thing.enrol", {"name": "balcony", "owner": "Ana"})
    with pytest.raises(CommandError, match="several tokens"):
        perform(desk, "thing.enrolments", {"withdraw": "balcony"})
    (first, _) = perform(desk, "thing.enrolments", {})["enrolments"]
    assert len(perform(desk, "thing.enrolments", {"withdraw": str(first["enrolment"])})["enrolments"]) == 1
    assert perform(desk, "thing.enrolments", {"withdraw": "balcony"})["enrolments"] == []


@pytest.mark.parametrize(
    ("command", "arguments", "why"),
    [
        ("thing.enrol", {"name": "a/b", "owner": "Ana"}, "+ # /"),
        ("thing.enrol", {"name": "a", "owner": "Nobody"}, "there is no party"),
        ("thing.enrol", {"name": "a", "owner": "Ana", "hours": 0}, "up to 720 hours"),
        ("thing.enrol", {"name": "a", "owner": "Ana", "exposure": "under water"}, "no exposure is called"),
        ("thing.enrol", {"name": "a", "owner": "Ana", "gateway": True, "title": "x"}, "a gateway is no thing"),
        ("thing.hand-over", {"thing": "attic"}, "there is no thing"),
        ("thing.hand-over", {"thing": "balcony", "to": "Ana"}, "theirs already"),
        ("thing.take", {"token": "guess", "owner": "Ana"}, "no such token"),
    ],
)
def test_what_cannot_be_is_said(desk: Desk, command: str, arguments: dict[str, object], why: str) -> None:
    a_balcony(desk)
    with pytest.raises(CommandError, match=why.replace("+", r"\+")):
        perform(desk, command, arguments)


def test_a_thing_passes_on_with_a_token(desk: Desk) -> None:
    found = a_balcony(desk)
    perform(desk, "party.add", {"name": "Ben"})
    offered = perform(desk, "thing.hand-over", {"thing": "balcony", "to": "Ben"})
    assert (offered["name"], offered["taker"]) == ("balcony", "Ben")
    taken = perform(desk, "thing.take", {"token": offered["token"], "owner": "Ben"})
    assert (taken["name"], taken["owner"]) == ("balcony", "Ben")
    assert taken["thing"] != found["thing"]
    assert desk.registry.admit(found["user"], found["password"].encode(), None) is None
    assert desk.registry.admit(taken["user"], taken["password"].encode(), None) is not None
    heard(desk, taken["thing"], "balcony", "pm25")
    rows = {row["owner"]: row["ended"] for row in perform(desk, "thing.list", {})["things"]}
    assert (rows["Ana"] or 0) > 0
    assert rows["Ben"] is None
    assert perform(desk, "thing.show", {"thing": "balcony"})["owner"] == "Ben", "the one that speaks"
    before = perform(desk, "thing.show", {"thing": str(found["thing"])})
    assert (before["owner"], before["ended"]) == ("Ana", rows["Ana"])


def test_an_offer_is_withdrawn(desk: Desk) -> None:
    a_balcony(desk)
    perform(desk, "party.add", {"name": "Ben"})
    token = perform(desk, "thing.hand-over", {"thing": "balcony"})["token"]
    assert perform(desk, "thing.hand-over", {"thing": "balcony", "withdraw": True})["withdrawn"]
    assert not perform(desk, "thing.hand-over", {"thing": "balcony", "withdraw": True})["withdrawn"]
    with pytest.raises(CommandError, match="no such token"):
        perform(desk, "thing.take", {"token": token, "owner": "Ben"})
