"""An event stream, read for a while: the request ends when the reader goes away, as a browser's does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import Message

from tests.web.world import World


async def events(hub: World, path: str, for_seconds: float, meanwhile: Callable[[], object] | None = None) -> str:
    """All that the stream says in so many seconds; `meanwhile` happens when it has begun."""
    said: list[str] = []
    gone = asyncio.Event()
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        said.append(message.get("body", b"").decode())

    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"",
        "headers": [(b"host", b"barrio.test")], "client": None, "server": None,
    }  # fmt: skip
    stream = asyncio.create_task(hub.client.site(scope, receive, send))
    await asyncio.sleep(for_seconds / 2)
    if meanwhile is not None:
        meanwhile()
    await asyncio.sleep(for_seconds / 2)
    gone.set()
    await asyncio.wait_for(stream, timeout=5)
    return "".join(said)
