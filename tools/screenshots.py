"""Takes every page on a phone, a desk and a wall, by day and by night, into build/screenshots/.

    python tools/screenshots.py                            # starts the demo, takes all, stops it
    python tools/screenshots.py http://127.0.0.1:8080/     # takes them from a hub that runs
    … --mine http://127.0.0.1:8080/mine/<link>             # and an owner's page
    … --only now                                           # only the pages whose name begins so

Look at every one: what is the first thing one sees, is it the answer, would one hang it on the wall?
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

OUT = Path(__file__).resolve().parent.parent / "build" / "screenshots"
SIZES = {"phone": (390, 844, 2), "desk": (1440, 900, 1)}
WALLS = {"wall": (1920, 1080, 1), "portrait": (1080, 1920, 1)}
PAGES = {
    "now": "/", "now-warmth": "/?property=air_temperature", "now-usual": "/?usual", "hour": "/property/pm25?range=hour",
    "day": "/property/pm25?range=day", "week": "/property/pm25?range=week", "capped": "/property/power",
    "warmth-indoors": "/?property=air_temperature&where=indoor", "thing": "{thing}", "grades": "/grades",
    "cards": "/cards", "card": "{card}", "card-object": "{card}/object", "commons": "/commons", "charter": "{charter}",
    "expired": "/mine/nobody", "lost": "/no-such-page",
}  # fmt: skip
OWN = {
    "mine-away": "/mine/away", "mine-looks": "/mine/looks", "mine-sealed": "/mine/sealed", "mine-thing": "{own}",
    "mine-join": "/mine/join",
}  # fmt: skip
"""Pages to which an owner's link opens the way; `{own}` is that of the first of her things."""
TALL = ("now", "week", "thing", "mine", "mine-away", "mine-thing", "mine-join", "grades", "cards", "card")
"""Pages that are also taken in their whole length."""
_WAIT = 180


def main() -> int:
    """Take them all; 1 when a page did not come."""
    ask = argparse.ArgumentParser(description="Screenshots of every page.")
    ask.add_argument("address", nargs="?", help="of a hub that runs; without it the demo is started")
    ask.add_argument("--mine", help="the address of an owner's page, as `barrio party link` prints it")
    ask.add_argument("--only", default="", help="only pages whose name begins so")
    asked = ask.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    if asked.address:
        take(asked.address.rstrip("/"), asked.mine, asked.only)
    else:
        with demo() as (address, mine):
            take(address, mine, asked.only)
    print(f"look at them: {OUT}")
    return 0


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """A demo of its own: the addresses it prints, its map page's and an owner's."""
    with tempfile.TemporaryDirectory(prefix="barrio-look-") as folder:
        log = Path(folder) / "log"
        with log.open("w") as said:
            started = subprocess.Popen(
                [sys.executable, "-m", "hub", "demo", "--data", f"{folder}/data"], stdout=said, stderr=said
            )
        try:
            yield _addresses(log, started)
        finally:
            started.terminate()
            started.wait(timeout=30)


def take(address: str, mine: str | None, only: str) -> None:
    """Every page of a hub, in every size and theme."""
    found = {
        "thing": _first(address, "/", r'href="(/thing/[^"]+)"'),
        "card": _first(address, "/cards", r'href="(/card/[a-z0-9_]+-[^"]+)"'),
        "charter": _first(address, "/commons", r'href="(/commons/[^"]+)"'),
    }
    pages = {name: path.format(**found) for name, path in PAGES.items()}
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=_chromium(), args=["--use-gl=angle", "--use-angle=swiftshader"])
        for theme in ("light", "dark"):
            for name, path in pages.items():
                if name.startswith(only):
                    _sizes(browser, address + path, name, theme)
            if mine and "mine".startswith(only):
                _sizes(browser, mine, "mine", theme)
            for name, path in OWN.items():
                if mine and name.startswith(only):
                    _sizes(browser, address + path, name, theme, by=mine)
            if "wall".startswith(only):
                for size, shape in WALLS.items():
                    _shot(browser, address + "/?wall", f"wall-{size}-{theme}", shape, theme)
        browser.close()


def _first(address: str, page: str, link: str) -> str:
    """The first link of a page that looks so; the map when there is none."""
    with urllib.request.urlopen(address + page) as answer:  # noqa: S310 - an address that the caller chose
        links = re.findall(link, answer.read().decode())
    return str(links[0]) if links else "/"


def _sizes(browser: Browser, url: str, name: str, theme: str, *, by: str | None = None) -> None:
    for size, shape in SIZES.items():
        _shot(browser, url, f"{name}-{size}-{theme}", shape, theme, tall=name in TALL and theme == "light", by=by)


def _shot(
    browser: Browser, url: str, name: str, shape: tuple[int, int, int], theme: str, *, tall: bool = False,
    by: str | None = None,
) -> None:  # fmt: skip
    """One picture, two if `tall`; `by` is the link by which one comes there."""
    context = browser.new_context(
        viewport={"width": shape[0], "height": shape[1]}, device_scale_factor=shape[2], reduced_motion="reduce",
        color_scheme="dark" if theme == "dark" else "light",
    )  # fmt: skip
    page = context.new_page()
    page.on("console", lambda m: print(f"{name}: {m.type}: {m.text}") if m.type in ("error", "warning") else None)
    if by:
        page.goto(by)
        page.wait_for_url(re.compile("/mine$"))
        own = page.locator('a[href^="/mine/thing/"]').first.get_attribute("href") if "{own}" in url else None
        url = url.replace("{own}", own or "/mine")
    page.goto(url)
    _settled(page)
    _capture(page, OUT / f"{name}.png")
    if tall:
        _capture(page, OUT / f"{name}-whole.png", whole=True)
    context.close()


def _capture(page: Page, path: Path, *, whole: bool = False) -> None:
    """A browser that draws without a graphics card sometimes needs a second look."""
    try:
        page.screenshot(path=path, full_page=whole)
    except Error:
        page.wait_for_timeout(2000)
        page.screenshot(path=path, full_page=whole)


def _settled(page: Page) -> None:
    """Until its script says it is ready, when it has one; an owner's link goes on to her page by itself."""
    page.wait_for_load_state("load")
    if page.locator("script[type=module]").count():
        page.wait_for_selector("body[data-ready=yes]", timeout=30_000)
        page.wait_for_timeout(600)


def _addresses(log: Path, started: subprocess.Popen[bytes]) -> tuple[str, str]:
    until = time.monotonic() + _WAIT
    while time.monotonic() < until and started.poll() is None:
        found = re.findall(r"http://127\.0\.0\.1:\d+/\S*", log.read_text())
        pages = [a for a in found if "/mine/" in a]
        if pages:
            return found[0].rstrip("/"), pages[0]
        time.sleep(0.3)
    raise SystemExit(f"the demo did not start:\n{log.read_text()}")


def _chromium() -> str | None:
    return next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None)


if __name__ == "__main__":
    sys.exit(main())
