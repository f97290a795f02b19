"""How much to measure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Rounds of each contender; messages, packs and seconds of a round; how often a hub is killed; rows of a past."""

    rounds: int = 5
    messages: int = 150_000
    packs: int = 4_000
    seconds: int = 10
    kills: int = 20
    rows: int = 100_000_000
