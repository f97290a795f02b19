"""Which topic is which format: the rules of config/topics.toml, compiled.

Rule: the hub's own topics (`things/...`) are native whatever the rules say; of the rules the first that matches
wins; a topic that no rule knows has no format: unless it was announced (`ANNOUNCED`), its messages are refused rather
than guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo

NATIVE = "native"
ANNOUNCED = "ha-discovery"
"""The format of topics without a rule that another message has announced."""
LONGEST_TOPIC = 1000
"""A longer topic has no format: what is remembered of topics, here and in decoders, must not grow with them."""
_REMEMBERED = 65_536
_UNKNOWN = object()


class Routes:
    """Topic → name of its format. Answers are remembered, boundedly: the hot path is one dictionary look-up."""

    def __init__(self, rules: Sequence[tuple[str, str]], zone: tzinfo | None = None) -> None:
        """Compile (filter, format) pairs, in order; `ValueError` for what is no topic filter.

        `zone` is where local times without a zone are told (`Heard.zone`); None: such a time is none.
        """
        self.zone = zone
        self._rules = [(_compiled(pattern), name) for pattern, name in rules]
        self._known: dict[str, str | None] = {}

    def format_of(self, topic: str) -> str | None:
        """The format's name (a key of `DECODERS`), or None when nobody said how to read this topic."""
        found = self._known.get(topic, _UNKNOWN)
        return self._look_up(topic) if found is _UNKNOWN else found  # type: ignore[return-value]  # str or None

    def _look_up(self, topic: str) -> str | None:
        if len(topic) > LONGEST_TOPIC:
            return None
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        matching = (name for pattern, name in self._rules if pattern.fullmatch(topic))
        self._known[topic] = found = NATIVE if topic.startswith("things/") else next(matching, None)
        return found


def _compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of a topic filter; `a/#` has `a` as well, leading wildcards have no `$` topics."""
    levels = pattern.split("/")
    misplaced = "#" in levels[:-1] or any(len(level) > 1 and ("+" in level or "#" in level) for level in levels)
    if not pattern or misplaced:
        raise ValueError(f"`{pattern}` is no topic filter: + and # stand alone between slashes, # only at the end")
    rest = levels[-1] == "#"
    parts = [r"[^/]*" if level == "+" else re.escape(level) for level in levels[: -1 if rest else None]]
    body = "/".join(parts) + (("(?:/.*)?" if parts else ".*") if rest else "")
    guard = r"(?!\$)" if levels[0] in {"+", "#"} else ""
    return re.compile(guard + body, re.DOTALL)
