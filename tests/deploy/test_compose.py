"""What compose.yaml says, as far as it can be checked without a container: careful, healthy, nobody's root."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from hub.settings import read

ROOT = Path(__file__).resolve().parents[2]
FILES = ("compose.yaml", "compose.alone.yaml")
WHOLE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
_SERVICES = WHOLE.split("\nservices:\n")[1].split("\nnetworks:")[0]
PARTS = dict(re.findall(r"^  (\w+):\n((?:(?:    .*|  #.*)?\n)+)", _SERVICES, re.MULTILINE))
RUNNING = ("influxdb", "mosquitto", "hub", "grafana")


@pytest.mark.parametrize("name", FILES)
def test_compose_reads_it(name: str) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed: its own reading of compose.yaml is not tried")
    done = subprocess.run([program, "-f", name, "config", "-q"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_all_parts_are_there() -> None:
    assert set(PARTS) == {*RUNNING, "first"}


@pytest.mark.parametrize("part", [*RUNNING, "first"])
def test_every_part_is_careful_and_nobodys_root(part: str) -> None:
    assert "<<: *careful" in PARTS[part]
    user = re.search(r'user: "(\d+)', PARTS[part])
    assert user is not None
    assert int(user.group(1)) > 0


@pytest.mark.parametrize("part", RUNNING)
def test_every_part_says_whether_it_is_well(part: str) -> None:
    own = "healthcheck:" in PARTS[part]
    assert own or (part == "hub" and "HEALTHCHECK" in (ROOT / "Dockerfile").read_text())


@pytest.mark.parametrize("name", FILES)
def test_nothing_listens_beyond_this_machine(name: str) -> None:
    ports = re.findall(r'^ +- "?([\d.:]+)"?$', (ROOT / name).read_text(), re.MULTILINE)
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def mounted(part: str) -> set[str]:
    return set(re.findall(r"^      - (\w+):/", PARTS[part], re.MULTILINE))


def test_each_part_has_the_secrets_that_it_needs_and_no_others() -> None:
    secret = {part: mounted(part) & {"admin", "tokens", "reader", "broker"} for part in PARTS}
    assert secret == {
        "first": {"admin", "tokens", "reader", "broker"}, "hub": {"tokens", "broker"}, "mosquitto": {"broker"},
        "grafana": {"reader"}, "influxdb": set(),
    }  # fmt: skip
    assert not re.search(r"(?i)(password|token|secret): +[^/\s]+$", WHOLE, re.MULTILINE)


def test_the_hubs_folders_for_secrets_are_made_in_the_image() -> None:
    made = (ROOT / "Dockerfile").read_text()
    assert all(f"/var/lib/barrio-{name}" in made for name in ("admin", "tokens", "reader", "broker"))


def test_the_hubs_settings_in_it_can_be_used() -> None:
    told = read(ROOT / "deploy" / "barrio.toml")
    assert told.store.engine == "influxdb"
    assert told.mirror.url == told.store.influxdb.url == "http://influxdb:8086"
    assert told.sources[0].host == "mosquitto"
    files = [told.store.influxdb.token_file, told.mirror.token_file, told.sources[0].password_file, told.hub.data]
    mounts = re.findall(r":(/[\w/.-]+)", PARTS["hub"])
    assert all(any(Path(str(f)).is_relative_to(m) for m in mounts) for f in files)
    assert tomllib.loads((ROOT / "config" / "barrio.toml").read_text()).keys() >= {"hub", "mirror", "store"}


def test_every_file_that_is_mounted_is_there() -> None:
    for path in re.findall(r"^      - (\./[\w/.-]+):", WHOLE, re.MULTILINE):
        assert (ROOT / path).exists(), path
