"""Which line of memory each datastream has, while what comes in is judged (`hub.core.plausibility`).

Rule: in memory alone and bounded by the datastreams there are whose property can be judged. After a restart nothing is
remembered: the first reading of each is not judged, and a value has to stay the same for the whole time anew before it
is called flat. A thing is on one connection at a time, so that each of several workers remembers what it needs. What
was not stored has not happened.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hub.core.observations import Attributed, SeriesTable
from hub.core.plausibility import Judged, Limits, Past, judge

_NOBODY = np.empty(0, np.float64)


class Judging:
    """The memory of one way in."""

    def __init__(self) -> None:
        self._table: SeriesTable | None = None
        self._datastreams: NDArray[np.int32] = np.empty(0, np.int32)
        self._line: NDArray[np.intp] = np.empty(0, np.intp)
        self._limits = Limits(_NOBODY, _NOBODY, _NOBODY, np.empty(0, np.int64))
        self._past = Past.nothing(0)

    def mark(self, made: Attributed, table: SeriesTable) -> Judged | None:
        """Set the flags of what was attributed by this table; what to `learn` of it once it is stored."""
        if table is not self._table:
            self._follow(table)
        if not len(self._datastreams):
            return None
        judged = judge(self._line[made.number], made.observations, self._limits, self._past)
        np.bitwise_or(made.observations.quality, judged.flags, out=made.observations.quality)
        return judged

    def learn(self, judged: Judged | None) -> None:
        """It is stored: it is what the next is compared with."""
        if judged is not None:
            self._past.put(judged.lines, judged.past)

    def _follow(self, table: SeriesTable) -> None:
        """Make a line for each datastream that can be judged, and take along what is remembered of it."""
        can = np.flatnonzero(np.isfinite(table.rate) | (table.still > 0))
        streams, first, line = np.unique(table.datastream[can], return_index=True, return_inverse=True)
        at = can[first]
        self._limits = Limits(table.low[at], table.high[at], table.rate[at], table.still[at])
        self._line = np.full(len(table.series), -1, np.intp)
        self._line[can] = line.ravel()
        past, place = Past.nothing(len(streams)), np.searchsorted(streams, self._datastreams)
        kept = place < len(streams)
        kept[kept] = streams[place[kept]] == self._datastreams[kept]
        past.put(place[kept], self._past.take(kept))
        self._past, self._datastreams, self._table = past, streams, table
