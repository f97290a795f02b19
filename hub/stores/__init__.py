"""Engines in which observations live, by the name an operator chooses them by.

Rule: one line here, one file of its own, one five-line class in tests/stores: that is a whole engine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hub.core.store import Store
from hub.stores.duckdb.store import DuckDBStore
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.company import Company
from hub.stores.memory import MemoryStore

STORES: dict[str, Callable[[Path], Store]] = {
    "memory": MemoryStore,
    "duckdb": DuckDBStore,
}
"""Name → opener: takes the directory that is the engine's own, raises `StoreUnavailable` if it cannot have it."""


def _influxdb(access: Access, company: Company | None = None) -> Store:
    from hub.stores.influxdb.store import InfluxStore  # noqa: PLC0415 - its client takes its time, and most hubs have none

    return InfluxStore(access, company=company)


SERVED: dict[str, Callable[[Access, Company | None], Store]] = {"influxdb": _influxdb}
"""Name → opener of an engine on a server, which other processes may use too; speaks to nobody before it is used."""
