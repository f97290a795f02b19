"""What is said when something cannot be shown: a page for people, one JSON shape for machines.

Rule: what is hidden and what does not exist answer alike, to the byte; every answer says what to do next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.actions import ActionRefused
from hub.core.query import QueryError, StoreUnavailable
from hub.web.context import PRIVATE, Context

_DATA = (".csv", ".json", ".geojson", ".pmtiles", "/live")


class Fault(NamedTuple):
    """Status, the type a machine reads, and the words a person reads."""

    code: int
    type: str
    message: str
    title: str


NOT_FOUND = Fault(
    404, "NotFound", "There is no such page, or nothing is shown on it. Begin again at the map.", "Nothing is here"
)
NOT_ALLOWED = Fault(405, "NotAllowed", "This address can only be looked at. Begin again at the map.", "Only to look at")
ELSEWHERE = Fault(
    403,
    "Elsewhere",
    "This did not come from a page of this hub, so nothing was done. Open the page here, and do it there.",
    "Nothing was done",
)
UNAVAILABLE = Fault(
    503,
    "StoreUnavailable",
    "The values cannot be read right now. Nothing is lost; try again in a minute.",
    "One moment",
)
BROKEN = Fault(
    500,
    "Broken",
    "Something went wrong here, not with you. Try again in a minute; if it stays, tell the people who run this hub.",
    "This did not work",
)


def answer(context: Context, request: Request, fault: Fault) -> Response:
    """A fault as whoever asked can read it."""
    if request.url.path.endswith(_DATA):
        told = {"code": fault.code, "type": fault.type, "message": fault.message}
        return JSONResponse(told, fault.code, headers={"Cache-Control": PRIVATE})
    own = request.url.path.startswith("/mine")
    return context.page(request, "fault.html", status=fault.code, keep=PRIVATE, fault=fault, own=own)


def add_faults(site: FastAPI, context: Context) -> Callable[[Request], Response]:
    """Give every failure its answer; out: the answer to what nobody foresaw."""

    def http(request: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else NOT_FOUND.code
        return answer(context, request, NOT_ALLOWED if code == NOT_ALLOWED.code else NOT_FOUND)

    def query(request: Request, error: Exception) -> Response:
        return answer(context, request, Fault(400, "QueryError", f"{error}", "That cannot be shown like this"))

    def refused(request: Request, error: Exception) -> Response:
        unknown = isinstance(error, ActionRefused) and error.code == "unknown"
        told = NOT_FOUND if unknown else Fault(409, "Refused", f"{error}", "That was not done")
        return answer(context, request, told)

    def store(request: Request, _: Exception) -> Response:
        return answer(context, request, UNAVAILABLE)

    site.add_exception_handler(HTTPException, http)
    site.add_exception_handler(QueryError, query)
    site.add_exception_handler(ActionRefused, refused)
    site.add_exception_handler(StoreUnavailable, store)
    return lambda request: answer(context, request, BROKEN)
