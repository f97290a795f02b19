"""The habits that a machine can count: small files, small functions, no callbacks, docs that name what there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hub.core.grade import Grade
from hub.decoders import DECODERS

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted(p for part in ("hub", "devices", "tests", "tools", "config") for p in (ROOT / part).rglob("*.py"))
LONG_FILES: dict[str, str] = {}
"""File → why it may have more than 400 lines."""
LONG_FUNCTIONS: dict[str, str] = {}
"""File:function → why it may have more than 50 lines."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_longer_than_400_lines() -> None:
    assert not {name(p) for p in CODE if len(p.read_text().splitlines()) > 400} - set(LONG_FILES)


def test_functions_are_short_and_every_module_says_what_it_is() -> None:
    long, silent = set(), []
    for path in CODE:
        tree = ast.parse(path.read_text())
        if tree.body and ast.get_docstring(tree) is None:
            silent.append(name(path))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 50:
                long.add(f"{name(path)}:{node.name}")
    assert not long - set(LONG_FUNCTIONS)
    assert not silent


def test_nothing_listens_behind_anybodys_back() -> None:
    hub = [p for p in CODE if p.is_relative_to(ROOT / "hub")]
    assert not [name(p) for p in hub if re.search(r"add_listener|\bcallbacks\b", p.read_text())]


def test_no_module_is_called_utils() -> None:
    assert not [name(p) for p in CODE if p.stem in {"utils", "util", "helpers", "misc", "common", "manager"}]


@pytest.mark.parametrize("grade", Grade)
def test_the_readme_says_every_grade_in_its_own_words(grade: Grade) -> None:
    assert f"| `{grade.word}` | {grade.sentence}" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("form", DECODERS)
def test_every_format_is_named_in_the_guide_for_devices(form: str) -> None:
    assert f"`{form}`" in (ROOT / "docs" / "devices.md").read_text()


def test_every_dependency_has_its_reason() -> None:
    wanted = re.findall(r'^  "([a-z0-9-]+)[><=]', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    told = (ROOT / "ARCHITECTURE.md").read_text().lower()
    testing = {
        "hypothesis",
        "httpx",
        "import-linter",
        "mypy",
        "playwright",
        "psutil",
        "pytest",
        "pytest-asyncio",
        "pytest-xdist",
        "ruff",
        "types-protobuf",
        "types-psutil",
    }
    assert not [w for w in wanted if w not in told and w not in testing]
