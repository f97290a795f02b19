"""Windows close once, over whole blocks, for all levels together."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hub import actions
from hub.core.audience import PUBLIC, Audience
from hub.core.catalogue import Catalogue, Exposure
from hub.core.grade import Grade, Kind
from hub.core.query import Query, StoreUnavailable
from hub.core.scope import Scope
from hub.core.store import Rows
from hub.stores.memory import MemoryStore
from tests.registry.town import CORNER, FAR
from tests.releaser.world import AIR, BEGUN, DAY, HOUR, MIDNIGHT, MINUTE, NEAR, Neighbourhood

pytestmark = pytest.mark.slow

CLOSED = MIDNIGHT + HOUR + 5 * MINUTE
MEMBER = Audience(party=2, parties=frozenset({2}), memberships=frozenset({77}))


def test_a_window_is_published_once_its_watermark_has_passed(town: Neighbourhood) -> None:
    town.say(town.homes(10), MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(MIDNIGHT)
    assert town.until(CLOSED - 1) == 0
    assert len(town.shown(since=MIDNIGHT)) == 0
    assert town.until(CLOSED) == 1
    shown = town.shown(since=MIDNIGHT)
    (face,) = (shown.faces[i] for i in set(shown.face))
    assert (face.kind, face.property, face.where, face.homes) == (Kind.RELEASE, "dust", "outdoor", 8)
    assert (face.window, face.place, face.name, face.thing) == (HOUR, None, None, None)
    assert (shown.time.tolist(), shown.value.tolist(), shown.homes.tolist()) == ([MIDNIGHT], [14.5], [10])
    assert town.until(CLOSED + MINUTE) == 0


def test_five_homes_are_enough_for_staff_with_a_purpose_and_eight_for_everyone(town: Neighbourhood) -> None:
    town.say(town.homes(6), MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(CLOSED)
    near = town.shown(NEAR, since=MIDNIGHT)
    assert (near.value.tolist(), near.homes.tolist()) == ([12.5], [5])
    assert len(town.shown(PUBLIC, since=MIDNIGHT)) == 0
    assert len(town.shown(msgspec.structs.replace(NEAR, purpose=None), since=MIDNIGHT)) == 0


def test_who_is_a_member_of_a_commons_that_runs_sees_what_staff_see(town: Neighbourhood) -> None:
    commons = actions.add_commons(town.registry, "Yards", "Less dust", ("dust",), now=BEGUN).commons
    town.say(town.homes(6), MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(CLOSED)
    member = msgspec.structs.replace(MEMBER, memberships=frozenset({commons}))
    assert town.shown(member, since=MIDNIGHT).value.tolist() == [12.5]
    assert len(town.shown(MEMBER, since=MIDNIGHT)) == 0  # a commons that there is not


@pytest.mark.parametrize("count", [0, 1, 4])
def test_fewer_than_five_homes_are_never_told_of(town: Neighbourhood, count: int) -> None:
    town.say(town.homes(count), MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(CLOSED)
    assert len(town.shown(NEAR)) == 0


@pytest.mark.parametrize("grade", [Grade.SEALED, Grade.HOME, Grade.OPEN])
def test_what_is_at_home_or_open_counts_in_no_average(town: Neighbourhood, grade: Grade) -> None:
    town.say(town.homes(9, grade), MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(CLOSED)
    assert len(town.shown(NEAR)) == 0


def test_homes_of_different_grades_are_never_in_one_block(town: Neighbourhood) -> None:
    commons = actions.add_commons(town.registry, "Yards", "Less dust", ("dust",), now=BEGUN).commons
    town.say(town.homes(4), MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.say(town.homes(4, Grade.COMMONS, commons=commons), MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.say(town.homes(4, Grade.STREET), MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(CLOSED)
    assert len(town.shown(NEAR)) == 0


def test_indoors_and_meters_need_fifteen_homes_and_are_told_apart(town: Neighbourhood) -> None:
    week = MIDNIGHT // (7 * DAY) * (7 * DAY)
    inside = town.homes(14, exposure=Exposure.INDOOR)
    town.say(inside, week - DAY, MIDNIGHT + HOUR)
    town.until(CLOSED)
    assert len(town.shown(NEAR)) == 0
    more = town.home(exposure=Exposure.INDOOR)
    town.say([more], week - DAY, MIDNIGHT + HOUR, 24.0)
    town.registry.releases.keep_epoch("dust@indoor", week, week + 7 * DAY, None)
    town.clock = week + 7 * DAY
    town.say([*inside, more], MIDNIGHT + HOUR, town.clock + HOUR)
    town.until(town.clock + 2 * HOUR)
    shown = town.shown(since=week + 7 * DAY)
    assert {(f.where, f.homes) for f in shown.faces if f.kind is Kind.RELEASE} == {("indoor", 15)}
    assert set(shown.homes) == {15}


def test_what_arrives_after_the_watermark_changes_nothing(town: Neighbourhood) -> None:
    homes = town.homes(10)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.say(homes[1:], MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, 11.0)
    town.say(homes[:1], MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, 900.0, late=HOUR + 6 * MINUTE)
    town.until(CLOSED + HOUR)
    assert town.shown(since=MIDNIGHT).value.tolist() == [14.5, 14.5]  # the first home's value of an hour ago stands
    before = town.shown().value.tobytes()
    town.say(homes, MIDNIGHT, MIDNIGHT + 2 * HOUR, 500.0, late=2 * HOUR)
    town.new_releaser().step()
    assert town.shown().value.tobytes() == before


def test_a_reading_that_asks_for_less_counts_nowhere(town: Neighbourhood) -> None:
    homes = town.homes(10)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.say(homes[1:], MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, 11.0)
    town.say(homes[:1], MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, 900.0, wish=Grade.HOME)
    town.until(CLOSED + HOUR)
    assert town.shown(since=MIDNIGHT + HOUR).value.tolist() == [14.5]


def test_what_was_measured_before_an_epoch_does_not_stand_for_anybody_in_it(town: Neighbourhood) -> None:
    homes = town.homes(9)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT)
    town.say(homes[1:], MIDNIGHT, MIDNIGHT + HOUR)
    town.until(CLOSED)
    assert len(town.shown(NEAR, since=MIDNIGHT)) == 0


def test_an_average_says_nothing_when_two_of_five_are_silent(town: Neighbourhood) -> None:
    homes = town.homes(5)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.say(homes[:4], MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR)
    town.say(homes[:3], MIDNIGHT + 2 * HOUR, MIDNIGHT + 3 * HOUR)
    town.until(MIDNIGHT + 3 * HOUR + 5 * MINUTE)
    assert town.shown(NEAR, since=MIDNIGHT).time.tolist() == [MIDNIGHT, MIDNIGHT + HOUR]


def test_a_hub_that_was_down_closes_the_windows_of_two_days(town: Neighbourhood) -> None:
    town.say(town.homes(8), MIDNIGHT - DAY, MIDNIGHT + 5 * DAY)
    town.until(CLOSED)
    town.clock = MIDNIGHT + 4 * DAY
    again = town.new_releaser()
    assert again.step() == 48 - 1
    starts = np.unique(town.shown(since=MIDNIGHT).time)
    assert starts.tolist()[:2] == [MIDNIGHT, MIDNIGHT + 2 * DAY]
    assert town.new_releaser().step() == 0


def test_a_thing_is_not_asked_for_and_a_property_is(town: Neighbourhood) -> None:
    town.say(town.homes(8), MIDNIGHT - DAY, MIDNIGHT + 3 * HOUR)
    town.until(MIDNIGHT + 3 * HOUR + 5 * MINUTE)
    assert len(town.shown(things=frozenset({"x"}))) == 0
    assert len(town.shown(properties=frozenset({"noise"}))) == 0
    day = town.shown(properties=frozenset({"dust"}), since=MIDNIGHT, until=MIDNIGHT + 2 * HOUR)
    assert day.time.tolist() == [MIDNIGHT, MIDNIGHT + HOUR]
    assert town.shown(newest=True).time.tolist() == [MIDNIGHT + 2 * HOUR]


def test_what_everybody_watches_changes_with_a_release(town: Neighbourhood) -> None:
    town.say(town.homes(8), MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(MIDNIGHT)
    before = town.gate.version
    town.until(CLOSED)
    assert town.gate.version != before


def test_only_the_label_cell_of_nine_or_coarser_is_shown(town: Neighbourhood) -> None:
    town.say([*town.homes(8, place=CORNER), *town.homes(8, place=FAR)], MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(CLOSED)
    cells = {f.cell for f in town.shown(since=MIDNIGHT).faces if f.kind is Kind.RELEASE}
    assert len(cells) == 2
    assert all(cell is not None and int(cell[1], 16) <= 9 for cell in cells)


def test_homes_far_apart_are_told_of_as_the_whole_neighbourhood(town: Neighbourhood) -> None:
    town.say([*town.homes(4, place=CORNER), *town.homes(4, place=FAR)], MIDNIGHT - DAY, MIDNIGHT + HOUR)
    town.until(CLOSED)
    (face,) = (f for f in town.shown(since=MIDNIGHT).faces if f.kind is Kind.RELEASE)
    assert (face.cell, face.place) == (None, None)


def test_a_liar_is_clipped_to_public_bounds(town: Neighbourhood) -> None:
    bound = msgspec.structs.replace(AIR, release_high=20.0, release_spread=3.0)
    town.releaser = type(town.releaser)(town.store, town.registry, Catalogue([bound]), lambda: town.clock)
    homes = town.homes(8)
    town.say(homes, MIDNIGHT - DAY, MIDNIGHT + DAY + HOUR, 10.0)
    town.until(MIDNIGHT + HOUR + 5 * MINUTE)
    town.say(homes[:1], MIDNIGHT + 23 * HOUR, MIDNIGHT + DAY + HOUR, 900.0)
    town.until(MIDNIGHT + DAY + HOUR + 5 * MINUTE)
    shown = town.shown(since=MIDNIGHT + 23 * HOUR)
    # 10 to 17 measured; the liar counts as 20 at most, and after a day as 3 above what was usual here.
    assert shown.value.tolist() == [15.0, pytest.approx((13.5 + 3 + sum(range(11, 17)) + 16.5) / 8, abs=0.25)]


class Failing(MemoryStore):
    """A store that can be told to answer no more."""

    broken = False

    def read(self, query: Query, scope: Scope) -> Rows:
        if self.broken:
            raise StoreUnavailable("the disk is gone; put it back")
        return super().read(query, scope)


def test_a_store_that_cannot_answer_delays_a_window_and_loses_none(town: Neighbourhood) -> None:
    town.store = Failing()
    town.releaser = town.new_releaser()
    town.say(town.homes(8), MIDNIGHT - DAY, MIDNIGHT + 2 * HOUR)
    town.until(MIDNIGHT)
    town.store.broken = True
    with pytest.raises(StoreUnavailable):
        town.until(CLOSED)
    town.store.broken = False
    assert town.releaser.waiting > 0
    assert town.until(CLOSED + HOUR) == 2
    assert town.releaser.waiting == 0


def test_only_the_releaser_reads_what_counts_only_in_averages() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    callers = {
        path.relative_to(root).as_posix()
        for path in (root / "hub").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.alias | ast.Attribute)
        and (node.name if isinstance(node, ast.alias) else node.attr) == "release_scope"
    }
    assert callers == {"hub/releaser/enrolling.py", "hub/releaser/windows.py"}
