"""The operator's settings: read once, unknown keys refused with their path, every field with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from hub import settings as s
from hub.configured import routes_of
from hub.settings import Settings, SettingsError, read, shipped


def write(folder: Path, text: str) -> Path:
    file = folder / "barrio.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_file_says_the_defaults() -> None:
    told, default = read(shipped("barrio.toml")), Settings()
    for section in ("ingest", "web", "operator", "mqtt", "retention"):
        assert getattr(told, section) == getattr(default, section)
    assert told.hub.model_dump(exclude={"data"}) == default.hub.model_dump(exclude={"data"})
    assert told.store.engine == default.store.engine


SECTIONS: dict[str, type[BaseModel]] = {
    "hub": s.HubSettings, "registry": s.RegistrySettings, "mqtt": s.MqttSettings, "ingest": s.IngestSettings,
    "store": s.StoreSettings,
    "web": s.WebSettings, "operator": s.OperatorSettings, "place": s.PlaceSettings, "sources": s.SourceSettings,
    "retention": s.RetentionSettings, "mirror": s.MirrorSettings, "store.influxdb": s.InfluxSettings,
}  # fmt: skip


@pytest.mark.parametrize(
    ("section", "field"),
    [(name, f) for name, model in SECTIONS.items() for f in model.model_fields if f"{name}.{f}" not in SECTIONS],
)
def test_every_setting_has_its_line(section: str, field: str) -> None:
    text = shipped("barrio.toml").read_text(encoding="utf-8")
    body = re.split(rf"^#? ?\[+{re.escape(section)}\]+.*$", text, flags=re.MULTILINE)[1]
    body = re.split(r"^#? ?\[+[\w.]+\]+", body, flags=re.MULTILINE)[0]
    assert re.search(rf"^#? ?{field} = ", body, flags=re.MULTILINE)


def test_the_table_of_sections_is_whole() -> None:
    models = {n for n, f in Settings.model_fields.items() if n not in ("properties", "topics")}
    assert models == {name for name in SECTIONS if "." not in name}
    assert all(issubclass(m, BaseModel) for m in SECTIONS.values())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('[mqtt]\nhots = "b"\n', "mqtt.hots: unknown key"),
        ("[mqqt]\nport = 1\n", "mqqt: unknown key"),
        ("[mqtt]\nport = 99999\n", "mqtt.port: "),
        ('[[sources]]\nname = "a"\nhost = "b"\ncolour = "c"\n', "sources.0.colour: unknown key"),
        ('[hub]\nzone = "Prague"\n', "hub.zone: "),
        ('[store.influxdb]\nbucket = "0123456789abcdef"\n', "store.influxdb.bucket: "),
        ('[registry]\nurl = "mysql://u@h/d"\n', "registry.url: Value error, write it as postgresql://"),
        ('[registry]\nurl = "postgresql://u:hush@h/d"\n', "registry.url: Value error, a password does not stand here"),
        ('[registry]\nurl = "postgresql://h/d?user=u&password=hush"\n', "put it into registry.password_file"),
        ("properties = []\n", "properties: these stand in a file of their own"),
        ("[hub\n", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(tmp_path: Path, text: str, path: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SettingsError, match=re.escape(path)) as error:
        read(file)
    assert str(file) in str(error.value)
    assert "hush" not in str(error.value)


def test_a_missing_file_says_where_to_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="start from"):
        read(tmp_path / "none.toml")


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    found = read(write(tmp_path, '[place]\nground = ["a.geojson"]\ndwellings = "d.csv"\n[mqtt]\nkey = "k.pem"\n'))
    assert found.place.ground == (tmp_path / "a.geojson",)
    assert found.place.dwellings == tmp_path / "d.csv"
    assert found.mqtt.key == tmp_path / "k.pem"
    assert found.store.folder == tmp_path / "var" / "observations"


def test_properties_and_topics_beside_the_file_are_taken(tmp_path: Path) -> None:
    (tmp_path / "topics.toml").write_text('[[topics]]\nfilter = "x/#"\nformat = "native"\n', encoding="utf-8")
    found = read(write(tmp_path, ""))
    assert [t.filter for t in found.topics] == ["x/#"]
    assert len(found.properties) > 10


def test_the_zone_counts_for_things_only_if_it_was_given(tmp_path: Path) -> None:
    assert routes_of(Settings()).zone is None
    assert str(routes_of(read(write(tmp_path, '[hub]\nzone = "Europe/Prague"\n'))).zone) == "Europe/Prague"


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    found = read(write(tmp_path, ""))
    with pytest.raises(ValueError, match="frozen"):
        found.hub.name = "Elsewhere"
