"""What goes with every answer, and what never does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hub.web
from hub.web.headers import HEADERS
from tests.web.asking import every_path
from tests.web.world import World

TEMPLATES = Path(hub.web.__file__).parent / "templates"
ODD = (
    "/no-such-page",
    "/static/nowhere.css",
    "/property/pm25?range=century",
    "/thing/nobody",
    "/openapi.json",
    "/docs",
)


@pytest.mark.slow
def test_every_answer_carries_the_policy_errors_included(hub: World) -> None:
    for path in (*every_path(hub), *ODD):
        answer = hub.client.get(path)
        missing = {name for name, value in HEADERS.items() if answer.headers.get(name) != value}
        assert missing == set(), path


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_files_may_be_kept_for_good_and_are_small(hub: World) -> None:
    sheet = re.search(r'href="(/static/[^"]+/page\.css)"', hub.client.get("/").text)
    assert sheet is not None
    answer = hub.client.get(sheet.group(1), accept_encoding="gzip")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/css")
    assert hub.client.get("/static/older/page.css").status_code == 404


def test_there_is_no_documentation_that_fetches_from_elsewhere(hub: World) -> None:
    assert {hub.client.get(p).status_code for p in ("/docs", "/redoc", "/openapi.json")} == {404}


def test_the_host_of_a_request_is_nowhere_in_an_answer(hub: World) -> None:
    for path in ("/", "/mine/", "/grades/", "/thing/nobody", "/mine/nobody"):
        answer = hub.client.get(path, host="evil.example")
        assert "evil.example" not in answer.text
        assert "evil.example" not in str(dict(answer.headers))


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda p: p.name)
def test_no_template_has_inline_style_script_or_handlers(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda p: p.name)
def test_no_template_fetches_from_elsewhere(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r'(src|href|action)="https?:', text)


def test_pages_never_say_user(hub: World) -> None:
    said = " ".join(hub.client.get(p).text for p in ("/", "/property/pm25", "/thing/handle7", "/grades", "/mine"))
    assert not re.search(r"\busers?\b", said, re.IGNORECASE)
