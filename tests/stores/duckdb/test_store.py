"""The DuckDB engine keeps the contract, and keeps what it was given."""

from __future__ import annotations

import pytest

from tests.stores.aging import AgingContract
from tests.stores.contract import StoreContract
from tests.stores.durable import DurableContract
from tests.stores.histories import HistoriesContract


@pytest.mark.slow
class TestDuckDB(StoreContract, HistoriesContract, AgingContract, DurableContract):
    engine = "duckdb"
