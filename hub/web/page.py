"""What a page is to the table: a name, a path, an answer, examples of addresses it answers, and what it lets one do.

Rule: looking (GET) changes nothing; whatever changes something is an `act`, reached by POST from our own pages alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from hub.core.audience import PUBLIC
from hub.core.charter import Charter
from hub.core.face import Face
from hub.core.query import Query
from hub.gate import Gate
from hub.web.context import Context

Answer = Callable[[Context, Request], Response] | Callable[[Context, Request], Awaitable[Response]]
"""Plain functions run in a thread, because the gate blocks; coroutines may only await."""
Act = Callable[[Context, Request, Mapping[str, str]], Response]
"""What a posted form does, in a thread; it is called only for forms that came from our own pages."""


class Visible(NamedTuple):
    """What the public may see: every face, and every commons' charter. Which addresses there are follows from it."""

    faces: tuple[Face, ...]
    charters: tuple[Charter, ...]


def visible(gate: Gate) -> Visible:
    """What there is to look at, for nobody in particular.

    Raises:
        StoreUnavailable: the store cannot answer now.
    """
    return Visible(gate.read(Query(newest=True), PUBLIC).faces, gate.charters(PUBLIC))


class Page(NamedTuple):
    """One line of PAGES. `paths` gives addresses of it that are worth a look, for whatever is visible.

    Without an `act` the page can only be looked at.
    """

    name: str
    path: str
    answer: Answer
    paths: Callable[[Visible], Sequence[str]]
    act: Act | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """What it answers to (HEAD goes with GET)."""
        return ("GET",) if self.act is None else ("GET", "POST")


def only(*paths: str) -> Callable[[Visible], Sequence[str]]:
    """Addresses that are the same whatever is visible."""
    return lambda _: paths


def each_property(template: str) -> Callable[[Visible], Sequence[str]]:
    """One address for every property that is shown: ``/property/{}``."""
    return lambda shown: [template.format(p) for p in sorted({f.property for f in shown.faces})]


def each_thing(template: str) -> Callable[[Visible], Sequence[str]]:
    """One address for every thing that has a page."""
    return lambda shown: [template.format(h) for h in sorted({f.thing for f in shown.faces if f.thing})]


def each_charter(template: str) -> Callable[[Visible], Sequence[str]]:
    """One address for every commons that runs."""
    return lambda shown: [template.format(c.handle) for c in shown.charters]
