"""Where a server is on which observations live, and what opens it.

Rule: nothing is imported here that takes its time: most hubs have no server.
"""

from __future__ import annotations

from typing import NamedTuple


class Access(NamedTuple):
    """An InfluxDB 2 and a bucket there; `keep`: for how many seconds the hub wants readings kept (0: for ever)."""

    url: str
    org: str
    bucket: str
    token: str
    keep: int = 0
