"""Adding a device: a user name and a password to type into it, a token with which it fetches them, or somebody's thing.

Rule: what opens anything is on the answer to the form, once, and is kept by nobody on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.actions import ActionRefused
from hub.core.audience import Audience
from hub.web import joining
from hub.web.away import called
from hub.web.context import PRIVATE, Context
from hub.web.deeds import number
from hub.web.pages.mine import holder
from hub.web.pages.mine_link import expired

Form = Mapping[str, str]
_MADE: dict[str, Callable[[Context, Request, Audience, Form], joining.Told]] = {
    "add": joining.add,
    "token": joining.token,
    "take": joining.take,
}
"""What a form's `do` names, where something is shown once for it."""


def answer(context: Context, request: Request) -> Response:
    """The forms, and the tokens that are open."""
    audience = holder(context, request)
    if audience is None:
        return expired(context, request)
    return _page(context, request, audience, {}, "", "")


def act(context: Context, request: Request, form: Form) -> Response:
    """One deed; what is refused is said beside its form, which keeps what was written."""
    audience = holder(context, request)
    if audience is None:
        return expired(context, request)
    name = form.get("do", "")
    try:
        if name == "withdraw":
            return _withdraw(context, audience, form)
        if name not in _MADE:
            raise HTTPException(404)
        return shown_once(context, request, _MADE[name](context, request, audience, form))
    except ActionRefused as refused:
        if refused.code == "unknown" and name != "take":
            raise
        return _page(context, request, audience, form, name, refused.text)


def shown_once(context: Context, request: Request, told: joining.Told) -> Response:
    """A page with a secret on it."""
    return context.page(request, "joined.html", keep=PRIVATE, told=told, properties=context.shown_properties())


def _withdraw(context: Context, audience: Audience, form: Form) -> Response:
    handle = form.get("thing", "")
    if handle:
        context.own.keep(audience, handle)
    else:
        context.own.withdraw(audience, number(form, "token"))
    return RedirectResponse("/mine/join?done=withdraw#tokens", 303, headers={"Cache-Control": PRIVATE})


def _page(context: Context, request: Request, audience: Audience, form: Form, deed: str, refused: str) -> Response:
    return context.page(
        request, "join.html", status=422 if refused else 200, keep=PRIVATE, written=form,
        refused={deed: refused} if refused else {}, tokens=context.gate.tokens(audience),
        owners=[(e.party, called(e)) for e in context.gate.estates(audience)],
        done=request.query_params.get("done") == "withdraw", properties=context.shown_properties(),
    )  # fmt: skip
