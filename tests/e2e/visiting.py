"""Somebody at the pages with a link: a cookie, pages, and event streams that stay open."""

from __future__ import annotations

import re
import threading
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urlencode

from tests.e2e.running import RunningHub


class Visitor:
    """Holds a link, as a browser does."""

    def __init__(self, hub: RunningHub, name: str) -> None:
        found = re.search(r"http://\S+/mine/\S+", hub.barrio("party", "link", name))
        assert found is not None
        self._web = hub.web.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        assert self.get(found.group(0).removeprefix(self._web))[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        try:
            with self._opener.open(self._web + path, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def post(self, path: str, **form: str) -> int:
        """Send a form as a page of the hub's own does."""
        told = urllib.request.Request(self._web + path, urlencode(form).encode(), {"Origin": self._web})
        try:
            with self._opener.open(told, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def listen(self, path: str) -> Stream:
        return Stream(self._opener, self._web + path)


class Stream:
    """An event stream that is read until the hub ends it."""

    def __init__(self, opener: urllib.request.OpenerDirector, address: str) -> None:
        self.said = ""
        self.ended: float | None = None
        self._answer = opener.open(address, timeout=60)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def heard(self, word: str, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while word not in self.said and self.ended is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return word in self.said

    def ends(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return self.ended is not None

    def _read(self) -> None:
        with self._answer:
            for line in self._answer:
                self.said += line.decode()
        self.ended = time.monotonic()
