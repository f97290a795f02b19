"""What the settings mean: catalogue, cells, routes, limits, TLS, the store.

Rule: whatever the settings name and is not there is one `SettingsError` with the key's path, before anything starts.
"""

from __future__ import annotations

import csv
import ssl
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.core.catalogue import Catalogue, ObservedProperty
from hub.core.grade import MINUTE, Grade
from hub.core.places import Dwellings, Place, partition
from hub.core.store import Store
from hub.decoders import DECODERS
from hub.decoders.routes import Routes
from hub.mqtt.broker import Source
from hub.mqtt.contracts import EndpointSettings
from hub.registry import Limits
from hub.settings import MqttSettings, PropertySettings, Settings, SettingsError, SourceSettings
from hub.stores import STORES


def open_store(settings: Settings) -> Store:
    """The store that the settings name.

    Raises:
        SettingsError: there is no such engine.
        StoreUnavailable: its files cannot be opened.
    """
    try:
        engine = STORES[settings.store.engine]
    except KeyError as error:
        there = " or ".join(sorted(STORES))
        raise SettingsError(f"store.engine: no store is called {settings.store.engine!r}; use {there}") from error
    return engine(settings.store.folder)


def catalogue_of(properties: Sequence[PropertySettings]) -> Catalogue:
    """The catalogue that properties.toml describes."""
    return Catalogue(
        ObservedProperty(
            id=p.id, name=p.name, unit=p.unit, family=p.family, cap=Grade.read(p.cap),
            station_cap=None if p.station_cap is None else Grade.read(p.station_cap),
            step_street=p.step_street, step_commons=p.step_commons, low=p.low, high=p.high,
            watermark=round(p.watermark_minutes * MINUTE), energy=p.energy, names=tuple(n.lower() for n in p.names),
            epoch_days=p.epoch_days, release_low=p.release_low, release_high=p.release_high,
            release_spread=p.release_spread, release_step=p.release_step, meter=p.meter,
        )
        for p in properties
    )  # fmt: skip


def read_dwellings(file: Path | None) -> list[Dwellings]:
    """The buildings of a CSV with the columns lat, lon and dwellings; none without a file."""
    if file is None:
        return []
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            rows = csv.DictReader(stream)
            return [Dwellings(Place(float(r["lat"]), float(r["lon"])), int(r["dwellings"])) for r in rows]
    except OSError as error:
        raise SettingsError(f"place.dwellings: {file} cannot be read: {error.strerror}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise SettingsError(f"place.dwellings: {file}: every row needs lat, lon and dwellings as numbers") from error


def limits_of(settings: Settings) -> Limits:
    """How much anybody may use, as the operator set it."""
    return Limits(
        things_per_credential=settings.hub.things_per_credential,
        messages_per_second=settings.mqtt.messages_per_second,
        connections_per_credential=settings.mqtt.connections_per_credential,
        quarantine_messages=settings.hub.quarantine_messages,
        quarantine_bytes=settings.hub.quarantine_bytes,
    )


def routes_of(settings: Settings) -> Routes:
    """Which topic speaks which format.

    Raises:
        SettingsError: topics.toml names a format that does not exist.
    """
    for n, t in enumerate(settings.topics):
        if t.format not in DECODERS:
            there = ", ".join(sorted(DECODERS))
            raise SettingsError(f"topics.{n}.format: no format is called {t.format!r}; there are {there}")
    return Routes([(t.filter, t.format) for t in settings.topics], _zone(settings))


def _zone(settings: Settings) -> ZoneInfo | None:
    """The neighbourhood's zone, if its operator gave one: UTC is also what stands where nobody did."""
    return None if settings.hub.zone == "UTC" else ZoneInfo(settings.hub.zone)


def check(settings: Settings) -> list[str]:
    """What a start would find, without opening a port or a store; the lines say what was looked at.

    Raises:
        SettingsError: the first thing that is wrong.
    """
    routes_of(settings)
    if settings.store.engine not in STORES:
        open_store(settings)
    cells = partition(read_dwellings(settings.place.dwellings), 8).cells
    for file in settings.place.ground:
        if not file.exists():
            raise SettingsError(f"place.ground: {file}: no such file")
    tls_context(settings.mqtt)
    return [
        f"{len(settings.properties)} observed properties, {len(settings.topics)} foreign topics",
        f"{len(cells)} cells of at least fifty dwellings" if cells else "no dwellings: nothing is shown as street",
        f"{len(settings.sources)} outside brokers",
    ]


def tls_context(mqtt: MqttSettings) -> ssl.SSLContext | None:
    """The endpoint's TLS, or None when no tls_port is set.

    Raises:
        SettingsError: certificate or key are missing or do not fit.
    """
    if mqtt.tls_port is None:
        return None
    if mqtt.certificate is None or mqtt.key is None:
        raise SettingsError("mqtt.tls_port: needs mqtt.certificate and mqtt.key too")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(mqtt.certificate, mqtt.key)
        if mqtt.client_ca is not None:
            context.load_verify_locations(mqtt.client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"mqtt.certificate: cannot be used: {error}") from error
    return context


def endpoint_settings(mqtt: MqttSettings) -> EndpointSettings:
    """The endpoint's bounds as the operator set them."""
    return EndpointSettings(
        max_connections=mqtt.connections, max_packet=mqtt.largest_packet, receive_maximum=mqtt.receive_maximum,
        keep_alive=mqtt.longest_keep_alive,
    )  # fmt: skip


def source_of(s: SourceSettings, credential: int) -> Source:
    """An outside broker as the MQTT side wants it.

    Raises:
        SettingsError: its password file cannot be read.
    """
    password = None
    if s.password_file is not None:
        try:
            password = s.password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"sources.{s.name}.password_file: {error.strerror}: {s.password_file}") from error
    return Source(
        name=s.name, credential=credential, host=s.host, port=s.port, username=s.username, password=password,
        ca_file=None if s.ca is None else str(s.ca), topics=s.topics, version=5 if s.version == "5" else 4,
        client_id=s.client_id, shared=s.party is None, tls=s.tls,
    )  # fmt: skip
