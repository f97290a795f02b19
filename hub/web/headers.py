"""What goes with every answer, errors and files included.

Rule: nothing is fetched from elsewhere and nothing is told elsewhere: looking at a page tells nobody that you looked.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
}


class Guard:
    """Adds the headers, and answers what went wrong inside: the log learns where, never what was being shown."""

    def __init__(self, app: ASGIApp, broken: Callable[[Request], Response]) -> None:
        """Guard `app`; `broken` is the answer to what nobody foresaw."""
        self._app = app
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI 3)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 - the last one who can answer; an error's text may hold values
            frame = traceback.extract_tb(error.__traceback__)[-1]
            _LOG.error("a page failed: %s in %s, line %s", type(error).__name__, frame.filename, frame.lineno)
            if not begun:
                await self._broken(Request(scope))(scope, receive, guarded)
