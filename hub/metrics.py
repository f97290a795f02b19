"""What the operator may watch, for Prometheus, on the operator's own port.

Rule: numbers of the hub's own work. No ids, no names, no values, no places: nothing in it tells of anybody.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from wsgiref.types import WSGIApplication

from prometheus_client import CollectorRegistry, Histogram, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from hub.ingest.pipeline import Counts
from hub.mqtt.contracts import Counters
from hub.stores.outbox.store import Outbox
from hub.stores.outbox.waits import Waits

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.2, 0.5, 1, 5, 30)


class Metrics(Collector):
    """The hub's counters as Prometheus reads them."""

    def __init__(self, counts: Counts, endpoint: Counters, outbox: Outbox | None = None) -> None:
        """Read `counts` of ingest, `endpoint` and the `outbox`, if there is one, whenever asked."""
        self._outbox = outbox
        self._counts = counts
        self._endpoint = endpoint
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._delay = Histogram(
            "barrio_commit_delay_seconds", "From arrival to commit, oldest message of each sender in a batch.",
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip

    @property
    def app(self) -> WSGIApplication:
        """What answers Prometheus."""
        app: WSGIApplication = make_wsgi_app(self._registry)
        return app

    def collect(self) -> Iterator[Metric]:
        """The metrics as of now."""
        counts = self._counts
        while counts.delays:
            self._delay.observe(counts.delays.popleft())
        yield CounterMetricFamily("barrio_received", "Messages taken from things.", value=self._endpoint.received)
        yield CounterMetricFamily("barrio_messages", "Messages stored and acknowledged.", value=counts.messages)
        yield CounterMetricFamily("barrio_committed", "Observations committed.", value=counts.readings)
        yield CounterMetricFamily("barrio_commits", "Commits.", value=counts.batches)
        yield CounterMetricFamily("barrio_repeated", "Messages sent again that were stored.", value=counts.repeated)
        refused = CounterMetricFamily("barrio_refused", "Messages that could not be used.", labels=["reason"])
        for reason, number in counts.refused.items():
            refused.add_metric([reason], number)
        yield refused
        yield GaugeMetricFamily("barrio_waiting", "1 while the store cannot take data.", value=float(counts.waiting))
        yield GaugeMetricFamily("barrio_connections", "Connections of things.", value=self._endpoint.connections)
        if self._outbox is not None:
            yield from _waits(self._outbox.waits)


def _waits(w: Waits) -> Iterator[Metric]:
    age = 0.0 if w.oldest is None else max(0.0, time.time() - w.oldest / 1e6)
    yield GaugeMetricFamily("barrio_outbox_readings", "Readings that wait for the store.", value=w.rows)
    yield GaugeMetricFamily("barrio_outbox_bytes", "Bytes of them on the disk.", value=w.bytes)
    yield GaugeMetricFamily("barrio_outbox_most_bytes", "Bytes that may wait.", value=w.most)
    yield GaugeMetricFamily("barrio_outbox_oldest_seconds", "For how long the oldest has waited.", value=age)
    yield GaugeMetricFamily("barrio_outbox_trouble", "1 while they are not taken.", value=float(bool(w.trouble)))
