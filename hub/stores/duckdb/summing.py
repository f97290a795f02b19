"""Means of windows out of sums, where these tell them.

Rule: a sum counts only if every row in it is admitted, which its first and last arrival tell, or none is. Where some
may be and others not, or a row was replaced since, the rows of the whole window are read; and rows that came since are
always read. So an answer is the same with sums as without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hub.core.observations import Times
from hub.stores.duckdb.layout import File

_SCANS = 4
"""So many stretches of time are read at most; those closest to each other are read as one."""
_IN_FILE = """
    SELECT tier, datastream, start, grade, wish, n, total, arrived, arrived_last FROM {name}.rollups
    WHERE tier = {tier} AND start > {low} - {tier} AND start < {high} {few}
"""
_REPLACED = """
    SELECT datastream, "time" - (("time" % {tier}) + {tier}) % {tier} AS start FROM {name}.replaced WHERE true {few}
"""
_JOIN_REPLACED = """
    LEFT JOIN (SELECT DISTINCT datastream, start FROM ({each})) p ON r.datastream = p.datastream AND r.start = p.start
"""
_SUMS = """
    SELECT datastream, opens AS start, n, total,
        arrived >= since AND arrived_last < until AND start >= earliest AND start + tier <= before
            AND (closed = 0 OR arrived_last < opens + closed) AND NOT replaced AS whole
    FROM (
        SELECT r.*, s.since, s.until, s.earliest, s.before, s.closed, {is_replaced} AS replaced,
            r.start - ((r.start % s.step) + s.step) % s.step AS opens
        FROM ({files}) r JOIN slices s ON r.datastream = s.datastream {replaced}
        WHERE r.grade >= s.least_grade AND r.wish >= s.least_wish AND r.arrived_last >= s.since AND r.arrived < s.until
            AND r.start + r.tier > s.earliest AND r.start < s.before
    )
    WHERE opens >= {since} AND opens < {until} AND (closed = 0 OR arrived < opens + closed)
"""


class Asked(NamedTuple):
    """Windows that open in [`since`, `until`), of lengths that `step` divides; all of µs.

    Rows with a time outside of [`low`, `high`) play no part; `few` is a condition on the datastream that saves reading.
    """

    step: int
    since: int
    until: int
    low: int
    high: int
    few: str


def tiers_for(files: Sequence[File], step: int) -> dict[File, int]:
    """The longest sums of each file of which windows can be put together; not there: a file that has none such."""
    fitting = {file: [tier for tier in file.tiers if step % tier == 0] for file in files}
    return {file: max(tiers) for file, tiers in fitting.items() if tiers}


def sums(tiers: dict[File, int], asked: Asked) -> str:
    """The query for what sums tell of windows: (datastream, start, n, total), and whether it is the `whole` of it."""
    files, replaced = (
        [sql.format(name=f.name, tier=t, **asked._asdict()) for f, t in tiers.items() if f.touched or sql is _IN_FILE]
        for sql in (_IN_FILE, _REPLACED)
    )
    return _SUMS.format(
        files=" UNION ALL ".join(files), since=asked.since, until=asked.until,
        is_replaced="p.start IS NOT NULL" if replaced else "false",
        replaced=_JOIN_REPLACED.format(each=" UNION ALL ".join(replaced)) if replaced else "",
    )  # fmt: skip


def stretches(starts: Times, longest: int) -> Iterator[tuple[int, int]]:
    """From when to when (µs) windows lie that are this long at most, in few pieces."""
    starts = np.unique(starts)
    gaps = np.diff(starts)
    widest = np.sort(np.argsort(gaps)[max(0, len(gaps) - _SCANS + 1) :])
    for piece in np.split(starts, widest[gaps[widest] > longest] + 1):
        yield int(piece[0]), int(piece[-1]) + longest
