"""Stored readings in good order, every day; those of old months where other tools read them, if the operator wants.

Rule: nobody waits for it, and no answer changes by it.
"""

from __future__ import annotations

import numpy as np

from hub.core.history import BEGINNING
from hub.core.store import Store


def compact(store: Store, after_months: int, now: int) -> str:
    """Put in order what came in since; in words, what was done."""
    return store.compact(oldest(after_months, now))


def oldest(after_months: int, now: int) -> int:
    """The moment (µs) before which a month is old, that many whole months ago (UTC); 0: none ever is."""
    if not after_months:
        return BEGINNING
    month = np.datetime64(now, "us").astype("datetime64[M]") - after_months
    return int(month.astype("datetime64[us]").astype(np.int64))
