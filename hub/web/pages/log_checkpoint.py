"""The head of the log of who looked, as the hub signed it last: for neighbours, a library, anybody to keep.

Rule: plain text, to the byte what is on the topic `public/log/checkpoint`; it says how long the log is, and the log
grows by as much in an hour in which nobody looked.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.web.context import PRIVATE, Context


def answer(context: Context, _: Request) -> Response:
    """A signed note (c2sp.org/tlog-checkpoint); never from a cache, so that it agrees with the list of batches."""
    return PlainTextResponse(context.gate.checkpoint(), headers={"Cache-Control": PRIVATE})
