"""Simulated curves: the same every time, different for each home, and lifelike."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from devices import kits
from devices.curves import CURVES, curve

HOUR = 3_600_000_000
DAY = 24 * HOUR
NOVEMBER = 1_795_392_000_000_000  # Monday, 23 November 2026, 0 h UTC
JULY = 1_783_036_800_000_000  # Friday, 3 July 2026, 0 h UTC


def days(start: int, count: int, minutes: int = 10) -> NDArray[np.int64]:
    return start + np.arange(count * 24 * 60 // minutes, dtype=np.int64) * minutes * 60_000_000


def hour(start: int, at: float) -> NDArray[np.int64]:
    """This hour (UTC) of five working days, a value each minute."""
    one = start + int(at * HOUR) + np.arange(60, dtype=np.int64) * 60_000_000
    return np.concatenate([one + day * DAY for day in range(5)])


def test_there_is_a_curve_for_everything_the_neighbourhood_plans() -> None:
    kinds = [k for k in vars(kits).values() if isinstance(k, kits.Kind)] + [k for kit in kits.KITS for k in kit]
    assert {stream.curve for kind in kinds for stream in kind.streams} <= set(CURVES)


@pytest.mark.parametrize("kind", sorted(CURVES))
def test_one_value_is_the_same_as_that_of_an_array(kind: str) -> None:
    times = days(NOVEMBER, 1, 30)
    values = curve(kind, 5, times)
    assert values.shape == times.shape
    assert [curve(kind, 5, int(t)) for t in times] == values.tolist()


@pytest.mark.parametrize("kind", sorted(CURVES))
@pytest.mark.parametrize("start", [NOVEMBER, JULY])
def test_every_value_of_every_home_is_finite(kind: str, start: int) -> None:
    for seed in (0, 1, 77, 2**30):
        assert np.isfinite(curve(kind, seed, days(start, 7))).all()


@pytest.mark.parametrize("kind", sorted(set(CURVES) - {"presence", "rain"}))
def test_homes_differ(kind: str) -> None:
    times = days(JULY, 2)
    assert not np.array_equal(curve(kind, 1, times), curve(kind, 2, times))


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("warmth", -25, 42), ("humidity", 10, 100), ("dust", 0.5, 200), ("coarse-dust", 0.5, 300), ("noise", 25, 95),
        ("indoor-warmth", 15, 38), ("indoor-co2", 380, 3000), ("indoor-humidity", 15, 95), ("power", 20, 9000),
        ("heat-pump", 0, 4500), ("soil", 0, 60), ("soil-warmth", -2, 35), ("brook", 10, 200), ("brook-warmth", 0, 28),
        ("rain", 0, 40), ("battery", 20, 100), ("wind", 0, 25), ("pressure", 940, 1040), ("daylight", 0, 120_000),
        ("mains", 220, 240), ("heating-water", 15, 70), ("presence", 0, 1), ("link", 0, 255), ("signal", -125, -40),
    ],
)  # fmt: skip
def test_a_year_stays_plausible(kind: str, low: float, high: float) -> None:
    values = np.concatenate([curve(kind, seed, days(NOVEMBER, 365, 60)) for seed in (3, 42, 900)])
    assert low <= values.min() <= values.max() <= high


@pytest.mark.parametrize("kind", ["energy", "gas", "water"])
def test_meters_never_run_back(kind: str) -> None:
    for seed in (3, 42, 900):
        steps = np.diff(curve(kind, seed, days(NOVEMBER, 365, 30)))
        assert steps.min() >= 0
        assert steps.max() > 0


def test_summers_are_warm_and_winters_cold() -> None:
    assert curve("warmth", 1, days(JULY, 14)).mean() > curve("warmth", 1, days(NOVEMBER, 14)).mean() + 8


def test_afternoons_are_warmer_than_early_mornings() -> None:
    assert curve("warmth", 1, hour(JULY, 14)).mean() > curve("warmth", 1, hour(JULY, 3)).mean() + 2


def test_the_weather_is_shared() -> None:
    times = days(NOVEMBER, 7)
    assert np.corrcoef(curve("warmth", 1, times), curve("warmth", 2, times))[0, 1] > 0.95


def test_rush_hours_are_louder_than_nights_and_busy_streets_than_quiet_ones() -> None:
    def loud(at: float, busy: float) -> float:
        return float(curve("noise", 9, hour(NOVEMBER, at), busy).mean())

    assert loud(7.5, 0.9) > loud(2, 0.9) + 5
    assert loud(7.5, 0.9) > loud(7.5, 0.1) + 8


def test_people_cook_in_the_evening_and_sleep_at_night() -> None:
    evening = np.mean([curve("power", seed, hour(NOVEMBER, 17.5)).mean() for seed in range(20)])
    night = np.mean([curve("power", seed, hour(NOVEMBER, 2)).mean() for seed in range(20)])
    assert evening > 2 * night


def test_mornings_with_smog_stand_out() -> None:
    peaks = curve("dust", 1, days(NOVEMBER, 60)).reshape(60, -1).max(axis=1)
    assert peaks.max() > 1.8 * np.median(peaks)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        curve("nonsense", 1, NOVEMBER)


def test_switches_are_whole() -> None:
    assert set(curve("presence", 1, days(NOVEMBER, 7)).tolist()) == {0.0, 1.0}
    assert math.isclose(curve("battery", 1, NOVEMBER) % 1, 0)
