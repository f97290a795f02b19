"""What the gate tells an owner of her own things."""

from __future__ import annotations

from pathlib import Path

from hub.core.audience import Audience
from hub.gate import Gate
from hub.stores.memory import MemoryStore
from tests.registry.town import CATALOGUE, NOW, monitor, opened, person


def test_an_owners_things_stand_by_their_titles_not_by_their_random_ids(tmp_path: Path) -> None:
    registry = opened(tmp_path)
    ana = person(registry, "Ana")
    for name in ("roof", "balcony", "Attic", "kitchen", "cellar", "door", "garden", "hall"):
        monitor(registry, ana, "pm25", name=name)
    gate = Gate(MemoryStore(), registry, CATALOGUE, lambda: NOW)
    told = [thing.title for thing in gate.mine(Audience(ana, frozenset({ana})))]
    assert told == ["Attic", "balcony", "cellar", "door", "garden", "hall", "kitchen", "roof"]
    registry.close()
