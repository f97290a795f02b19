"""Names in commons through time: one at a time, each in its epoch, written ahead, and none that is void."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hub import actions
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.history import BEGINNING
from hub.core.holdings import Fragment
from hub.registry import Registry
from hub.registry.fragments import AHEAD, Kept, Membership, in_force
from hub.registry.ids import shown_as
from tests.registry.kinds import SQLITE_ONLY
from tests.registry.town import NOW, opened, person

ROWS = st.lists(
    st.builds(
        Kept, st.integers(0, 5), st.integers(0, 3), st.text("abc", min_size=1), st.integers(0, 60).map(DAY.__mul__),
        st.just("hub"), st.sampled_from([None, "Ana", "Eva"]),
    ),
    max_size=12,
)  # fmt: skip


def member(named: str | None = None) -> Membership:
    return Membership(1, "yards", "Yards", 7, 0, named, BEGINNING, 0, 10)


def names(registry: Registry, commons: int, party: int) -> tuple[Fragment, ...]:
    return registry.holdings().fragments[commons, party]


@given(ROWS, st.sampled_from([None, "Ana"]))
def test_no_moment_has_two_names_and_no_name_outlasts_its_epoch(rows: list[Kept], named: str | None) -> None:
    found = in_force(member(named), rows)
    for a, b in pairwise(found):
        assert a.until <= b.since
    kept = {row.nym: row for row in rows}
    for f in found:
        assert f.since < f.until
        assert f.nym in kept
    assert {f.name for f in found if f.name in ("Ana", "Eva")} <= {named}


@given(ROWS)
def test_an_earlier_turn_never_comes_back(rows: list[Kept]) -> None:
    turns = {(row.nym, row.since): row.turn for row in rows if row.named is None}
    found = [f for f in in_force(member(), rows) if (f.nym, f.since) in turns]
    shown = [turns[f.nym, f.since] for f in found]
    highest = [max((row.turn for row in rows if row.since <= f.since), default=0) for f in found]
    assert all(turn <= top for turn, top in zip(shown, highest, strict=True))
    assert len({(f.nym, f.since) for f in found}) == len(found)


def test_names_are_written_ahead_and_a_restart_goes_on_with_them(registry: Registry, tmp_path: Path) -> None:
    ana = person(registry)
    one = actions.add_commons(registry, "Yards", "air", epoch_days=30, now=NOW).commons
    actions.join(registry, one, ana, now=NOW)
    first = names(registry, one, ana)
    assert len(first) == AHEAD + 1
    assert [f.since for f in first[1:]] == [NOW // HOUR * HOUR + n * 30 * DAY for n in range(1, AHEAD + 1)]
    assert first[0].since < NOW - 1000 * DAY
    assert len({f.nym for f in first}) == len(first)
    assert {f.name for f in first} == {shown_as(f.nym) for f in first}
    registry.close()
    again = opened(tmp_path, now=NOW + 60 * DAY)
    assert names(again, one, ana)[: len(first)] == first
    assert len(names(again, one, ana)) == len(first) + 2
    again.close()


def test_a_name_in_another_commons_says_nothing_of_this_one(registry: Registry) -> None:
    ana = person(registry)
    made = [actions.add_commons(registry, word, "air", now=NOW).commons for word in ("Yards", "Trees")]
    for commons in made:
        actions.join(registry, commons, ana, now=NOW)
    one, other = ({f.nym for f in names(registry, c, ana)} for c in made)
    assert not one & other


def test_a_name_is_said_in_two_words_and_its_first_letters() -> None:
    said = shown_as("2rjf3drgelffxjzw").split()
    assert len(said) == 3
    assert said[2] == "2rjf"
    assert shown_as("2rjf3drgelffxjzv").split()[2] == "2rjf"
    assert shown_as("quiet heron") == "quiet heron"
    assert shown_as("2rjf3drgelffxjzw") != shown_as("2rjf3drgelffxjzx")


@SQLITE_ONLY
def test_the_secret_behind_the_names_lies_in_a_file_of_its_own(registry: Registry, tmp_path: Path) -> None:
    assert registry.revision >= 0
    kept = tmp_path / "fragments.key"
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.read_bytes() != (tmp_path / "secret.key").read_bytes()
    assert kept.read_bytes() not in (tmp_path / "registry.sqlite").read_bytes()


def test_a_turn_begins_with_a_window() -> None:
    m = Membership(1, "yards", "Yards", 7, 1, None, 15 * MINUTE, 0, 10)
    rows = [Kept(0, 0, "old", BEGINNING, "hub", None), Kept(0, 1, "new", 15 * MINUTE, "hub", None)]
    assert [(f.nym, f.since, f.until) for f in in_force(m, rows)] == [
        ("old", BEGINNING, 15 * MINUTE), ("new", 15 * MINUTE, 10 * DAY),
    ]  # fmt: skip
