"""What is shown of whom to whom: every grade, audience, cap, wish and arrival, through scope and disclosure."""

from __future__ import annotations

import pickle
from itertools import product

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.audience import PUBLIC, Audience
from hub.core.disclosed import Disclosed, disclose
from hub.core.grade import HOUR, MINUTE, Grade, Kind, Role, view
from hub.core.history import History, Step, effective
from hub.core.holdings import Datastream, Holdings, Rest
from hub.core.query import Query
from hub.core.scope import Scope, role_of, scope_for
from hub.core.store import Rows
from tests.core.world import AROUND, CATALOGUE, CORNER, DUST, FAR, LONG_AGO, NOW, PROJECT, holdings, since_ever
from tests.core.world import stream as a_stream
from tests.core.world import thing as a_thing

OWNER = Audience(party=100, parties=frozenset({100}))
PARTNER = Audience(party=500, parties=frozenset({500}))
MEMBER = Audience(party=1, parties=frozenset({1}), memberships=frozenset({PROJECT.id}))
OTHER_MEMBER = Audience(party=1, parties=frozenset({1}), memberships=frozenset({PROJECT.id + 1}))
STAFF = Audience(party=2, parties=frozenset({2}), staff=True, purpose="air quality")
STRANGER = Audience(party=3, parties=frozenset({3}))
AUDIENCES = {
    "owner": (OWNER, Role.HOUSEHOLD), "partner": (PARTNER, Role.HOUSEHOLD), "member": (MEMBER, Role.MEMBER),
    "other member": (OTHER_MEMBER, Role.PUBLIC), "staff": (STAFF, Role.STAFF), "stranger": (STRANGER, Role.PUBLIC),
    "nobody": (PUBLIC, Role.PUBLIC),
}  # fmt: skip
RECEIVED = NOW - 3 * HOUR
KEY = bytes(32)


def admitted(scope: Scope, datastream: int, received: int, grade: Grade, wish: Grade) -> bool:
    """Whether some slice admits such a reading, taken when it arrived (as every store must find)."""
    s = scope.slices[scope.slices["datastream"] == datastream]
    fits = (s["since"] <= received) & (received < s["until"]) & (s["least_grade"] <= grade) & (s["least_wish"] <= wish)
    return bool(np.any(fits & (s["earliest"] <= received) & (received < s["before"])))


def company(history: History, cap: Grade) -> Holdings:
    """Six homes with a datastream each, the first of which has this history."""
    first = a_stream(0, history, cap=cap, commons=PROJECT.id)
    rest = [a_stream(n, since_ever(Grade.STREET)) for n in range(1, 6)]
    return holdings(first, *rest)


@pytest.mark.parametrize("who", AUDIENCES)
@pytest.mark.parametrize("cap", Grade)
def test_a_reading_is_shown_as_itself_only_if_its_effective_grade_says_so(who: str, cap: Grade) -> None:
    audience, role = AUDIENCES[who]
    for now_grade, before in product(Grade, Grade):
        face = view(min(now_grade, cap), role).kind
        history = History((Step(LONG_AGO, before), Step(RECEIVED + MINUTE, now_grade)))
        scope = scope_for(audience, company(history, cap), CATALOGUE, NOW)
        for arrival, wish in product(Grade, Grade):
            shown = admitted(scope, 1000, RECEIVED, arrival, wish)
            reaches = min(effective(wish, arrival, RECEIVED, history, NOW), cap)
            told = f"{now_grade.name}, before {before.name}, arrived as {arrival.name}, wished {wish.name}"
            if role is Role.HOUSEHOLD:
                assert shown, told
            elif shown:
                assert view(reaches, role).kind >= face > Kind.RELEASE, told
            elif face > Kind.RELEASE:
                assert view(reaches, role).kind < face, told


def test_what_nobody_configured_is_shown_to_nobody() -> None:
    world = holdings(a_stream(0, History()))
    for audience in (PUBLIC, STAFF, MEMBER, STRANGER):
        assert scope_for(audience, world, CATALOGUE, NOW).faces == ()
    assert len(scope_for(OWNER, world, CATALOGUE, NOW).faces) == 1


def test_counted_shows_nothing_outside_the_household_yet() -> None:
    world = company(since_ever(Grade.COUNTED), Grade.OPEN)
    for audience in (PUBLIC, STAFF, MEMBER):
        assert 1000 not in scope_for(audience, world, CATALOGUE, NOW).slices["datastream"]


def street(homes: int, **also: object) -> Holdings:
    streams = [a_stream(n, since_ever(Grade.STREET)) for n in range(homes)]
    return holdings(*streams, **also)  # type: ignore[arg-type]


def rows_of(world: Holdings, hours: int = 3) -> Rows:
    """One value an hour of every datastream: 40 and a little more for each."""
    streams = sorted(d.id for d in world.datastreams)
    start = (NOW - 10 * HOUR) // HOUR * HOUR
    return Rows(
        np.repeat(np.array(streams, np.int32), hours),
        np.tile(start + HOUR * np.arange(hours, dtype=np.int64), len(streams)),
        np.array([40.0 + (d % 1000) * 1.5 + h for d in streams for h in range(hours)]),
    )


@pytest.mark.parametrize("homes", range(9))
def test_street_needs_five_homes_in_its_cell(homes: int) -> None:
    world = street(homes)
    scope = scope_for(PUBLIC, world, CATALOGUE, NOW)
    assert len(scope.faces) == (1 if homes >= 5 else 0)
    assert len(disclose(rows_of(world), scope, CATALOGUE, KEY)) == (3 * homes if homes >= 5 else 0)


def test_two_things_of_one_home_are_one_home_for_street() -> None:
    streams = [a_stream(n, since_ever(Grade.STREET), home=min(n, 3)) for n in range(8)]
    assert scope_for(PUBLIC, holdings(*streams), CATALOGUE, NOW).faces == ()


def test_beings_never_count_for_street_and_are_not_shown_so() -> None:
    streams = [a_stream(n, since_ever(Grade.STREET), home=n if n < 4 else None) for n in range(8)]
    assert scope_for(PUBLIC, holdings(*streams), CATALOGUE, NOW).faces == ()


def test_a_street_window_in_which_only_four_homes_spoke_is_not_there() -> None:
    world = street(6)
    rows = rows_of(world)
    silent = (rows.datastream >= 1004) & (rows.time == rows.time.max())
    rows = Rows(rows.datastream[~silent], rows.time[~silent], rows.value[~silent])
    shown = disclose(rows, scope_for(PUBLIC, world, CATALOGUE, NOW), CATALOGUE, KEY)
    assert sorted(np.unique(shown.time, return_counts=True)[1]) == [6, 6]


def test_street_rows_have_no_identity_no_exact_place_and_an_order_that_says_nothing() -> None:
    world = street(7)
    scope = scope_for(PUBLIC, world, CATALOGUE, NOW)
    shown = disclose(rows_of(world), scope, CATALOGUE, KEY)
    (face,) = shown.faces
    assert (face.kind, face.name, face.thing, face.owner, face.place, face.datastream) == (Kind.NOBODY, *[None] * 5)
    assert face.cell == AROUND.cell_of(CORNER)
    assert np.all(shown.row > 0)
    for window in np.unique(shown.time):
        assert list(shown.row[shown.time == window]) == sorted(shown.row[shown.time == window])
    ranks = [np.argsort(shown.value[shown.time == window]).tolist() for window in np.unique(shown.time)]
    assert len({tuple(r) for r in ranks}) > 1  # the order of one window does not tell that of another


def test_the_order_of_street_rows_follows_from_their_values_alone() -> None:
    world = street(7)
    rows = rows_of(world)
    shown = disclose(rows, scope_for(PUBLIC, world, CATALOGUE, NOW), CATALOGUE, KEY)
    swapped = rows.value.copy()
    swapped[:3], swapped[-3:] = rows.value[-3:], rows.value[:3]  # two homes measure each other's values
    other = disclose(
        Rows(rows.datastream, rows.time, swapped), scope_for(PUBLIC, world, CATALOGUE, NOW), CATALOGUE, KEY
    )
    for name in ("face", "time", "value", "homes", "row"):
        assert getattr(shown, name).tobytes() == getattr(other, name).tobytes()


def test_another_hub_numbers_and_orders_street_rows_differently() -> None:
    world = street(7)
    scope = scope_for(PUBLIC, world, CATALOGUE, NOW)
    one, other = (disclose(rows_of(world), scope, CATALOGUE, key) for key in (KEY, bytes(31) + b"1"))
    assert set(one.row).isdisjoint(other.row)
    assert one.value.tolist() != other.value.tolist()


def test_a_row_says_how_many_homes_it_tells_of_at_least() -> None:
    shown = disclose(rows_of(street(7)), scope_for(PUBLIC, street(7), CATALOGUE, NOW), CATALOGUE, KEY)
    assert set(shown.homes) == {5}
    world = holdings(a_stream(0, since_ever(Grade.OPEN)))
    shown = disclose(rows_of(world), scope_for(PUBLIC, world, CATALOGUE, NOW), CATALOGUE, KEY)
    assert (set(shown.homes), set(shown.row)) == ({1}, {0})


def test_staff_without_a_purpose_see_what_everybody_sees() -> None:
    world = company(since_ever(Grade.STREET), Grade.OPEN)
    idle = msgspec.structs.replace(STAFF, purpose=None)
    assert role_of(world.datastreams[0], idle) is Role.PUBLIC
    assert role_of(world.datastreams[0], STAFF) is Role.STAFF
    assert scope_for(idle, world, CATALOGUE, NOW).faces == scope_for(PUBLIC, world, CATALOGUE, NOW).faces


def test_street_values_are_stepped() -> None:
    world = street(7)
    shown = disclose(rows_of(world), scope_for(PUBLIC, world, CATALOGUE, NOW), CATALOGUE, KEY)
    assert np.all(shown.value % DUST.step_street == 0)


def test_street_rows_are_closed_windows_of_the_last_seven_days() -> None:
    scope = scope_for(PUBLIC, street(5), CATALOGUE, NOW + 17 * MINUTE)
    assert set(scope.slices["window"]) == {HOUR}
    assert set(scope.slices["before"]) == {NOW}
    assert scope.slices["earliest"].min() > NOW - 7 * 24 * HOUR
    assert scope_for(PUBLIC, street(5), CATALOGUE, NOW + MINUTE).slices["before"].max() == NOW - HOUR


def test_a_scope_ends_when_the_next_window_closes() -> None:
    scope = scope_for(PUBLIC, street(5), CATALOGUE, NOW + 17 * MINUTE)
    assert scope.valid_until == NOW + HOUR + 5 * MINUTE


def test_a_resting_cell_shows_nothing_until_it_has_rested() -> None:
    rest = Rest("dust", str(AROUND.cell_of(CORNER)), NOW + HOUR)
    assert scope_for(PUBLIC, street(8, rests=(rest,)), CATALOGUE, NOW).faces == ()
    assert len(scope_for(PUBLIC, street(8, rests=(rest,)), CATALOGUE, NOW + HOUR).faces) == 1
    assert scope_for(PUBLIC, street(8, rests=(rest,)), CATALOGUE, NOW).valid_until <= NOW + HOUR


def test_where_too_few_dwellings_are_known_street_shows_nothing() -> None:
    things = tuple(a_thing(n, place=FAR) for n in range(8))
    assert scope_for(PUBLIC, street(8, things=things), CATALOGUE, NOW).faces == ()
    nowhere = tuple(a_thing(n, place=None) for n in range(8))
    assert scope_for(PUBLIC, street(8, things=nowhere), CATALOGUE, NOW).faces == ()


def test_a_place_kept_at_home_keeps_a_thing_out_of_street() -> None:
    things = tuple(a_thing(n, place_grade=Grade.HOME if n < 4 else None) for n in range(8))
    assert scope_for(PUBLIC, street(8, things=things), CATALOGUE, NOW).faces == ()


@pytest.mark.parametrize(
    ("place_grade", "exact", "cell"),
    [(None, True, False), (Grade.OPEN, True, False), (Grade.STREET, False, True), (Grade.COMMONS, False, True),
     (Grade.COUNTED, False, False), (Grade.HOME, False, False), (Grade.SEALED, False, False)],
)  # fmt: skip
def test_a_place_is_shown_as_far_as_both_grades_allow(place_grade: Grade | None, exact: bool, cell: bool) -> None:  # noqa: FBT001
    world = holdings(a_stream(0, since_ever(Grade.OPEN)), things=(a_thing(0, place_grade=place_grade),))
    (face,) = scope_for(PUBLIC, world, CATALOGUE, NOW).faces
    assert ((face.place is not None), (face.cell is not None)) == (exact, cell)


def test_a_member_sees_a_pseudonym_a_cell_and_quarter_hours() -> None:
    scope = scope_for(MEMBER, company(since_ever(Grade.COMMONS), Grade.OPEN), CATALOGUE, NOW)
    face = next(f for f in scope.faces if f.kind is Kind.PSEUDONYM)
    assert (face.name, face.thing, face.place, face.window) == ("quiet-heron", None, None, 15 * MINUTE)


def test_an_open_instrument_is_exact_and_named() -> None:
    world = holdings(a_stream(0, since_ever(Grade.OPEN)))
    rows = Rows(np.array([1000], np.int32), np.array([NOW - 1], np.int64), np.array([12.3456]))
    shown = disclose(rows, scope_for(PUBLIC, world, CATALOGUE, NOW), CATALOGUE, KEY)
    assert shown.value[0] == 12.3456
    assert (shown.faces[0].name, shown.faces[0].place) == ("Monitor 0", CORNER)


def test_values_come_out_in_the_propertys_unit() -> None:
    inch = a_stream(0, since_ever(Grade.OPEN))
    in_mg = Datastream(**{f: getattr(inch, f) for f in inch.__struct_fields__} | {"scale": 1000.0, "unit": "mg/m3"})
    rows = Rows(np.array([1000], np.int32), np.array([NOW - 1], np.int64), np.array([0.012]))
    shown = disclose(rows, scope_for(PUBLIC, holdings(in_mg), CATALOGUE, NOW), CATALOGUE, KEY)
    assert shown.value[0] == pytest.approx(12)


def test_rows_without_a_face_are_dropped() -> None:
    world = holdings(a_stream(0, since_ever(Grade.HOME)), a_stream(1, since_ever(Grade.OPEN)))
    shown = disclose(rows_of(world), scope_for(PUBLIC, world, CATALOGUE, NOW), CATALOGUE, KEY)
    assert [shown.faces[i].name for i in set(shown.face)] == ["Monitor 1"]
    nothing = scope_for(PUBLIC, holdings(a_stream(0, History())), CATALOGUE, NOW)
    assert len(disclose(rows_of(world), nothing, CATALOGUE, KEY)) == 0


@given(st.lists(st.tuples(st.sampled_from(Grade), st.integers(0, 5)), max_size=8))
def test_narrowing_never_shows_more(streams: list[tuple[Grade, int]]) -> None:
    world = holdings(*(a_stream(n, since_ever(g), home=h) for n, (g, h) in enumerate(streams)))
    scope = scope_for(PUBLIC, world, CATALOGUE, NOW)
    for query in (Query(properties=frozenset({"dust"})), Query(properties=frozenset({"noise"})),
                  Query(things=frozenset({"thing0", "thing3"}))):  # fmt: skip
        part = scope.narrow(query)
        assert set(part.faces) <= set(scope.faces)
        assert set(part.slices.tolist()) <= set(scope.slices.tolist())
        for member in part.members:
            whole = scope.members[scope.members["datastream"] == member["datastream"]][0]
            assert part.faces[member["face"]] == scope.faces[whole["face"]]


def test_disclosed_and_scope_can_be_made_nowhere_else() -> None:
    world = holdings(a_stream(0, since_ever(Grade.OPEN)))
    scope = scope_for(PUBLIC, world, CATALOGUE, NOW)
    shown = disclose(rows_of(world), scope, CATALOGUE, KEY)
    with pytest.raises(TypeError):
        Scope(object(), scope.faces, scope.members, scope.slices, 1, NOW)
    with pytest.raises(TypeError):
        Disclosed(object(), shown.faces, shown.face, shown.time, shown.value, shown.homes, shown.row, 1)
    for whole in (scope, shown):
        with pytest.raises((TypeError, AttributeError)):
            pickle.loads(pickle.dumps(whole))  # noqa: S301
        made: type[object] = type(whole)
        with pytest.raises(TypeError):
            made.__new__(made)
