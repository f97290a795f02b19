"""What a page is to the table: a name, a path, an answer, and examples of addresses it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from hub.core.disclosed import Disclosed
from hub.web.context import Context

Answer = Callable[[Context, Request], Response] | Callable[[Context, Request], Awaitable[Response]]
"""Plain functions run in a thread, because the gate blocks; coroutines may only await."""


class Page(NamedTuple):
    """One line of PAGES. `paths` gives addresses of it that are worth a look, for whatever is disclosed."""

    name: str
    path: str
    answer: Answer
    paths: Callable[[Disclosed], Sequence[str]]


def only(*paths: str) -> Callable[[Disclosed], Sequence[str]]:
    """Addresses that are the same whatever is disclosed."""
    return lambda _: paths


def each_property(template: str) -> Callable[[Disclosed], Sequence[str]]:
    """One address for every property that is shown: ``/property/{}``."""
    return lambda shown: [template.format(p) for p in sorted({f.property for f in shown.faces})]


def each_thing(template: str) -> Callable[[Disclosed], Sequence[str]]:
    """One address for every thing that has a page."""
    return lambda shown: [template.format(h) for h in sorted({f.thing for f in shown.faces if f.thing})]
