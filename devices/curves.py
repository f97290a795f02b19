"""Lifelike curves of simulated things: deterministic, different for each home, under one shared weather.

Rule: a curve is a pure function of (kind, seed, time, traffic); the same arguments give the same value for ever. What
counts up (energy, gas, water, uptime) never counts down between two restarts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import overload

import numpy as np
from numpy.typing import NDArray

from devices import weather as sky
from devices.weather import DAY, HOUR, Floats, bump, chance, drift, local_hour

Shape = Callable[[Floats, int, float], Floats]
"""(seconds since 1970, seed, traffic 0 to 1) → values."""


@overload
def curve(kind: str, seed: int, time_us: int, busy: float = 0.5) -> float: ...
@overload
def curve(kind: str, seed: int, time_us: NDArray[np.int64], busy: float = 0.5) -> Floats: ...
def curve(kind: str, seed: int, time_us: int | NDArray[np.int64], busy: float = 0.5) -> float | Floats:
    """The value(s) of one kind of curve (a key of `CURVES`) at a time or at an array of times (µs since 1970 UTC).

    `seed` tells one home from another, `busy` is how much traffic passes it (0 to 1). Values have the decimals that
    a real sensor of that kind has. Raises `KeyError` for an unknown kind.
    """
    shape, decimals = CURVES[kind]
    seconds = np.atleast_1d(np.asarray(time_us, dtype=np.int64)) / 1e6
    values = np.round(shape(seconds, seed, busy), decimals)
    return values if isinstance(time_us, np.ndarray) else float(values[0])


def _own(seed: int, low: float, high: float, salt: int = 0) -> float:
    """A number between `low` and `high` that belongs to this home."""
    return low + (high - low) * float(chance(np.array([seed]), 1000 + salt)[0])


def _now_and_then(s: Floats, seed: int, minutes: float, salt: int) -> Floats:
    """A random number for every slot of so many minutes: who cooks, showers or opens a window just now."""
    return chance(np.floor(s / (60 * minutes)).astype(np.int64) + seed * 7919, 2000 + salt)


def _at_home(s: Floats, seed: int) -> Floats:
    """How many of the household are in, about 0 to 1: nights, mornings, evenings, and more at weekends."""
    hours = local_hour(s)
    late = _own(seed, -1.2, 1.2, 1)
    away = np.clip(1.15 * bump(hours, 12.2 + late, 3.4), 0, 1) * np.where(sky.weekend(s), 0.35, _own(seed, 0.6, 1, 2))
    return np.clip(1 - away, 0, 1)


def _awake(s: Floats, seed: int) -> Floats:
    hours = local_hour(s)
    late = _own(seed, -1, 1.5, 3)
    return np.clip(1.2 - 1.4 * bump(hours, 3 + late, 2.8), 0, 1)


def _traffic(s: Floats) -> Floats:
    """Traffic of the neighbourhood, about 0 to 1: two rush hours on working days, quiet nights."""
    hours = local_hour(s)
    working = 0.95 * bump(hours, 8, 1.3) + 0.9 * bump(hours, 17, 1.8) + 0.55 * bump(hours, 12.5, 3.5)
    free = 0.5 * bump(hours, 14, 4) + 0.25 * bump(hours, 20, 2)
    return 0.06 + np.where(sky.weekend(s), free, working)


def _warmth(s: Floats, seed: int, busy: float) -> Floats:
    air, _ = sky.warmth_and_wind(s)
    walls = 0.6 * busy + _own(seed, -0.5, 0.5)
    return air + walls + _own(seed, 0, 1.2, 1) * sky.sun(s) * (1 - sky.cloud(s)) + 0.15 * drift(s, 900, seed)


def _humidity(s: Floats, seed: int, _: float) -> Floats:
    return np.clip(sky.humidity(s) + _own(seed, -3, 3) + 0.8 * drift(s, 1800, seed), 18, 100)


def _dust(s: Floats, seed: int, busy: float) -> Floats:
    """PM2.5: what the sky brings, smoke of stoves on cold evenings, smog on still mornings, the own street."""
    air, wind = sky.warmth_and_wind(s)
    hours = local_hour(s)
    still = 1 / (0.6 + wind)
    cold = np.clip((14 - air) / 14, 0, 1.6)
    stoves = cold * (bump(hours, 19.5, 2.4) + 0.7 * bump(hours, 7, 1.5)) * _own(seed, 4, 16)
    smog = 26 * np.maximum(drift(s, 2.6 * DAY, 31) - 0.25, 0) * bump(hours, 8, 2.5)
    background = 7 + 4 * drift(s, 2 * DAY, 32) + 3 * busy * _traffic(s)
    return np.maximum((background + stoves + smog) * (0.45 + still) * (1 - 0.3 * np.minimum(sky.rain(s), 1)), 0.8) * (
        1 + 0.06 * drift(s, 400, seed)
    )


def _coarse_dust(s: Floats, seed: int, busy: float) -> Floats:
    stirred = (3 + 9 * busy) * _traffic(s) * np.clip(1 - sky.rain(s), 0.1, 1)
    return 1.35 * _dust(s, seed, busy) + stirred + 1


def _noise(s: Floats, seed: int, busy: float) -> Floats:
    """LAeq: powers of what is to be heard, added."""
    cars = 10 ** ((41 + 21 * busy) / 10) * _traffic(s) * (0.7 + 0.6 * _now_and_then(s, seed, 3, 1))
    birds = 10 ** (4.4 + 0.4 * _own(seed, -1, 1)) * bump(local_hour(s), 5.3, 1.1) * np.clip(sky.summer(s), 0, 1)
    drops = 10 ** (3.6 + 0.25 * np.minimum(sky.rain(s), 6)) * (sky.rain(s) > 0)
    bell = 10**6.3 * (_now_and_then(s, seed, 4, 2) > 0.985) * (_traffic(s) > 0.3)  # noqa: PLR2004 - a siren, a dog
    return 10 * np.log10(10 ** _own(seed, 2.9, 3.4) + cars + birds + drops + bell)


def _indoor_warmth(s: Floats, seed: int, _: float) -> Floats:
    air, _wind = sky.warmth_and_wind(s)
    heated = _own(seed, 19.2, 22.8) - _own(seed, 0.4, 2, 1) * (1 - _awake(s, seed)) + 0.4 * _at_home(s, seed)
    free = sky.mean_warmth(s) + 4.5 + 0.25 * (air - sky.mean_warmth(s))
    return np.maximum(heated, free) + 0.25 * drift(s, 2400, seed) - 0.6 * (_now_and_then(s, seed, 15, 3) > 0.96)  # noqa: PLR2004 - an open window


def _indoor_humidity(s: Floats, seed: int, busy: float) -> Floats:
    cooked = 9 * (_power(s, seed, busy) > 900) + 6 * (_now_and_then(s, seed, 20, 4) > 0.95) * _awake(s, seed)  # noqa: PLR2004 - W; a shower
    return np.clip(45 + 9 * sky.summer(s) + _own(seed, -6, 6) + 3 * drift(s, 5 * HOUR, seed) + cooked, 20, 85)


def _indoor_co2(s: Floats, seed: int, _: float) -> Floats:
    hours = local_hour(s)
    slept_in = np.clip((hours + 2) % 24, 0, 9) / 9 * (((hours + 2) % 24) < 9.5)  # noqa: PLR2004 - from 22 h to half past 7
    people = _at_home(s, seed) * (0.35 + 0.5 * bump(hours, 20, 2.5))
    aired = 1 - 0.65 * (_now_and_then(s, seed, 20, 5) > 0.82)  # noqa: PLR2004 - a window stands open
    return 425 + (_own(seed, 500, 1300) * slept_in + 480 * people) * aired + 20 * drift(s, 900, seed)


def _power(s: Floats, seed: int, _: float) -> Floats:
    """A flat's electricity: always something, a fridge, people, cooking at meals, now and then a kettle."""
    hours = local_hour(s)
    always = _own(seed, 45, 130)
    fridge = 75 * ((s / 60 + seed * 13) % _own(seed, 38, 55, 1) < 15)  # noqa: PLR2004 - minutes of each cycle
    people = 190 * _own(seed, 0.6, 1.7, 2) * _at_home(s, seed) * _awake(s, seed) * (0.4 + 0.6 * bump(hours, 20, 3))
    meals = (
        0.5 * bump(hours, 7, 0.9) + 0.3 * bump(hours, 12.5, 0.8) + 0.75 * bump(hours, 18.5 + _own(seed, -1, 1, 3), 0.8)
    )
    cooking = 1650 * _own(seed, 0.7, 1.4, 4) * (_now_and_then(s, seed, 12, 6) < meals * _at_home(s, seed))
    kettle = 1900 * (_now_and_then(s, seed, 4, 7) > 0.985) * _awake(s, seed) * _at_home(s, seed)  # noqa: PLR2004 - once in an hour or so
    return always + fridge + people + cooking + kettle + 6 * drift(s, 120, seed)


def _counter(s: Floats, seed: int, a_day: float, heating: float) -> Floats:
    """What a meter has counted at `a_day` units a day, `heating` (0 to 1) of it following the winter.

    The integral in closed form, so it never runs back: season by a sine, the day by a curve that is flat at night.
    """
    days = s / DAY
    seasonal = days - heating * np.sin(2 * np.pi * (s / sky.YEAR - 17 / 365)) * -365.2425 / (2 * np.pi)
    part = ((s + HOUR) % DAY) / DAY  # no summer time: a meter does not jump
    within = (
        -0.1 * np.sin(2 * np.pi * part) / (2 * np.pi) * 5 - 0.12 * np.sin(4 * np.pi * (part - 0.05)) / (4 * np.pi) * 3
    )
    first = _own(seed, 19000, 20400, 8)
    return np.maximum(a_day * (seasonal + (1 - heating) * within - first), 0)


def _energy(s: Floats, seed: int, _: float) -> Floats:
    return _counter(s, seed, _own(seed, 3.5, 9), 0.15)


def _gas(s: Floats, seed: int, _: float) -> Floats:
    return _counter(s, seed, _own(seed, 1.2, 3.6), 0.8)


def _water(s: Floats, seed: int, _: float) -> Floats:
    return _counter(s, seed, _own(seed, 0.09, 0.34), 0.0)


def _heat_pump(s: Floats, seed: int, _: float) -> Floats:
    """Standby, or running in turns that last the longer the colder it is; hot water before the morning."""
    air, _wind = sky.warmth_and_wind(s)
    need = np.clip((17 - air) / 28, 0, 1)
    running = ((s / 60 + seed * 17) % 50) / 50 < need
    bath = bump(local_hour(s), _own(seed, 4, 6), 0.45) > 0.6  # noqa: PLR2004 - about an hour
    return 28 + running * (900 + 1500 * need) + bath * 700 + 20 * drift(s, 300, seed)


def _heating_water(s: Floats, seed: int, busy: float) -> Floats:
    air, _wind = sky.warmth_and_wind(s)
    on = _heat_pump(s, seed, busy) > 400  # noqa: PLR2004 - W
    return 24 + np.clip(17 - air, 0, 35) * 0.75 + 3 * on + 0.5 * drift(s, 1200, seed)


def _soil(s: Floats, seed: int, _: float) -> Floats:
    dry = 7 * np.clip(sky.summer(s), 0, 1) + 2 * drift(s, 11 * DAY, 41)
    return np.clip(_own(seed, 18, 29) - dry + 9 * sky.rain_remembered(s) + 0.3 * drift(s, 6 * HOUR, seed), 4, 55)


def _soil_warmth(s: Floats, seed: int, _: float) -> Floats:
    """The air of some hours ago, much damped; never far below freezing."""
    ago = s - 5 * HOUR
    damped = sky.mean_warmth(s - 18 * HOUR) + 0.22 * (sky.warmth(ago) - sky.mean_warmth(ago))
    return np.maximum(0.8 * damped + 2.4, -1.5) + _own(seed, -0.4, 0.4)


def _brook(s: Floats, seed: int, _: float) -> Floats:
    return 31 + _own(seed, -4, 4) + 15 * sky.rain_remembered(s) + 2 * drift(s, 9 * DAY, 42) + 0.3 * drift(s, 900, seed)


def _brook_warmth(s: Floats, seed: int, _: float) -> Floats:
    return np.maximum(0.75 * sky.mean_warmth(s - 12 * HOUR) + 3.2 + 0.8 * sky.sun(s - 2 * HOUR), 0.1) + _own(
        seed, 0, 0.3
    )


def _battery(s: Floats, seed: int, _: float) -> Floats:
    """From full to a third in most of a year, then somebody changes it."""
    life = _own(seed, 200, 420) * DAY
    return 100 - 67 * (((s + seed * 86_431) % life) / life)


def _uptime(s: Floats, seed: int, _: float) -> Floats:
    """Since the last restart; a week to six weeks apart."""
    return (s + seed * 35_977) % (_own(seed, 7, 42) * DAY)


def _presence(s: Floats, seed: int, _: float) -> Floats:
    return (_now_and_then(s, seed, 5, 9) < 0.45 * _at_home(s, seed) * _awake(s, seed)).astype(np.float64)


CURVES: dict[str, tuple[Shape, int]] = {
    "battery": (_battery, 0),
    "brook": (_brook, 1),
    "brook-warmth": (_brook_warmth, 1),
    "coarse-dust": (_coarse_dust, 1),
    "daylight": (lambda s, seed, _: 96_000 * sky.sun(s) ** 1.2 * (1 - 0.8 * sky.cloud(s)) * _own(seed, 0.5, 1), 0),
    "dust": (_dust, 1),
    "energy": (_energy, 3),
    "gas": (_gas, 3),
    "heat-pump": (_heat_pump, 0),
    "heating-water": (_heating_water, 1),
    "humidity": (_humidity, 1),
    "indoor-co2": (_indoor_co2, 0),
    "indoor-humidity": (_indoor_humidity, 1),
    "indoor-warmth": (_indoor_warmth, 1),
    "link": (lambda s, seed, _: np.clip(_own(seed, 60, 190) + 22 * drift(s, 1700, seed), 5, 255), 0),
    "mains": (lambda s, seed, _: 231 + 3.5 * drift(s, 5 * HOUR, 43) + 0.8 * drift(s, 200, seed) - 2 * _traffic(s), 1),
    "noise": (_noise, 1),
    "power": (_power, 0),
    "presence": (_presence, 0),
    "pressure": (lambda s, seed, _: sky.pressure(s) + _own(seed, -0.6, 0.6), 1),
    "rain": (lambda s, seed, _: sky.rain(s - _own(seed, 0, 300)), 1),
    "signal": (lambda s, seed, _: _own(seed, -104, -62) + 5 * drift(s, 2300, seed), 0),
    "soil": (_soil, 1),
    "soil-warmth": (_soil_warmth, 1),
    "uptime": (_uptime, 0),
    "warmth": (_warmth, 1),
    "water": (_water, 3),
    "wind": (lambda s, seed, _: sky.wind(s) * _own(seed, 0.7, 1.1), 1),
}
"""Kind of curve → its shape, and the decimals such a sensor has."""
