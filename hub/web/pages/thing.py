"""A page for each public instrument: who, what, why, since when, and what it says now.

Rule: only what is `open` has a page; what is hidden and what does not exist answer alike.
"""

from __future__ import annotations

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.core.audience import PUBLIC
from hub.core.disclosed import Disclosed
from hub.core.face import Face
from hub.core.grade import DAY, HOUR, MINUTE, Kind
from hub.core.query import Query
from hub.settings import PropertySettings
from hub.web.around import areas, home_cell
from hub.web.context import Context
from hub.web.page import Visible, each_thing
from hub.web.picture import PATIENCE
from hub.web.sentences import Sentence, thing_sentence
from hub.web.series import cadence, hourly
from hub.web.spot import Spot, spot
from hub.web.tables import window_rows

_NEWEST = 30 * DAY


class Latest(Struct, frozen=True):
    """The newest value of one property of a thing; `stale` when it is older than twice its cadence."""

    observed: PropertySettings
    value: float
    time: int
    stale: bool
    rhythm: int | None


def answer(context: Context, request: Request) -> Response:
    """The thing of a handle; ``?property=`` chooses what its chart shows."""
    handle, now = request.path_params["handle"], context.now()
    newest = context.gate.read(Query(things=frozenset({handle}), since=now - _NEWEST, newest=True), PUBLIC)
    faces = named(newest)
    latest = _latest(context, newest, handle, now)
    observed = _chosen(request, [x.observed for x in latest])
    rows = _rows(context, handle, observed, now) if observed is not None else []
    return context.page(
        request, "thing.html", face=faces[0], faces=faces, latest=latest, observed=observed, rows=rows, now=now,
        since=min((f.since for f in faces if f.since is not None), default=None), spot=_spot(context, faces[0]),
        sentence=_sentence(context, faces[0], latest, observed), properties=context.shown_properties(),
        where=_where(context, faces[0]),
    )  # fmt: skip


def paths(shown: Visible) -> list[str]:
    """Every thing that has a page."""
    return list(each_thing("/thing/{}")(shown))


def named(shown: Disclosed) -> list[Face]:
    """The faces of a public instrument; a 404 when there are none."""
    faces = [f for f in shown.faces if f.kind is Kind.NAMED]
    if not faces:
        raise HTTPException(404)
    return faces


def _latest(context: Context, newest: Disclosed, handle: str, now: int) -> list[Latest]:
    recent = context.gate.read(Query(things=frozenset({handle}), since=now - PATIENCE), PUBLIC)
    rhythms = {f.property: cadence(recent.of(i)[0]) for i, f in enumerate(recent.faces)}
    found = []
    for i, face in enumerate(newest.faces):
        time, value = newest.of(i)
        observed = context.properties.get(face.property)
        if observed is None or not len(time):
            continue
        rhythm = rhythms.get(face.property)
        late = now - int(time[-1]) > 2 * max(rhythm or HOUR, MINUTE)
        found.append(Latest(observed, float(value[-1]), int(time[-1]), late, rhythm))
    order = list(context.properties)
    return sorted(found, key=lambda x: order.index(x.observed.id))


def _chosen(request: Request, told: list[PropertySettings]) -> PropertySettings | None:
    asked = request.query_params.get("property")
    return next((p for p in told if p.id == asked), told[0] if told else None)


def _rows(context: Context, handle: str, observed: PropertySettings, now: int) -> list[object]:
    until = now // HOUR * HOUR
    query = Query(
        things=frozenset({handle}), properties=frozenset({observed.id}), since=until - 7 * DAY, until=until, window=HOUR
    )
    week = context.gate.read(query, PUBLIC)
    hours, inside = week.time // HOUR * HOUR, week.time >= until - 2 * DAY
    series = hourly((hours[inside], week.value[inside]), until - 2 * DAY, until, context.zone, (hours, week.value))
    return list(window_rows(series, observed, context.zone))


def _sentence(
    context: Context, face: Face, latest: list[Latest], observed: PropertySettings | None
) -> Sentence:  # fmt: skip
    told = next((x for x in latest if x.observed is observed), None)
    if told is None or observed is None:
        return Sentence(f"{face.name} has said nothing in the last month.")
    return thing_sentence(face.name or "", observed, told.value, told.time, context.now(), context.zone)


def _spot(context: Context, face: Face) -> Spot | None:
    return None if face.place is None else spot(context.ground, face.place)


def _where(context: Context, face: Face) -> str:
    """The area it is in, as the map page calls it."""
    cell = face.cell if face.place is None else home_cell(face.place, context.ground.cells)
    around = areas(context.ground.cells, [face.cell] if face.cell else [], context.ground.middle)
    return next((f"area {a.key}, {a.where}" for a in around if a.cell == cell), "")
