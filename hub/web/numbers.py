"""Disclosed rows as CSV (RFC 4180), streamed.

Rule: a row says what a page says, no more: under its face, at its window or instant. No cell is a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from starlette.responses import StreamingResponse

from hub.core.disclosed import Disclosed
from hub.core.face import Face
from hub.core.grade import MINUTE, Kind
from hub.settings import PropertySettings
from hub.web.context import PRIVATE

COLUMNS = ("time", "window", "property", "value", "unit", "name", "place", "grade", "where", "homes")
"""`time` is UTC (ISO 8601), of a window its start; `window` minutes, empty for an instant; `place` a point
(latitude longitude) or an H3 cell, empty for the whole place; `where` ``indoor`` of averages of insides; `homes`: of so
many at least it is the average, or of so many a single row could be."""
_NAMELESS = {Kind.RELEASE: "several homes"}
_ROWS = 5000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def numbers(
    parts: Sequence[Disclosed], properties: Mapping[str, PropertySettings], name: str, window: int = 0
) -> StreamingResponse:
    """All rows as a file called `name`; `window` (µs) is how long rows without a window of their own are means over."""
    headers = {"Cache-Control": PRIVATE, "Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_file(parts, properties, window), media_type="text/csv; charset=utf-8", headers=headers)


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _file(parts: Sequence[Disclosed], properties: Mapping[str, PropertySettings], window: int) -> Iterator[str]:
    """The head, then the rows, some thousand at a time."""
    yield ",".join(COLUMNS) + "\r\n"
    for disclosed in parts:
        yield from _lines(disclosed, [_columns(f, properties, window) for f in disclosed.faces])


def _lines(disclosed: Disclosed, faces: Sequence[tuple[str, ...]]) -> Iterator[str]:
    times = np.datetime_as_string(disclosed.time.astype("datetime64[us]"), unit="s")
    for start in range(0, len(disclosed), _ROWS):
        out = io.StringIO()
        part = slice(start, start + _ROWS)
        rows = zip(disclosed.face[part].tolist(), times[part].tolist(), disclosed.value[part].tolist(),
                   disclosed.homes[part].tolist(), strict=True)  # fmt: skip
        writer = csv.writer(out)
        for face, time, value, homes in rows:
            span, observed, *rest = faces[face]
            writer.writerow((f"{time}Z", span, observed, f"{value:.10g}", *rest, homes))
        yield out.getvalue()


def _columns(face: Face, properties: Mapping[str, PropertySettings], window: int) -> tuple[str, ...]:
    """What a face says in every one of its rows: window, property, unit, name, place, grade."""
    span = face.window or window
    observed = properties.get(face.property)
    place = face.cell or ""
    if face.place is not None:
        place = f"{face.place.lat:.6f} {face.place.lon:.6f}"
    return (
        str(span // MINUTE) if span else "", face.property, observed.symbol if observed else face.unit or "",
        plain(face.name or _NAMELESS.get(face.kind, "somebody around here")), place, face.grade.word,
        face.where or "",
    )  # fmt: skip
