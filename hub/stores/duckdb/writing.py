"""Changes to the files of the DuckDB engine, and what it remembers of them.

Rule: rows and the hashes they came with are one transaction. There is no primary key (it would cost ten times the disk
and three times the work), so a row that may be there already is deleted first.
"""

from __future__ import annotations

from dataclasses import fields

import duckdb
import numpy as np
from numpy.typing import NDArray

from hub.core.grade import DAY
from hub.core.observations import Ints, Observations
from hub.stores.duckdb.journal import Hashes
from hub.stores.duckdb.months import Months
from hub.stores.newest import NEWEST, Newest

REMEMBERED = 2 * DAY
"""For so long (µs) the hashes of what was acknowledged are kept."""
_NAMES = tuple(f.name for f in fields(Observations))
_INSERT = "INSERT INTO {0}.observations BY NAME FROM batch"
_REPLACE = """
    DELETE FROM {0}.observations o USING late
    WHERE o.datastream = late.datastream AND o."time" = late."time" AND o."time" BETWEEN {1} AND {2}
"""
_NAME_REPLACED = """
    INSERT INTO {0}.replaced SELECT datastream, "time" FROM {0}_settled SEMI JOIN late USING (datastream, "time")
    WHERE "time" BETWEEN {1} AND {2}
"""
_REMEMBER = "INSERT INTO {0}.acknowledged SELECT hash, {1} FROM hashes"
_FORGET = "DELETE FROM {0}.acknowledged WHERE stored < {1}"
_LAST_HASH = "SELECT max(stored) FROM {0}.acknowledged"
# A last settled row that was replaced has what replaced it among those that came since.
_LATEST = """
    SELECT * FROM {0}.lasts ANTI JOIN {0}.replaced USING (datastream, "time") UNION ALL SELECT * FROM {0}.observations
"""
_NEWEST = """
    SELECT o.datastream, o."time", o.received, o."value", o.grade, o.wish
    FROM ({2}) o JOIN (
        SELECT datastream, max("time") AS "time" FROM ({2}) {1} GROUP BY datastream
    ) n ON o.datastream = n.datastream AND o."time" = n."time"
"""


def put(
    cursor: duckdb.DuckDBPyConnection, name: str, batch: Observations, late: NDArray[np.bool_], hashes: Hashes, now: int
) -> None:
    """Store rows of one month, in one transaction with their hashes; those that are `late` replace what is there."""
    cursor.begin()
    try:
        if late.any():
            datastream, time = batch.datastream[late], batch.time[late]
            cursor.register("late", {"datastream": datastream, "time": time})
            for sql in (_REPLACE, _NAME_REPLACED):
                cursor.execute(sql.format(name, time.min(), time.max())).fetchall()
        if len(batch):
            cursor.register("batch", {n: np.ascontiguousarray(getattr(batch, n)) for n in _NAMES})
            cursor.execute(_INSERT.format(name)).fetchall()
        if len(hashes):
            cursor.register("hashes", {"hash": hashes})
            cursor.execute(_REMEMBER.format(name, now)).fetchall()
        cursor.commit()
    except duckdb.Error:
        _roll_back(cursor)
        raise


def newest_of(months: Months, datastreams: Ints | None = None) -> NDArray[np.void]:
    """The newest stored row of each of these datastreams (None: of all), of dtype `NEWEST`."""
    newest = Newest()
    for month in months.known():
        with months.using([month]) as (cursor, (name,)):
            few = ""
            if datastreams is not None:
                cursor.register("of", {"datastream": datastreams})
                few = "SEMI JOIN of USING (datastream)"
            found = cursor.execute(_NEWEST.format(name, few, _LATEST.format(name))).fetchnumpy()
        rows = np.empty(len(found["time"]), NEWEST)
        for column in NEWEST.names or ():
            rows[column] = found[column]
        newest = newest.with_rows(rows)
    return newest.table


def hash_ages(months: Months) -> dict[int, int]:
    """When each month that has hashes got its last (µs)."""
    ages = {}
    for month in months.known():
        with months.using([month]) as (cursor, (name,)):
            last = cursor.execute(_LAST_HASH.format(name)).fetchall()[0][0]
        if last is not None:
            ages[month] = int(last)
    return ages


def prune(months: Months, ages: dict[int, int], now: int) -> None:
    """Forget hashes that are older than `REMEMBERED`."""
    for month, last in list(ages.items()):
        with months.using([month]) as (cursor, (name,)):
            cursor.execute(_FORGET.format(name, now - REMEMBERED)).fetchall()
        if last < now - REMEMBERED:
            del ages[month]


def _roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.rollback()
    except duckdb.Error:  # nothing to roll back: the commit itself failed and undid all
        return
