"""The hub's notice-board: the few topics that are the same for everybody, retained.

Rule: only the hub writes here, below `public/`; who has come in may read all of it. It lies beside the topic spaces:
a filter reaches it by the word `public` as its first level and by nothing else, so that `#` in one's own space stays
one's own, as the standard has it for names that begin with `$`.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.mqtt.packets import Filter
from hub.mqtt.topics import check_name, matches

ROOT = "public/"
_ONLY_NEW, _NEVER = 1, 2
"""Retain handling (MQTT 5, section 3.8.3.1): what is retained comes with a new subscription only; or never."""


class Board:
    """What hangs there, topic by topic."""

    def __init__(self) -> None:
        self._notices: dict[str, bytes] = {}

    def put(self, topic: str, payload: bytes) -> None:
        """Hang up a notice in place of the one before; an empty one takes it down.

        Raises:
            ValueError: the topic is not below `public/`.
        """
        check_name(topic)
        if not topic.startswith(ROOT) or len(topic) == len(ROOT):
            raise ValueError("A public topic lies below public/.")
        if payload:
            self._notices[topic] = payload
        else:
            self._notices.pop(topic, None)

    def for_new(self, one: Filter, *, known: bool) -> list[tuple[str, bytes]]:
        """What a subscription gets at once; `known`: it replaces one with the same filter."""
        if one.retain_handling == _NEVER or (one.retain_handling == _ONLY_NEW and known):
            return []
        return [notice for notice in self._notices.items() if reaches(one.pattern, notice[0])]


def reaches(pattern: str, topic: str) -> bool:
    """Whether a filter has a topic of the board."""
    return pattern.startswith(ROOT) and matches(pattern, topic)


def keeps_retain(filters: Iterable[Filter], topic: str) -> bool | None:
    """Whether a notice that is new comes with the retain flag (3.3.1.3) under these filters; None: it does not come."""
    asked = [one.retain_as_published for one in filters if reaches(one.pattern, topic)]
    return any(asked) if asked else None
