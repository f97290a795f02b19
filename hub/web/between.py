"""What figures of a place are made of: averages of several homes, and rows rounded before anybody saw them.

Rule: nothing but what is shown and the step that stands in the settings. An average counts for as many homes as it
tells of at least; where there is one, the single rows of an area are in it already and are not taken twice. A row
rounded to steps of 5 that says 0 is anything below 2.5; taken together such rows have a middle between the steps, and
it is told as that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hub.core.disclosed import Disclosed
from hub.core.grade import HOUR, Kind
from hub.settings import PropertySettings

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

INDOOR = "indoor"
PARTS = 10
"""As so many equal parts each row counts, spread over what it may have been; an exact row as so many of itself."""


def figures(shown: Disclosed, observed: PropertySettings) -> tuple[Ints, Values]:
    """Hours and values that stand for a whole place: averages, else single rows, and public instruments."""
    hours = shown.time // HOUR * HOUR
    release, nobody = of_kind(shown, Kind.RELEASE), of_kind(shown, Kind.NOBODY)
    if release.any():
        told = hours[release]
        # An hour's averages come a moment after its rows: until then the hour is not told at all.
        shown = shown.where(~nobody | (~np.isin(hours, told) & (hours < told.max())))
    return between_steps(shown, observed)


def of_kind(shown: Disclosed, *kinds: Kind) -> NDArray[np.bool_]:
    """Which rows are under faces of these kinds."""
    return np.array([f.kind in kinds for f in shown.faces] or [False])[shown.face]


def indoors(shown: Disclosed, *, inside: bool) -> Disclosed:
    """The rows that tell of homes inside, or those that tell of outdoors: the two are never put together."""
    return shown.where(np.array([(f.where == INDOOR) is inside for f in shown.faces] or [False])[shown.face])


def between_steps(shown: Disclosed, observed: PropertySettings) -> tuple[Ints, Values]:
    """Hours and values of the rows, `PARTS` of each home: what medians and percentiles are taken of."""
    release = of_kind(shown, Kind.RELEASE)
    homes = np.where(release, shown.homes, 1)
    half = np.where(of_kind(shown, Kind.NOBODY), observed.step_street / 2, 0.0)
    half = np.where(release, (observed.release_step or observed.step_commons) / 2, half)
    low = np.maximum(shown.value - half, np.minimum(observed.low, shown.value))
    high = np.minimum(shown.value + half, np.maximum(observed.high, shown.value))
    shares = (np.arange(PARTS) + 0.5) / PARTS
    spread = low[:, None] + (high - low)[:, None] * shares
    return np.repeat(shown.time // HOUR * HOUR, PARTS * homes), np.repeat(spread, homes, axis=0).ravel()
