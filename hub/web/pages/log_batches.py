"""What the log of who looked consists of: its key and the root of each of its batches, for whoever keeps checkpoints.

Rule: plain text that `barrio log verify` reads; a root says nothing about what is below it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.web.context import PRIVATE, Context


def answer(context: Context, _: Request) -> Response:
    """The key, then a line per batch (`hub.core.witness`)."""
    return PlainTextResponse(context.gate.log_batches(), headers={"Cache-Control": PRIVATE})
