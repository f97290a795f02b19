"""Who looked, for a program of the owner's own: JSON.

Rule: what her page says and nothing besides; a link opens it as it opens the page, in the cookie or as a bearer token
(RFC 6750), so that a script at home can ask every day.
"""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.core.looked import Looked
from hub.web.context import PRIVATE, Context
from hub.web.pages.mine_link import COOKIE

_BEARER = "bearer "


def answer(context: Context, request: Request) -> Response:
    """``{"looks": […], "gone": n}``, the newest first; times are ISO 8601 in UTC, ``null`` where not known."""
    said = request.headers.get("authorization", "")
    token = said[len(_BEARER) :].strip() if said.lower().startswith(_BEARER) else request.cookies.get(COOKIE)
    audience = context.gate.audience_of_link(token) if token else None
    if audience is None:
        refused = {"error": "Send a link that holds: Authorization: Bearer, and what follows /mine/ in the link."}
        return JSONResponse(refused, 401, {"Cache-Control": PRIVATE, "WWW-Authenticate": "Bearer"})
    found = context.gate.who_looked(audience)
    told = {"looks": [_plain(look) for look in found.looks], "gone": found.gone}
    return JSONResponse(told, headers={"Cache-Control": PRIVATE})


def _plain(look: Looked) -> dict[str, object]:
    return {
        "at": _time(look.at), "who": look.who, "purpose": look.purpose, "what": list(look.what),
        "since": _time(look.since), "until": _time(look.until), "as_written": look.sound, "in_the_log": look.closed,
    }  # fmt: skip


def _time(moment: int | None) -> str | None:
    if not moment:
        return None
    try:
        return datetime.fromtimestamp(moment / 1e6, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):  # somebody asked for all of time
        return None
