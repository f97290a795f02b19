"""Erasure: a month is written anew without the rows that go.

Rule: DuckDB's DELETE, CHECKPOINT and VACUUM leave the bytes in the file, so none of them is used here. All new files
are whole and on the disk before the first takes the place of an old one; done again, an erasure does the same.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import numpy as np
from numpy.typing import NDArray

from hub.core.history import BEGINNING, END
from hub.core.observations import Ints
from hub.core.store import Erasure
from hub.stores.months import Months

_OF = "SELECT datastream, count(*) AS n FROM {0}.observations WHERE {1} GROUP BY datastream"
_KEEP = """
    INSERT INTO {1}.observations SELECT * FROM {0}.observations WHERE NOT ({2});
    INSERT INTO {1}.acknowledged SELECT * FROM {0}.acknowledged
"""


def erase(months: Months, concerned: Iterable[int], erasure: Erasure) -> tuple[int, Ints]:
    """Erase rows from these months; how many went, and of which datastreams. Nobody may write meanwhile."""
    found = {month: _without(months, month, erasure) for month in concerned}
    found = {month: rows for month, rows in found.items() if len(rows["n"])}
    if found:
        months.exchange(found.keys())
    datastreams = [np.empty(0, np.int32), *(rows["datastream"] for rows in found.values())]
    return sum(int(rows["n"].sum()) for rows in found.values()), np.unique(np.concatenate(datastreams))


def _without(months: Months, month: int, erasure: Erasure) -> dict[str, NDArray[np.generic]]:
    """How many rows of which datastreams go from a month; if there are any, its draft is there without them."""
    with months.using([month]) as (cursor, (name,)):
        which = _which(cursor, erasure)
        found: dict[str, NDArray[np.generic]] = cursor.execute(_OF.format(name, which)).fetchnumpy()
        if len(found["n"]):
            with months.drafting(month, cursor) as draft:
                cursor.execute(_KEEP.format(name, draft, which)).fetchall()
        return found


def _which(cursor: duckdb.DuckDBPyConnection, erasure: Erasure) -> str:
    since, until = max(erasure.since, BEGINNING), min(erasure.until, END)
    which = f'owner = {int(erasure.owner)} AND "time" >= {since} AND "time" < {until}'
    if erasure.datastreams is None:
        return which
    cursor.register("erased", {"datastream": np.array(sorted(erasure.datastreams), np.int32)})
    return f"{which} AND datastream IN (FROM erased)"
