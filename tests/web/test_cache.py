"""Public answers are kept as long as they stand, and not a wish longer."""

from __future__ import annotations

import asyncio
import time

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.core.grade import Grade
from hub.web.cache import LENIENT, Cache
from hub.web.pages.mine_link import COOKIE
from tests.web.world import NOW, TOKEN, World


class Counting:
    """How often the store was asked."""

    def __init__(self, hub: World) -> None:
        self.asked = 0
        read = hub.store.read

        def counted(*args: object) -> object:
            self.asked += 1
            return read(*args)  # type: ignore[arg-type]

        hub.store.read = counted  # type: ignore[method-assign,assignment]


def test_a_page_that_stands_is_given_without_asking_the_store(own_hub: World) -> None:
    first = own_hub.client.get("/")
    counting = Counting(own_hub)
    assert own_hub.client.get("/").content == first.content
    assert counting.asked == 0


def test_a_lowered_grade_shows_at_the_very_next_look(own_hub: World) -> None:
    assert "School roof" in own_hub.client.get("/").text
    assert own_hub.client.get("/thing/handle7").status_code == 200
    for datastream in (1007, 1070):
        own_hub.holdings = own_hub.registry.holdings()
        own_hub.lower(datastream)
    own_hub.clock[0] += 1
    assert "School roof" not in own_hub.client.get("/").text
    assert own_hub.client.get("/thing/handle7").status_code == 404


def test_a_window_that_closes_shows_at_the_very_next_look(own_hub: World) -> None:
    before = own_hub.client.get("/").text
    own_hub.clock[0] = NOW + 30 * 60_000_000  # 20:10: the hour from 19 to 20 is closed
    after = own_hub.client.get("/").text
    assert "18:00\N{EN DASH}19:00" in before
    assert "18:00\N{EN DASH}19:00" not in after


def test_a_new_reading_shows_within_the_time_allowed(own_hub: World) -> None:
    path = "/thing/handle7"
    own_hub.clock[0] = NOW + 1_000_000
    assert "88" not in own_hub.client.get(path).text
    own_hub.say(1007, 107, NOW + 1, 88.0, Grade.OPEN)
    time.sleep(LENIENT + 0.05)
    assert ">88<" in own_hub.client.get(path).text


def test_who_has_the_page_already_is_told_so_with_no_body(hub: World) -> None:
    first = hub.client.get("/grades")
    again = hub.client.get("/grades", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"]


def test_the_head_of_a_page_has_its_length_and_no_body(hub: World) -> None:
    body = hub.client.get("/grades", accept_encoding="identity")
    head = hub.client.head("/grades")
    assert head.status_code == 200
    assert head.content == b""
    assert body.headers["cache-control"] == "public, no-cache"


def test_whoever_is_somebody_is_never_served_from_memory_nor_kept_in_it(own_hub: World) -> None:
    own_hub.client.get("/")
    counting = Counting(own_hub)
    own_hub.client.get("/", cookie=f"{COOKIE}={TOKEN}")
    assert counting.asked > 0
    own_hub.client.get("/mine", cookie=f"{COOKIE}={TOKEN}")
    asked = counting.asked
    own_hub.client.get("/mine", cookie=f"{COOKIE}={TOKEN}")
    assert counting.asked > asked


async def _page(_: Request) -> Response:
    return Response(b"x" * 1000, headers={"Cache-Control": "public, no-cache"})


async def _private(request: Request) -> Response:
    return Response(request.url.query, headers={"Cache-Control": "no-store"})


def _asked(cache: Cache, *paths: str) -> list[int]:
    """How much is kept after each of these was asked for."""

    async def ask() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(cache), base_url="http://barrio.test") as http:
            return [cache.size for path in paths if (await http.get(path)).status_code == 200]

    return asyncio.run(ask())


def test_what_is_kept_is_bounded_and_the_longest_unused_goes_first() -> None:
    cache = Cache(Starlette(routes=[Route("/", _page)]), lambda: (1, 1, 1), most=9000)
    sizes = _asked(cache, *(f"/?{n}" for n in range(12)))
    assert len(sizes) == 12
    assert max(sizes) <= 9000
    assert sizes[-1] > 6000


def test_what_does_not_call_itself_public_is_never_kept() -> None:
    cache = Cache(Starlette(routes=[Route("/", _private)]), lambda: (1, 1, 1))
    assert _asked(cache, "/?a", "/?b") == [0, 0]


def test_a_thousand_who_come_at_once_ask_the_gate_a_few_times_at_most() -> None:
    asked: list[float] = []

    def version() -> tuple[int, int, int]:
        asked.append(time.monotonic())
        time.sleep(0.02)
        return 1, 1, 1

    cache = Cache(Starlette(routes=[Route("/", _page)]), version)

    async def all_at_once() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(cache), base_url="http://barrio.test") as http:
            await http.get("/")
            await asyncio.gather(*(http.get("/") for _ in range(200)))

    asyncio.run(all_at_once())
    assert len(asked) < 8


class Slow:
    """Answers when it is told to; `public` is what it says of `/page`, `/own` is nobody else's."""

    def __init__(self) -> None:
        self.asked, self.go = 0, asyncio.Event()
        routes = [Route("/page", self.page), Route("/own", self.page), Route("/wrong", self.wrong)]
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=Cache(Starlette(routes=routes), lambda: (1, 1, 1))), base_url="http://hub"
        )

    async def page(self, request: Request) -> Response:
        self.asked += 1
        if request.url.path == "/page":
            await self.go.wait()
        public = {"cache-control": "public"} if request.url.path == "/page" else {}
        return Response("said", headers=public)

    async def wrong(self, _: Request) -> Response:
        self.asked += 1
        await self.go.wait()
        raise ValueError


async def test_a_page_that_many_ask_for_at_once_for_the_first_time_is_made_once() -> None:
    slow = Slow()
    many = [asyncio.create_task(slow.client.get("/page")) for _ in range(20)]
    await asyncio.sleep(0.05)
    slow.go.set()
    assert {answer.text for answer in await asyncio.gather(*many)} == {"said"}
    assert slow.asked == 1


async def test_what_nobody_may_keep_is_made_for_each_and_nobody_waits_for_another() -> None:
    slow = Slow()
    assert {answer.text for answer in await asyncio.gather(*(slow.client.get("/own") for _ in range(5)))} == {"said"}
    assert slow.asked == 5


async def test_when_making_it_fails_the_others_are_not_kept_waiting() -> None:
    slow = Slow()
    many = [asyncio.create_task(slow.client.get("/wrong")) for _ in range(3)]
    await asyncio.sleep(0.05)
    slow.go.set()
    failed = await asyncio.wait_for(asyncio.gather(*many, return_exceptions=True), 10)
    assert all(isinstance(answer, ValueError) for answer in failed)
    assert slow.asked == 3
