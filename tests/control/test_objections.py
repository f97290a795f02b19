"""Letters of people who are measured, read and answered by the operator's commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import actions
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.core.grade import DAY, HOUR, Grade
from hub.gate import Gate
from hub.settings import Settings
from hub.stores.memory import MemoryStore
from tests.registry.town import CATALOGUE, NOW, monitor, opened, person


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Ana's balcony is a public instrument; Ben has nothing."""
    registry = opened(tmp_path)
    ana = person(registry, "Ana")
    person(registry, "Ben")
    (dust,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW - HOUR)
    store = MemoryStore()
    yield Desk(registry, store, Gate(store, registry, CATALOGUE, lambda: NOW), Settings(), lambda: NOW)
    registry.close()


def test_what_was_written_is_listed_for_whom_it_reached_and_answered_there(desk: Desk) -> None:
    (card,) = desk.gate.cards()
    handle = actions.object_to(desk.registry, card.key, "Is it loud?", now=NOW)
    (told,) = perform(desk, "objection.list", {"party": "Ana"})["objections"]
    assert told | {"objection": 0} == {
        "objection": 0, "day": NOW // DAY * DAY, "card": card.key, "words": "Is it loud?", "answer": "",
    }  # fmt: skip
    assert perform(desk, "objection.list", {"party": "Ben"})["objections"] == []
    number = str(told["objection"])
    perform(desk, "objection.answer", {"party": "Ana", "objection": number, "words": "Only dust."})
    said = desk.gate.said(handle)
    assert said is not None
    assert said.answers == ("Only dust.",)
    for wrong in ({"party": "Ben", "objection": number}, {"party": "Ana", "objection": "one"}):
        with pytest.raises(CommandError):
            perform(desk, "objection.answer", {**wrong, "words": "Mine."})
