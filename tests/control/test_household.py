"""What the operator is told when somebody moves out, and about sealing keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices import keys
from hub.cli.leaving import tell_what_next
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError
from tests.control.test_commands import desk

KEY = keys.public_of(bytes(range(32)))


@pytest.fixture
def home(desk: Desk) -> Desk:
    perform(desk, "party.add", {"name": "Number 7", "kind": "household"})
    for name in ("Cleo", "Dan"):
        perform(desk, "party.add", {"name": name, "household": "Number 7"})
    return desk


def test_the_list_says_which_device_needs_which_password_and_whose_it_is(home: Desk) -> None:
    made = perform(home, "thing.add", {"name": "balcony", "owner": "Number 7"})
    perform(home, "thing.add", {"name": "window", "owner": "Dan"})
    perform(home, "household.key", {"household": "Number 7", "key": KEY})
    hung_up: list[int] = []
    found = perform(
        replace(home, hang_up=hung_up.append), "household.remove-member", {"household": "Number 7", "person": "Dan"}
    )
    (device,) = found["devices"]
    assert (device["devices"], device["owner"], device["user"]) == ("balcony", "Number 7", made["user"])
    assert device["password"] != made["password"]
    assert found["own"] == 1
    assert len(found["keys"]) == 1
    assert len(hung_up) == 2


def test_when_a_guardian_goes_the_list_says_which_device_needs_which_password(
    home: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    perform(home, "party.add", {"name": "Brook", "kind": "being", "guardians": ["Cleo", "Dan"]})
    made = perform(home, "thing.add", {"name": "gauge", "owner": "Brook"})
    perform(home, "thing.add", {"name": "window", "owner": "Dan"})
    perform(home, "household.key", {"household": "Brook", "key": KEY})
    hung_up: list[int] = []
    desk = replace(home, hang_up=hung_up.append)
    found = perform(desk, "guardian.remove", {"ward": "Brook", "guardian": "Dan"})
    tell_what_next(found)
    said = capsys.readouterr().out
    assert "Dan no longer acts for Brook" in found["told"]
    device = next(line for line in said.splitlines() if line.startswith("gauge "))
    assert made["user"] in device
    assert made["password"] not in said
    assert "The sealing key has ended" in said
    assert "window" not in said
    assert len(hung_up) == 1


def test_who_does_not_live_there_cannot_leave(home: Desk) -> None:
    perform(home, "party.add", {"name": "Eva"})
    with pytest.raises(CommandError, match="do not live there"):
        perform(home, "household.remove-member", {"household": "Number 7", "person": "Eva"})


def test_keys_are_listed_with_their_end(home: Desk) -> None:
    (key,) = perform(home, "household.key", {"household": "Number 7", "key": KEY})["keys"]
    assert key["until"] is None
    (key,) = perform(home, "household.key", {"household": "Number 7", "end": key["key"]})["keys"]
    assert key["until"] is not None
    with pytest.raises(CommandError, match="no such key"):
        perform(home, "household.key", {"household": "Number 7", "end": key["key"]})


def test_a_signing_key_is_set_and_forgotten(home: Desk) -> None:
    perform(home, "thing.add", {"name": "balcony", "owner": "Number 7"})
    assert perform(home, "household.signing-key", {"thing": "balcony"}) == {"name": "balcony"}
    with pytest.raises(CommandError, match="begins with thing-"):
        perform(home, "household.signing-key", {"thing": "balcony", "key": KEY})


__all__ = ["desk"]
