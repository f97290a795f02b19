"""What the settings mean: catalogue, cells, routes, limits, TLS, the store.

Rule: whatever the settings name and is not there is one `SettingsError` with the key's path, before anything starts.
"""

from __future__ import annotations

import csv
import ssl
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from hub.core.catalogue import Catalogue, ObservedProperty
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.places import Dwellings, Place, partition
from hub.core.store import Store, StoreUnavailable
from hub.decoders import DECODERS
from hub.decoders.routes import Routes
from hub.gate import Gate
from hub.mirror import Mirror
from hub.mirror.influxdb import Civic
from hub.mqtt.broker import Source
from hub.mqtt.contracts import EndpointSettings
from hub.registry import Limits
from hub.settings import MqttSettings, PropertySettings, Settings, SettingsError, SourceSettings
from hub.stores import SERVED, STORES
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.company import FileCompany, forget_company
from hub.stores.outbox.store import Outbox
from hub.stores.turns import FileTurns

REGISTRY = "registry.sqlite"
"""The file, in the hub's data, of a registry that is in no database elsewhere."""
OUTBOX = "outbox.sqlite"
"""The file, in the hub's data, in which readings wait for an engine that is away."""


def open_store(settings: Settings, worker: int | None = None) -> Store:
    """The store that the settings name; `worker`: the number of this process among several that have it.

    Raises:
        SettingsError: there is no such engine, or no token for it.
        StoreUnavailable: its files cannot be opened.
    """
    engine = _engine(settings, worker)
    wanted, data = settings.store.outbox, settings.hub.data
    if not (settings.store.engine in SERVED if wanted is None else wanted):
        return engine
    try:
        turns = None if worker is None else FileTurns(data / "outbox.turn")
        return Outbox(engine, data / outbox_of(worker), settings.store.outbox_bytes, turns=turns)
    except StoreUnavailable:
        engine.close()
        raise


def outbox_of(worker: int | None) -> str:
    """The outbox's file in the hub's data: a worker has one of its own."""
    return OUTBOX if worker is None else OUTBOX.replace(".", f"-{worker}.")


def check_workers(settings: Settings) -> None:
    """Look whether several processes can work with these settings.

    Raises:
        SettingsError: they cannot.
    """
    s = settings
    fixed = {"mqtt.port": s.mqtt.port, "mqtt.tls_port": s.mqtt.tls_port, "web.port": s.web.port}
    if s.hub.workers == 1:
        return
    if s.registry.url is None:
        raise SettingsError("hub.workers: several need a registry that they share: set registry.url to a PostgreSQL")
    if s.store.engine not in SERVED:
        there = " or ".join(sorted(SERVED))
        raise SettingsError(f"hub.workers: several need a store that they share: set store.engine to {there}")
    for name, port in fixed.items():
        if port == 0:
            raise SettingsError(f"{name}: several workers share one port: set one")


def metrics_port(settings: Settings, worker: int | None) -> int | None:
    """The port for metrics: each worker has its own, one after the other."""
    port = settings.operator.port
    return port if not port or worker is None else port + worker - 1


def registry_at(settings: Settings) -> Path | URL:
    """Where the registry is: a file in the hub's data, or the database that the settings name.

    Raises:
        SettingsError: that is no URL, its password cannot be read, or there is a file as well.
    """
    file, url = settings.hub.data / REGISTRY, registry_url(settings)
    if url is None:
        return file
    if url.get_backend_name() != "sqlite" and file.exists():
        raise SettingsError(
            f"registry.url: there is a registry in {file} too: bring it into the database with `barrio migrate "
            "--registry`, or move the file away"
        )
    return url


def registry_url(settings: Settings) -> URL | None:
    """The database that the settings name for the registry, with its password; None without one.

    Raises:
        SettingsError: that is no URL, or its password cannot be read.
    """
    s = settings.registry
    if s.url is None:
        return None
    try:
        url = make_url(s.url)
        password = None if s.password_file is None else s.password_file.read_text(encoding="utf-8").strip()
    except (ArgumentError, ValueError) as error:
        raise SettingsError("registry.url: write it as postgresql://user@host/database") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"registry.password_file: {s.password_file} cannot be read: see that it is there"
        ) from error
    return url if password is None else url.set(password=password)


def access_of(settings: Settings) -> Access:
    """The server that the settings name, and its token.

    Raises:
        SettingsError: the token cannot be read.
    """
    s = settings.store.influxdb
    try:
        token = s.token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"store.influxdb.token_file: {s.token_file} cannot be read: run `barrio store init`, which makes it"
        ) from error
    return Access(s.url, s.org, s.bucket, token, days_kept(settings) * 24 * 3600)


def days_kept(settings: Settings) -> int:
    """For how many days any reading is kept at most (0: for ever)."""
    days = [settings.retention.means(grade.word) for grade in Grade]
    return max(days) if all(days) else 0


def mirror_of(settings: Settings, gate: Gate, catalogue: Catalogue) -> Mirror | None:
    """The mirror that the settings name; None without `mirror.url`. Nobody is asked for anything yet.

    Raises:
        SettingsError: its token cannot be read.
    """
    s = settings.mirror
    if s.url is None:
        return None
    units = {p.id: p.unit for p in catalogue.properties.values()}
    return Mirror(gate, units, Civic(s.url, s.org, s.bucket, _mirror_token(settings)))


def _mirror_token(settings: Settings) -> str:
    file = settings.mirror.token_file
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"mirror.token_file: {file} cannot be read: run `barrio store init`, which makes it"
        ) from error


def catalogue_of(properties: Sequence[PropertySettings]) -> Catalogue:
    """The catalogue that properties.toml describes."""
    return Catalogue(
        ObservedProperty(
            id=p.id, name=p.name, unit=p.unit, family=p.family, cap=Grade.read(p.cap),
            station_cap=None if p.station_cap is None else Grade.read(p.station_cap),
            step_street=p.step_street, step_commons=p.step_commons, low=p.low, high=p.high,
            rate=p.rate, still=round(p.still_hours * HOUR),
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
    check_workers(settings)
    if settings.store.engine not in STORES:
        open_store(settings).close()
    cells = partition(read_dwellings(settings.place.dwellings), 8).cells
    for file in settings.place.ground:
        if not file.exists():
            raise SettingsError(f"place.ground: {file}: no such file")
    tls_context(settings.mqtt)
    if settings.mirror.url is not None:
        _mirror_token(settings)
    return [
        f"{len(settings.properties)} observed properties, {len(settings.topics)} foreign topics",
        f"{len(cells)} cells of at least fifty dwellings" if cells else "no dwellings: nothing is shown as street",
        f"{len(settings.sources)} outside brokers",
        *([f"{settings.hub.workers} workers"] if settings.hub.workers > 1 else []),
        f"mirror: {settings.mirror.bucket} at {settings.mirror.url}" if settings.mirror.url else "no mirror",
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


def _engine(settings: Settings, worker: int | None) -> Store:
    if settings.store.engine in SERVED:
        if worker is None:
            forget_company(settings.hub.data)
        company = None if worker is None else FileCompany(settings.hub.data, worker, settings.hub.workers)
        return SERVED[settings.store.engine](access_of(settings), company)
    try:
        engine = STORES[settings.store.engine]
    except KeyError as error:
        there = " or ".join(sorted([*STORES, *SERVED]))
        raise SettingsError(f"store.engine: no store is called {settings.store.engine!r}; use {there}") from error
    return engine(settings.store.folder)
