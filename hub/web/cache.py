"""Public answers, kept as long as they stand, so that a thousand people looking cost as much as one.

Rule: kept is only what says of itself that it is public (RFC 9111), and it is given only while the gate's version
says that nobody has changed a wish and no window has closed; new readings show after at most half a second. Whoever
is somebody (a cookie) is never served from here.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LENIENT = 0.5
"""Seconds for which an answer may be older than the newest reading."""
_AGES = 20.0
"""Seconds for which an answer may stand at all: it says how old things are."""
_LARGEST = 4_000_000
_WORTH_ZIPPING = 600
_ZIPPED = (b"text/", b"application/json", b"application/geo+json", b"image/svg")

Headers = list[tuple[bytes, bytes]]
Version = tuple[int, int, int]


@dataclass(slots=True)
class _Kept:
    body: bytes
    zipped: bytes | None
    headers: Headers
    etag: bytes
    version: Version
    made: float
    forever: bool


class Cache:
    """ASGI: answers GET and HEAD from memory where it may. Bounded in bytes; the longest unused goes first."""

    def __init__(self, app: ASGIApp, version: Callable[[], Version], most: int = 96_000_000) -> None:
        """Keep up to `most` bytes of what `app` answers; `version` blocks."""
        self._app = app
        self._ask = _Latest(version)
        self._most = most
        self._size = 0
        self._kept: OrderedDict[tuple[str, bytes], _Kept] = OrderedDict()
        self._making: dict[tuple[str, bytes], asyncio.Event] = {}

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI 3)."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or _header(scope, b"cookie"):
            await self._app(scope, receive, send)
            return
        key = (scope["path"], scope["query_string"])
        kept = self._kept.get(key)
        if kept is not None and (kept.forever or _stands(kept, await self._ask.version())):
            await self._give(key, kept, scope, send)
        else:
            await self._again(key, scope, receive, send)

    async def _again(self, key: tuple[str, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        """Make an answer anew, once for all who wait for it; one that nobody may keep each makes for himself."""
        while (made := self._making.get(key)) is not None:
            await made.wait()
            kept = self._kept.get(key)
            if kept is None:
                break
            if kept.forever or _stands(kept, await self._ask.version()):
                await self._give(key, kept, scope, send)
                return
        mine = self._making.setdefault(key, asyncio.Event())

        def over() -> None:
            mine.set()
            if self._making.get(key) is mine:
                del self._making[key]

        try:
            await self._make(key, await self._ask.version(), scope, receive, send, over)
        finally:
            over()

    async def _make(
        self, key: tuple[str, bytes], version: Version, scope: Scope, receive: Receive, send: Send,
        is_own: Callable[[], None],
    ) -> None:  # fmt: skip
        """Let the app answer; what it calls public is held back, kept and then given, all else flows through.

        `is_own` is told as soon as it is known that nobody else is given this answer.
        """
        start: Message | None = None
        parts: list[bytes] = []
        made = time.monotonic()

        async def through(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _keepable(message):
                start = message
            elif start is None:
                is_own()
                await send(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send if scope["method"] == "HEAD" else through)
        if start is not None:
            kept = _kept(b"".join(parts), start["headers"], version, made)
            self._keep(key, kept)
            await self._give(key, kept, scope, send)

    def _keep(self, key: tuple[str, bytes], kept: _Kept) -> None:
        self._drop(key)
        size = _size(kept)
        if size > _LARGEST:
            return
        self._kept[key] = kept
        self._size += size
        while self._size > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, bytes]) -> None:
        gone = self._kept.pop(key, None)
        self._size -= 0 if gone is None else _size(gone)

    async def _give(self, key: tuple[str, bytes], kept: _Kept, scope: Scope, send: Send) -> None:
        if key in self._kept:
            self._kept.move_to_end(key)
        headers = [*kept.headers, (b"etag", kept.etag)]
        if kept.etag in _header(scope, b"if-none-match"):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        body = kept.body
        if kept.zipped is not None and b"gzip" in _header(scope, b"accept-encoding"):
            body = kept.zipped
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class _Latest:
    """The gate's version, asked once for all who came before the question was put, never for who came after."""

    def __init__(self, ask: Callable[[], Version]) -> None:
        self._ask = ask
        self._next: asyncio.Task[Version] | None = None
        self._turn = asyncio.Lock()

    async def version(self) -> Version:
        if self._next is None:
            self._next = asyncio.create_task(self._in_turn())
        return await asyncio.shield(self._next)

    async def _in_turn(self) -> Version:
        async with self._turn:
            self._next = None  # whoever comes from now on needs a newer answer
            return await asyncio.to_thread(self._ask)


def _stands(kept: _Kept, version: Version) -> bool:
    """Whether an answer may still be given: wishes and closed windows exactly, readings and ages within bounds."""
    old = time.monotonic() - kept.made
    wishes_stand = (kept.version[0], kept.version[2]) == (version[0], version[2])
    return wishes_stand and (old < LENIENT or (old < _AGES and kept.version[1] == version[1]))


def _kept(body: bytes, headers: Headers, version: Version, made: float) -> _Kept:
    own = [(k, v) for k, v in headers if k not in (b"content-length", b"etag", b"last-modified", b"vary")]
    kind = dict(own).get(b"content-type", b"")
    zips = kind.startswith(_ZIPPED) and len(body) > _WORTH_ZIPPING
    forever = b"immutable" in dict(own).get(b"cache-control", b"")
    # mtime=0: the same page is the same bytes.
    zipped = gzip.compress(body, 9 if forever else 5, mtime=0) if zips else None
    etag = b'W/"' + hashlib.blake2s(body, digest_size=12).hexdigest().encode() + b'"'
    return _Kept(body, zipped, [*own, (b"vary", b"accept-encoding")], etag, version, made, forever)


def _keepable(message: Message) -> bool:
    kept = dict(message["headers"]).get(b"cache-control", b"")
    return bool(message["status"] == 200 and kept.startswith(b"public"))  # noqa: PLR2004 - OK


def _size(kept: _Kept) -> int:
    return len(kept.body) + len(kept.zipped or b"") + 1000


def _header(scope: Scope, name: bytes) -> bytes:
    return b",".join(v for k, v in scope["headers"] if k == name)
