"""Every way out of the hub, asked in every way an attacker can think of, as bytes to be compared.

Rule: the pages are those of the table of pages, found by asking it; a new page is attacked without anybody thinking of
it. Two answers are alike if status, headers and body are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product

import httpx
import msgspec
from fastapi import FastAPI

from hub.actions.own import OwnActions
from hub.core.audience import PUBLIC, Audience
from hub.core.catalogue import ObservedProperty
from hub.core.disclosed import Disclosed
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.query import Query
from hub.live import Live
from hub.settings import HubSettings, PropertySettings, Settings, WebSettings
from hub.web.page import visible
from hub.web.pages import PAGES
from hub.web.site import create_site
from tests.attacks.town import Town

_CLOCK = re.compile(r"expires=[^;]*GMT")
ADDRESS = "http://barrio.test"
PARAMETERS = (
    "", "range=hour", "range=day", "range=week", "from=2024-10-03", "from=2024-10-03&to=2024-10-04T03:30", "theme=dark",
    "order=value", "sort=-value", "limit=1&offset=3", "where=value%3E10", "count=1", "property=dust", "q=thing",
)  # fmt: skip
"""Whatever might be read as a filter, an order, a page, a count or a time."""


class Site:
    """A town's pages, asked as a browser asks."""

    def __init__(self, town: Town) -> None:
        self._runner = town.runner
        self.settings = Settings(
            hub=HubSettings(name="Here", zone="UTC"), web=WebSettings(address=ADDRESS),
            properties=tuple(map(_told, town.catalogue.properties.values())),
        )  # fmt: skip
        self.town = town
        self.live = Live(town.gate, every=0.05)
        self.app: FastAPI = create_site(
            town.gate,
            OwnActions(town.registry, town.store, lambda: town.now),
            self.live,
            self.settings,
            lambda: town.now,
        )
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ADDRESS)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """One GET; underscores in header names are hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._http.cookies.clear()
        return self._runner.run(self._http.get(path, headers=named))

    def post(self, path: str, **form: str) -> httpx.Response:
        """One form from the hub's own pages."""
        self._http.cookies.clear()
        return self._runner.run(self._http.post(path, data=form, headers={"origin": ADDRESS}))

    def paths(self) -> list[str]:
        """All addresses of all pages, for what the public may see; streams are asked for elsewhere."""
        shown = visible(self.town.gate)
        return [path for page in PAGES for path in page.paths(shown) if not path.endswith("/live")]

    def close(self) -> None:
        """Let go."""
        self._runner.run(self._http.aclose())


def _told(p: ObservedProperty) -> PropertySettings:
    """A property of the catalogue as the pages want it."""
    return PropertySettings.model_validate({
        "id": p.id, "name": p.name, "short": p.name, "unit": p.unit, "cap": p.cap.word, "family": p.family,
        "energy": p.energy, "decimals": 6, "step_street": p.step_street, "step_commons": p.step_commons,
    })  # fmt: skip


@contextmanager
def site(town: Town) -> Iterator[Site]:
    """The pages of a town."""
    made = Site(town)
    try:
        yield made
    finally:
        made.close()


def whole(answer: httpx.Response) -> tuple[int, Mapping[str, str], bytes]:
    """All that an answer says, but for the machine's own clock in a cookie that ends."""
    headers = {name: _CLOCK.sub("", value) for name, value in answer.headers.items()}
    return answer.status_code, headers, answer.content


def pages(town: Town, parameters: Iterable[str] = PARAMETERS) -> dict[str, tuple[int, Mapping[str, str], bytes]]:
    """Every page with every parameter."""
    parameters = tuple(parameters)
    with site(town) as made:
        asked = [path + ("&" if "?" in path else "?") + some for path, some in product(made.paths(), parameters)]
        return {path: whole(made.get(path)) for path in asked}


def queries(now: int) -> list[Query]:
    """Questions to the gate that cut time and windows in all ways."""
    spans = [(0, 2**62), (now - HOUR, now), (now - 3 * HOUR, now - 2 * HOUR - 7 * MINUTE), (now - DAY, 2**62)]
    return [
        Query(since=a, until=b, window=window, newest=newest)
        for (a, b), window, newest in product(spans, (0, 7 * MINUTE, HOUR, DAY), (False, True))
    ] + [Query(properties=frozenset({observed})) for observed in ("dust", "noise", "power", "nothing")]


def answers(town: Town, audience: Audience = PUBLIC) -> list[bytes]:
    """What the gate says to all of them."""
    return [written(town.read(audience, query)) for query in queries(town.now)]


def written(shown: Disclosed) -> bytes:
    """An answer as bytes: faces, rows, their order."""
    columns = (shown.face, shown.time, shown.value, shown.homes, shown.row)
    return msgspec.json.encode(shown.faces) + b"".join(c.tobytes() for c in columns)
