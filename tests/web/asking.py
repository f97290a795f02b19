"""What the tests ask of pages: every address that the table of pages gives, and their words without the marks."""

from __future__ import annotations

import html
import re

from hub.web.page import visible
from hub.web.pages import PAGES
from tests.web.world import World


def every_path(hub: World) -> list[str]:
    """All addresses of all pages, for what the public may see; event streams are asked for elsewhere."""
    shown = visible(hub.gate)
    return [path for page in PAGES for path in page.paths(shown) if not path.endswith("/live")]


def words(body: str) -> str:
    """What is read of a page: no tags, no double spaces."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()
