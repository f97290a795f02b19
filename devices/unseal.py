"""The owner's side: a file of envelopes as the hub gives it, and the private key, become readings.

Rule: works without a hub and tells it nothing. An envelope that does not open is counted with its reason and leaves
out nothing else; whoever signed must be the thing itself.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices import keys
from devices.backlog import Record
from devices.seal import SealTrouble, opened

COLUMNS = ("thing", "name", "time", "value", "unit")


class FileTrouble(Exception):
    """The file cannot be used; the text says why."""


class Unsealed:
    """What is in a file; `troubles` and `whole` are known when all `lines` have been taken."""

    def __init__(self, file: Path, private: bytes, signers: Collection[str] = ()) -> None:
        """`signers` are the things' public keys that are believed (none: those that the file names).

        Raises:
            KeyTrouble: one of them is none.
        """
        self._file, self._private = file, private
        self._signers = [keys.read(keys.THING, text) for text in signers]
        self.troubles: Counter[str] = Counter()
        self.whole = False

    def lines(self) -> Iterator[str]:
        """The readings as lines of CSV (RFC 4180), the names of the columns first; times are ISO 8601 in UTC.

        Raises:
            FileTrouble: this is no such file.
        """
        yield _csv(COLUMNS)
        for row in self._rows():
            try:
                _, _, records = opened(*self._chosen(row))
            except SealTrouble as error:
                self.troubles[str(error)] += 1
                continue
            for record in records:
                yield _csv(_cells(str(row.get("thing", "")), record))

    def _rows(self) -> Iterator[dict[str, Any]]:
        count = 0
        try:
            with self._file.open(encoding="utf-8") as file:
                if json.loads(file.readline() or "{}").get("barrio") != "sealed":
                    raise FileTrouble(f"{self._file} is not what /mine/sealed.jsonl gives")
                for line in file:
                    row = json.loads(line)
                    if "envelopes" in row:
                        self.whole = row["envelopes"] == count
                        return
                    count += 1
                    yield row
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise FileTrouble(
                f"{self._file} cannot be read: {getattr(error, 'strerror', None) or 'a bad line'}"
            ) from error

    def _chosen(self, row: dict[str, Any]) -> tuple[bytes, bytes, bytes | None]:
        """The envelope, the key to it, and who must have signed it."""
        try:
            body = base64.b64decode(row["envelope"], validate=True)
            named = base64.b64decode(row["signer"], validate=True)
        except (KeyError, TypeError, ValueError):
            raise SealTrouble("the file does not say who signed it") from None
        if self._signers and named not in self._signers:
            raise SealTrouble("none of the keys that were given signed it")
        return body, self._private, named


def _cells(thing: str, record: Record) -> tuple[object, ...]:
    moment = record.get("t")
    time = "" if not isinstance(moment, float | int) else datetime.fromtimestamp(moment, UTC).isoformat()
    return thing, record.get("n", ""), time, record.get("v", record.get("vb", "")), record.get("u", "")


def _csv(cells: Collection[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
