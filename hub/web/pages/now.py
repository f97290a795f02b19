"""The map page: how it is now, in one sentence, on the map and as a list. `?wall` is the same for a wall screen."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.settings import PropertySettings
from hub.web.context import Context
from hub.web.inside import side_of
from hub.web.page import Visible
from hub.web.picture import Picture, take
from hub.web.sentences import Sentence, now_sentence
from hub.web.values import when

_TABS = 4
_BESIDE = 3


def answer(context: Context, request: Request) -> Response:
    """``?property=`` chooses what is shown, ``?usual`` shows it against usual, ``?wall`` is for a wall screen."""
    shown = context.shown_properties()
    side = side_of(context, request, chosen(context, request, shown))
    observed, now = side.observed, context.now()
    picture = take(context.gate, observed, now, context.zone, context.ground, inside=side.inside)
    wall = "wall" in request.query_params
    return context.page(
        request, "wall.html" if wall else "now.html", observed=observed, properties=shown, picture=picture, now=now,
        side=side, tabs=_tabs(shown, observed), instruments=picture.instruments,
        areas_shown=any(t.value is not None for t in picture.told),
        averages_shown=any(t.homes for t in picture.told),
        rows_shown=any(t.value is not None and not t.homes for t in picture.told),
        sentence=_sentence(context, observed, picture), usual="usual" in request.query_params,
        when=when(picture, context.zone), beside=_beside(context, shown, observed, now) if wall else (),
    )  # fmt: skip


def paths(shown: Visible) -> list[str]:
    """Every property, in every way it can be looked at."""
    each = [f"/?property={p}" for p in sorted({f.property for f in shown.faces})]
    return ["/", "/?wall", "/?theme=dark", *each, *(f"{p}&usual" for p in each), *(f"{p}&wall" for p in each)]


def chosen(context: Context, request: Request, shown: tuple[PropertySettings, ...]) -> PropertySettings:
    """The property asked for, else the first that is shown, else the first there is; a 404 for one nobody knows."""
    asked = request.query_params.get("property")
    every = shown or tuple(context.properties.values())
    observed = context.properties.get(asked) if asked is not None else next(iter(every), None)
    if observed is None:
        raise HTTPException(404)
    return observed


def _sentence(context: Context, observed: PropertySettings, picture: Picture) -> Sentence:
    hour = picture.now if picture.hour is None else picture.hour
    return now_sentence(observed, context.place, picture.value, picture.usual, hour, picture.now, context.zone)


def _tabs(shown: tuple[PropertySettings, ...], observed: PropertySettings) -> list[PropertySettings]:
    """The few that stand on top: the first of each family, and what is shown."""
    firsts = list({p.family: p for p in reversed(shown)}.values())[::-1][:_TABS]
    return [p for p in shown if p in firsts or p.id == observed.id]


def _beside(
    context: Context, shown: tuple[PropertySettings, ...], but: PropertySettings, now: int
) -> list[tuple[PropertySettings, Picture]]:
    """What else there is to say on a wall."""
    found = []
    families = {p.family: p for p in reversed(shown) if p.id != but.id and p.family != but.family}
    for other in reversed(families.values()):
        picture = take(context.gate, other, now, context.zone, context.ground)
        if picture.value is not None:
            found.append((other, picture))
        if len(found) == _BESIDE:
            break
    return found
