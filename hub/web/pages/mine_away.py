"""Taking back what was measured, and taking a copy of it away: an owner's last two rights, on one page.

Rule: nothing goes before she has looked twice; a receipt says "gone from every file" only when the hub has looked. A
copy is made for her alone and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.actions import ActionRefused
from hub.core.audience import Audience
from hub.core.query import QueryError
from hub.web.away import called, choices, wish
from hub.web.context import PRIVATE, Context
from hub.web.pages.mine import holder
from hub.web.pages.mine_link import expired
from hub.web.words import day_and_clock, local

Form = Mapping[str, str]


def answer(context: Context, request: Request) -> Response:
    """The forms, and the receipts of what was erased."""
    audience = holder(context, request)
    if audience is None:
        return expired(context, request)
    return _page(context, request, audience, {}, "", "")


def act(context: Context, request: Request, form: Form) -> Response:
    """One deed of `_DEEDS`; what is refused is said beside its form, which keeps what was written."""
    audience = holder(context, request)
    if audience is None:
        return expired(context, request)
    name = form.get("do", "")
    if name not in _DEEDS:
        raise HTTPException(404)
    try:
        return _DEEDS[name](context, request, audience, form)
    except ActionRefused as refused:
        if refused.code == "unknown":
            raise
        return _page(context, request, audience, form, name, refused.text)


def _look(context: Context, request: Request, audience: Audience, form: Form) -> Response:
    """What would go and what would stay; nothing has gone yet."""
    asked = wish(context, audience, form)
    return context.page(
        request, "away_sure.html", keep=PRIVATE, wish=asked, properties=context.shown_properties(),
    )  # fmt: skip


def _erase(context: Context, request: Request, audience: Audience, form: Form) -> Response:  # noqa: ARG001 - a deed's arguments
    asked = wish(context, audience, form)
    context.own.erase(audience, asked.choice.owner, asked.choice.handle, asked.since, asked.until)
    return RedirectResponse("/mine/away?done=erase#erased", 303, headers={"Cache-Control": PRIVATE})


def _copy(context: Context, request: Request, audience: Audience, form: Form) -> Response:  # noqa: ARG001 - a deed's arguments
    from hub.export import export, locked  # noqa: PLC0415 - brings Arrow, which takes longer to load than all the rest

    key, now = form.get("key", "").strip(), context.now()
    try:
        if key:
            locked(b"", key)  # a key that is none is told at once, not after everything was put together
    except QueryError as error:
        raise ActionRefused("key", f"{error}"[:1].upper() + f"{error}."[1:]) from error
    units = {p.id: p.unit for p in context.properties.values()}
    made = export(context.gate, audience, units, hub=context.place, when=day_and_clock(now, context.zone)).content
    name, kind = f"barrio-{local(now, context.zone):%Y-%m-%d}.zip", "application/zip"
    if key:
        made, name, kind = locked(made, key), f"{name}.age", "application/octet-stream"
    headers = {"Cache-Control": PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(made, media_type=kind, headers=headers)


_DEEDS: dict[str, Callable[[Context, Request, Audience, Form], Response]] = {
    "look": _look,
    "erase": _erase,
    "copy": _copy,
}


def _page(
    context: Context, request: Request, audience: Audience, form: Form, deed: str, refused: str
) -> Response:  # fmt: skip
    estates = context.gate.estates(audience)
    return context.page(
        request, "away.html", status=422 if refused else 200, keep=PRIVATE, choices=choices(estates), written=form,
        refused_copy=refused if deed == "copy" else "", refused_days=refused if deed != "copy" else "",
        receipts=context.gate.erased(audience),
        names={e.party: called(e) for e in estates} if len(estates) > 1 else {},
        today=f"{local(context.now(), context.zone):%Y-%m-%d}", done=request.query_params.get("done") == "erase",
        properties=context.shown_properties(),
    )  # fmt: skip
