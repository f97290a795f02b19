"""The operator's own port: a page and /metrics, for whoever may reach it.

Rule: reading only; the page sets nothing, and both tell of the hub's own work alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from hub.core.query import StoreUnavailable

STATIC = Path(__file__).resolve().parents[1] / "web" / "static"
_SHEETS = {
    f"/static/{name}": (STATIC / name, kind)
    for name, kind in (
        ("tokens.css", "text/css"),
        ("page.css", "text/css"),
        ("vendor/atkinson-hyperlegible-next-latin-wght-normal.woff2", "font/woff2"),
        ("vendor/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2", "font/woff2"),
    )
}
_HEADERS = [
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; font-src 'self'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
]


class OperatorPort:
    """Serves `page` (HTML) and `metrics` (an application of its own)."""

    def __init__(self, page: Callable[[], str], metrics: WSGIApplication) -> None:
        """Ask for both whenever somebody looks; `page` may raise `StoreUnavailable`."""
        self._page, self._metrics = page, metrics
        self._running: tuple[WSGIServer, Thread] | None = None

    def start(self, host: str, port: int) -> int:
        """Serve in a thread; the port. Raises `OSError` when it is taken."""
        server = make_server(host, port, self, _Server, _Quiet)
        thread = Thread(target=server.serve_forever, name="operator", daemon=True)
        thread.start()
        self._running = server, thread
        return int(server.server_port)

    def stop(self) -> None:
        """Stop serving."""
        if self._running is not None:
            server, thread = self._running
            server.shutdown()
            server.server_close()
            thread.join()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """One request (WSGI)."""
        path = environ.get("PATH_INFO", "/")
        if path == "/metrics":
            return self._metrics(environ, start)
        status, kind, body = self._answer(path)
        start(status, [*_HEADERS, ("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, path: str) -> tuple[str, str, bytes]:
        if path in _SHEETS and _SHEETS[path][0].exists():
            file, kind = _SHEETS[path]
            return "200 OK", kind, file.read_bytes()
        if path != "/":
            return "404 Not Found", "text/plain; charset=utf-8", b"There is / and /metrics.\n"
        try:
            return "200 OK", "text/html; charset=utf-8", self._page().encode()
        except StoreUnavailable as error:
            return "503 Service Unavailable", "text/plain; charset=utf-8", f"The hub cannot say now: {error}\n".encode()


class _Server(ThreadingMixIn, WSGIServer):
    """A thread a request."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Says nothing about who asks for what."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing."""
