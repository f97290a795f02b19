"""Chores: each when it is due, none because of another."""

from __future__ import annotations

from hub.core.grade import HOUR, MINUTE
from hub.core.store import StoreUnavailable
from hub.upkeep import Chore, Upkeep


class Clock:
    def __init__(self) -> None:
        self.now = 100 * HOUR

    def __call__(self) -> int:
        return self.now


class Work:
    """Remembers when it was done, and fails when it is told to."""

    def __init__(self, told: str = "") -> None:
        self.at: list[int] = []
        self.told = told
        self.trouble: Exception | None = None

    def __call__(self, now: int) -> str:
        self.at.append(now)
        if self.trouble is not None:
            raise self.trouble
        return self.told


def test_a_chore_is_done_at_once_and_then_every_so_often() -> None:
    clock, work = Clock(), Work("3 rows fewer")
    upkeep = Upkeep([Chore("a", HOUR, work)], clock)
    assert upkeep.due() == {"a": clock.now}
    upkeep.step()
    upkeep.step()
    clock.now += HOUR - 1
    upkeep.step()
    assert len(work.at) == 1
    assert upkeep.due() == {"a": 101 * HOUR}
    clock.now += 1
    upkeep.step()
    assert work.at == [100 * HOUR, 101 * HOUR]


def test_what_fails_is_told_and_keeps_nothing_else_from_being_done() -> None:
    clock, broken, fine = Clock(), Work(), Work("done")
    upkeep = Upkeep([Chore("broken", MINUTE, broken), Chore("fine", MINUTE, fine)], clock)
    for trouble, told in ((StoreUnavailable("the disk is full"), "the disk is full"), (KeyError("4242.5"), "KeyError")):
        broken.trouble = trouble
        upkeep.step()
        assert upkeep.done["broken"].trouble == told
        assert upkeep.done["fine"].trouble == ""
        clock.now += MINUTE
    broken.trouble = None
    upkeep.step()
    assert upkeep.done["broken"].trouble == ""
    assert len(broken.at) == len(fine.at) == 3


def test_what_it_did_last_is_remembered_when_there_was_nothing_to_do_since() -> None:
    clock, work = Clock(), Work("3 rows fewer")
    upkeep = Upkeep([Chore("a", HOUR, work)], clock)
    upkeep.step()
    clock.now, work.told = clock.now + HOUR, ""
    upkeep.step()
    done = upkeep.done["a"]
    assert (done.at, done.told, done.told_at) == (101 * HOUR, "3 rows fewer", 100 * HOUR)
