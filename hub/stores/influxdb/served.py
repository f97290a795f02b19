"""An InfluxDB 2 server, spoken to: write, ask, delete; what goes wrong is told as `StoreUnavailable`.

Rule: the text says what to do; it repeats nothing of what the server said, which might hold a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.delete_predicate_request import DeletePredicateRequest
from influxdb_client.domain.dialect import Dialect
from influxdb_client.rest import ApiException
from influxdb_client.service.delete_service import DeleteService
from influxdb_client.service.health_service import HealthService
from numpy.typing import NDArray
from pyarrow import csv
from urllib3.exceptions import HTTPError, ReadTimeoutError

from hub.core.store import StoreUnavailable
from hub.stores.influxdb.access import Access

SECONDS = 60.0
"""For so long an answer is waited for."""
LEAST, MOST = -(2**63) + 2, 2**63 - 2
"""The times (ns) that InfluxDB has."""
_DIALECT = Dialect(header=True, annotations=[], date_time_format="RFC3339Nano")
_TYPES = {"ds": pa.int32(), "o": pa.int32(), "e": pa.int64(), "_time": pa.timestamp("ns", "UTC")}
_VALUES = {b"v": pa.float64(), b"mean": pa.float64(), b"h": pa.string()}
"""What the values of a result are, by its name; all others are whole numbers."""
_FULL = ("no space left", "disk full", "quota")
_PAST = "beyond retention policy"
_UNPROCESSABLE, _SERVER = 422, 500
_ADVICE = {
    400: "{url} does not understand Barrio: it must be an InfluxDB of version 2 (2.7 is the one Barrio is tried with)",
    401: "{url} does not take the token in store.influxdb.token_file: put the right one there, or run "
    "`barrio store init`",
    403: "the token in store.influxdb.token_file may not read and write {bucket}: run `barrio store init`",
    404: "{url} has no bucket {bucket} in the organisation {org}: run `barrio store init`, or correct store.influxdb",
    413: "{url} refuses requests as large as a batch: raise its limit, or lower ingest.most_readings",
    422: "{bucket} at {url} holds fields of another kind under Barrio's names: give Barrio a bucket of its own",
    429: "{url} takes no more for now: its limits are too low for what comes; Barrio tries again by itself",
}
_FAILS = "{url} fails ({status}): look at InfluxDB's log; what comes waits, and Barrio tries again by itself"
_NO_ROOM = "the disk of the InfluxDB at {url} is full: make room there; Barrio goes on by itself"
_AWAY = "no InfluxDB answers at {url}: start it, or correct store.influxdb.url; what comes waits meanwhile"
_SLOW = "the InfluxDB at {url} took longer than {seconds:.0f} s: ask for a shorter time, or give it a faster machine"
_SHORT = (
    "the bucket {bucket} at {url} forgets readings after {days} days, the hub is to keep them longer: run "
    "`barrio store init`, or change [retention]; what comes waits meanwhile"
)
_DAY = 24 * 3600
_OTHER = "{url} is no InfluxDB of version 2 (it says {version}): Barrio speaks to versions 2.0 to 2.7"


Column = NDArray[Any]
Answer = Mapping[str, Mapping[str, Column]]
"""Name of a result → its columns (`ds`, `o`, `e`: numbers; `_time`: ns)."""


class Served:
    """One bucket of a server. Any thread may call anything."""

    def __init__(self, access: Access, seconds: float = SECONDS) -> None:
        """Speaks to nobody yet."""
        self.access = access
        self._seconds = seconds
        self._client = InfluxDBClient(
            access.url, token=access.token, org=access.org, timeout=round(seconds * 1000), connection_pool_maxsize=16
        )
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)
        self._asker = self._client.query_api()
        self._deleter = DeleteService(self._client.api_client)
        self._healthy = HealthService(self._client.api_client)

    def greet(self) -> int:
        """Look whether it is the right server and has the bucket; for how long (s) that keeps points (0: for ever)."""
        with telling(self.access, self._seconds):
            version = self._version()
            if version[:1].isdigit() and version.split(".")[0] != "2":
                raise StoreUnavailable(_OTHER.format(url=self.access.url, version=version))
            found = self._client.buckets_api().find_bucket_by_name(self.access.bucket)
            if found is None:
                raise StoreUnavailable(_ADVICE[404].format(**self.access._asdict()))
            rules = found.retention_rules or []
        keeps = next((int(r.every_seconds) for r in rules if r.every_seconds), 0)
        if keeps and not 0 < self.access.keep <= keeps:
            raise StoreUnavailable(_SHORT.format(**self.access._asdict(), days=keeps // _DAY))
        return keeps

    def write(self, lines: bytes) -> bool:
        """Store points, durable on return; False: some were beyond the bucket's retention and are not stored."""
        if not lines:
            return True
        try:
            with telling(self.access, self._seconds):
                self._writer.write(self.access.bucket, record=lines)
        except _Past:
            return False
        return True

    def ask(self, flux: str) -> Answer:
        """The answer to a question, whole."""
        with telling(self.access, self._seconds):
            response = self._asker.query_raw(flux, dialect=_DIALECT)
            try:
                return _read(response.read())
            finally:
                response.release_conn()

    def delete(self, predicate: str, since: int, until: int) -> None:
        """Delete points with a time (ns) in [`since`, `until`) by tags; durable on return."""
        if since >= until:
            return
        start, stop = (np.datetime_as_string(np.datetime64(t, "ns")) + "Z" for t in (since, until - 1))  # both included
        with telling(self.access, self._seconds):
            request = DeletePredicateRequest(start=start, stop=stop, predicate=predicate)
            self._deleter.post_delete(request, org=self.access.org, bucket=self.access.bucket)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _version(self) -> str:
        """What it says it is."""
        try:
            return str(self._healthy.get_health().version).lstrip("v")
        except ApiException as e:
            if int(e.status or 0) >= _SERVER:
                raise
            raise StoreUnavailable(_OTHER.format(url=self.access.url, version=f"HTTP {e.status}")) from None
        except (AttributeError, TypeError, ValueError):
            raise StoreUnavailable(_OTHER.format(url=self.access.url, version="something else")) from None


@contextmanager
def telling(access: Access, seconds: float = SECONDS) -> Iterator[None]:
    """Tell what goes wrong with a server as `StoreUnavailable`."""
    words = {**access._asdict(), "seconds": seconds, "token": ""}
    try:
        yield
    except ApiException as e:
        raise _advice(e, words) from None
    except ReadTimeoutError:
        raise StoreUnavailable(_SLOW.format(**words)) from None
    except (HTTPError, OSError):
        raise StoreUnavailable(_AWAY.format(**words)) from None


class _Past(StoreUnavailable):
    """Some points of a write were beyond the bucket's retention."""


def _advice(error: ApiException, words: Mapping[str, object]) -> StoreUnavailable:
    status, said = int(error.status or 0), str(error.body or "").lower()
    if status == _UNPROCESSABLE and _PAST in said:
        return _Past("some readings are older than what the bucket keeps")
    if any(w in said for w in _FULL):
        return StoreUnavailable(_NO_ROOM.format(**words))
    return StoreUnavailable(_ADVICE.get(status, _FAILS).format(status=status, **words))


def _read(body: bytes) -> Answer:
    """The tables of an answer (CSV, a header before each kind of table) by the name of their result."""
    found: dict[str, list[dict[str, Column]]] = {}
    for block in filter(bytes.strip, body.replace(b"\r\n", b"\n").split(b"\n\n")):
        header, first, *_ = block.split(b"\n", 2)
        if b"error" in header.split(b","):
            raise StoreUnavailable("InfluxDB could not finish an answer: look at its log; Barrio tries again by itself")
        name = first.split(b",", 2)[1]
        types = csv.ConvertOptions(column_types={**_TYPES, "_value": _VALUES.get(name, pa.int64())})
        table = csv.read_csv(BytesIO(block.replace(b"+Inf", b"inf")), convert_options=types)
        shown = {c: _column(table[c]) for c in table.column_names if c not in ("", "result", "table")}
        found.setdefault(name.decode(), []).append(shown)
    return {name: {c: np.concatenate([p[c] for p in parts]) for c in parts[0]} for name, parts in found.items()}


def _column(column: pa.ChunkedArray) -> Column:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    values: Column = column.to_numpy()
    return values
