"""The public site: pages, their data, and the files they need, put together.

Rule: one table of pages, one guard around all of them, nothing from elsewhere. Whatever blocks runs in a thread.
"""

from __future__ import annotations

import hashlib
import inspect
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from hub.actions.own import OwnActions
from hub.core.grade import RELEASE_8, RELEASE_HOMES_INTIMATE, Grade
from hub.core.releases import band_words
from hub.gate import Gate
from hub.live import Live
from hub.settings import PropertySettings, Settings
from hub.web import words
from hub.web.cache import Cache
from hub.web.context import Context
from hub.web.faults import ELSEWHERE, Fault, add_faults, answer
from hub.web.ground import Ground, read_ground
from hub.web.headers import Guard
from hub.web.page import Act, Page
from hub.web.pages import PAGES
from hub.web.picture import Instrument, Told
from hub.web.posted import FormRefused, from_here, read_form
from hub.web.turns import Turns

_HERE = Path(__file__).resolve().parent
_STATIC = _HERE / "static"
_OSM = "OpenStreetMap"


def create_site(gate: Gate, own: OwnActions, live: Live, settings: Settings, now: Callable[[], int]) -> FastAPI:
    """The site over a gate, and what may be done from its pages; `now` gives µs.

    Raises:
        SettingsError: the operator's map files cannot be used.
    """
    site = FastAPI(title="Barrio", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    zone, ground = ZoneInfo(settings.hub.zone), read_ground(settings.place)
    version = _fingerprint(_STATIC)
    context = Context(
        gate=gate, own=own, turns=Turns(now), live=live, settings=settings, now=now, zone=zone, ground=ground,
        templates=_templates(settings.hub.name, zone, ground, f"/static/{version}", now),
        properties={p.id: p for p in settings.properties},
    )  # fmt: skip
    for page in PAGES:
        site.router.routes.append(Route(page.path, _endpoint(page, context), methods=["GET"], name=page.name))
        if page.act is not None:
            site.router.routes.append(Route(page.path, _acting(page.act, context), methods=["POST"]))
    mimetypes.add_type("font/woff2", ".woff2")  # unknown to Python below 3.14
    site.router.routes.append(Mount(f"/static/{version}", _Files(directory=_STATIC), name="static"))
    broken = add_faults(site, context)
    site.add_middleware(Cache, version=lambda: gate.version)
    site.add_middleware(Guard, broken=broken)
    return site


class _Files(StaticFiles):
    """Files at an address that changes when they do, so they may be kept for good."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _endpoint(page: Page, context: Context) -> Callable[[Request], Response | Awaitable[Response]]:
    """A page as Starlette calls it: what blocks as a plain function, which it runs in a thread."""
    if inspect.iscoroutinefunction(page.answer):
        awaits = cast("Callable[[Context, Request], Awaitable[Response]]", page.answer)

        async def waits(request: Request) -> Response:
            return await awaits(context, request)

        return waits
    blocks = cast("Callable[[Context, Request], Response]", page.answer)

    def in_a_thread(request: Request) -> Response:
        return blocks(context, request)

    return in_a_thread


def _acting(act: Act, context: Context) -> Callable[[Request], Awaitable[Response]]:
    """What a page does as Starlette calls it: nothing that came from elsewhere gets as far as the act."""

    async def acts(request: Request) -> Response:
        if not from_here(request, context.settings.web.address):
            return answer(context, request, ELSEWHERE)
        try:
            form = await read_form(request)
        except FormRefused as error:
            return answer(context, request, Fault(400, "FormRefused", f"{error}", "That could not be read"))
        return await run_in_threadpool(act, context, request, form)

    return acts


def _fingerprint(folder: Path) -> str:
    """A short name for the content of all static files."""
    digest = hashlib.blake2s(digest_size=6)
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        digest.update(str(file.relative_to(folder)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _templates(place: str, zone: ZoneInfo, ground: Ground, static: str, now: Callable[[], int]) -> Environment:
    """The templates, with the words they may use; what is not given is an error, not an empty string."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.globals.update(
        place=place, zone=zone.key, static=static, tiles=ground.tiles is not None, nothing_here=words.NOTHING_HERE,
        attribution=[_credit(a) for a in _on_the_map(ground.attribution)],
        attribution_full=[_linked(a) for a in ground.attribution], grades=tuple(Grade), observed=None, theme=None,
        number_word=words.counted, homes_band=band_words, least_homes=_least_homes, home=Grade.HOME,
        counted=Grade.COUNTED, commons=Grade.COMMONS, street=Grade.STREET, open=Grade.OPEN,
        figure=words.figure, age=words.age, how_often=words.how_often, class_of=words.class_of, lower=words.lower,
        against_usual=words.against_usual, never_alone=words.never_alone, against=_against, number=_number,
        hour_span=lambda moment: words.hour_span(moment, zone), date=lambda moment: words.date(moment, zone),
        day_and_clock=lambda moment: words.day_and_clock(moment, zone),
        weekday_and_clock=lambda moment: f"{words.local(moment, zone):%A %H:%M}",
        clock=lambda moment: words.clock(moment, zone), pause_end=lambda until: words.pause_end(until, now(), zone),
    )  # fmt: skip
    return made


def _least_homes(observed: PropertySettings, inside: bool) -> str:  # noqa: FBT001 - a template's argument
    """How many homes an average of it stands for at least, to everybody."""
    return words.counted(RELEASE_HOMES_INTIMATE if inside or observed.energy else RELEASE_8.homes)


def _against(told: Told | Instrument, observed: PropertySettings) -> str:
    """A value's difference from usual; empty where usual is not known."""
    if told.value is None or told.usual is None:
        return ""
    return words.difference(told.value - told.usual, observed.decimals)


def _number(told: Told | Instrument, observed: PropertySettings, usual: bool) -> float:  # noqa: FBT001 - a template's argument
    """The number behind what `figure` or `against` shows, for the colour beside it."""
    value = told.value or 0.0
    return (
        words.rounded(value - (told.usual or 0.0), observed.decimals)
        if usual
        else words.rounded(value, observed.decimals)
    )


def _on_the_map(attributions: tuple[str, ...]) -> tuple[str, ...]:
    """Those that somebody's right asks for; the rest stands on the page about grades and map."""
    return tuple(a for a in attributions if a.startswith("©")) or attributions


def _credit(attribution: str) -> Markup:
    """Whose data it is in the short form that stands on a map."""
    return _linked(attribution.partition(" (")[0])


def _linked(attribution: str) -> Markup:
    link = Markup('<a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a>')
    return link.join(escape(part) for part in attribution.split(_OSM))
