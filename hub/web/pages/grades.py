"""The grades as residents read them: the very table that decides, so it cannot say anything else."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.core.grade import TABLE, Grade, Role, view
from hub.web.context import Context
from hub.web.views import in_words
from hub.web.words import lower

_ROLES = (
    (Role.HOUSEHOLD, "My household"),
    (Role.MEMBER, "Members of my project"),
    (Role.STAFF, "The city"),
    (Role.PUBLIC, "Everybody"),
)


def answer(context: Context, request: Request) -> Response:
    """The six grades, who sees what of each, and what never leaves a home."""
    rows = [(grade, [(who, in_words(view(grade, role))) for role, who in _ROLES]) for grade in TABLE]
    every = context.properties.values()
    caps = [(cap, [lower(p.name) for p in every if Grade.read(p.cap) is cap]) for cap in reversed(Grade)]
    stations = [lower(p.name) for p in every if p.station_cap == Grade.OPEN.word != p.cap]
    return context.page(
        request, "grades.html", rows=rows, caps=[(cap, names) for cap, names in caps if names], stations=stations,
        properties=context.shown_properties(),
    )  # fmt: skip
