"""Attack 25: to compare days before and after somebody left. Measured, because batches delay and do not prove."""

from __future__ import annotations

import h3
import numpy as np
import pytest
from numpy.typing import NDArray

from hub.core.blocks import NOBODY, Chain, Epoch, Home
from hub.core.enrolment import enrol
from hub.core.grade import DAY, Grade
from tests.attacks.figures import SIZE, Figures
from tests.attacks.town import CORNER, MIDNIGHT

CELL = h3.latlng_to_cell(CORNER.lat, CORNER.lon, 9)
DAYS = (1, 7, SIZE.days) if SIZE.days not in (1, 7) else (1, 7)
TOWNS = 4000
LEAVER = 0
Values = NDArray[np.float64]


def enrolled(day: int, homes: set[int], previous: Epoch | None) -> Epoch:
    since = MIDNIGHT + day * DAY
    return enrol(
        observed="dust", where="outdoor", since=since, until=since + DAY, k=5, public_k=8, k_of=lambda _: 5,
        homes=[Home(h, CELL, Chain(Grade.COUNTED), (h,)) for h in sorted(homes)], key=bytes(32), previous=previous,
    )  # fmt: skip


def told(epoch: Epoch) -> frozenset[int]:
    """Whose values are in the figure of the region; nobody's if its blocks rest."""
    speak = [b for b in epoch.blocks if b.number not in epoch.resting]
    return frozenset(h for b in speak for h in b.homes if h != NOBODY)


def course(homes: int, days: int, companions: int) -> list[frozenset[int]]:
    """Whose values are in each day's figure: one leaves after half of the days, companions in the days after him."""
    there, epoch, seen = set(range(homes)), None, []
    for day in range(2 * days):
        if day == days:
            there.discard(LEAVER)
        if day > days and companions:
            there.discard(homes - companions)
            companions -= 1
        epoch = enrolled(day, there, epoch)
        seen.append(told(epoch))
    return seen


def error(seen: list[frozenset[int]], homes: int) -> float:
    """How wrong the best linear guess of the leaver's mean is, against the guess that he is like his region.

    Each home has a level of its own, the days have one in common, and each day of a home is a little different. The
    guess is fitted on half of the towns and judged on the others.
    """
    random = np.random.default_rng(11)
    days = len(seen)
    level = random.normal(0, 3, (TOWNS, homes, 1))
    weather = random.normal(0, 3, (TOWNS, 1, days))
    value = level + weather + random.normal(0, 1, (TOWNS, homes, days))
    half = days // 2
    parts = [[d for d in range(days) if seen[d] and (LEAVER in seen[d]) is yes] for yes in (True, False)]
    figures = [np.stack([value[:, sorted(seen[d]), d].mean(axis=1) for d in some], axis=1) if some else None
               for some in parts]  # fmt: skip
    known = [f.mean(axis=1) for f in figures if f is not None]
    # What the weather did is known from elsewhere in town, roughly.
    elsewhere = weather[:, 0, :] + random.normal(0, 0.2, (TOWNS, days))
    known += [elsewhere[:, :half].mean(axis=1), elsewhere[:, half:].mean(axis=1)]
    truth = level[:, LEAVER, 0]
    region = level.mean(axis=(1, 2))
    features = np.column_stack([*known, np.ones(TOWNS)])
    fit, judge = slice(None, TOWNS // 2), slice(TOWNS // 2, None)
    weights = np.linalg.lstsq(features[fit], truth[fit], rcond=None)[0]
    wrong = features[judge] @ weights - truth[judge]
    return float(np.sqrt((wrong**2).mean()) / np.sqrt(((region - truth)[judge] ** 2).mean()))


@pytest.mark.attack(25)
@pytest.mark.parametrize("homes", [6, 12])
def test_a_week_before_and_a_week_after_hardly_tell_who_left(figures: Figures, homes: int) -> None:
    points = [(days, error(course(homes, days, 2), homes)) for days in DAYS]
    figures.curve(f"Barrio, region of {homes} homes", points)
    for days, ratio in points:
        figures.tell(f"error among {homes} homes after {days} days (1: nothing learnt)", round(ratio, 2))
    assert dict(points)[7] >= 0.7


@pytest.mark.attack(25)
def test_the_region_of_a_single_leaver_says_nothing_until_others_have_changed_too(figures: Figures) -> None:
    seen = course(6, 20, 0)
    figures.tell("days on which a region of six speaks after one has left it", sum(map(bool, seen[20:])), 20)
    assert all(seen[:20])
    assert not any(seen[20:])


@pytest.mark.control(25)
@pytest.mark.parametrize("homes", [6, 12])
def test_a_map_that_goes_on_without_him_tells_it(figures: Figures, homes: int) -> None:
    whole = frozenset(range(homes))
    points = [(days, error([whole] * days + [whole - {LEAVER}] * days, homes)) for days in DAYS]
    figures.curve(f"a map that goes on without him, {homes} homes", points)
    for days, ratio in points:
        figures.tell(f"error among {homes} homes after {days} days (1: nothing learnt)", round(ratio, 2))
    assert dict(points)[7] < {6: 0.6, 12: 0.8}[homes]
    assert dict(points)[7] < error(course(homes, 7, 2), homes)
