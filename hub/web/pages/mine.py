"""An owner's own page: her things with exact values, what each tells to whom, and how to change it.

Rule: never kept by anybody on the way, never shown without a link that holds now; a deed is done as whoever holds the
link, and then the page is asked for anew, so that reading it again does nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.actions.own import PAUSES
from hub.core.audience import Audience
from hub.web.context import PRIVATE, Context
from hub.web.deeds import DEEDS
from hub.web.letters import letters
from hub.web.own import own_things
from hub.web.pages.mine_link import COOKIE, expired
from hub.web.sentences import greeting, mine_sentence
from hub.web.words import local


def answer(context: Context, request: Request) -> Response:
    """The things of whoever holds the link in the cookie; ``?done=`` says what was just done."""
    audience = holder(context, request)
    if audience is None:
        return expired(context, request)
    now, zone = context.now(), context.zone
    things = own_things(context, audience, now)
    silent = [(t.own.title, t.silent) for t in things if t.silent is not None]
    boxes = {box.handle: box for box in context.gate.letter_boxes(audience)}
    speaking, called = {t.own.handle for t in things}, context.gate.name_of(audience)
    done = DEEDS.get(request.query_params.get("done", ""))
    return context.page(
        request, "mine.html", keep=PRIVATE, things=things, now=now, properties=context.shown_properties(),
        sentence=mine_sentence([t.own for t in things], silent, now, zone, sealing=len(boxes)),
        done="" if done is None else done[1], called=called, greeting=greeting(called, now, zone), pauses=PAUSES,
        audience=audience, today=f"{local(now, zone):%Y-%m-%d}", charters=context.gate.charters(audience),
        letters=letters(context, audience), boxes=boxes,
        only_sealed=[b for b in boxes.values() if b.handle not in speaking],
        seals=bool(boxes or context.gate.sealing_keys(audience)),
    )  # fmt: skip


def act(context: Context, request: Request, form: Mapping[str, str]) -> Response:
    """One deed of `DEEDS`."""
    audience = holder(context, request)
    if audience is None:
        return expired(context, request)
    name = form.get("do", "")
    if name not in DEEDS:
        raise HTTPException(404)
    part = DEEDS[name][0](context, audience, form)
    return RedirectResponse(f"/mine?done={name}#{part}", 303, headers={"Cache-Control": PRIVATE})


def holder(context: Context, request: Request) -> Audience | None:
    """Who holds the link in the cookie; None when there is none that holds now."""
    token = request.cookies.get(COOKIE)
    return context.gate.audience_of_link(token) if token else None
