"""A mirror is there when it is configured, and what it lacks is said with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import app, configured
from hub.chores import chores
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.settings import Settings, SettingsError, read
from hub.upkeep import Upkeep
from tests.e2e.running import barrio

AWAY = '[mirror]\nurl = "http://127.0.0.1:1"\n'


def told(folder: Path, mirror: str) -> Settings:
    file = folder / "barrio.toml"
    file.write_text(f"{mirror}[operator]\nport = 0\n[mqtt]\nport = 0\n[web]\nport = 0\n", encoding="utf-8")
    return read(file)


def test_without_a_url_there_is_none(tmp_path: Path) -> None:
    with app.opened(told(tmp_path, "")) as parts:
        assert configured.mirror_of(parts.settings, parts.gate, parts.catalogue) is None
        assert "mirror" not in {c.name for c in chores(parts.settings, parts.registry, parts.store)}
        assert "mirror" not in perform(
            Desk(parts.registry, parts.store, parts.gate, parts.settings, parts.now), "status", {}
        )


def test_without_its_token_it_says_where_that_comes_from(tmp_path: Path) -> None:
    settings = told(tmp_path, AWAY)
    for act in (lambda: configured.check(settings), lambda: _mirror(settings)):
        with pytest.raises(SettingsError, match=r"mirror\.token_file: .*barrio store init"):
            act()


def _mirror(settings: Settings) -> None:
    with app.opened(settings) as parts:
        configured.mirror_of(settings, parts.gate, parts.catalogue)


def test_while_the_server_is_away_the_status_says_so_and_the_hub_runs(tmp_path: Path) -> None:
    settings = told(tmp_path, AWAY)
    (tmp_path / "civic.token").write_text("secret\n", encoding="ascii")
    assert f"mirror: civic at {settings.mirror.url}" in configured.check(settings)
    with app.opened(settings) as parts:
        mirror = configured.mirror_of(settings, parts.gate, parts.catalogue)
        assert mirror is not None
        upkeep = Upkeep(chores(settings, parts.registry, parts.store, mirror), parts.now)
        desk = Desk(
            parts.registry, parts.store, parts.gate, settings, parts.now, upkeep=upkeep, mirror=mirror,
        )  # fmt: skip
        upkeep.step()
        status = perform(desk, "status", {})
        mirror.close()
    assert status["mirror"] == "civic at http://127.0.0.1:1; not compared yet"
    assert "nobody answers at mirror.url" in status["upkeep: mirror"]
    assert "secret" not in str(status)


@pytest.mark.slow
def test_check_names_the_mirror(tmp_path: Path) -> None:
    told(tmp_path, AWAY)
    said = barrio(tmp_path / "barrio.toml", "check", fails=True)
    assert "mirror.token_file" in said
