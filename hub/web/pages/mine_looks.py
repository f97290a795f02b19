"""Who looked at what is hers, in an owner's words.

Rule: nobody is told that she reads it. What cannot be read any more is said as openly as what can.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from hub.core.looked import Looked, WhoLooked
from hub.web.context import PRIVATE, Context
from hub.web.pages.mine import holder
from hub.web.pages.mine_link import expired
from hub.web.words import counted, day_and_clock, local


def answer(context: Context, request: Request) -> Response:
    """The newest looks first, by day."""
    audience = holder(context, request)
    if audience is None:
        return expired(context, request)
    told = context.gate.who_looked(audience)
    return context.page(
        request, "looks.html", keep=PRIVATE, told=told, days=_by_day(told.looks, context.zone),
        sentence=_sentence(told), properties=context.shown_properties(), stretch=lambda x: _stretch(x, context.zone),
    )  # fmt: skip


def _sentence(told: WhoLooked) -> str:
    whose = {x.who for x in told.looks if x.at}
    if not told.looks:
        return "Nobody has looked at more of yours than everybody sees."
    times = len(told.looks)
    often = "once" if times == 1 else "twice" if times == 2 else f"{counted(times)} times"  # noqa: PLR2004 - the word
    if len(whose) == 1:
        return f"{next(iter(whose)).capitalize()} looked {often} at more of yours than everybody sees."
    return f"More of yours than everybody sees was looked at {often}."


def _by_day(looks: tuple[Looked, ...], zone: ZoneInfo) -> list[tuple[int, list[Looked]]]:
    """Days (a moment in each, 0: not known), the newest first, with their looks."""
    days: dict[str, tuple[int, list[Looked]]] = {}
    for look in looks:
        key = f"{local(look.at, zone):%Y%m%d}" if look.at else ""
        days.setdefault(key, (look.at, []))[1].append(look)
    return list(days.values())


def _stretch(look: Looked, zone: ZoneInfo) -> str:
    """Which time was asked for; empty when all of it."""
    since = f"from {day_and_clock(look.since, zone)}" if look.since else ""
    until = f"to {day_and_clock(look.until, zone)}" if look.until else ""
    return f"{since} {until}".strip()
