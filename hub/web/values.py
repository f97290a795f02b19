"""The numbers behind map and chart as JSON, in the shape that static/map.js and static/columns.js describe.

Rule: what is in here was disclosed and is on the page in words as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import h3
import numpy as np
from numpy.typing import NDArray

from hub.core.disclosed import Disclosed
from hub.core.grade import HOUR, Kind
from hub.core.places import boundary
from hub.settings import PropertySettings
from hub.web.around import Area
from hub.web.asked import Asked
from hub.web.picture import Instrument, Picture, Told
from hub.web.series import Series, cadence
from hub.web.words import age, hour_span, rounded

_SECOND = 1_000_000
_LINES = 4
"""More lines than this in one chart cannot be told apart; then their median is drawn."""
_NO_RAMP: dict[str, Any] = {"name": "cividis", "light": (9, 1), "dark": (2, 9)}


def drawn(observed: PropertySettings) -> dict[str, Any]:
    """A property as scale.js draws it."""
    classes = observed.classes
    ramp = _NO_RAMP if observed.ramp is None else observed.ramp.model_dump(exclude_defaults=True)
    return {
        "id": observed.id, "name": observed.name, "short": observed.short, "symbol": observed.symbol,
        "decimals": observed.decimals, "steps": classes.steps if classes else (),
        "words": classes.words if classes else None, "source": classes.source if classes else "",
        "usual_steps": observed.usual_steps or None, "ramp": ramp,
    }  # fmt: skip


def map_values(observed: PropertySettings, picture: Picture, zone: ZoneInfo) -> dict[str, Any]:
    """The areas and instruments of a picture as a FeatureCollection (RFC 7946) with the property beside it."""
    features = [_area(observed, told) for told in picture.told]
    features += [_instrument(observed, i, picture.now) for i in picture.instruments if i.face.place is not None]
    return {
        "type": "FeatureCollection", "property": drawn(observed), "when": when(picture, zone), "features": features,
    }  # fmt: skip


def when(picture: Picture, zone: ZoneInfo) -> str:
    """The hour that is told and how long ago it ended; empty when none is."""
    if picture.hour is None:
        return ""
    return f"{hour_span(picture.hour, zone)} · {age(picture.now - picture.hour - HOUR)}"


def chart_hours(observed: PropertySettings, series: Series, asked: Asked, zone: ZoneInfo) -> dict[str, Any]:
    """Windows as a chart's columns; x is the end of each."""
    return {
        **_frame(observed, asked, zone), "step": series.step // _SECOND, "x": _seconds(series.start + series.step),
        "low": _numbers(series.low, observed), "high": _numbers(series.high, observed),
        "series": [{"label": observed.short, "values": _numbers(series.mid, observed)}],
    }  # fmt: skip


def chart_instants(observed: PropertySettings, shown: Disclosed, asked: Asked, zone: ZoneInfo) -> dict[str, Any]:
    """Every reading of the public instruments, one line each; the median of their minutes when they are many."""
    lines = [(f.name or "", *shown.of(i)) for i, f in enumerate(shown.faces) if f.kind is Kind.NAMED]
    lines = [line for line in lines if len(line[1])]
    if len(lines) > _LINES:
        lines = [(f"median of {len(lines)} instruments", *_minutes([(t, v) for _, t, v in lines]))]
    series = [
        {
            "label": label, "values": [_drawn(float(v), observed) for v in value], "x": _seconds(time),
            "cadence": max(60, (cadence(time) or HOUR) // _SECOND), "step": 0,
        }
        for label, time, value in lines
    ]  # fmt: skip
    return {**_frame(observed, asked, zone), "step": 0, "x": [], "low": None, "high": None, "series": series}


def _frame(observed: PropertySettings, asked: Asked, zone: ZoneInfo) -> dict[str, Any]:
    limit = observed.limit
    return {
        "unit": observed.symbol, "decimals": observed.decimals, "zone": zone.key, "range": asked.name,
        "from": asked.since // _SECOND, "to": asked.until // _SECOND,
        "limit": None if limit is None else {"value": limit.value, "label": limit.words},
    }  # fmt: skip


def _minutes(lines: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]]) -> tuple[Any, Any]:
    """The median over all instruments every five minutes."""
    five = 300 * _SECOND
    time = np.concatenate([t for t, _ in lines]) // five * five
    value = np.concatenate([v for _, v in lines])
    starts = np.unique(time)
    return starts, np.array([np.median(value[time == s]) for s in starts])


def _area(observed: PropertySettings, told: Told) -> dict[str, Any]:
    a, room = told.area, _room(told.area)
    properties = {
        "cell": a.cell, "key": a.key, "where": a.where, "value": _or_none(told.value, observed),
        "usual": _or_none(told.usual, observed), "room": room,
    }  # fmt: skip
    shape = {"type": "MultiPolygon", "coordinates": [[outline] for outline in a.outlines]}
    return {"type": "Feature", "properties": properties, "geometry": shape}


def _room(area: Area) -> tuple[tuple[float, float], ...]:
    """Where the figure of an area may stand: the outline of its largest part, of several the middle one."""
    if not area.parts:
        return ()
    largest = min(h3.get_resolution(part) for part in area.parts)
    same = [part for part in area.parts if h3.get_resolution(part) == largest]
    return boundary(same[len(same) // 2])


def _instrument(observed: PropertySettings, i: Instrument, now: int) -> dict[str, Any]:
    place = i.face.place
    properties = {
        "id": i.face.thing, "name": i.face.name, "href": f"/thing/{i.face.thing}",
        "value": _or_none(i.value, observed), "usual": _or_none(i.usual, observed), "age": age(now - i.time),
        "stale": i.stale,
    }  # fmt: skip
    point = None if place is None else {"type": "Point", "coordinates": (place.lon, place.lat)}
    return {"type": "Feature", "properties": properties, "geometry": point}


def _or_none(value: float | None, observed: PropertySettings) -> float | None:
    return None if value is None else rounded(value, observed.decimals)


def _seconds(times: NDArray[np.int64]) -> list[int]:
    seconds: list[int] = (times // _SECOND).tolist()
    return seconds


def _numbers(values: NDArray[np.float64] | None, observed: PropertySettings) -> list[float | None] | None:
    if values is None:
        return None
    return [None if np.isnan(v) else _drawn(float(v), observed) for v in values]


def _drawn(value: float, observed: PropertySettings) -> float:
    """A value for a line: finer than for reading, or the line goes in steps."""
    return rounded(value, observed.decimals + 2)
