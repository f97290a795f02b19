"""The look: colours are strong enough, what is made from the tokens is up to date, and nothing comes from elsewhere."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "hub" / "web" / "static"
TOOLS = ROOT / "tools"
OURS = sorted([*STATIC.glob("*.js"), *STATIC.glob("*.css"), *STATIC.glob("*.json")])
NAMESPACE = "http://www.w3.org/2000/svg"


def look(folder: Path) -> subprocess.CompletedProcess[str]:
    """`tools/look.py --check` on a copy of the project's look in `folder`."""
    command = [sys.executable, str(folder / "tools" / "look.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    (tmp_path / "hub" / "web" / "static").mkdir(parents=True)
    shutil.copy(TOOLS / "look.py", tmp_path / "tools")
    for name in ("tokens.css", "map-light.json", "map-dark.json"):
        shutil.copy(STATIC / name, tmp_path / "hub" / "web" / "static")
    return tmp_path


def test_the_contrasts_are_strong_enough_and_everything_made_is_up_to_date() -> None:
    done = look(ROOT)
    assert done.returncode == 0, done.stdout
    assert "ink on paper" in done.stdout


def test_a_weak_colour_is_found(copy: Path) -> None:
    tokens = copy / "hub" / "web" / "static" / "tokens.css"
    tokens.write_text(tokens.read_text("utf-8").replace("--ink-soft: #5a5346", "--ink-soft: #b5ae9f", 1), "utf-8")
    assert look(copy).returncode == 1


def test_a_style_that_was_edited_by_hand_is_found(copy: Path) -> None:
    style = copy / "hub" / "web" / "static" / "map-dark.json"
    style.write_text(style.read_text("utf-8").replace("Barrio dark", "Barrio darker"), "utf-8")
    done = look(copy)
    assert done.returncode == 1
    assert "map-dark.json" in done.stdout


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_our_own_files_name_no_other_host(file: Path) -> None:
    text = file.read_text("utf-8").replace(NAMESPACE, "")
    assert re.findall(r"https?://[\w.-]+|[\"'(]//\w", text) == []


def test_every_token_that_is_used_is_decided() -> None:
    decided = set(re.findall(r"--([\w-]+):", (STATIC / "tokens.css").read_text("utf-8")))
    set_by_scripts = {"fill", "shift"}
    used = set(re.findall(r"var\(--([\w-]+)", (STATIC / "page.css").read_text("utf-8")))
    for script in STATIC.glob("*.js"):
        used |= set(re.findall(r"token\(\"([\w-]+)\"\)", script.read_text("utf-8")))
    assert used - decided - set_by_scripts == set()
    assert len(used) > 40


@pytest.mark.parametrize("name", ["map-light.json", "map-dark.json"])
def test_a_map_style_asks_for_nothing_but_what_the_page_gives_it(name: str) -> None:
    style = json.loads((STATIC / name).read_text("utf-8"))
    assert not {"sprite", "glyphs"} & set(style)
    assert all(source["data"]["features"] == [] for source in style["sources"].values())
    assert next(layer for layer in style["layers"] if layer["id"] == "street-names")["minzoom"] == 15


def test_the_browser_parts_are_pinned_by_hash_and_name_no_registry() -> None:
    lock = json.loads((TOOLS / "package-lock.json").read_text("utf-8"))
    wanted = json.loads((TOOLS / "package.json").read_text("utf-8"))
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert packages[f"node_modules/{name}"]["version"] == version


def test_every_script_is_described() -> None:
    for script in STATIC.glob("*.js"):
        assert script.read_text("utf-8").startswith("// "), script.name
