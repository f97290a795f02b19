"""Whether a message that comes again was stored: known by whoever had it last.

Rule: a message is stored, or new, or in doubt. In doubt is only what was on its way to the engine when a process ended,
or is on its way at this moment; everything else the outboxes know, whether the engine can be asked or not.
"""

from __future__ import annotations

from collections.abc import Collection
from time import monotonic

from hub.core.store import Store, StoreUnavailable, StoreUnsure
from hub.stores.outbox.shelf import Shelf
from hub.stores.outbox.siblings import SETTLED, Siblings

WORD = 2**64 - 1
"""A hash has 64 bits; with or without a sign is the same."""


class Recall:
    """What an outbox, its siblings and the engine behind them know of messages."""

    def __init__(self, engine: Store, shelf: Shelf, siblings: Siblings, *, alone: bool) -> None:
        """`alone`: no other process sends to the engine, so that what was sent before this one began has arrived."""
        self._engine, self._shelf, self._siblings = engine, shelf, siblings
        self._alone, self._begun = alone, monotonic()

    def seen(self, hashes: Collection[int], trouble: str) -> set[int]:
        """Which of these hashes came with a batch that was stored; `trouble`: why the engine is not to be asked, or "".

        Raises:
            StoreUnsure: some are in doubt.
        """
        words = {h & WORD: h for h in hashes}
        stored, left_by_us = self._shelf.known(words.keys())
        theirs, left_by_them, unsure = self._siblings.known(words.keys())
        stored |= theirs
        left = words.keys() - stored
        if left and not trouble:
            try:
                stored |= {h & WORD for h in self._engine.seen([words[w] for w in left])}
            except StoreUnavailable as error:
                trouble = str(error)
        if trouble or self._may_still_arrive:
            unsure |= left_by_us
        if trouble:
            unsure |= left_by_them
        known = {words[w] for w in stored}
        if unsure - stored:
            told = trouble or "another worker is storing this at the moment: ask again"
            raise StoreUnsure(told, known, {words[w] for w in unsure - stored})
        return known

    @property
    def _may_still_arrive(self) -> bool:
        """Whether the engine may yet get what a killed process of this number had sent."""
        return not self._alone and monotonic() - self._begun < SETTLED / 1e6
