"""The mirror shows what the gate shows to everybody: it comes, it goes, and nothing else is ever there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import actions
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.history import Span
from hub.core.query import StoreUnavailable
from hub.core.store import Erasure
from hub.mirror import Mirror, Series
from tests.attacks.town import Said
from tests.mirror.board import UNITS, Board, Neighbours, erase, fresh, mirror, neighbours


@pytest.fixture(name="there")
def _there(tmp_path: Path) -> Iterator[Neighbours]:
    with neighbours(tmp_path) as made:
        made.hours(3)
        yield made


def kinds(board: Board) -> set[str]:
    return {f"{s.observed} {s.kind}" for s, _ in board.points}


@pytest.mark.slow
def test_releases_street_rows_and_public_instruments_come_and_nothing_else(tmp_path: Path) -> None:
    board = Board()
    with neighbours(tmp_path, indoors=True) as there:
        there.hours(3)
        assert "written" in mirror(there, board).step(there.now)
        assert board.rows() == fresh(there.town)
    assert kinds(board) == {"dust region", "dust@indoor region", "dust street", "dust open"}


@pytest.mark.slow
def test_nothing_but_faces_makes_a_series(there: Neighbours) -> None:
    board = Board()
    mirror(there, board).step(there.now)
    before = {s for s, _ in board.points}
    there.hours(5)
    mirror(there, board).step(there.now)
    assert {s for s, _ in board.points} == before
    homes = [d for d in there.town.registry.holdings().datastreams if d.grade(there.now) is not Grade.OPEN]
    words = " ".join(f"{s.place} {s.name} {s.thing}" for s in before)
    assert not [d for d in homes if str(d.id) in words or str(d.owner) in words]
    assert len(before) <= 2 + 1 + 2


def test_rows_of_one_window_stand_a_microsecond_apart(there: Neighbours) -> None:
    board = Board()
    mirror(there, board).step(there.now)
    times = sorted(t for s, t in board.points if s.kind == "street")
    assert times[:6] == [times[0] + n for n in range(6)]
    assert times[0] % HOUR == 0


@pytest.mark.slow
def test_a_window_comes_when_it_closes_and_not_before(there: Neighbours) -> None:
    board = Board()
    kept = mirror(there, board)
    kept.step(there.now)
    newest = max(t for s, t in board.points if s.kind == "street")
    there.hours(1)
    assert "written" in kept.step(there.now)
    assert max(t for s, t in board.points if s.kind == "street") == newest + HOUR
    assert all(t + 17 * MINUTE <= there.now for s, t in board.points if s.kind == "open")


@pytest.mark.slow
def test_without_news_nothing_is_asked(there: Neighbours) -> None:
    board = Board()
    kept = mirror(there, board)
    while kept.step(there.now):
        pass
    board.told.clear()
    assert kept.step(there.now) == ""
    there.hours(1)
    kept.step(there.now)
    assert board.told == ["write"]


@pytest.mark.slow
def test_whoever_no_longer_is_public_leaves_with_all_his_past(there: Neighbours) -> None:
    there.skip(30 * DAY)
    there.hours(2)
    board, opened = Board(), there.devices[15]
    kept = mirror(there, board)
    kept.step(there.now)
    thing = opened.handle
    assert len({t // DAY for s, t in board.points if s.thing == thing}) > 1
    there.town.wish(opened, "dust", Grade.HOME)
    there.town.pass_by(there.now + MINUTE)
    kept.step(there.now)
    assert not [s for s, _ in board.points if s.thing == thing]
    assert board.rows() == fresh(there.town)


@pytest.mark.slow
def test_what_ends_by_itself_leaves_with_all_its_past(there: Neighbours) -> None:
    there.skip(30 * DAY)
    there.hours(2)
    board, opened = Board(), there.devices[15]
    actions.set_grade(
        there.town.registry, opened.streams["dust"], Grade.OPEN, until=there.now + 10 * MINUTE, now=there.now
    )
    kept = mirror(there, board)
    for minute in range(3):  # all that is still to be looked at once more
        there.town.say([Said(opened, "dust", there.now + minute + 1, 1.0)])
        kept.step(there.now)
    revision = there.town.registry.revision
    assert len({t // DAY for s, t in board.points if s.thing == opened.handle}) > 1
    there.town.pass_by(there.now + 11 * MINUTE)
    kept.step(there.now)
    assert there.town.registry.revision == revision
    assert not [s for s, _ in board.points if s.thing == opened.handle]
    assert board.rows() == fresh(there.town)


@pytest.mark.slow
def test_a_past_that_is_opened_comes_whole(there: Neighbours) -> None:
    board, shy = Board(), there.devices[17]
    day = there.now // DAY * DAY
    there.skip(30 * DAY)
    kept = mirror(there, board)
    kept.step(there.now)
    actions.set_grade(there.town.registry, shy.streams["dust"], Grade.OPEN, ticks=[Span(day, day + DAY)], now=there.now)
    there.town.pass_by(there.now + MINUTE)
    kept.step(there.now)
    assert [s for s, _ in board.points if s.thing == shy.handle]
    assert board.rows() == fresh(there.town)


@pytest.mark.slow
def test_what_was_half_written_is_known_to_be_there(there: Neighbours) -> None:
    board, touched = Board(), iter(range(10**6))
    kept = mirror(there, board)
    board.fails = lambda: next(touched) >= 20
    with pytest.raises(StoreUnavailable):
        kept.step(there.now)
    assert board.points
    for device in there.devices:
        there.town.wish(device, "dust", Grade.HOME)
    board.fails = bool
    kept.step(there.now)
    assert board.rows() == fresh(there.town)


def test_what_is_erased_leaves(there: Neighbours) -> None:
    board = Board()
    kept = mirror(there, board)
    kept.step(there.now)
    for device in (there.devices[15], there.devices[0]):
        erase(there, device)
    before = board.rows()
    kept.step(there.now)
    assert board.rows() == fresh(there.town) != before


@pytest.mark.slow
def test_an_erasure_that_is_done_a_moment_after_it_was_written_down_is_seen(there: Neighbours) -> None:
    there.skip(30 * DAY)
    board, opened = Board(), there.devices[15]
    kept = mirror(there, board)
    for _ in range(3):
        there.hours(1)
        kept.step(there.now)
    there.town.wish(there.devices[17], "dust", Grade.COUNTED)  # the registry has changed …
    kept.step(there.now)
    there.town.store.delete(Erasure(owner=opened.party))  # … and only then readings go
    kept.step(there.now)
    assert not [s for s, _ in board.points if s.thing == opened.handle]
    assert board.rows() == fresh(there.town)


@pytest.mark.slow
def test_a_cell_that_rests_is_empty(there: Neighbours) -> None:
    board = Board()
    kept = mirror(there, board)
    kept.step(there.now)
    there.town.wish(there.devices[0], "dust", Grade.HOME)
    kept.step(there.now)
    assert "dust street" not in kinds(board)
    assert board.rows() == fresh(there.town)


@pytest.mark.slow
def test_street_rows_leave_after_seven_days_and_releases_stay(there: Neighbours) -> None:
    board = Board()
    kept = mirror(there, board)
    kept.step(there.now)
    regions = {k for k in board.points if k[0].kind == "region"}
    there.skip(7 * DAY)
    kept.step(there.now)
    assert "dust street" not in kinds(board)
    assert regions <= board.points.keys()


@pytest.mark.slow
def test_another_name_is_another_series_and_the_old_one_goes(there: Neighbours) -> None:
    board, opened = Board(), there.devices[16]
    kept = mirror(there, board)
    kept.step(there.now)
    actions.describe(there.town.registry, opened.thing, title='School "North",\\ yard', now=there.now)
    kept.step(there.now)
    assert {s.name for s, _ in board.points if s.thing == opened.handle} == {"School ”North”,/ yard"}


@pytest.mark.slow
def test_whatever_else_is_there_goes(there: Neighbours) -> None:
    board = Board()
    mirror(there, board).step(there.now)
    true = dict(board.points)
    one = next(s for s, _ in true if s.kind == "street")
    board.points |= {
        (one, there.now // HOUR * HOUR + 400 * DAY): (1.0, 5),
        (one, 12345): (1.0, 5),
        (one, -12345): (1.0, 5),
        (one, there.now - 300 * DAY): (1.0, 5),
        (Series("dust", "street", "", "", "", ""), there.now - HOUR): (1.0, 5),
        (Series("vault", "street", "x", "", "", "1"), there.now - HOUR): (1.0, 5),
    }
    mirror(there, board).step(there.now)
    assert board.points == true


@pytest.mark.slow
def test_a_day_later_the_server_is_asked_again(there: Neighbours) -> None:
    board = Board()
    kept = mirror(there, board)
    kept.step(there.now)
    lost = next(k for k in board.points if k[0].kind == "region")
    del board.points[lost]
    there.skip(DAY)
    kept.step(there.now)
    assert lost in board.points


@pytest.mark.slow
def test_deletions_come_before_additions(there: Neighbours) -> None:
    board = Board()
    kept = mirror(there, board)
    kept.step(there.now)
    board.told.clear()
    erase(there, there.devices[15])
    there.hours(1)
    kept.step(there.now)
    assert board.told.index("delete") < board.told.index("write")


@pytest.mark.slow
def test_while_the_server_is_away_it_is_told_and_nothing_is_forgotten(there: Neighbours) -> None:
    board = Board()
    kept = mirror(there, board)
    kept.step(there.now)
    erase(there, there.devices[15])
    board.fails = lambda: True
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match="away"):
            kept.step(there.now)
    board.fails = bool
    kept.step(there.now)
    assert board.rows() == fresh(there.town)


@pytest.mark.slow
def test_many_weeks_are_compared_bit_by_bit(there: Neighbours) -> None:
    board, ticks = Board(), iter(range(10**6))
    there.skip(60 * DAY)
    there.hours(1)
    kept = Mirror(there.town.gate, UNITS, board, patience=3, clock=lambda: float(next(ticks)))
    assert kept.told == "not compared yet"
    kept.step(there.now)
    assert kept.told.endswith("older weeks are still to be compared")
    for _ in range(60):
        kept.step(there.now)
    assert kept.told == f"points: {len(board.points):,}"
    assert board.rows() == fresh(there.town)
