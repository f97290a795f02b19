"""The bucket `civic` on an InfluxDB 2: all that is written in its languages stands here.

Rule: what goes into a question or a predicate is a number, or words of a series that came out of `points` without a
quote or a backslash; the bucket's name is a parameter. One request, one answer: 204 is durable.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.dialect import Dialect
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from msgspec.structs import asdict
from numpy.typing import NDArray
from urllib3.exceptions import HTTPError

from hub.core.query import StoreUnavailable
from hub.mirror.comparing import Gone
from hub.mirror.points import Points, Series, pointed

_BATCH = 10_000
_TIMEOUT = 30_000
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_TAGS = ("_measurement", "kind", "place", "name", "thing", "unit")
_HELD = """
from(bucket: bucket)
  |> range(start: since, stop: until)
  |> filter(fn: (r) => r._field == field)
  |> group()
  |> keep(columns: ["_time", "_value", "_measurement", "kind", "place", "name", "thing", "unit"])
"""
_EARLIEST = """
from(bucket: bucket)
  |> range(start: since, stop: until)
  |> first()
  |> keep(columns: ["_time"])
  |> group()
  |> min(column: "_time")
"""
_ALL = (-9_000_000_000 * 1_000_000, 9_000_000_000 * 1_000_000)
_TYPES = {**dict.fromkeys(_TAGS, pa.string()), "_time": pa.timestamp("us", "UTC"), "_value": pa.float64()}
_PLAIN = Dialect(header=True, annotations=[])
_WORDS = {
    401: "the server does not know the token in mirror.token_file: run barrio store init again",
    403: "the token in mirror.token_file may not read and write this bucket: run barrio store init again",
    404: "there is no such bucket or organisation: compare mirror.bucket and mirror.org, or run barrio store init",
    413: "the server refuses requests of this size: raise its limit",
    422: "the bucket keeps points for too short a time: set its retention to 0 (for ever), as barrio store init does",
}
_T = TypeVar("_T")


class Civic:
    """A bucket and a token that may read and write it. Its methods block; one thread at a time."""

    def __init__(self, url: str, org: str, bucket: str, token: str) -> None:
        """Nothing is asked yet."""
        self._bucket, self._org = bucket, org
        self._client = InfluxDBClient(url, token, org=org, timeout=_TIMEOUT, enable_gzip=True)
        self._writing = self._client.write_api(write_options=SYNCHRONOUS)

    def close(self) -> None:
        """Let go of the connections."""
        self._writing.close()
        self._client.close()

    def earliest(self) -> int | None:
        """The time (µs) of the first point there is; None: it is empty."""
        found = _times(self._ask(_EARLIEST, *_ALL))
        return int(found[0]) if len(found) else None

    def held(self, since: int, until: int) -> Points:
        """All that lies in [`since`, `until`) µs; a point that lacks a field has no number there (NaN, -1)."""
        values, homes = (self._ask(_HELD, since, until, field=field) for field in ("value", "homes"))
        table = pa.concat_tables([values, homes])
        series, which = _series(table)
        number, time = table["_value"].to_numpy(), _times(table)
        places, at = np.unique(np.column_stack([which, time]), axis=0, return_inverse=True)
        at, of_value = at.ravel(), np.arange(len(table)) < len(values)
        value, count = np.full(len(places), np.nan), np.full(len(places), -1, np.int64)
        value[at[of_value]], count[at[~of_value]] = number[of_value], number[~of_value].astype(np.int64)
        return pointed(series, places[:, 0], places[:, 1], value, count)

    def delete(self, gone: Gone) -> None:
        """Delete this; only tags and time can be deleted by."""
        named = zip(_TAGS, asdict(gone.series).values(), strict=True)
        self._delete(gone.since, gone.until, " AND ".join(f'"{tag}"="{word}"' for tag, word in named if word))

    def clear(self, since: int, until: int) -> None:
        """Delete everything that lies in [`since`, `until`) µs, whatever it is."""
        self._delete(since, until, "")

    def write(self, points: Points) -> None:
        """Store these, some thousands a request."""
        lines = list(lines_of(points))
        for first in range(0, len(lines), _BATCH):
            body = "\n".join(lines[first : first + _BATCH]).encode()
            self._tried(partial(self._writing.write, self._bucket, self._org, body, WritePrecision.US))  # type: ignore[arg-type] # a str

    def _delete(self, since: int, until: int, predicate: str) -> None:
        """The server takes the end in, so it is a microsecond less."""
        api, start, stop = self._client.delete_api(), _moment(since), _moment(until - 1)
        self._tried(lambda: api.delete(start, stop, predicate, self._bucket, self._org))

    def _ask(self, query: str, since: int, until: int, **words: str) -> pa.Table:
        """The one table that a question has for an answer: `_time`, `_value` and all tags."""
        asked = {"bucket": self._bucket, "since": _moment(since), "until": _moment(until), **words}
        body: bytes = self._tried(lambda: self._client.query_api().query_raw(query, dialect=_PLAIN, params=asked).data)
        try:
            return _table(body)
        except (pa.ArrowInvalid, KeyError) as error:
            raise StoreUnavailable("mirror: the server began to answer and then failed: look into its log") from error

    def _tried(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except ApiException as error:
            told = _WORDS.get(error.status, f"the server answers {error.status}: look into its log")
            raise StoreUnavailable(f"mirror: {told}; it is tried again by itself") from None
        except (HTTPError, OSError):
            raise StoreUnavailable("mirror: nobody answers at mirror.url; it is tried again by itself") from None


def lines_of(points: Points) -> Iterator[str]:
    """The points in line protocol, times in µs."""
    heads = [_head(series) for series in points.series]
    columns = (c.tolist() for c in (points.which, points.value, points.homes, points.time))
    for which, value, homes, time in zip(*columns, strict=True):
        yield f"{heads[which]} value={value!r},homes={homes}i {time}"


def _head(series: Series) -> str:
    tags = zip(_TAGS[1:], list(asdict(series).values())[1:], strict=True)
    return ",".join([_escaped(series.observed), *(f"{tag}={_escaped(word)}" for tag, word in tags if word)])


def _escaped(word: str) -> str:
    return word.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def _table(body: bytes) -> pa.Table:
    """An answer as columns; a tag that no row has is empty in all."""
    if not body.strip():
        return pa.table({name: pa.array([], kind) for name, kind in _TYPES.items()})
    found = pc.read_csv(io.BytesIO(body), convert_options=pc.ConvertOptions(column_types=_TYPES))
    if "_time" not in found.column_names:
        raise KeyError("_time")
    nothing = {name: pa.array([""] * len(found), pa.string()) for name in _TAGS}
    value = {"_time": found["_time"], "_value": pa.nulls(len(found), pa.float64())}
    return pa.table({**value, **nothing, **{n: found[n] for n in found.column_names if n in _TYPES}}).select([*_TYPES])


def _series(table: pa.Table) -> tuple[list[Series], NDArray[np.int64]]:
    """The series of these rows, and of each row which it is."""
    code = np.zeros(len(table), np.int64)
    for tag in _TAGS:
        column = table[tag].combine_chunks().dictionary_encode()
        code = code * max(1, len(column.dictionary)) + column.indices.to_numpy().astype(np.int64)
        code = np.unique(code, return_inverse=True)[1].ravel()
    _, first = np.unique(code, return_index=True)
    texts = table.select([*_TAGS]).take(pa.array(first)).to_pylist()
    return [Series(*(row[tag] for tag in _TAGS)) for row in texts], code


def _times(table: pa.Table) -> NDArray[np.int64]:
    micros: NDArray[np.int64] = table["_time"].cast(pa.int64()).to_numpy()
    return micros


def _moment(micros: int) -> datetime:
    return _1970 + timedelta(microseconds=micros)
