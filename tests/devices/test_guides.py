"""Every format's page says what a neighbour needs: what to type, what the thing is, what is not kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.decoders import DECODERS
from tests.decoders.decode_lines import shipped_routes

ROOT = Path(__file__).resolve().parents[2]
FORMATS = ROOT / "devices" / "formats"
ROUNDABOUT = {
    "smart-citizen": "config/mosquitto/bridge.conf",
    "sensor-community": "BRIDGE",
    "ttn-v3": "password_file",
    "victron": "barrio thing add --bridge",
}
"""Format → what its page names instead of the hub's password, where the device itself cannot be given one."""
MOST_LINES = 12


def page(form: str) -> str:
    return (FORMATS / form / "README.md").read_text(encoding="utf-8")


def typed(form: str) -> list[str]:
    """The lines to type: the first indented ones."""
    blocks = re.findall(r"(?:^    .+\n|^\n(?=    ))+", page(form), flags=re.MULTILINE)
    return [line.strip() for line in blocks[0].splitlines() if line.strip()] if blocks else []


@pytest.mark.parametrize("form", sorted(DECODERS))
def test_a_page_begins_with_its_format_and_a_few_lines_to_type(form: str) -> None:
    assert page(form).startswith(f"# {form}: ")
    assert 1 <= len(typed(form)) <= MOST_LINES


@pytest.mark.parametrize("form", sorted(DECODERS))
def test_what_is_typed_says_where_the_hub_is_and_who_speaks(form: str) -> None:
    lines = "\n".join(typed(form))
    wanted = ("HUB", "USER", "PASSWORD")
    assert all(word in lines for word in wanted) or ROUNDABOUT[form] in page(form)


@pytest.mark.parametrize("form", sorted(DECODERS))
@pytest.mark.parametrize("told", [r"\*\*The thing\*\*", r"\*\*Time\.?\*\*", r"\*\*Not (?:read|kept)\*\*"])
def test_a_page_says_what_the_thing_is_when_it_was_and_what_is_not_kept(form: str, told: str) -> None:
    assert re.search(rf"^- {told}", page(form), flags=re.MULTILINE)


def test_what_a_page_points_to_is_there() -> None:
    for file in [*FORMATS.rglob("README.md"), ROOT / "devices" / "micropython" / "README.md"]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / link).exists(), f"{file}: {link}"


def test_the_tasmota_example_types_what_the_page_says_and_speaks_on_a_known_topic() -> None:
    lines = (FORMATS / "tasmota" / "example.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in typed("tasmota") if line in lines] == typed("tasmota")
    commands = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"Backlog (?:\w+ [\w.]+; )*\w+ [\w.]+", command) for command in commands)
    topic = re.search(r"Topic (\w+)", commands[0])
    assert topic is not None
    assert shipped_routes().format_of(f"tele/{topic[1]}/SENSOR") == "tasmota"


def test_the_esphome_example_has_what_the_page_says_and_speaks_on_a_known_topic() -> None:
    text = (FORMATS / "esphome" / "example.yaml").read_text(encoding="utf-8")
    section = re.search(r"^mqtt:\n((?:  .*\n)+)", text, flags=re.MULTILINE)
    assert section is not None
    settings = [line.strip() for line in section[1].splitlines()]
    assert [line for line in typed("esphome") if line not in settings] == ["mqtt:"]
    assert "log_topic: null" in settings
    assert not re.search(r"^api:", text, flags=re.MULTILINE)
    prefix = next(line.partition(": ")[2] for line in settings if line.startswith("topic_prefix"))
    names = re.findall(r"^ +name: (.+)$", text.partition("\nsensor:")[2], flags=re.MULTILINE)
    assert len(names) == len(set(names)) > 5
    for name in names:
        word = re.sub(r"[^a-z0-9_-]", "_", name.lower())
        assert shipped_routes().format_of(f"{prefix}/sensor/{word}/state") == "esphome"
