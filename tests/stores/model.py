"""What a store must answer, said row by row and sharing no code with any engine."""

from __future__ import annotations

from collections import defaultdict
from math import fsum, isfinite

from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Erasure
from tests.stores.worlds import Row

Answer = list[tuple[int, int, float]]


class Model:
    """A store of rows, one at a time."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], Row] = {}

    def append(self, rows: list[Row]) -> None:
        for row in rows:
            if isfinite(row.value):
                self.rows[row.datastream, row.time] = row

    def delete(self, erasure: Erasure) -> int:
        gone = [key for key, row in self.rows.items() if _goes(row, erasure)]
        for key in gone:
            del self.rows[key]
        return len(gone)

    def last_heard(self) -> dict[int, int]:
        times: dict[int, int] = {}
        for datastream, time in self.rows:
            times[datastream] = max(time, times.get(datastream, time))
        return times

    def read(self, query: Query, scope: Scope) -> Answer:
        instants: Answer = []
        windows: dict[tuple[int, int], list[float]] = defaultdict(list)
        for row in self.rows.values():
            for s in scope.slices.tolist():
                self._show(row, s, query, instants, windows)
        means = [(d, start, fsum(v) / len(v)) for (d, start), v in windows.items()]
        answer = sorted(instants + means)
        return list({row[0]: row for row in answer}.values()) if query.newest else answer

    def _show(
        self, row: Row, s: tuple[int, ...], query: Query, instants: Answer, windows: dict[tuple[int, int], list[float]]
    ) -> None:
        datastream, since, until, least_grade, least_wish, window, watermark, earliest, before = s
        if datastream != row.datastream or not since <= row.arrived < until:
            return
        if row.grade < least_grade or row.wish < least_wish or not earliest <= row.time < before:
            return
        length = window or query.window
        start = row.time // length * length if length else row.time
        if not query.since <= start < query.until:
            return
        if window and row.arrived >= start + window + watermark:
            return
        if length:
            windows[datastream, start].append(row.value)
        else:
            instants.append((datastream, row.time, row.value))


def _goes(row: Row, erasure: Erasure) -> bool:
    if row.party != erasure.owner or not erasure.since <= row.time < erasure.until:
        return False
    return erasure.datastreams is None or row.datastream in erasure.datastreams
