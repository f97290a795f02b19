"""A process that appends to an InfluxDB, says so after each return, and may be killed at any moment."""

from __future__ import annotations

import sys
from time import sleep

import numpy as np

from hub.core.observations import Observations
from hub.core.store import Store, StoreUnavailable
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.store import InfluxStore
from tests.core.world import NOW
from tests.stores.worlds import regular

ROWS = 500


def message_of(number: int) -> Observations:
    """What batch `number` holds: times of its own, its number as value; rows of two weeks, so of two shards."""
    values = np.full(ROWS, float(number))
    batch = regular(1000, NOW + number * ROWS * 1000, 1000, values)
    batch.time[: ROWS // 2] -= 14 * 86_400_000_000
    return batch


def append_until_it_works(store: Store, number: int) -> None:
    """As the hub does: the same batch again, until the store has it."""
    while True:
        try:
            store.append(message_of(number), [number])
        except StoreUnavailable:
            sleep(0.02)
        else:
            return


def main(url: str, org: str, bucket: str, token: str, first: str) -> None:
    """Append batches from number `first` on, for as long as it lasts."""
    number = int(first)
    store = InfluxStore(Access(url, org, bucket, token))
    while True:
        append_until_it_works(store, number)
        print(number, flush=True)  # noqa: T201 -- what it says is what the test is about
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
