"""The memory engine keeps the contract."""

from __future__ import annotations

from tests.stores.aging import AgingContract
from tests.stores.contract import StoreContract
from tests.stores.histories import HistoriesContract


class TestMemory(StoreContract, HistoriesContract, AgingContract):
    engine = "memory"
