"""The operator's settings: typed, frozen, read once.

Rule: an unknown key stops the start and is named with its path; a relative path is relative to the file it stands in.
Every field has its line, with its default, in config/barrio.toml (a test holds that true).
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

_HERE = Path(__file__).resolve().parent
LEAST_DAYS = 8
"""Raw readings are kept so long at least: what is shown as `street` lasts seven days, and must not change meanwhile."""


class SettingsError(Exception):
    """The configuration cannot be used; the text names the file, the key's path and what to change."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSettings(_Section):
    """The hub itself."""

    name: str = "Barrio"
    zone: str = "UTC"
    data: Path = Path("var")
    things_per_credential: int = Field(default=2000, ge=1)
    quarantine_messages: int = Field(default=10_000, ge=0)
    quarantine_bytes: int = Field(default=64_000_000, ge=0)
    workers: int = Field(default=1, ge=1, le=32)

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no such time zone: {zone!r}; use a name such as Europe/Prague") from error
        return zone


class RegistrySettings(_Section):
    """Where people, things and grades are: without a `url` in a file of the hub's data, else in that PostgreSQL."""

    url: str | None = None
    password_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _no_password(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if not url.startswith(("postgresql://", "sqlite:///")):
            raise ValueError("write it as postgresql://user@host/database; without it the registry is a file")
        if re.match(r"^[^/]*//[^/?@]*:[^/?]*@", url) or re.search(r"[?&]password=", url):
            raise ValueError("a password does not stand here, where others read it: put it into registry.password_file")
        return url


class MqttSettings(_Section):
    """The things' own endpoint. Times in seconds, sizes in bytes."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=0, le=65535)
    tls_port: int | None = Field(default=None, ge=0, le=65535)
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    largest_packet: int = Field(default=1_048_576, ge=1024)
    connections: int = Field(default=10_000, ge=1)
    connections_per_credential: int = Field(default=200, ge=1)
    messages_per_second: int = Field(default=0, ge=0)
    longest_keep_alive: int = Field(default=1200, ge=10)
    receive_maximum: int = Field(default=16384, ge=1, le=65535)


class IngestSettings(_Section):
    """How long readings wait for company before they are committed (milliseconds), and how many at most."""

    least_wait: float = Field(default=5, ge=0)
    most_wait: float = Field(default=100, ge=1)
    most_readings: int = Field(default=50_000, ge=1)


class InfluxSettings(_Section):
    """An InfluxDB 2 server, for the engine ``influxdb``. The token's file is made by `barrio store init`."""

    url: str = Field(default="http://127.0.0.1:8086", pattern=r"^https?://")
    org: str = "barrio"
    bucket: str = "vault"
    token_file: Path = Path("vault.token")

    @field_validator("org", "bucket")
    @classmethod
    def _no_id(cls, name: str) -> str:
        if not name or re.fullmatch(r"[0-9a-f]{16}", name) or name.startswith("_"):
            raise ValueError(f"InfluxDB takes {name!r} for something else: use a word such as vault")
        return name


class StoreSettings(_Section):
    """Where observations live: an engine of hub/stores, in a folder below the hub's data or on a server.

    `outbox`: whether they may wait on the disk while the engine is away (None: before engines on a server).
    """

    engine: str = "duckdb"
    folder: Path = Path("observations")
    parquet_after_months: int = Field(default=0, ge=0)
    outbox: bool | None = None
    outbox_bytes: int = Field(default=1_000_000_000, ge=10_000_000)
    influxdb: InfluxSettings = InfluxSettings()


class MirrorSettings(_Section):
    """The bucket of an InfluxDB 2 that holds what anybody may see; without a `url` there is none."""

    url: str | None = Field(default=None, pattern=r"^https?://")
    org: str = "barrio"
    bucket: str = "civic"
    token_file: Path = Path("civic.token")


class WebSettings(_Section):
    """The public pages. `address` is how people reach them, for the links that are printed."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    address: str | None = None


class OperatorSettings(_Section):
    """The operator's own port (metrics); None: no such port."""

    host: str = "127.0.0.1"
    port: int | None = Field(default=9090, ge=0, le=65535)


class PlaceSettings(_Section):
    """What the map shows under the values, and where people live (privacy: cells of at least fifty dwellings)."""

    ground: tuple[Path, ...] = ()
    pmtiles: Path | None = None
    dwellings: Path | None = None


GradeWord = Literal["sealed", "home", "counted", "commons", "street", "open"]


class RetentionSettings(_Section):
    """How long what was measured is kept (days; 0: for ever), and where it is listed what was erased."""

    raw_days: int = Field(default=30, ge=0)
    quarter_hours_days: int = Field(default=365, ge=0)
    raw_days_by_grade: dict[GradeWord, int] = {}
    quarter_hours_days_by_grade: dict[GradeWord, int] = {}
    log_days: int = Field(default=730, ge=0)
    quarantine_days: int = Field(default=7, ge=1)
    erased: Path | None = None

    @field_validator("raw_days", "quarter_hours_days", "raw_days_by_grade", "quarter_hours_days_by_grade")
    @classmethod
    def _longer_than_it_is_shown(cls, days: int | dict[GradeWord, int]) -> int | dict[GradeWord, int]:
        if any(0 < d < LEAST_DAYS or d < 0 for d in (days.values() if isinstance(days, dict) else [days])):
            raise ValueError(
                f"readings are shown as street for seven days: keep them {LEAST_DAYS} at least, or 0: for ever"
            )
        return days

    def raw(self, grade: str) -> int:
        """For how many days readings of a grade are kept as they came (0: for ever)."""
        return next((days for g, days in self.raw_days_by_grade.items() if g == grade), self.raw_days)

    def means(self, grade: str) -> int:
        """For how many days readings of a grade are kept at all (0: for ever)."""
        return next(
            (days for g, days in self.quarter_hours_days_by_grade.items() if g == grade), self.quarter_hours_days
        )


class SourceSettings(_Section):
    """An outside broker. `party` owns all it brings; without it the topic prefixes recorded in the registry decide."""

    name: str
    host: str
    port: int = Field(default=1883, ge=1, le=65535)
    username: str | None = None
    password_file: Path | None = None
    tls: bool = False
    ca: Path | None = None
    topics: tuple[str, ...] = ("#",)
    version: Literal["3.1.1", "5"] = "5"
    client_id: str = "barrio"
    party: int | None = None


class ClassesSettings(_Section):
    """Where the colours change; words and source when a standard has words."""

    steps: tuple[float, ...]
    words: tuple[str, ...] | None = None
    source: str = ""


class LimitSettings(_Section):
    """A guideline drawn as a line."""

    value: float
    words: str
    source: str = ""


class RampSettings(_Section):
    """Name and stops of a colour ramp, by day and by night."""

    name: str
    light: tuple[int, int]
    dark: tuple[int, int]
    even: bool = False


class PropertySettings(_Section):
    """One observed property as config/properties.toml writes it; that file explains every field."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    name: str
    short: str
    unit: str
    symbol: str = ""
    definition: str = ""
    low: float = float("-inf")
    high: float = float("inf")
    rate: float = Field(default=float("inf"), gt=0)
    still_hours: float = Field(default=0, ge=0)
    cap: Literal["home", "counted", "commons", "street", "open"] = "home"
    station_cap: Literal["home", "counted", "commons", "street", "open"] | None = None
    step_street: float = Field(default=1, gt=0)
    step_commons: float = Field(default=1, gt=0)
    watermark_minutes: float = Field(default=30, ge=0)
    family: str
    energy: bool = False
    epoch_days: int = Field(default=1, ge=1, le=366)
    release_low: float | None = None
    release_high: float | None = None
    release_spread: float = Field(default=float("inf"), gt=0)
    release_step: float | None = Field(default=None, gt=0)
    meter: bool = False
    names: tuple[str, ...] = ()
    decimals: int = Field(default=1, ge=0, le=6)
    classes: ClassesSettings | None = None
    usual_steps: tuple[float, ...] = ()
    limit: LimitSettings | None = None
    ramp: RampSettings | None = None

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        low = self.low if self.release_low is None else self.release_low
        if low >= (self.high if self.release_high is None else self.release_high):
            raise ValueError("release_low must be below release_high (or low below high, where there is none)")
        return self


class TopicSettings(_Section):
    """A topic filter and the format of what is published there."""

    filter: str
    format: str


class Settings(_Section):
    """All of it."""

    hub: HubSettings = HubSettings()
    registry: RegistrySettings = RegistrySettings()
    mqtt: MqttSettings = MqttSettings()
    ingest: IngestSettings = IngestSettings()
    store: StoreSettings = StoreSettings()
    mirror: MirrorSettings = MirrorSettings()
    web: WebSettings = WebSettings()
    operator: OperatorSettings = OperatorSettings()
    place: PlaceSettings = PlaceSettings()
    retention: RetentionSettings = RetentionSettings()
    sources: tuple[SourceSettings, ...] = ()
    properties: tuple[PropertySettings, ...] = ()
    topics: tuple[TopicSettings, ...] = ()


def read(file: Path) -> Settings:
    """The settings of a barrio.toml; properties.toml and topics.toml are read from beside it, else the shipped ones.

    Raises:
        SettingsError: the file is missing, not TOML, or holds a key or value that means nothing.
    """
    tables = _toml(file)
    for name in ("properties", "topics"):
        if name in tables:
            raise SettingsError(f"{file}: {name}: these stand in a file of their own, {name}.toml beside this one")
        beside = file.parent / f"{name}.toml"
        source = beside if beside.exists() else shipped(f"{name}.toml")
        tables[name] = _checked_only(source, _toml(source), name)
    try:
        return _resolved(Settings.model_validate(tables), file.resolve().parent)
    except ValidationError as error:
        raise SettingsError(_told(file, error)) from error


def shipped(name: str) -> Path:
    """A file of the shipped configuration: beside the packages in a checkout, inside the package when installed."""
    for folder in (_HERE / "config", _HERE.parent / "config"):
        if (folder / name).exists():
            return folder / name
    raise SettingsError(f"{name} was not installed with Barrio: install it again, or put one beside barrio.toml")


def _toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError as error:
        raise SettingsError(f"{file}: no such file; start from config/barrio.toml") from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from error


def _checked_only(file: Path, tables: dict[str, Any], name: str) -> object:
    for key in tables:
        if key != name:
            raise SettingsError(f"{file}: {key}: unknown key; this file holds [[{name}]] only")
    return tables.get(name, [])


def _told(file: Path, error: ValidationError) -> str:
    lines = []
    for e in error.errors():
        path = ".".join(str(part) for part in e["loc"])
        words = "unknown key; config/barrio.toml names all there are" if e["type"] == "extra_forbidden" else e["msg"]
        lines.append(f"{file}: {path}: {words}")
    return "\n".join(lines)


def _resolved(settings: Settings, folder: Path) -> Settings:
    """The same settings with every relative path made absolute."""

    def resolve(value: object) -> object:
        if isinstance(value, Path):
            return value if value.is_absolute() else folder / value
        if isinstance(value, tuple):
            return tuple(resolve(v) for v in value)
        if isinstance(value, _Section):
            return value.model_copy(update={k: resolve(getattr(value, k)) for k in type(value).model_fields})
        return value

    store = settings.store
    whole = settings.model_copy(update={k: resolve(getattr(settings, k)) for k in Settings.model_fields})
    return whole.model_copy(update={"store": whole.store.model_copy(update={"folder": whole.hub.data / store.folder})})
