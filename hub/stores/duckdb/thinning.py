"""Thinning in the DuckDB engine: old rows become means of their windows, very old ones go.

Rule: rows that some scope admits and others that it does not are never in one mean (`hub.core.store.Thinning`); a
month in which nothing can have changed since it was last looked at is not looked at again.
"""

from __future__ import annotations

import duckdb
import numpy as np

from hub.core.grade import DAY
from hub.core.store import Thinning
from hub.stores.duckdb.months import ODD, bounds
from hub.stores.duckdb.rewriting import Gone

_MARKED = """
    SELECT o.*, t.raw, t.last, o."time" - (o."time" % {w} + {w}) % {w} + {w} AS ends, t.late
    FROM {name}_rows o {side} JOIN thinning t ON o.datastream = t.datastream
"""
_GROUPS = """
    SELECT m.datastream, m.owner, m.ends, m.grade, m.wish, count(*) AS n, list(m."time" ORDER BY m."time") AS times,
        max(m.received) AS received, min(m.received) AS first, min(m."value") AS low, max(m."value") AS high,
        favg(m."value") AS mean, bit_or(m.quality) AS quality
    FROM ({marked}) m ASOF LEFT JOIN cuts c ON m.datastream = c.datastream AND m.received >= c.cut
    WHERE m.ends <= m.raw AND m.ends > m.last
    GROUP BY m.datastream, m.owner, m.ends, m.grade, m.wish, c.cut, m.received >= m.ends - {w} + m.late,
        m.received - (m.received % {day} + {day}) % {day}
"""
# Each part of a window keeps so many rows that they weigh as they did: one, where the whole window is one part.
_PARTS = """
    SELECT *, n // list_reduce(list(n) OVER (PARTITION BY datastream, ends), lambda a, b: gcd(a, b)) AS kept
    FROM ({groups})
"""
_CHANGED = """
    SELECT datastream, sum(fewer)::BIGINT AS fewer FROM (
        SELECT datastream, n - kept AS fewer FROM ({parts}) WHERE n > kept OR low < high OR first < received
        UNION ALL SELECT datastream, 1 AS fewer FROM ({marked}) WHERE ends <= last
    ) GROUP BY datastream
"""
# A mean too large for a float is none: any of its values stands for it.
_KEEP = """
    SELECT datastream, owner, "time", received, "value", grade, wish, quality FROM ({marked})
    WHERE raw IS NULL OR (ends > raw AND ends > last)
    UNION ALL
    SELECT datastream, owner, unnest(times[1:kept]) AS "time", received,
        CASE WHEN low = high OR NOT isfinite(mean) THEN low ELSE mean END AS "value", grade, wish, quality
    FROM ({parts})
"""


class Thin:
    """A thinning as a change of the files. `known` remembers per month what was done there; the engine keeps it."""

    def __init__(self, thinning: Thinning, puts: dict[int, int], known: dict[int, tuple[int, bytes]]) -> None:
        self._thinning, self._puts, self._known = thinning, puts, known
        self._looked: dict[int, tuple[int, bytes]] = {}

    def concerns(self, month: int) -> bool:
        """Whether something in this month can be old enough, and was not thinned just so already."""
        first, after = bounds(month)
        t = self._thinning
        oldest = max(int(t.raw.max(initial=first)), int(t.last.max(initial=first)))
        state = self._state(first, after, month)
        if (month != ODD and first >= oldest) or self._known.get(month) == state:
            return False
        self._looked[month] = state
        return True

    def prepare(self, cursor: duckdb.DuckDBPyConnection, name: str) -> Gone | None:
        """How many rows fewer there will be, and which datastreams are concerned."""
        t = self._thinning
        cursor.register("thinning", {"datastream": t.datastream, "raw": t.raw, "last": t.last, "late": t.late})
        cursor.register("cuts", {"datastream": t.cut_datastream, "cut": t.cut})
        found = cursor.execute(self._sql(_CHANGED, name, "INNER")).fetchnumpy()
        return Gone(int(found["fewer"].sum()), found["datastream"]) if len(found["fewer"]) else None

    def keep(self, name: str) -> str:
        """What stays, and the means."""
        return self._sql(_KEEP, name, "LEFT")

    def archives(self, month: int) -> bool:
        """Nothing moves because of it."""
        del month
        return False

    def done(self) -> None:
        """Remember that these months are as they should be, until something comes into them or rows grow too old."""
        self._known.update(self._looked)

    def _state(self, first: int, after: int, month: int) -> tuple[int, bytes]:
        """What has come into a month, and what this thinning means in it."""
        t = self._thinning
        columns = (t.datastream, np.clip(t.raw, first, after), np.clip(t.last, first, after))
        return self._puts.get(month, 0), b"".join(c.tobytes() for c in columns)

    def _sql(self, shape: str, name: str, side: str) -> str:
        w = int(self._thinning.window)
        groups = _GROUPS.format(marked=_MARKED.format(name=name, side="INNER", w=w), w=w, day=DAY)
        return shape.format(marked=_MARKED.format(name=name, side=side, w=w), parts=_PARTS.format(groups=groups))
