"""Observations as Parquet files: columns that any tool reads, whatever engine they came from.

Rule: what was written is read again before it counts: a CRC-32 of the decoded columns, whatever the pieces were.
Arrow is imported when it is needed: it takes longer to load than all the rest.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hub.backup.manifest import HASHES, BackupError, Entry, Told, entry
from hub.core.observations import Observations
from hub.core.store import Snapshot

_ROWS_A_FILE = 10_000_000
_AT_ONCE = 250_000
COLUMNS = {
    "datastream": np.int32, "owner": np.int32, "time": np.int64, "received": np.int64,
    "value": np.float64, "grade": np.uint8, "wish": np.uint8, "quality": np.uint8,
}  # fmt: skip
"""The columns of `Observations`, in order, as they stand in the files."""
_DELTA = dict.fromkeys(("time", "received"), "DELTA_BINARY_PACKED")
"""Times follow each other: their differences take half the room."""


def write_rows(folder: Path, whole: Snapshot, told: Told) -> list[Entry]:
    """Write everything of a snapshot into files of a folder, and read them again; what was written.

    Raises:
        StoreUnavailable: the store cannot go on.
        BackupError: what is read is not what was written.
        OSError: the disk is full or away.
    """
    written: list[Entry] = []
    batches = whole.batches()
    done, first = 0, next(batches, None)
    while first is not None:
        file = folder / f"observations-{len(written) + 1:04}.parquet"
        checksum = Checksum()
        with _Writer(file) as writer:
            while first is not None and checksum.rows < _ROWS_A_FILE:
                writer.write(first)
                checksum.add(first)
                told("readings", done + checksum.rows, whole.rows)
                first = next(batches, None)
        done += checksum.rows
        _read_again(file, checksum)
        written.append(entry(file, checksum.rows, checksum.value))
    return written


def read_rows(file: Path) -> Iterator[Observations]:
    """What `write_rows` wrote, in order; raises `BackupError` when it is no such file."""
    import pyarrow as pa  # noqa: PLC0415 - see the rule above
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    try:
        with pq.ParquetFile(file) as found:
            for batch in found.iter_batches(_AT_ONCE):
                yield Observations(*(np.array(batch.column(c), kind) for c, kind in COLUMNS.items()))
    except (pa.ArrowException, KeyError) as error:
        raise BackupError(f"{file} cannot be read: it is damaged, use another backup") from error


def write_hashes(folder: Path, hashes: NDArray[np.uint64]) -> Entry:
    """Write the hashes of acknowledged messages."""
    import pyarrow as pa  # noqa: PLC0415 - see the rule above
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    file = folder / HASHES
    with open(file, "wb", opener=_private) as stream:
        pq.write_table(pa.table({"hash": hashes}), stream, compression="zstd")
        stream.flush()
        os.fsync(stream.fileno())
    return entry(file, len(hashes))


def read_hashes(file: Path) -> NDArray[np.uint64]:
    """What `write_hashes` wrote."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - see the rule above

    return np.array(pq.read_table(file).column("hash"), np.uint64)


NO_ROWS = Observations(*(np.empty(0, kind) for kind in COLUMNS.values()))


class Checksum:
    """The CRC-32 of rows, column by column: the same however they are cut into batches."""

    def __init__(self) -> None:
        self.rows = 0
        self._columns = [0] * len(COLUMNS)

    def add(self, batch: Observations) -> None:
        """Take in more rows."""
        self.rows += len(batch)
        for n, (name, kind) in enumerate(COLUMNS.items()):
            little = np.ascontiguousarray(getattr(batch, name), np.dtype(kind).newbyteorder("<"))
            self._columns[n] = zlib.crc32(little.data, self._columns[n])

    @property
    def value(self) -> int:
        """The checksum of all of them."""
        return zlib.crc32(np.array(self._columns, "<u4").tobytes())


class _Writer:
    """A new Parquet file that nobody else may read; on the disk when it is left."""

    def __init__(self, file: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415 - see the rule above
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above

        self._batch = pa.RecordBatch.from_pydict
        self._stream = open(file, "wb", opener=_private)  # noqa: SIM115 - Path.open knows no opener; see __exit__
        schema = pa.schema([(name, pa.from_numpy_dtype(np.dtype(kind))) for name, kind in COLUMNS.items()])
        plain = [name for name in COLUMNS if name not in _DELTA]
        self._writer = pq.ParquetWriter(
            self._stream, schema, compression="zstd", use_dictionary=plain, column_encoding=_DELTA
        )

    def __enter__(self) -> Self:
        return self

    def write(self, batch: Observations) -> None:
        """Add rows."""
        self._writer.write_batch(
            self._batch({name: np.ascontiguousarray(getattr(batch, name), kind) for name, kind in COLUMNS.items()})
        )

    def __exit__(self, *_: object) -> None:
        try:
            self._writer.close()
            self._stream.flush()
            os.fsync(self._stream.fileno())
        finally:
            self._stream.close()


def _read_again(file: Path, written: Checksum) -> None:
    found = Checksum()
    for batch in read_rows(file):
        found.add(batch)
    if (found.rows, found.value) != (written.rows, written.value):
        raise BackupError(f"{file} is not what was written there: the disk is not to be trusted, use another one")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
