"""Where the registry is: a file of the hub's data, or the database that barrio.toml names."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import URL

from hub.configured import registry_at
from hub.settings import Settings, SettingsError, read

URL_LINE = '[hub]\ndata = "."\n[registry]\nurl = "postgresql://hub@db.example.org:5433/town?sslmode=verify-full"\n'


def settings(folder: Path, text: str) -> Settings:
    file = folder / "barrio.toml"
    file.write_text(text, encoding="utf-8")
    return read(file)


def test_without_a_url_it_is_a_file(tmp_path: Path) -> None:
    assert registry_at(settings(tmp_path, "")) == tmp_path / "var" / "registry.sqlite"


def test_a_url_has_its_password_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(" p@ss/word \n", encoding="utf-8")
    found = registry_at(settings(tmp_path, URL_LINE + 'password_file = "secret"\n'))
    assert isinstance(found, URL)
    assert (found.username, found.password, found.host, found.port) == ("hub", "p@ss/word", "db.example.org", 5433)
    assert (found.database, dict(found.query)) == ("town", {"sslmode": "verify-full"})


def test_a_url_without_a_password_leaves_that_to_the_database(tmp_path: Path) -> None:
    found = registry_at(settings(tmp_path, URL_LINE))
    assert isinstance(found, URL)
    assert found.password is None


def test_a_password_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"registry.password_file: .*secret cannot be read"):
        registry_at(settings(tmp_path, URL_LINE + 'password_file = "secret"\n'))


def test_no_url_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"registry.url: write it as"):
        registry_at(settings(tmp_path, '[registry]\nurl = "postgresql://h:port/d"\n'))


def test_a_file_beside_a_database_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "registry.sqlite").touch()
    with pytest.raises(SettingsError, match="barrio migrate --registry"):
        registry_at(settings(tmp_path, URL_LINE))
