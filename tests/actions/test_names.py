"""What a member is called: his own secret or the hub's, his real name shown and taken back."""

from __future__ import annotations

import pytest

from hub import actions
from hub.core.fragments import Brought, bring
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.history import effective
from hub.core.holdings import Fragment, fragment_at
from hub.registry import Registry
from hub.registry.grades import NOTICE
from tests.registry.town import NOW, couple, datastream, monitor, person

SECRET = b"s" * 32
QUARTER = 15 * MINUTE


def yards(registry: Registry) -> tuple[int, str]:
    made = actions.add_commons(registry, "Yards", "air", epoch_days=30, now=NOW)
    return made.commons, made.handle


def name_at(registry: Registry, commons: int, party: int, moment: int) -> Fragment | None:
    return fragment_at(registry.holdings().fragments.get((commons, party), ()), moment)


def test_who_keeps_the_secret_is_called_by_it_and_by_nothing_where_no_key_was_brought(registry: Registry) -> None:
    ana, (one, handle) = person(registry), yards(registry)
    keys = [bring(SECRET, handle, n) for n in (0, 1, 3)]
    joined = actions.join(registry, one, ana, brought=keys, by=ana, now=NOW)
    now = name_at(registry, one, ana, NOW)
    assert now is not None
    assert (joined.pseudonym, now.nym) == (now.name, keys[0].nym)
    assert name_at(registry, one, ana, NOW + 30 * DAY) == Fragment(
        NOW + 30 * DAY, NOW + 60 * DAY, keys[1].nym, getattr(name_at(registry, one, ana, NOW + 30 * DAY), "name", "")
    )
    assert name_at(registry, one, ana, NOW + 60 * DAY) is None
    actions.look_after_consents(registry, now=NOW + 59 * DAY)
    assert name_at(registry, one, ana, NOW + 60 * DAY) is None
    assert actions.bring_fragments(registry, one, ana, [bring(SECRET, handle, 2)], by=ana, now=NOW + 61 * DAY)
    assert name_at(registry, one, ana, NOW + 61 * DAY) is not None


def test_who_keeps_the_secret_is_told_once_that_the_next_epoch_needs_a_key(registry: Registry) -> None:
    ana, (one, handle) = person(registry), yards(registry)
    actions.join(registry, one, ana, brought=[bring(SECRET, handle, 0)], now=NOW)
    for moment in (NOW + DAY, NOW + 24 * DAY, NOW + 25 * DAY):
        actions.look_after_consents(registry, now=moment)
    assert [e.at for e in registry.journal(ana) if "bring the key of epoch 1" in e.what] == [NOW + 24 * DAY]


def test_a_key_that_is_not_the_members_own_is_refused(registry: Registry) -> None:
    ana, eva, (one, handle), (_, other) = person(registry), person(registry, "Eva"), yards(registry), yards(registry)
    good = bring(SECRET, handle, 0)
    wrong = [
        bring(SECRET, other, 0), Brought(1, 0, good.public_key, good.signature), bring(SECRET, handle, 0, 1),
        Brought(0, 0, b"short", good.signature),
    ]  # fmt: skip
    for brought in wrong:
        with pytest.raises(actions.ActionRefused):
            actions.join(registry, one, ana, brought=[brought], now=NOW)
    assert (one, ana) not in registry.holdings().fragments
    actions.join(registry, one, ana, brought=[good], now=NOW)
    with pytest.raises(actions.ActionRefused, match="names somebody"):
        actions.join(registry, one, eva, brought=[good], now=NOW)
    with pytest.raises(actions.ActionRefused):
        actions.bring_fragments(registry, one, eva, [bring(b"e" * 32, handle, 1)], now=NOW)


def test_the_secret_can_be_taken_over_from_the_hub_for_epochs_to_come_and_not_for_this_one(registry: Registry) -> None:
    ana, (one, handle) = person(registry), yards(registry)
    actions.join(registry, one, ana, now=NOW)
    kept = name_at(registry, one, ana, NOW)
    with pytest.raises(actions.ActionRefused, match="from 1 on"):
        actions.bring_fragments(registry, one, ana, [bring(SECRET, handle, 0)], now=NOW + DAY)
    actions.bring_fragments(registry, one, ana, [bring(SECRET, handle, 1)], now=NOW + DAY)
    assert name_at(registry, one, ana, NOW + DAY) == kept
    following = name_at(registry, one, ana, NOW + 31 * DAY)
    assert following is not None
    assert following.nym == bring(SECRET, handle, 1).nym
    assert name_at(registry, one, ana, NOW + 61 * DAY) is None


def test_who_has_lost_his_secret_leaves_and_comes_back_under_one_that_the_hub_keeps(registry: Registry) -> None:
    ana, (one, handle) = person(registry), yards(registry)
    before = actions.join(registry, one, ana, brought=[bring(SECRET, handle, 0)], now=NOW).pseudonym
    actions.leave(registry, one, ana, now=NOW + DAY)
    after = actions.join(registry, one, ana, now=NOW + 2 * DAY).pseudonym
    assert after is not None
    assert after != before
    assert name_at(registry, one, ana, NOW + 40 * DAY) is not None


def test_a_shown_name_stands_on_what_comes_and_taken_back_it_is_on_nothing(registry: Registry) -> None:
    ana, (one, _) = person(registry), yards(registry)
    (dust,) = monitor(registry, ana, "pm25")
    before = actions.join(registry, one, ana, now=NOW).pseudonym
    actions.set_grade(registry, dust, Grade.COMMONS, commons=one, now=NOW)
    begins = actions.show_name(registry, one, ana, "Ana of number 7", by=ana, now=NOW + DAY + MINUTE)
    assert begins == NOW + DAY + QUARTER
    shown = [name_at(registry, one, ana, m) for m in (begins - 1, begins, begins + 40 * DAY)]
    assert [f.name for f in shown if f is not None] == [before, "Ana of number 7", "Ana of number 7"]
    assert len({f.nym for f in shown if f is not None}) == 3
    hidden = NOW + 2 * DAY + MINUTE
    after = actions.hide_name(registry, one, ana, by=ana, now=hidden)
    assert after not in (before, "Ana of number 7", None)
    every = registry.holdings().fragments[one, ana]
    assert "Ana of number 7" not in {f.name for f in every}
    assert fragment_at(every, begins) is None
    history = datastream(registry, dust).history
    assert effective(Grade.OPEN, Grade.COMMONS, begins + HOUR, history, hidden + 10) is Grade.COUNTED
    assert datastream(registry, dust).grade(hidden + 10) is Grade.COMMONS
    with pytest.raises(actions.ActionRefused, match="No name"):
        actions.hide_name(registry, one, ana, now=hidden + DAY)


def test_in_a_household_of_two_a_name_waits_a_day_and_either_takes_it_back_before(registry: Registry) -> None:
    both, (one, _) = couple(registry), yards(registry)
    actions.join(registry, one, both.household, now=NOW)
    begins = actions.show_name(registry, one, both.ana, "Number 7", by=both.ana, now=NOW)
    assert begins == NOW + NOTICE
    assert any("from a day later" in e.what for e in registry.journal(both.ben))
    actions.hide_name(registry, one, both.ben, by=both.ben, now=NOW + HOUR)
    assert "Number 7" not in {f.name for f in registry.holdings().fragments[one, both.household]}
    assert name_at(registry, one, both.household, begins + DAY) is not None


@pytest.mark.parametrize("own", [False, True])
def test_who_moves_out_does_not_know_the_name_that_those_have_who_stay(registry: Registry, own: bool) -> None:  # noqa: FBT001 - a case
    both, (one, handle) = couple(registry), yards(registry)
    keys = [bring(SECRET, handle, n) for n in range(3)] if own else []
    actions.join(registry, one, both.household, brought=keys, now=NOW)
    known = {f.nym for f in registry.holdings().fragments[one, both.household]}
    actions.remove_household_member(registry, both.household, both.ben, now=NOW + DAY + MINUTE)
    assert name_at(registry, one, both.household, NOW + DAY) is not None
    after = [name_at(registry, one, both.household, NOW + n * DAY) for n in (2, 31)]
    assert {None if f is None else f.nym in known for f in after} == {None if own else False}
    if own:
        actions.bring_fragments(registry, one, both.household, [bring(b"n" * 32, handle, 0, 1)], now=NOW + 2 * DAY)
        assert name_at(registry, one, both.household, NOW + 2 * DAY) is not None


def test_who_leaves_takes_the_shown_name_along(registry: Registry) -> None:
    ana, (one, _) = person(registry), yards(registry)
    actions.join(registry, one, ana, now=NOW)
    actions.show_name(registry, one, ana, "Ana", now=NOW)
    actions.leave(registry, one, ana, now=NOW + DAY)
    assert (one, ana) not in registry.holdings().fragments
    actions.join(registry, one, ana, now=NOW + 2 * DAY)
    every = registry.holdings().fragments[one, ana]
    assert "Ana" not in {f.name for f in every}
    assert fragment_at(every, NOW + 2 * DAY) is not None
    assert fragment_at(every, NOW + DAY) is None


def test_who_keeps_the_secret_has_to_bring_the_name_of_the_next_turn_too(registry: Registry) -> None:
    ana, (one, handle) = person(registry), yards(registry)
    actions.join(registry, one, ana, brought=[bring(SECRET, handle, 0), bring(SECRET, handle, 1)], now=NOW)
    begins = actions.show_name(registry, one, ana, "Ana", now=NOW + DAY)
    with pytest.raises(actions.ActionRefused, match="turn 1"):
        actions.bring_fragments(registry, one, ana, [bring(SECRET, handle, 1)], now=NOW + DAY)
    actions.bring_fragments(registry, one, ana, [bring(SECRET, handle, 0, 1)], now=NOW + DAY)
    now = name_at(registry, one, ana, begins)
    assert now is not None
    assert (now.name, now.nym) == ("Ana", bring(SECRET, handle, 0, 1).nym)
