"""The memory engine keeps the contract."""

from __future__ import annotations

from tests.stores.contract import StoreContract
from tests.stores.histories import HistoriesContract


class TestMemory(StoreContract, HistoriesContract):
    engine = "memory"
