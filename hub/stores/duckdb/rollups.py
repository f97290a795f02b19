"""Sums of the settled rows of a file over a minute, a quarter of an hour, an hour and a day.

Rule: they come into a new file together with the rows and go with them: no sum is of other rows than those beside it.
Rows of another grade or wish, and those that came late, have sums of their own, so that few sums hold rows of which a
scope admits some and not others; `arrived` and `arrived_last` tell which do (`hub.stores.duckdb.summing`).
"""

from __future__ import annotations

import duckdb

from hub.core.grade import DAY, HOUR, MINUTE

TIERS = (MINUTE, 15 * MINUTE, HOUR, DAY)
"""Over so long (µs) there are sums, the finest first."""
PAYS = 16
"""A file has sums over a length only if at least so many rows are in one of them, on the average."""
_LATE = 5 * MINUTE
"""Rows that came so long after their time have sums of their own, so that one late row spoils no window."""
_START = '"{time}" - (("{time}" % {tier}) + {tier}) % {tier}'
_COUNTED = "SELECT count(*), {distinct} FROM {rows}"
_DISTINCT = 'approx_count_distinct(hash(datastream, "time" // {}))'
_AS_SUMS = """
    SELECT datastream, "time" AS start, grade, wish, received - "time" >= {late} AS late,
        1 AS n, "value" AS total, "value" AS low, "value" AS high, "value" AS first, "value" AS last,
        received AS arrived, received AS arrived_last
    FROM {rows}
"""
_OF_TIER = "SELECT * FROM {new}.rollups WHERE tier = {finer}"
_ROLL = """
    INSERT INTO {new}.rollups
    SELECT {tier}, datastream, {begin} AS begin, grade, wish, late, sum(n), fsum(total), min(low), max(high),
        arg_min(first, start), arg_max(last, start), min(arrived), max(arrived_last)
    FROM ({finer}) GROUP BY datastream, begin, grade, wish, late ORDER BY datastream, begin;
    INSERT INTO {new}.tiers VALUES ({tier})
"""


def roll_up(cursor: duckdb.DuckDBPyConnection, new: str, rows: str) -> None:
    """Fill the sums of the file attached under `new`, of which `rows` are the settled rows."""
    distinct = ", ".join(map(_DISTINCT.format, TIERS))
    count, *sums = cursor.execute(_COUNTED.format(distinct=distinct, rows=rows)).fetchall()[0]
    finer = _AS_SUMS.format(rows=rows, late=_LATE)
    for tier, many in zip(TIERS, sums, strict=True):
        if many * PAYS <= count:
            begin = _START.format(time="start", tier=tier)
            cursor.execute(_ROLL.format(new=new, tier=tier, begin=begin, finer=finer)).fetchall()
            finer = _OF_TIER.format(new=new, finer=tier)
