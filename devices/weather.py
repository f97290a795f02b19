"""The weather that all simulated things share: one invented sky over central Europe.

Rule: pure and the same every time: a function of the time alone, smooth, vectorised over it. Nothing is integrated
or remembered, so a week of history and the next live reading are the same curve.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOUR = 3600.0
DAY = 24 * HOUR
YEAR = 365.2425 * DAY
_LATITUDE = np.radians(50.1)
_EAST = 14.4 / 360 * DAY
_WINTER_SHIFT, _SUMMER_SHIFT = 1 * HOUR, 2 * HOUR
_RAIN_MEMORY = ((2.0, 0.35), (8.0, 0.25), (20.0, 0.2), (44.0, 0.12), (92.0, 0.08))
"""(hours ago, weight): what the ground and the brook still know of rain."""


def chance(knot: NDArray[np.int64], salt: int) -> Floats:
    """A random number in [0, 1) for each integer: the same for the same (knot, salt) for ever (splitmix64)."""
    with np.errstate(over="ignore"):
        z = (knot.astype(np.uint64) + np.uint64(salt & 0xFFFFFFFF) * np.uint64(0x9E3779B97F4A7C15)) + np.uint64(1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) / 2.0**53


def drift(seconds: Floats, period: float, salt: int) -> Floats:
    """A smooth random curve in (-1, 1) that turns about once in `period` seconds."""
    at = seconds / period
    knot = np.floor(at).astype(np.int64)
    part = at - knot
    ease = part * part * (3 - 2 * part)
    return 2 * (chance(knot, salt) * (1 - ease) + chance(knot + 1, salt) * ease) - 1


def bump(hours: Floats, middle: float, width: float) -> Floats:
    """A bell over the hour of the day, 1 at `middle`, around midnight too."""
    off = (hours - middle + 12) % 24 - 12
    bell: Floats = np.exp(-0.5 * (off / width) ** 2)
    return bell


def summer(seconds: Floats) -> Floats:
    """The time of the year: 1 in the middle of July, -1 in the middle of January."""
    height: Floats = -np.cos(2 * np.pi * (seconds / YEAR - 17 / 365))
    return height


def local_hour(seconds: Floats) -> Floats:
    """The hour of the day (0 to 24) on clocks in central Europe; summer time from April to October."""
    turn = (seconds / YEAR) % 1
    shift = np.where((turn > 88 / 365) & (turn < 300 / 365), _SUMMER_SHIFT, _WINTER_SHIFT)
    return ((seconds + shift) % DAY) / HOUR


def weekend(seconds: Floats) -> NDArray[np.bool_]:
    """Whether it is Saturday or Sunday (1 January 1970 was a Thursday)."""
    return ((seconds + _WINTER_SHIFT) // DAY + 3) % 7 >= 5  # noqa: PLR2004 - Monday is 0


def cloud(seconds: Floats) -> Floats:
    """How much of the sky is covered, 0 to 1; winters are greyer."""
    return np.clip(0.55 - 0.12 * summer(seconds) + 0.55 * drift(seconds, 30 * HOUR, 11), 0, 1)


def sun(seconds: Floats) -> Floats:
    """The sine of the sun's height over the horizon, 0 at night."""
    declination = np.radians(23.4) * -np.cos(2 * np.pi * (seconds / YEAR + 10 / 365))
    angle = 2 * np.pi * ((seconds + _EAST) / DAY - 0.5)
    height = np.sin(_LATITUDE) * np.sin(declination) + np.cos(_LATITUDE) * np.cos(declination) * np.cos(angle)
    above: Floats = np.maximum(height, 0)
    return above


def mean_warmth(seconds: Floats) -> Floats:
    """The air temperature (°C) without day and night: season, and the weather that passes."""
    return 9.5 + 10 * summer(seconds) + 4.5 * drift(seconds, 5 * DAY, 12) + 1.5 * drift(seconds, 1.3 * DAY, 13)


def warmth(seconds: Floats) -> Floats:
    """The air temperature (°C): warmest in the middle of the afternoon, most under a clear summer sky."""
    swing = (3.2 + 2.6 * summer(seconds)) * (1.25 - cloud(seconds))
    day = np.cos(2 * np.pi * ((seconds + _EAST) / DAY - 15 / 24))
    return mean_warmth(seconds) + swing * day + 0.3 * drift(seconds, 0.6 * HOUR, 14)


def humidity(seconds: Floats) -> Floats:
    """The relative humidity (%) of the air, from its temperature and a dew point that changes slowly (Magnus)."""
    t = warmth(seconds)
    dew = np.minimum(mean_warmth(seconds) - 1.5 - 4.5 * (1 - cloud(seconds)), t)
    return 100 * np.exp(17.62 * dew / (243.1 + dew) - 17.62 * t / (243.1 + t))


def rain(seconds: Floats) -> Floats:
    """How hard it rains (mm/h): mostly not at all, then showers out of a covered sky."""
    wet = drift(seconds, 9 * HOUR, 15) + 0.9 * cloud(seconds) - 0.85
    shower = 0.55 + 0.45 * drift(seconds, 0.7 * HOUR, 16)
    return 6 * np.maximum(wet, 0) ** 1.5 * shower


def rain_remembered(seconds: Floats) -> Floats:
    """How wet it has been in the last days (mm/h, weighted), for the ground and the brook."""
    total = np.zeros_like(seconds)
    for hours, weight in _RAIN_MEMORY:
        total += weight * 6 * np.maximum(drift(seconds - hours * HOUR, 9 * HOUR, 15) + 0.05, 0) ** 1.5
    return total


def wind(seconds: Floats) -> Floats:
    """The wind (m/s), fresher in the afternoon and when the weather changes."""
    calm = 0.5 + 0.5 * drift(seconds, 20 * HOUR, 17)
    gust = 1 + 0.25 * drift(seconds, 0.2 * HOUR, 18)
    return np.maximum((0.6 + 4.2 * calm**2) * (0.75 + 0.5 * sun(seconds)) * gust, 0)


def pressure(seconds: Floats) -> Floats:
    """The air pressure (hPa) at 230 m above the sea; low when it is grey."""
    return 990 - 7 * (cloud(seconds) - 0.5) + 11 * drift(seconds, 4 * DAY, 19) + 0.4 * drift(seconds, 2 * HOUR, 20)


@lru_cache(maxsize=64)
def _same(times: bytes) -> tuple[Floats, Floats]:
    seconds = np.frombuffer(times, np.float64)
    return warmth(seconds), wind(seconds)


def warmth_and_wind(seconds: Floats) -> tuple[Floats, Floats]:
    """Both, remembered: hundreds of things ask for the same week."""
    return _same(seconds.tobytes())
