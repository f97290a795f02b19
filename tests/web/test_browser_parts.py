"""Map, chart and freshness in a real browser under the real policy, with pages as the templates write them."""

import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hub.web.headers import HEADERS

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "hub" / "web" / "static"
AXE = ROOT / "build" / "axe" / "axe.min.js"
NOW = 1_795_370_400

TO = "\u2013"

pytestmark = pytest.mark.e2e

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Now</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/vendor/maplibre-gl.css"><link rel="stylesheet" href="/static/vendor/uPlot.min.css">
<link rel="stylesheet" href="/static/tokens.css"><link rel="stylesheet" href="/static/page.css">
<script src="/static/theme.js"></script>"""
MAP = (
    HEAD
    + """<script type="module" src="/static/now.js"></script></head><body class="now"><main id="content">
<section class="answer" data-part="answer"><h1>Quiet: 47 dB</h1></section>
<div class="sheetmap"><div id="map" data-map-ground="/ground.geojson" data-map-values="/values.geojson"
data-map-label="Map"></div><p class="source">© OpenStreetMap contributors</p>
<div class="legend" id="legend"></div></div>
<section class="index" aria-label="List" data-part="list"><h2>By area</h2><ol class="rows"><li data-id="CELL">
<button class="row" type="button"><span class="key">A</span> <span class="name">north</span>
<span class="figure">52<small> dB</small></span><span class="chip" data-value="52"></span></button></li></ol></section>
</main></body></html>"""
)
CHART = (
    HEAD
    + """<script type="module" src="/static/series.js"></script></head>
<body class="property" data-live="/live"><main id="content">
<section class="answer" data-part="answer"><h1>SENTENCE</h1></section><figure class="plot">
<output id="readout" class="readout"></output><div id="chart" class="chart" data-chart="/columns.json" tabindex="0"
role="group" aria-label="Chart"></div><figcaption>One value an hour.</figcaption></figure></main></body></html>"""
)


class Site:
    """What the pages are about; a test changes it and says so."""

    def __init__(self) -> None:
        self.last = 6.0
        self.changed = threading.Event()

    def columns(self) -> dict[str, object]:
        x = [NOW - 3600 * k for k in range(23, -1, -1)]
        values = [5.0] * 10 + [None] * 3 + [7.0] * 10 + [self.last]
        return {
            "unit": "µg/m³", "decimals": 0, "zone": "Europe/Prague", "range": "day", "step": 3600, "from": x[0],
            "to": x[-1], "x": x, "low": [4.0] * 24, "high": [9.0] * 24,
            "series": [{"label": "Fine dust", "values": values}], "limit": {"value": 15, "label": "WHO guideline"},
        }  # fmt: skip

    def values(self) -> dict[str, object]:
        ring = [[14.39, 50.1], [14.41, 50.1], [14.41, 50.108], [14.39, 50.108], [14.39, 50.1]]
        empty = [[14.41, 50.1], [14.43, 50.1], [14.43, 50.108], [14.41, 50.108], [14.41, 50.1]]

        def cell(name: str, value: float | None, outline: list[list[float]]) -> dict[str, object]:
            told = {"cell": name, "key": name[0], "where": "north", "value": value, "usual": None, "room": outline}
            shape = {"type": "MultiPolygon", "coordinates": [[outline]]}
            return {"type": "Feature", "properties": told, "geometry": shape}

        school = {
            "id": "school", "name": "School roof", "href": "/thing", "value": 55, "usual": 54, "age": "2 min ago",
            "stale": False,
        }  # fmt: skip
        point = {"type": "Point", "coordinates": [14.4055, 50.104]}
        ramp = {"name": "cividis", "light": [9, 2], "dark": [2, 9]}
        return {
            "type": "FeatureCollection", "when": f"18:00{TO}19:00 · 10 min ago",
            "property": {
                "id": "noise_level", "name": "Noise", "short": "Noise", "symbol": "dB", "decimals": 0, "source": "",
                "steps": [40, 50, 60], "words": None, "usual_steps": None, "ramp": ramp,
            },
            "features": [
                cell("CELL", 52, ring), cell("NONE", None, empty),
                {"type": "Feature", "properties": school, "geometry": point},
            ],
        }  # fmt: skip


class Handler(SimpleHTTPRequestHandler):
    """Serves the static files and the pages with the hub's own headers."""

    def __init__(self, site: Site, *args: object, **more: object) -> None:
        self.site = site
        super().__init__(*args, **more)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == "/live":
            self.live()
        elif path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            kind = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css"}.get(file.suffix, "")
            self.answer(file.read_bytes(), kind or "application/octet-stream")
        else:
            self.answer(self.page(path).encode(), "text/html" if "." not in path else "application/json")

    def page(self, path: str) -> str:
        ground = (ROOT / "config" / "demo" / "surroundings.geojson").read_text("utf-8")
        return {
            "/map": MAP,
            "/chart": CHART.replace("SENTENCE", f"Fine dust is {self.site.last:.0f}"),
            "/ground.geojson": ground,
            "/values.geojson": json.dumps(self.site.values()),
            "/columns.json": json.dumps(self.site.columns()),
        }.get(path, "")

    def live(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if self.site.changed.wait(20):
            self.wfile.write(b"event: changed\ndata: 1\n\n")

    def answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is written down."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not (AXE.exists() and (STATIC / "vendor" / "collected.json").exists()):
        pytest.fail("the browser parts are not there; run: python tools/collect.py --tests")
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        made = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--enable-unsafe-swiftshader"])
        yield made
        made.close()


@pytest.fixture
def site() -> Iterator[tuple[Site, str]]:
    told = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, told))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield told, f"http://127.0.0.1:{server.server_port}"
    told.changed.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


class Seen:
    """A page and everything wrong that it said."""

    def __init__(self, browser: Browser, address: str, width: int = 1280) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": 800})
        self.wrong: list[str] = []
        host = "/".join(address.split("/")[:3])
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.wrong.append(str(e)))
        self.page.on("request", lambda r: self.wrong.append(r.url) if not r.url.startswith((host, "data:")) else None)
        self.page.goto(address)
        self.page.wait_for_selector("body[data-ready]", timeout=30_000)

    def serious(self) -> list[str]:
        """What axe-core finds."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run()")["violations"]
        return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_map_comes_up_under_the_policy(browser: Browser, site: tuple[Site, str], theme: str) -> None:
    seen = Seen(browser, f"{site[1]}/map?theme={theme}")
    assert seen.page.locator("#map button.cell .value").all_inner_texts() == ["52"]
    assert seen.page.locator("#map a.instrument .name").all_inner_texts() == ["School roof"]
    assert f"18:00{TO}19:00" in seen.page.locator("#legend").inner_text()
    assert "Nothing is shown here" in seen.page.locator("#legend").inner_text()
    assert seen.page.locator(".chip").evaluate("chip => chip.style.getPropertyValue('--fill')").startswith("#")
    assert seen.serious() == []
    assert seen.wrong == []


def test_choosing_an_area_in_the_list_chooses_it_on_the_map(browser: Browser, site: tuple[Site, str]) -> None:
    seen = Seen(browser, f"{site[1]}/map")
    seen.page.click(".rows button")
    assert seen.page.locator("#map .cell.chosen").count() == 1
    assert seen.page.locator(".rows li.chosen button[aria-current=true]").count() == 1
    assert seen.wrong == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_chart_comes_up_and_is_read_with_the_keyboard(browser: Browser, site: tuple[Site, str], width: int) -> None:
    seen = Seen(browser, f"{site[1]}/chart", width)
    assert seen.page.locator("#chart canvas").count() == 1
    assert seen.page.locator("#readout").inner_text().startswith(f"18:00{TO}19:00: 6 µg/m³")
    seen.page.focus("#chart")
    seen.page.keyboard.press("ArrowLeft")
    assert seen.page.locator("#readout").inner_text().startswith(f"17:00{TO}18:00: 7 µg/m³")
    assert seen.serious() == []
    assert seen.wrong == []


def test_the_chart_and_the_sentence_move_when_something_changed(browser: Browser, site: tuple[Site, str]) -> None:
    seen = Seen(browser, f"{site[1]}/chart")
    assert seen.page.locator("#chart").get_attribute("data-last") == "6"
    site[0].last = 9.0
    site[0].changed.set()
    seen.page.wait_for_selector('#chart[data-last="9"]', timeout=10_000)
    assert seen.page.locator("h1").inner_text() == "Fine dust is 9"
    assert seen.wrong == []
