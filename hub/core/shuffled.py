"""Numbers for rows that nobody's name stands on, and the order that follows from them.

Rule: a number says nothing and stays: it is the same each time a window is read, and follows from the window, the
cell, the property and the rank of the value alone, never from who measured it or in which order it was stored.
"""

from __future__ import annotations

import hmac

import numpy as np
from numpy.typing import NDArray

from hub.core.observations import Times, Values

Numbers = NDArray[np.uint64]
_PER_DIGEST = 8
"""So many 64-bit numbers are in one HMAC-SHA512."""


def row_numbers(key: bytes, subject: NDArray[np.intp], subjects: list[str], time: Times, value: Values) -> Numbers:
    """A number for each row: HMAC(key, window | subject | rank of its value within its window and subject).

    In: each row's `subject` (a number into `subjects`: words for property and cell), the start of its window (µs) and
    its value as shown.
    """
    order = np.lexsort((value, time, subject))
    groups = np.column_stack([subject[order], time[order]])
    fresh = np.ones(len(order), bool)
    fresh[1:] = np.any(groups[1:] != groups[:-1], axis=1)
    starts = np.flatnonzero(fresh)
    sizes = np.diff(np.append(starts, len(order)))
    digests = b"".join(
        hmac.digest(key, f"{time[order[at]]}|{subjects[subject[order[at]]]}|{part}".encode(), "sha512")
        for at, size in zip(starts.tolist(), sizes.tolist(), strict=True)
        for part in range(-(-size // _PER_DIGEST))
    )
    padded = -(-sizes // _PER_DIGEST) * _PER_DIGEST
    first = np.repeat(np.cumsum(padded) - padded, sizes)
    rank = np.arange(len(order)) - np.repeat(starts, sizes)
    numbers = np.empty(len(order), np.uint64)
    numbers[order] = np.frombuffer(digests, "<u8")[first + rank]
    return numbers
