"""What a page may use: the gate, what may be done, who watches, settings, clock, ground and templates. Nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hub.actions.own import OwnActions
from hub.core.audience import PUBLIC
from hub.core.grade import DAY
from hub.core.query import Query
from hub.gate import Gate
from hub.live import Live
from hub.settings import PropertySettings, Settings
from hub.web.between import INDOOR
from hub.web.ground import Ground
from hub.web.turns import Turns

SHARED = "public, no-cache"
"""For what is the same for everybody: it may be kept as long as the gate's version stands."""
PRIVATE = "no-store"
_LATELY = 2 * DAY
"""An average that is older does not make a property one that is shown."""


@dataclass(frozen=True, slots=True)
class Context:
    """One site. `now` gives µs; `templates` know `zone`, `place` and the words; `turns` is for those without a name."""

    gate: Gate
    own: OwnActions
    turns: Turns
    live: Live
    settings: Settings
    now: Callable[[], int]
    zone: ZoneInfo
    ground: Ground
    templates: Environment
    properties: Mapping[str, PropertySettings]

    @property
    def place(self) -> str:
        """What the neighbourhood is called."""
        return self.settings.hub.name

    def shown_properties(self) -> tuple[PropertySettings, ...]:
        """The properties of which the public may see something, in the catalogue's order."""
        shown = self.shown_where()
        return tuple(p for p in self.properties.values() if p.id in shown)

    def shown_where(self) -> dict[str, frozenset[bool]]:
        """Of which properties the public may see something: whether of outdoors (False), of indoors (True), or both."""
        faces = self.gate.read(Query(since=self.now() - _LATELY, newest=True), PUBLIC).faces
        found: dict[str, frozenset[bool]] = {}
        for face in faces:
            found[face.property] = found.get(face.property, frozenset()) | {face.where == INDOOR}
        return found

    def page(
        self, request: Request, template: str, *, status: int = 200, keep: str = SHARED, **values: object
    ) -> HTMLResponse:
        """A page from a template; `?theme=dark` and `?theme=light` overrule what the system prefers."""
        theme = request.query_params.get("theme")
        values["theme"] = theme if theme in ("dark", "light") else None
        body = self.templates.get_template(template).render(values)
        return HTMLResponse(body, status, headers={"Cache-Control": keep})
