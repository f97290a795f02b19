"""Questions to the DuckDB engine as SQL.

Rule: the slices are joined in the innermost query, so that nothing outside of it ever sees a row they do not admit.
Bounds and short lists that follow from the slices are repeated in each file's scan: they only save reading.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from hub.core.history import BEGINNING, END
from hub.core.observations import Observations
from hub.core.store import Rows
from hub.stores.batches import COLUMNS, joined
from hub.stores.duckdb.layout import File
from hub.stores.duckdb.summing import Asked, stretches, sums, tiers_for

_FEW = 256
"""So many datastreams are named in each file's scan: it passes over whole stretches of others."""
_ADMITTED = """
    SELECT o.datastream, o."time", o."value", o.received, {step} AS step, {closed} AS closed,
        CASE WHEN {step} = 0 THEN o."time" ELSE o."time" - ((o."time" % {step}) + {step}) % {step} END AS start
    FROM ({files}) o {beside}
    WHERE o.datastream = {datastream} AND o.received >= {since} AND o.received < {until}
        AND o.grade >= {least_grade} AND o.wish >= {least_wish}
        AND o."time" >= {earliest} AND o."time" < {before}
"""
_SLICE = ("datastream", "since", "until", "least_grade", "least_wish", "step", "closed", "earliest", "before")
"""What the rows are admitted by: columns of `slices`, or of a single slice its numbers, which take half of the time."""
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
_EACH = """
    SELECT datastream, start, 1 AS n, "value" AS total, true AS whole FROM ({admitted})
    WHERE start >= {since} AND start < {until} AND (closed = 0 OR received < start + closed)
"""
# fsum sums with compensation: the mean of a window must not depend on the order in which its rows are read.
_MEANS = """
    SELECT datastream, start AS "time", fsum(total) / sum(n) AS "value", bool_and(whole) AS whole FROM ({parts})
    GROUP BY datastream, start
    ORDER BY datastream, "time"
"""
_ONLY_PARTIAL = "AND (datastream, start) IN (SELECT datastream, start FROM partial)"
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

    def ask(
        self, cursor: duckdb.DuckDBPyConnection, files: Sequence[File], waiting: Observations | None = None
    ) -> Rows:
        """The answer out of these files, and of rows that replace theirs."""
        cursor.register("slices", _columns(self.slices))
        cursor.begin()  # whatever is looked at, it is of one moment
        try:
            if waiting is None and self.slices["step"][0]:
                return self._means(cursor, files)
            return self._of_rows(cursor, files, waiting)
        finally:
            cursor.rollback()

    def _of_rows(self, cursor: duckdb.DuckDBPyConnection, files: Sequence[File], waiting: Observations | None) -> Rows:
        each = [self._file(f.rows) for f in files]
        if waiting is not None:
            cursor.register("waiting", {n: np.ascontiguousarray(getattr(waiting, n)) for n in COLUMNS})
            each = [_NOT_REPLACED.format(file=file) for file in each]
            each.append(self._file("waiting"))
        if self.slices["step"][0]:
            return _rows(cursor.execute(_MEANS.format(parts=self._over(_EACH, each))).fetchnumpy())
        return _rows(cursor.execute(self._over(_INSTANTS, each)).fetchnumpy())

    def _means(self, cursor: duckdb.DuckDBPyConnection, files: Sequence[File]) -> Rows:
        """Means out of sums and the rows that came since; of windows that sums do not tell, out of all their rows."""
        asked = Asked(int(np.gcd.reduce(self.slices["step"])), *self[1:], self._few())
        tiers = tiers_for(files, asked.step)
        each = [self._file(f.rows) for f in files if f not in tiers]
        each += [self._file(f"{f.name}.observations") for f in tiers if f.touched]
        parts = [self._over(_EACH, each)] if each else []
        parts += [sums(tiers, asked)] if tiers else []
        found = cursor.execute(_MEANS.format(parts=" UNION ALL ".join(parts))).fetchnumpy()
        told, rows = found["whole"].astype(bool), _rows(found)
        return rows if told.all() else joined([_taken(rows, told), self._partial(cursor, files, _taken(rows, ~told))])

    def _partial(self, cursor: duckdb.DuckDBPyConnection, files: Sequence[File], windows: Rows) -> Rows:
        """The means of these windows out of all their rows."""
        cursor.register("partial", {"datastream": windows.datastream, "start": windows.time})
        pieces = stretches(windows.time, int(self.slices["step"].max()))
        each = [self._file(f.rows, *piece) for piece in pieces for f in files]
        return _rows(cursor.execute(_MEANS.format(parts=f"{self._over(_EACH, each)} {_ONLY_PARTIAL}")).fetchnumpy())

    def _over(self, shape: str, files: Sequence[str]) -> str:
        """A query of this shape over the admitted rows of these queries for rows."""
        if len(self.slices) == 1:
            beside, names = "", {n: str(int(column[0])) for n, column in _columns(self.slices).items()}
        else:
            beside, names = ", slices s", {n: f"s.{n}" for n in _SLICE}
        admitted = _ADMITTED.format(files=" UNION ALL ".join(files), beside=beside, **names)
        return shape.format(admitted=admitted, since=self.since, until=self.until)

    def _file(self, table: str, low: int = BEGINNING, high: int = END) -> str:
        s = self.slices
        return _FILE.format(
            table=table, low=max(low, self.low), high=min(high, self.high), since=int(s["since"].min()),
            until=int(s["until"].max()), few=self._few(),
        )  # fmt: skip

    def _few(self) -> str:
        ids = np.unique(self.slices["datastream"])
        return f"AND datastream IN ({', '.join(map(str, ids.tolist()))})" if len(ids) <= _FEW else ""


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


def _rows(found: dict[str, NDArray[Any]]) -> Rows:
    return Rows(found["datastream"], found["time"], found["value"])


def _taken(rows: Rows, chosen: NDArray[np.bool_]) -> Rows:
    return Rows(rows.datastream[chosen], rows.time[chosen], rows.value[chosen])
