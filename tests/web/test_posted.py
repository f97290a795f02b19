"""Whatever changes something is asked for by our own pages alone; looking changes nothing."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request

from hub.web.pages import PAGES
from hub.web.pages.mine_link import COOKIE
from hub.web.posted import from_here
from tests.web.world import CELL, World

HERE, HOST = "http://barrio.test", "barrio.test"
FORM = {"words": "Why here?"}
OBJECT = f"/card/pm25-{CELL}/object"


def request(**headers: str) -> Request:
    named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": named, "query_string": b""})


@pytest.mark.parametrize(("headers", "told"), [
    ({"sec_fetch_site": "same-origin"}, True),
    ({"sec_fetch_site": "same-site", "origin": HERE, "host": HOST}, False),  # another port, another name beside it
    ({"sec_fetch_site": "cross-site", "origin": HERE, "host": HOST}, False),
    ({"sec_fetch_site": "none"}, False),
    ({"origin": HERE, "host": HOST}, True),
    ({"origin": "http://barrio.test:8081", "host": HOST}, False),
    ({"origin": "https://hub.example", "host": "127.0.0.1:8080"}, True),  # behind the operator's own front
    ({"origin": "https://evil.example", "host": "127.0.0.1:8080"}, False),
    ({"origin": "null", "host": HOST}, False),
    ({"origin": "file://", "host": ""}, False),
    ({"origin": "", "host": ""}, False),
    ({"host": HOST}, False),
    ({}, False),
])  # fmt: skip
def test_a_form_is_ours_only_when_the_browser_says_so(headers: dict[str, str], *, told: bool) -> None:
    assert from_here(request(**headers), "https://hub.example/") is told


def test_a_form_from_elsewhere_does_nothing_on_any_page(own_hub: World) -> None:
    acting = [p for p in PAGES if p.act is not None]
    assert len(acting) > 1
    for page in acting:
        path = page.path.replace("{key}", f"pm25-{CELL}")
        for site in ("cross-site", "same-site", "none"):
            answer = own_hub.client.post(
                path, {**FORM, "do": "join", "commons": "yards"}, sec_fetch_site=site, cookie=f"{COOKIE}=street"
            )
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False), path
            assert "did not come from a page of this hub" in answer.text
    assert own_hub.gate.objections(own_hub.registry.links["street"]) == ()


def test_a_browser_that_says_nothing_of_where_it_comes_from_does_nothing(own_hub: World) -> None:
    assert own_hub.client.post(OBJECT, FORM, sec_fetch_site="").status_code == 403
    assert own_hub.client.post(OBJECT, FORM, sec_fetch_site="", origin=HERE).status_code == 303


def test_an_old_browser_is_told_by_every_page_with_a_form_to_name_its_origin(hub: World) -> None:
    # `Referrer-Policy: no-referrer` alone would make it send `Origin: null` with a form.
    pages = [hub.client.get(OBJECT).text, hub.client.get("/mine", cookie=f"{COOKIE}=street").text]
    for page in pages:
        assert page.count('method="post"') >= 1
        assert '<meta name="referrer" content="same-origin">' in page


@pytest.mark.parametrize(("kind", "body", "status"), [
    ("application/json", b'{"words":"x"}', 400),
    ("multipart/form-data; boundary=x", b"--x--", 400),
    ("text/plain", b"words=x", 400),
    ("application/x-www-form-urlencoded", b"words=" + b"x" * 20_000, 400),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(50)), 400),
    ("application/x-www-form-urlencoded", b"words=\xff", 400),
    ("application/x-www-form-urlencoded; charset=utf-8", b"words=Hello", 303),
    ("application/x-www-form-urlencoded", b"", 422),
])  # fmt: skip
def test_only_a_small_form_is_read(own_hub: World, kind: str, body: bytes, status: int) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(own_hub.client.site)
        headers = {"content-type": kind, "sec-fetch-site": "same-origin"}
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as http:
            return await http.post(OBJECT, content=body, headers=headers)

    assert own_hub.client.runner.run(ask()).status_code == status


def test_a_page_without_an_act_can_only_be_looked_at(hub: World) -> None:
    for page in PAGES:
        if page.act is None and "{" not in page.path:
            assert hub.client.post(page.path, FORM).status_code == 405, page.path


def test_looking_is_never_a_deed(own_hub: World) -> None:
    before = own_hub.registry.refresh()
    for do in ("join&commons=yards", "leave&commons=yards", "answer&letter=1&words=x", "grade&stream=1001&grade=open"):
        page = own_hub.client.get(f"/mine?do={do}&done=join", cookie=f"{COOKIE}=street")
        assert page.status_code == 200
    assert own_hub.registry.refresh() == before


def test_what_a_form_names_that_is_not_there_is_a_page_that_is_not_there(own_hub: World) -> None:
    bad = [
        {"do": ""}, {"do": "nothing"}, {"do": "grade", "stream": "1001"},
        {"do": "grade", "stream": "x", "grade": "home"},
        {"do": "grade", "stream": "1001", "grade": "everything"}, {"do": "pause", "thing": "handle1", "hours": "5"},
        {"do": "grade", "stream": "99999999999", "grade": "home"}, {"do": "leave", "commons": "nobody"},
        {"do": "pause", "thing": "handle8", "hours": "8"}, {"do": "unpause"}, {"do": "answer", "letter": "-1"},
    ]  # fmt: skip
    for form in bad:
        assert own_hub.client.post("/mine", form, cookie=f"{COOKIE}=street").status_code == 404, form
