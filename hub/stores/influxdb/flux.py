"""Questions to the InfluxDB engine as Flux, and their answers as columns.

Rule: nothing of what anybody typed stands in a question: numbers that the registry and the core made, and the names of
measurements and fields. What narrows a question can be looked up by the storage itself (tags by anchored expressions,
never `contains`), and each field is asked for in a pipeline of its own: only so are filters and means pushed down.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.core.observations import Bytes, Ints, Observations, Times, Values
from hub.core.store import NO_ROWS, Rows
from hub.stores.batches import keyed
from hub.stores.influxdb.points import NANO, unkind, unpack, unsplit
from hub.stores.influxdb.served import LEAST, MOST, Answer

Table = Mapping[str, NDArray[Any]]
_FROM = "from(bucket: {bucket}) |> range(start: time(v: {since}), stop: time(v: {until}))"
_ONLY = ' |> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "{field}"{tags}{more})'
_MEANS = ' |> aggregateWindow(every: {window}us, fn: {fn}, timeSrc: "_start", createEmpty: false)'
_SHAPE = ' |> keep(columns: [{columns}]) |> yield(name: "{name}")'


@dataclass(frozen=True, slots=True)
class Asked:
    """What part of a measurement is asked for: times (ns), datastreams (None: all), owner (None: anybody)."""

    since: int = LEAST
    until: int = MOST
    datastreams: Collection[int] | None = None
    owner: int | None = None
    measurement: str = "o"


@dataclass(frozen=True, slots=True)
class Windows:
    """What the server says of windows: equal-length columns, ordered by (datastream, start).

    `start` in µs, `mean` of the values; `least` and `most` are those of `a` (see `hub.stores.influxdb.points`).
    """

    datastream: Ints
    start: Times
    mean: Values
    least: Times
    most: Times


@dataclass(frozen=True, slots=True)
class Days:
    """Windows of a day (without means) and how many rows each has."""

    windows: Windows
    count: Times


def question(
    bucket: str, asked: Asked, field: str, *, then: str = "", more: str = "", name: str = "", columns: str = "ds,_time"
) -> str:
    """One pipeline: a field of what is asked, `then` something done with it, shown as `columns` and `_value`."""
    since, until = max(asked.since, LEAST), min(asked.until, MOST)
    shown = ", ".join(f'"{c}"' for c in (*columns.split(","), "_value"))
    return (
        _FROM.format(bucket=json.dumps(bucket), since=since, until=max(since + 1, until))
        + _ONLY.format(measurement=asked.measurement, field=field, tags=_tags(asked), more=more)
        + then
        + _SHAPE.format(columns=shown, name=name or field)
    )


def windowed(bucket: str, asked: Asked, window: int, wanted: Iterable[tuple[str, str]]) -> str:
    """A pipeline for each (field, function) of windows (µs); results are named after the functions."""
    return "\n".join(
        question(bucket, asked, field, then=_MEANS.format(window=window, fn=fn), name=fn) for field, fn in wanted
    )


def rows_in(answer: Answer, name: str = "v") -> Rows:
    """A result as rows, ordered by (datastream, time)."""
    found = answer.get(name)
    if found is None:
        return NO_ROWS
    found = _ordered(found, ("ds", "_time"))
    return Rows(found["ds"].astype(np.int32), found["_time"] // NANO, found["_value"].astype(np.float64))


def observations_in(answer: Answer) -> Observations | None:
    """Fields `v` and `a` of usual rows as observations, ordered by (datastream, time)."""
    found = _side_by_side(answer, ("v", "a"), ("ds", "_time"))
    if found is None:
        return None
    v, a = found
    time = v["_time"] // NANO
    grade, wish, delay, quality = unpack(a["_value"])
    return _observations(v, time, time + delay, grade, wish, quality)


def odd_in(answer: Answer) -> Observations | None:
    """Fields `v`, `r` and `k` of odd rows as observations, ordered by (datastream, time)."""
    found = _side_by_side(answer, ("v", "r", "k"), ("ds", "e", "_time"))
    if found is None:
        return None
    v, r, k = found
    return _observations(v, unsplit(v["e"], v["_time"]), r["_value"], *unkind(k["_value"]))


def windows_in(answer: Answer, *, whole: bool) -> Windows:
    """Means of windows, and the least and greatest `a`; `whole`: those were not asked for."""
    return _windows(answer, ("mean",) if whole else ("mean", "min", "max"))


def days_in(answer: Answer, *, whole: bool) -> Days:
    """How many rows there are a day, and the least and greatest `a`; `whole`: those were not asked for."""
    windows = _windows(answer, ("count",) if whole else ("count", "min", "max"))
    return Days(windows, windows.mean.astype(np.int64))


def _windows(answer: Answer, wanted: Sequence[str]) -> Windows:
    found = _side_by_side(answer, wanted, ("ds", "_time"))
    if found is None:
        nothing = np.empty(0, np.int64)
        return Windows(NO_ROWS.datastream, nothing, NO_ROWS.value, nothing, nothing)
    first, *ends = found
    least, most = (t["_value"] for t in ends) if ends else [np.zeros(len(first["ds"]), np.int64)] * 2
    return Windows(
        first["ds"].astype(np.int32), first["_time"] // NANO, first["_value"].astype(np.float64), least, most
    )


def _observations(v: Table, time: Times, received: Times, grade: Bytes, wish: Bytes, quality: Bytes) -> Observations:
    owner, value = v["o"].astype(np.int32), v["_value"].astype(np.float64)
    return Observations(v["ds"].astype(np.int32), owner, time, received, value, grade, wish, quality)


def _side_by_side(answer: Answer, names: Sequence[str], keys: Sequence[str]) -> list[Table] | None:
    """Results in the order of their keys, and of each the rows that all have: some may have come in between."""
    if not answer.keys() >= set(names):
        return None
    tables = [_ordered(answer[name], keys) for name in names]
    marks = [keyed(**{k: t[k] for k in keys}) for t in tables]
    for n in range(1, len(tables)):
        if len(marks[0]) != len(marks[n]) or not np.array_equal(marks[0], marks[n]):
            _, here, there = np.intersect1d(marks[0], marks[n], return_indices=True)
            tables[:n] = [{c: values[here] for c, values in t.items()} for t in tables[:n]]
            tables[n] = {c: values[there] for c, values in tables[n].items()}
            marks[0] = marks[0][here]
    return tables


def _ordered(table: Table, keys: Sequence[str]) -> Table:
    """In the order of the keys, each once: a server that is just compacting was seen to give points twice."""
    order = np.lexsort([table[k] for k in reversed(keys)])
    marks = keyed(**{k: table[k][order] for k in keys})
    once = np.ones(len(order), bool)
    once[1:] = marks[1:] != marks[:-1]
    order = order[once]
    return {name: column[order] for name, column in table.items()}


def _tags(asked: Asked) -> str:
    """What narrows the tags; an anchored expression for several datastreams."""
    owner = "" if asked.owner is None else f' and r.o == "{asked.owner:d}"'
    if asked.datastreams is None:
        return owner
    ids = sorted(asked.datastreams)
    if len(ids) == 1:
        return f'{owner} and r.ds == "{ids[0]:d}"'
    return f"{owner} and r.ds =~ /^(?:{'|'.join(map(str, ids))})$/"
