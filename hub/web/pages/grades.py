"""The grades as residents read them: the very table that decides, so it cannot say anything else."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.core.grade import TABLE, Grade, Role, view
from hub.web.context import Context
from hub.web.views import in_words

_ROLES = (
    (Role.HOUSEHOLD, "My household"),
    (Role.MEMBER, "Members of my project"),
    (Role.STAFF, "The city"),
    (Role.PUBLIC, "Everybody"),
)


def answer(context: Context, request: Request) -> Response:
    """The six grades, who sees what of each, and what never leaves a home."""
    rows = [(grade, [in_words(view(grade, role)) for role, _ in _ROLES]) for grade in TABLE]
    caps = [(p, Grade.read(p.cap), Grade.read(p.station_cap or p.cap)) for p in context.properties.values()]
    return context.page(
        request, "grades.html", rows=rows, roles=[name for _, name in _ROLES], caps=caps,
        properties=context.shown_properties(),
    )  # fmt: skip
