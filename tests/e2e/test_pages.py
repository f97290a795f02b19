"""The pages in a browser, under their own strict policy: what shows, what moves, what is fetched from where."""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hub.settings import shipped
from tests.e2e.running import CORNER, Credential, RunningHub, running

pytestmark = pytest.mark.e2e

AXE = Path(__file__).resolve().parents[2] / "build" / "axe" / "axe.min.js"
CHROMIUM = [p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE, DESK, WALL = {"width": 390, "height": 844}, {"width": 1440, "height": 900}, {"width": 1920, "height": 1080}


@dataclass
class Neighbourhood:
    """A hub with one public instrument and one thing at home, and the link to their owner's page."""

    hub: RunningHub
    balcony: Credential
    link: str

    @property
    def address(self) -> str:
        return self.hub.web.rstrip("/")

    def measure(self, value: float) -> None:
        assert self.hub.publish(self.balcony, "things/balcony/pm25", str(value)).returncode == 0


@dataclass
class Looked:
    """One look at one page: what it complained of, and what it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    ground = json.dumps([str(shipped(f"demo/{name}.geojson")) for name in ("bubenec", "surroundings")])
    with running(tmp_path_factory.mktemp("pages"), f"ground = {ground}\n") as hub:
        hub.barrio("party", "add", "Karel")
        place = ("--place", f"{CORNER.lat},{CORNER.lon}", "--exposure", "outdoor")
        balcony = hub.add_thing("balcony", "Karel", "--title", "Karel's balcony", *place)
        kitchen = hub.add_thing("kitchen", "Karel", "--title", "The kitchen, behind the shelf with all of the herbs")
        assert hub.publish(balcony, "things/balcony/pm25", "5").returncode == 0
        assert hub.publish(kitchen, "things/kitchen/co2", "812").returncode == 0
        hub.barrio("grade", "set", "balcony", "pm25", "open")
        hub.barrio("commons", "add", "Clean courtyards", "--purpose", "Less dust.", "--property", "pm25")
        link = re.search(r"http\S+/mine/\S+", hub.barrio("party", "link", "Karel"))
        assert link is not None
        token = link.group().rpartition("/")[2]
        made = Neighbourhood(hub, balcony, f"{hub.web.rstrip('/')}/mine/{token}")
        made.measure(6)
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as p:
        path = CHROMIUM[0] if CHROMIUM else None
        started = p.chromium.launch(executable_path=path, args=["--use-gl=angle", "--use-angle=swiftshader"])
        yield started
        started.close()


@contextmanager
def looking(
    browser: Browser, url: str, size: dict[str, int] = DESK, *, dark: bool = False, scripts: bool = True
) -> Iterator[Looked]:
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, color_scheme="dark" if dark else "light",
        java_script_enabled=scripts, reduced_motion="reduce",
    )  # fmt: skip
    looked = Looked(context.new_page())
    looked.page.on("console", lambda m: looked.complaints.append(m.text) if m.type in ("error", "warning") else None)
    looked.page.on("pageerror", lambda e: looked.complaints.append(str(e)))
    looked.page.on("request", lambda r: looked.asked.append(r.url))
    looked.page.goto(url)
    if scripts and looked.page.locator("script[type=module]").count():
        looked.page.wait_for_selector("body[data-ready=yes]", timeout=60_000)
    yield looked
    context.close()


def elsewhere(looked: Looked, address: str) -> list[str]:
    return [url for url in looked.asked if not url.startswith((address, "blob:", "data:"))]


def test_the_map_shows_its_instruments_and_asks_nobody_else(neighbours: Neighbourhood, browser: Browser) -> None:
    with looking(browser, neighbours.address + "/") as looked:
        looked.page.wait_for_selector("#map canvas", state="visible")
        ring = looked.page.locator("#map .instrument")
        assert ring.count() == 1
        assert "Karel's balcony" in ring.inner_text()
        assert looked.page.locator("#legend .bar li").count() == 5
        assert looked.page.locator("#map").bounding_box() is not None
        assert looked.complaints == []
        assert elsewhere(looked, neighbours.address) == []
        assert any("/map/ground.geojson" in url for url in looked.asked)


def test_the_chart_shows_and_moves_when_a_public_instrument_speaks(neighbours: Neighbourhood, browser: Browser) -> None:
    with looking(browser, neighbours.address + "/property/pm25?range=hour") as looked:
        chart = looked.page.locator("#chart")
        looked.page.wait_for_selector("#chart canvas", state="visible")
        before = chart.get_attribute("data-last")
        looked.page.wait_for_timeout(1500)  # the stream begins with what there is
        neighbours.measure(41)
        looked.page.wait_for_selector("#chart[data-last='41']", timeout=15_000)
        assert before != "41"
        assert "41" in looked.page.locator("#sentence").inner_text()
        assert looked.complaints == []
        assert elsewhere(looked, neighbours.address) == []


def test_the_map_moves_too_and_keeps_the_words_beside_it_the_same(neighbours: Neighbourhood, browser: Browser) -> None:
    with looking(browser, neighbours.address + "/") as looked:
        looked.page.wait_for_timeout(1500)
        neighbours.measure(33)
        looked.page.wait_for_selector("#map .instrument .value:text-is('33')", timeout=15_000)
        assert "33" in looked.page.locator("[data-part=index] .rows").last.inner_text()
        assert looked.complaints == []


def test_every_page_is_read_without_scripts(neighbours: Neighbourhood, browser: Browser) -> None:
    with looking(browser, neighbours.address + "/", scripts=False) as looked:
        assert (
            "Fine dust" in looked.page.locator("h1").inner_text()
            or "fine dust" in looked.page.locator("h1").inner_text()
        )
        assert "Karel's balcony" in looked.page.locator(".index").inner_text()
    with looking(browser, neighbours.address + "/property/pm25?range=hour", scripts=False) as looked:
        looked.page.locator("#table-fold summary").click()
        assert looked.page.locator("table tbody tr").first.is_visible()


def test_an_owner_comes_to_her_page_by_her_link_and_the_link_does_not_stay(
    neighbours: Neighbourhood, browser: Browser
) -> None:
    with looking(browser, neighbours.link) as looked:
        looked.page.wait_for_url(neighbours.address + "/mine")
        said = looked.page.inner_text("body")
        assert "Karel" in said
        assert "812 ppm" in said
        assert looked.complaints == []
        assert looked.page.evaluate("() => document.cookie") == ""


def test_somebody_who_is_measured_writes_without_a_script_and_finds_the_answer(
    neighbours: Neighbourhood, browser: Browser
) -> None:
    with looking(browser, neighbours.address + "/cards", PHONE, scripts=False) as stranger:
        page = stranger.page
        page.get_by_role("link", name="Karel's balcony").click()
        page.get_by_role("link", name="Write to whoever measures").click()
        page.fill("textarea", "Why do you measure the air?")
        page.get_by_role("button", name="Send").click()
        assert "There is no answer yet" in page.inner_text("h1")
        assert page.context.cookies() == []
        with looking(browser, neighbours.link) as owner:
            owner.page.wait_for_url(neighbours.address + "/mine")
            owner.page.fill("#letters textarea", "For the school.")
            owner.page.get_by_role("button", name="Send the answer").click()
            owner.page.wait_for_url(re.compile("done=answer"))
            assert owner.complaints == []
        page.reload()
        assert "For the school." in page.inner_text("main")
        assert "Karel\n" not in page.inner_text("main")


def test_an_owner_chooses_a_rung_sees_what_it_means_keeps_it_and_takes_it_back(
    neighbours: Neighbourhood, browser: Browser
) -> None:
    with looking(browser, neighbours.link) as looked:
        page = looked.page
        page.wait_for_url(neighbours.address + "/mine")
        kitchen = page.locator("details.stream", has_text="812 ppm")
        kitchen.locator("summary").click()
        keep = kitchen.get_by_role("button", name="Keep this")
        assert not keep.is_visible()
        kitchen.locator("label.rung[data-grade=counted]").click()
        assert "from now on" in kitchen.locator(".consequence.then:visible").inner_text()
        keep.click()
        page.wait_for_url(re.compile("done=grade"))
        assert "Done." in page.inner_text(".done")
        assert page.locator("details.stream", has_text="812 ppm").locator(".said").inner_text() == "counted"
        assert looked.complaints == []
    neighbours.hub.barrio("grade", "set", "kitchen", "co2", "home")


def test_an_owner_erases_a_day_after_a_second_look_and_takes_a_copy_without_a_script(
    neighbours: Neighbourhood, browser: Browser
) -> None:
    shed = neighbours.hub.add_thing("shed", "Karel")
    assert neighbours.hub.publish(shed, "things/shed/co2", "4711").returncode == 0
    today = datetime.now(ZoneInfo("Europe/Prague")).date()
    with looking(browser, neighbours.link, PHONE, scripts=False) as looked:
        page = looked.page
        page.wait_for_url(neighbours.address + "/mine")
        assert "4711 ppm" in page.inner_text("main")
        page.get_by_role("link", name="Erase, or take a copy").click()
        page.select_option("#of", label="shed")
        page.fill("#first", str(today - timedelta(days=1)))
        page.fill("#last", str(today))
        page.get_by_role("button", name="See what would go").first.click()
        assert "Erase what “shed” measured from" in page.inner_text("h1")
        assert "4711 ppm" in looked.page.request.get(neighbours.address + "/mine").text(), "nothing has gone yet"
        page.get_by_role("button", name="Erase it for ever").click()
        page.wait_for_url(re.compile("done=erase"))
        assert "Hidden from every view since" in page.inner_text("#erased")
        assert "4711 ppm" not in looked.page.request.get(neighbours.address + "/mine").text()
        until = time.monotonic() + 60
        while "it has looked" not in page.inner_text("#erased") and time.monotonic() < until:
            page.wait_for_timeout(500)
            page.reload()
        assert "it has looked" in page.inner_text("#erased")
        with page.expect_download() as download:
            page.get_by_role("button", name="Get the file").click()
        with zipfile.ZipFile(download.value.path()) as made:
            told = made.read("readings.csv").decode()
        assert "kitchen" in told
        assert not re.search(r"\b4711\b", told)
        assert looked.complaints == []


def test_a_device_is_added_on_her_page_and_passes_on(neighbours: Neighbourhood, browser: Browser) -> None:
    with looking(browser, neighbours.link, PHONE, scripts=False) as looked:
        page = looked.page
        page.get_by_role("link", name="Add a device").click()
        page.fill("#name", "attic")
        page.get_by_role("button", name="Show me a password").click()
        names, words = (page.locator(f".typed {part}").all_inner_texts() for part in ("dt", "dd"))
        typed = dict(zip(names, words, strict=True))
        attic = Credential("attic", typed["User name"], typed["Password"])
        assert neighbours.hub.publish(attic, "things/attic/co2", "4242").returncode == 0
        page.get_by_role("link", name="My things", exact=True).last.click()
        assert "4242 ppm" in page.inner_text("main").replace(",", "").replace("\u202f", "")
        page.locator(".thing", has_text="attic").get_by_role("link", name="has been").click()
        page.get_by_role("button", name="Make a token").click()
        token = page.inner_text(".typed dd")
    neighbours.hub.barrio("party", "add", "Lena")
    told = neighbours.hub.barrio("thing", "take", token, "--owner", "Lena")
    assert "attic is Lena's from now on" in told
    assert neighbours.hub.publish(attic, "things/attic/co2", "1").returncode != 0


def test_another_site_cannot_make_an_owners_browser_do_anything(neighbours: Neighbourhood, browser: Browser) -> None:
    with looking(browser, neighbours.link) as looked:
        looked.page.wait_for_url(neighbours.address + "/mine")
        number = looked.page.locator("input[name=stream]").first.get_attribute("value")
        elsewhere = looked.page.context.new_page()
        # The same machine by another name is another site to a browser.
        form = f"""<form method=post action="{neighbours.address}/mine"><input name=do value=grade>
            <input name=stream value={number}><input name=grade value=sealed><button>Win</button></form>"""
        elsewhere.route("http://evil.example/", lambda r: r.fulfill(body=form, content_type="text/html"))
        elsewhere.goto("http://evil.example/")
        elsewhere.click("button")
        elsewhere.wait_for_url(neighbours.address + "/mine")
        assert "did not come from a page of this hub" in elsewhere.inner_text("main")
        looked.page.reload()
        assert looked.page.locator(f"input[name=stream][value='{number}']").count() == 1
        assert looked.page.locator(".said", has_text="sealed").count() == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing_serious(
    neighbours: Neighbourhood, browser: Browser, size: dict[str, int], *, dark: bool
) -> None:
    thing = re.search(r"/thing/\w+", neighbours.hub.get("/")[1])
    assert thing is not None
    card = thing.group().replace("/thing/", "/card/")
    commons = re.search(r"/commons/\w+", neighbours.hub.get("/commons")[1])
    assert commons is not None
    paths = (
        "/",
        "/?usual",
        "/property/pm25?range=hour",
        "/property/pm25?range=week",
        thing.group(),
        "/grades",
        "/cards",
        card,
        f"{card}/object",
        "/commons",
        commons.group(),
        "/mine/x",
    )
    found = {path: _axe(browser, neighbours.address + path, size, dark=dark) for path in paths}
    found["mine"] = _axe(browser, neighbours.link, size, dark=dark)
    found["away"] = _axe(browser, neighbours.link, size, dark=dark, then="/mine/away")
    found["away, sure"] = _axe(
        browser, neighbours.link, size, dark=dark, then="/mine/away", press="#everything button", comes="button.grave"
    )
    found["join"] = _axe(browser, neighbours.link, size, dark=dark, then="/mine/join")
    with looking(browser, neighbours.link) as looked:
        balcony = looked.page.locator(".thing", has_text="Karel's balcony").first
        own = balcony.locator("a[href^='/mine/thing/']").get_attribute("href") or ""
    found["own thing"] = _axe(browser, neighbours.link, size, dark=dark, then=own)
    found["token"] = _axe(browser, neighbours.link, size, dark=dark, then=own, press="#over button", comes=".typed")
    assert {path: what for path, what in found.items() if what} == {}


def test_axe_finds_nothing_serious_on_the_wall(neighbours: Neighbourhood, browser: Browser) -> None:
    assert _axe(browser, neighbours.address + "/?wall", WALL, dark=False) == []


def _axe(
    browser: Browser, url: str, size: dict[str, int], *, dark: bool, then: str = "", press: str = "", comes: str = ""
) -> list[str]:
    """What axe-core calls serious or critical, with everything that folds open, and what has to be scrolled sideways.

    `then` goes on to a page, `press` presses a button there, after which something `comes`.
    """
    with looking(browser, url, size, dark=dark) as looked:
        if "/mine/" in url and len(url.rpartition("/")[2]) > 1:
            looked.page.wait_for_url(re.compile(r"/mine$"))
        if then:
            looked.page.goto(urljoin(url, then))
        if press:
            looked.page.click(press)
            looked.page.wait_for_selector(comes)
        looked.page.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        looked.page.evaluate(AXE.read_text(encoding="utf-8"))
        answer = looked.page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
        too_wide = looked.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        return [f"{too_wide} px too wide"] * (too_wide > 0) + [
            f"{v['id']}: {v['nodes'][0]['target']}"
            for v in answer["violations"]
            if v["impact"] in ("serious", "critical")
        ]
