"""Something on loopback that says it is an InfluxDB, and answers as a test wants."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

from tests.e2e.programs import HOST


class Answers:
    """What is answered where: path → status, text; `slow` seconds late. And which paths were asked for."""

    def __init__(self) -> None:
        self.said: dict[str, tuple[int, str]] = {
            "/health": (200, json.dumps({"name": "influxdb", "status": "pass", "version": "v2.7.12"})),
            "/api/v2/buckets": (200, json.dumps({"buckets": [{"id": "1", "name": "vault", "retentionRules": []}]})),
            "/api/v2/query": (200, ""),
            "/api/v2/write": (204, ""),
            "/api/v2/delete": (204, ""),
        }
        self.slow = 0.0
        self.asked: list[str] = []
        self.url = ""

    def keeps(self, seconds: int) -> None:
        """The bucket's retention."""
        rules = [{"type": "expire", "everySeconds": seconds}]
        bucket = {"id": "1", "name": "vault", "retentionRules": rules}
        self.said["/api/v2/buckets"] = (200, json.dumps({"buckets": [bucket]}))


class _Handler(BaseHTTPRequestHandler):
    answers: ClassVar[Answers]

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.split("?")[0]
        self.answers.asked.append(path)
        time.sleep(self.answers.slow)
        status, text = self.answers.said.get(path, (404, "{}"))
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if text.startswith("{") else "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError):  # whoever asked did not wait
            self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def answering() -> Iterator[Answers]:
    """Until the block is left."""
    answers = Answers()
    handler = type("Handler", (_Handler,), {"answers": answers})
    server = ThreadingHTTPServer((HOST, 0), handler)
    answers.url = f"http://{HOST}:{server.server_address[1]}"
    worker = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    worker.start()
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        worker.join()
