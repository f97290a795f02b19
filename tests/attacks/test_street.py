"""Attack 11: to know somebody's own curve, and to find it among the rows that stand under nobody's name.

This one is measured, not won: what holds is that no row stands where fewer than five homes show it, and that a day's
rows cannot be strung together by their numbers or order. How often the best guess is right is told to residents.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import h3
import numpy as np
import pytest
from numpy.typing import NDArray

from hub import actions
from hub.core.audience import PUBLIC
from hub.core.catalogue import Catalogue, ObservedProperty, PartyKind
from hub.core.grade import HOUR, MINUTE, Grade, Kind
from hub.core.places import Place
from tests.attacks.figures import THOROUGH, Figures
from tests.attacks.town import CORNER, MIDNIGHT, Device, Said, Town, town

NOISE = ObservedProperty(
    id="noise", name="Noise", unit="dB[SPL]", family="noise", cap=Grade.STREET, low=0, high=140, step_street=3,
    step_commons=1, watermark=30 * MINUTE, names=("laeq",),
)  # fmt: skip
GROUPS = (4, 5, 8, 15, 30, 60) if THOROUGH else (4, 5, 8, 15)
HOURS = 24 * 6 if THOROUGH else 30
Curves = NDArray[np.float64]


def curves(random: np.random.Generator, homes: int) -> Curves:
    """Hourly levels: what the street shares by the hour of the day, and what is a home's own, mostly lasting."""
    shared = 52 + 7 * np.sin(np.arange(HOURS) / 24 * 2 * np.pi) + random.normal(0, 1.5, HOURS)
    own = random.normal(0, 2.5, (homes, 1)) + random.normal(0, 2.5, (homes, HOURS))
    return np.round(shared + own, 2)


def a_group(made: Town, homes: int, corner: Place) -> Curves:
    """So many homes around one corner, over all these hours."""
    with made.registry.transaction():
        devices = [made.device(made.person(), "noise", place=corner) for _ in range(homes)]
        for d in devices:
            made.wish(d, "noise", Grade.STREET)
    told = curves(made.random, homes)
    made.say(
        Said(d, "noise", MIDNIGHT + h * HOUR + (3 + n % 50) * MINUTE, float(told[n, h]))
        for h in range(HOURS) for n, d in enumerate(devices)
    )  # fmt: skip
    return told


def corners(count: int) -> list[Place]:
    """Places in different cells of some hundred metres, each with dwellings enough."""
    cell = h3.latlng_to_cell(CORNER.lat, CORNER.lon, 8)
    return [Place(*h3.cell_to_latlng(c)) for c in h3.grid_disk(cell, 2)[:count]]


def found(rows: dict[int, list[float]], told: Curves) -> float:
    """How often the row that is nearest to a home's own value is its own; of equal rows one is chosen."""
    right = total = 0.0
    for hour in range(HOURS):
        shown = np.array(rows.get(MIDNIGHT + hour * HOUR, []))
        for value in told[:, hour] if len(shown) else ():
            own, near = np.round(value / 3) * 3, np.abs(shown - value).min()
            best = np.abs(np.abs(shown - value) - near) < 1e-9
            hit = best & (np.abs(shown - own) < 1e-9)
            right, total = right + (hit.sum() > 0) / best.sum(), total + 1
    return right / total if total else 0.0


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[float, int, dict[int, list[int]]]]:
    """Homes in a cell → how often one is picked, how many rows there are, and the numbers of the rows by window."""
    result = {}
    for homes, corner in zip(GROUPS, corners(len(GROUPS)), strict=True):
        with town(tmp_path_factory.mktemp("street"), catalogue=Catalogue([NOISE]), around=corner) as made:
            told = a_group(made, homes, corner)
            made.pass_by(MIDNIGHT + HOURS * HOUR + 40 * MINUTE)
            shown = made.read(PUBLIC)
            rows, numbers = defaultdict(list), defaultdict(list)
            for f, t, v, n in zip(shown.face.tolist(), shown.time.tolist(), shown.value.tolist(), shown.row.tolist(),
                                  strict=True):  # fmt: skip
                assert shown.faces[f].kind is Kind.NOBODY
                rows[t].append(v)
                numbers[t].append(n)
            result[homes] = found(rows, told), len(shown), dict(numbers)
    return result


@pytest.mark.attack(11)
def test_no_row_stands_where_fewer_than_five_homes_show_it(
    seen: dict[int, tuple[float, int, dict[int, list[int]]]], figures: Figures
) -> None:
    figures.tell("rows shown of a cell with four homes", seen[4][1])
    figures.tell("rows shown of a cell with five homes", seen[5][1], 5 * HOURS)
    assert seen[4][1] == 0
    assert seen[5][1] == 5 * HOURS


@pytest.mark.attack(11)
@pytest.mark.parametrize("how", ["moves out of the dwelling", "leaves the household"])
def test_hours_in_which_two_lived_as_one_are_not_seen_when_they_live_as_two(
    tmp_path: Path, how: str, figures: Figures
) -> None:
    """Four homes, one of two people with a thing each: when they part, the five have no past together."""
    with town(tmp_path, catalogue=Catalogue([NOISE])) as made:
        devices = four_homes(made, household=how == "leaves the household")
        noisy_hours(made, devices, MIDNIGHT + 24 * HOUR, 12)
        assert {made.grade(d, "noise") for d in devices} == {Grade.STREET}
        assert len(made.read(PUBLIC)) == 0
        part(made, devices)
        made.pass_by(made.now + MINUTE)
        at_once = len(made.read(PUBLIC))
        noisy_hours(made, devices, MIDNIGHT + 48 * HOUR, 9 * 24)
        times = set(made.read(PUBLIC).time.tolist())
        figures.tell(f"rows of a time with four homes that are seen once somebody {how}", at_once)
        assert at_once == 0
        assert times, "the five are seen again when the cell has rested"
        assert min(times) >= MIDNIGHT + 48 * HOUR


def four_homes(made: Town, *, household: bool) -> list[Device]:
    """Five people with a thing each, two of them in one home."""
    people = [made.person() for _ in range(3)] + [made.person(at_home=False) for _ in range(2)]
    if household:
        home = actions.add_party(made.registry, PartyKind.HOUSEHOLD, "Number 7", now=made.now)
        for person in people[3:]:
            actions.add_household_member(made.registry, home, person, now=made.now)
    else:
        dwelling = actions.add_dwelling(made.registry, CORNER)
        for person in people[3:]:
            actions.settle_in(made.registry, person, dwelling, now=made.now)
    devices = [made.device(person, "noise", place=CORNER) for person in people]
    for device in devices:
        for voice in {device.party, *(people[3:] if household and device.party in people[3:] else ())}:
            number = device.streams["noise"]
            actions.set_grade(made.registry, number, Grade.STREET, by=voice, now=made.now)
    return devices


def noisy_hours(made: Town, devices: list[Device], since: int, hours: int) -> None:
    """Everybody says something in each of these hours, and all of them pass."""
    made.say(
        Said(d, "noise", since + h * HOUR + (3 + n) * MINUTE, 50.0 + n) for h in range(hours)
        for n, d in enumerate(devices)
    )  # fmt: skip
    made.pass_by(since + hours * HOUR + 40 * MINUTE)


def part(made: Town, devices: list[Device]) -> None:
    """The last of them goes to live by himself."""
    one = devices[-1].party
    with made.registry.transaction() as tx:
        household = next(iter(tx.people.households.get(one, ())), None)
    if household is not None:
        actions.remove_household_member(made.registry, household, one, now=made.now)
    actions.settle_in(made.registry, one, actions.add_dwelling(made.registry, made.somewhere()), now=made.now)


@pytest.mark.attack(11)
def test_the_larger_the_company_the_seldomer_is_a_known_home_found(
    seen: dict[int, tuple[float, int, dict[int, list[int]]]], figures: Figures
) -> None:
    points = [(homes, seen[homes][0]) for homes in GROUPS if homes >= 5]
    figures.curve("rows picked rightly by somebody who knows the home's true value, by homes in the cell", points)
    for homes, share in points:
        figures.tell(f"rows of a known home picked rightly among {homes} homes", round(share, 3))
    shares = [share for _, share in points]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] < 0.8


@pytest.mark.attack(11)
def test_the_numbers_of_rows_string_no_two_windows_together(
    seen: dict[int, tuple[float, int, dict[int, list[int]]]], figures: Figures
) -> None:
    numbers = [n for _, _, windows in seen.values() for some in windows.values() for n in some]
    figures.tell("numbers of rows that come again in another window", len(numbers) - len(set(numbers)), len(numbers))
    assert len(numbers) == len(set(numbers))


@pytest.mark.control(11)
def test_with_one_name_for_all_hours_a_known_home_is_found_at_once(tmp_path: Path, figures: Figures) -> None:
    """The same curves, each under a name of its own, stepped and hourly: the whole curve is compared."""
    del tmp_path
    told = curves(np.random.default_rng(5), 15)
    stepped = np.round(told / 3) * 3
    right = sum(int(np.abs(stepped - told[n]).sum(axis=1).argmin() == n) for n in range(15))
    figures.tell("homes found when a stream keeps one name", right, 15)
    assert right == 15
