"""The canary: an owner's secret is on no page, in no file, in no stream that the public can ask for."""

from __future__ import annotations

import httpx
import pytest

from hub.web.page import visible
from hub.web.pages import PAGES
from hub.web.pages.mine_link import COOKIE
from tests.web.asking import every_path
from tests.web.events import events
from tests.web.world import SECRET, TOKEN, World

SECRETS = ("4242", "4,242", "handle8", "handle9", "handle10", "Monitor 8", "esp-8", "Neighbour8", "Heron")
"""The value in any spelling, and the names of what and whom it belongs to."""


def found(body: str) -> list[str]:
    return [secret for secret in SECRETS if secret in body]


def test_the_owner_herself_sees_the_secret_so_the_canary_can_sing(hub: World) -> None:
    body = hub.client.get("/mine", cookie=f"{COOKIE}={TOKEN}").text
    assert {"4242", "Monitor 8", "Neighbour8"} <= set(found(body))
    assert str(SECRET) in body


@pytest.mark.slow
def test_no_public_page_data_or_file_holds_the_secret(hub: World) -> None:
    leaks = {path: found(hub.client.get(path).text) for path in every_path(hub)}
    assert len(leaks) > 30
    assert {path: what for path, what in leaks.items() if what} == {}


def test_no_page_holds_it_after_its_owner_has_looked(hub: World) -> None:
    hub.client.get("/mine", cookie=f"{COOKIE}={TOKEN}")
    assert {path: found(hub.client.get(path).text) for path in ("/", "/mine", "/property/pm25")} == {
        "/": [], "/mine": [], "/property/pm25": [],
    }  # fmt: skip


def test_no_header_holds_it_either(hub: World) -> None:
    for path in every_path(hub):
        assert found(str(dict(hub.client.get(path).headers))) == []


def test_asking_for_it_by_name_brings_what_asking_for_nobody_brings(hub: World) -> None:
    asked = [
        f"/thing/{handle}{more}" for handle in ("handle8", "handle9", "handle10", "handle1") for more in ("", ".csv")
    ]
    told = {path: hub.client.get(path) for path in asked}
    nobody = {"": hub.client.get("/thing/nobody"), ".csv": hub.client.get("/thing/nobody.csv")}
    for path, answer in told.items():
        other = nobody[".csv" if path.endswith(".csv") else ""]
        assert (answer.status_code, answer.content) == (404, other.content), path
        assert dict(answer.headers) == dict(other.headers), path


def test_every_event_stream_is_asked_and_carries_no_values(own_hub: World) -> None:
    shown = visible(own_hub.gate)
    streams = [path for page in PAGES for path in page.paths(shown) if path.endswith("/live")]
    assert streams
    for path in streams:
        said = own_hub.client.runner.run(events(own_hub, path, for_seconds=0.4))
        assert found(said) == []
        assert not any(c.isdigit() for c in said.replace("retry: 3000", ""))


def test_the_small_form_of_a_page_is_the_page(hub: World) -> None:
    plain = hub.client.get("/", accept_encoding="identity")
    small = hub.client.get("/", accept_encoding="gzip")
    assert small.headers["content-encoding"] == "gzip"
    assert small.text == plain.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_can_only_be_looked_at(hub: World, method: str) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(hub.client.site)
        async with httpx.AsyncClient(transport=transport, base_url="http://barrio.test") as http:
            return await http.request(method, "/")

    answer = hub.client.runner.run(ask())
    assert answer.status_code == 405
