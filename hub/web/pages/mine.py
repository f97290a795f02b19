"""An owner's own page: her things with exact values, what each tells to whom, and what others see of it.

Rule: never kept by anybody on the way, never shown without a link that holds now.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.web.context import PRIVATE, Context
from hub.web.own import own_things
from hub.web.pages.mine_link import COOKIE, expired
from hub.web.sentences import greeting, mine_sentence


def answer(context: Context, request: Request) -> Response:
    """The things of whoever holds the link in the cookie."""
    token = request.cookies.get(COOKIE)
    audience = context.gate.audience_of_link(token) if token else None
    if audience is None:
        return expired(context, request)
    now, zone = context.now(), context.zone
    things = own_things(context, audience, now)
    silent = [(t.own.title, t.silent) for t in things if t.silent is not None]
    return context.page(
        request, "mine.html", keep=PRIVATE, things=things, now=now, properties=context.shown_properties(),
        sentence=mine_sentence([t.own for t in things], silent, now, zone),
        greeting=greeting(context.gate.name_of(audience), now, zone),
    )  # fmt: skip
