"""Reading between the steps: rows that were rounded before anybody saw them, as the numbers they may have been.

Rule: nothing but the rounded rows and the step that stands in the settings. A row rounded to steps of 5 that says 0 is
anything below 2.5; taken together such rows have a middle between the steps, and it is told as that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hub.core.disclosed import Disclosed
from hub.core.grade import HOUR, Kind
from hub.settings import PropertySettings

Ints = NDArray[np.int64]
Values = NDArray[np.float64]

PARTS = 10
"""As so many equal parts each row counts, spread over what it may have been; an exact row as so many of itself."""


def between_steps(shown: Disclosed, observed: PropertySettings) -> tuple[Ints, Values]:
    """Hours and values of the rows, `PARTS` of each: what medians and percentiles are taken of."""
    stepped = np.array([f.kind is Kind.NOBODY for f in shown.faces] or [False])[shown.face]
    half = np.where(stepped, observed.step_street / 2, 0.0)
    low = np.maximum(shown.value - half, np.minimum(observed.low, shown.value))
    high = np.minimum(shown.value + half, np.maximum(observed.high, shown.value))
    shares = (np.arange(PARTS) + 0.5) / PARTS
    spread = low[:, None] + (high - low)[:, None] * shares
    return np.repeat(shown.time // HOUR * HOUR, PARTS), spread.ravel()
