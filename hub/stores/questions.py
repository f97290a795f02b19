"""Questions to the DuckDB engine as SQL.

Rule: the slices are joined in the innermost query, so that nothing outside of it ever sees a row they do not admit.
Bounds and short lists that follow from the slices are repeated in each file's scan: they only save reading.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from hub.core.history import BEGINNING, END
from hub.core.observations import Observations
from hub.core.store import Rows
from hub.stores.batches import COLUMNS

_FEW = 64
_ADMITTED = """
    SELECT o.datastream, o."time", o."value", o.received, s.step, s.closed,
        CASE WHEN s.step = 0 THEN o."time" ELSE o."time" - ((o."time" % s.step) + s.step) % s.step END AS start
    FROM ({files}) o JOIN slices s ON o.datastream = s.datastream
    WHERE o.received >= s.since AND o.received < s.until
        AND o.grade >= s.least_grade AND o.wish >= s.least_wish
        AND o."time" >= s.earliest AND o."time" < s.before
"""
_FILE = """
    SELECT datastream, "time", "value", received, grade, wish FROM {table}
    WHERE "time" >= {low} AND "time" < {high} AND received >= {since} AND received < {until} {few}
"""
_NOT_REPLACED = """
    SELECT * FROM ({file}) f ANTI JOIN waiting w ON f.datastream = w.datastream AND f."time" = w."time"
"""
_INSTANTS = """
    SELECT datastream, start AS "time", "value" FROM ({admitted})
    WHERE start >= {since} AND start < {until}
    ORDER BY datastream, "time"
"""
# favg sums with compensation: the mean of a window must not depend on the order in which its rows are read.
_MEANS = """
    SELECT datastream, start AS "time", favg("value") AS "value" FROM ({admitted})
    WHERE start >= {since} AND start < {until} AND (closed = 0 OR received < start + closed)
    GROUP BY datastream, start
    ORDER BY datastream, "time"
"""
_HASHES = "SELECT hash FROM {}.acknowledged"
_SEEN = "SELECT DISTINCT hash FROM ({}) SEMI JOIN asked USING (hash)"


class Question(NamedTuple):
    """Slices (with their `step`) that are all answered with rows, or all with means, for [`since`, `until`).

    Rows with a time outside of [`low`, `high`) cannot play a part.
    """

    slices: NDArray[np.void]
    since: int
    until: int
    low: int
    high: int

    def ask(self, cursor: duckdb.DuckDBPyConnection, names: Sequence[str], waiting: Observations | None = None) -> Rows:
        """The answer out of the files attached under these names, and of rows that replace theirs."""
        cursor.register("slices", _columns(self.slices))
        each = [_FILE.format(table=f"{n}.observations", **self._bounds()) for n in names]
        if waiting is not None:
            cursor.register("waiting", {n: np.ascontiguousarray(getattr(waiting, n)) for n in COLUMNS})
            each = [_NOT_REPLACED.format(file=file) for file in each]
            each.append(_FILE.format(table="waiting", **self._bounds()))
        files = " UNION ALL ".join(each)
        means = bool(self.slices["step"][0])
        shape = _MEANS if means else _INSTANTS
        sql = shape.format(admitted=_ADMITTED.format(files=files), since=self.since, until=self.until)
        found = cursor.execute(sql).fetchnumpy()
        return Rows(found["datastream"], found["time"], found["value"])

    def _bounds(self) -> dict[str, int | str]:
        s = self.slices
        ids = np.unique(s["datastream"])
        few = f"AND datastream IN ({', '.join(map(str, ids.tolist()))})" if len(ids) <= _FEW else ""
        return {
            "low": self.low, "high": self.high, "since": int(s["since"].min()), "until": int(s["until"].max()),
            "few": few,
        }  # fmt: skip


def questions(slices: NDArray[np.void], since: int, until: int) -> Iterator[Question]:
    """What is to be asked about slices with their `step`: about rows, about means, or both."""
    since, until = max(since, BEGINNING), min(until, END)
    for of in (slices["step"] == 0, slices["step"] > 0):
        mine = slices[of & (slices["since"] < slices["until"])]
        if len(mine) and since < until:
            low = max(since, int(mine["earliest"].min()))
            high = min(until + int(mine["step"].max()), int(mine["before"].max()))
            if low < high:
                yield Question(mine, since, until, low, high)


def seen(cursor: duckdb.DuckDBPyConnection, names: Iterable[str], hashes: Collection[int]) -> set[int]:
    """Which of these hashes stand in the files attached under these names."""
    files = " UNION ALL ".join(map(_HASHES.format, names))
    cursor.register("asked", {"hash": np.array(list(hashes), np.uint64)})
    found = cursor.execute(_SEEN.format(files)).fetchnumpy()
    return {int(h) for h in found["hash"]}


def _columns(slices: NDArray[np.void]) -> dict[str, NDArray[np.generic]]:
    columns = {n: np.ascontiguousarray(slices[n]) for n in slices.dtype.names or ()}
    columns["closed"] = np.where(slices["window"] > 0, slices["window"] + slices["watermark"], 0)
    return columns
