"""Erasure: a month is written anew without the rows that go.

Rule: DuckDB's DELETE, CHECKPOINT and VACUUM leave the bytes in the file, so none of them is used here. All new files
are whole and on the disk before the first takes the place of an old one; done again, an erasure does the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import duckdb
import numpy as np

from hub.core.history import BEGINNING, END
from hub.core.observations import Ints
from hub.core.store import Erasure
from hub.stores.months import Months

_OF = "SELECT datastream, count(*) AS n FROM {0}.observations WHERE {1} GROUP BY datastream"
_KEEP = """
    INSERT INTO {1}.observations SELECT * FROM {0}.observations WHERE NOT ({2});
    INSERT INTO {1}.acknowledged SELECT * FROM {0}.acknowledged
"""


class Gone(NamedTuple):
    """What goes from one month: how many rows, of which datastreams."""

    rows: int
    datastreams: Ints


def draft(months: Months, concerned: Iterable[int], erasure: Erasure) -> dict[int, Gone]:
    """Write drafts of those of these months that something goes from; what goes from each.

    Rows may be appended meanwhile: they are not in the draft, and a month that got some has to be drafted again.
    """
    found = {month: _without(months, month, erasure) for month in concerned}
    return {month: gone for month, gone in found.items() if gone.rows}


def _without(months: Months, month: int, erasure: Erasure) -> Gone:
    with months.using([month]) as (cursor, (name,)):
        which = _which(cursor, erasure)
        found = cursor.execute(_OF.format(name, which)).fetchnumpy()
        if len(found["n"]):
            with months.drafting(month, cursor) as new:
                cursor.execute(_KEEP.format(name, new, which)).fetchall()
    return Gone(int(found["n"].sum()), found["datastream"])


def _which(cursor: duckdb.DuckDBPyConnection, erasure: Erasure) -> str:
    since, until = max(erasure.since, BEGINNING), min(erasure.until, END)
    which = f'owner = {int(erasure.owner)} AND "time" >= {since} AND "time" < {until}'
    if erasure.datastreams is None:
        return which
    cursor.register("erased", {"datastream": np.array(sorted(erasure.datastreams), np.int32)})
    return f"{which} AND datastream IN (FROM erased)"
