"""The mirror: the bucket `civic` of an InfluxDB, for Grafana and for whoever writes Flux.

Rule: it holds what the gate shows to nobody in particular, and nothing more. It asks the gate as anybody does and has
no other way in; what the gate no longer shows goes before anything new comes.
"""

from hub.mirror.mirror import Mirror, Shelf
from hub.mirror.points import Points, Series

__all__ = ["Mirror", "Points", "Series", "Shelf"]
