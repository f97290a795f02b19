"""Topic names and topic filters (MQTT 5 section 4.7): what they may be, and which filter has which name.

Rule: a name with a wildcard breaks the standard and ends the connection; a name with control characters, or one that
is too long or too deep for the hub, is that message's fault only.
"""

from __future__ import annotations

import re

from hub.mqtt.reasons import ProtocolError, Reason

_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ufffe\\uffff]")
SHARED = "$share/"


def check_name(topic: str) -> None:
    """Raise `ProtocolError` unless `topic` may stand in a PUBLISH, a will or a response topic."""
    if not topic:
        raise ProtocolError(Reason.TOPIC_NAME_INVALID, "a topic name is empty")
    if "#" in topic or "+" in topic:
        raise ProtocolError(Reason.TOPIC_NAME_INVALID, "a topic name holds a wildcard")


def check_filter(pattern: str) -> None:
    """Raise `ProtocolError` unless `pattern` is a topic filter: `#` only as the last level, `+` only as a whole one."""
    if not pattern:
        raise ProtocolError(Reason.MALFORMED, "a topic filter is empty")
    levels = pattern.split("/")
    if "#" in pattern and ("#" in pattern[:-1] or levels[-1] != "#"):
        raise ProtocolError(Reason.MALFORMED, "# is not the last level of a topic filter")
    if any("+" in level and level != "+" for level in levels):
        raise ProtocolError(Reason.MALFORMED, "+ is not a whole level of a topic filter")
    if pattern.startswith(SHARED):
        _check_shared(levels)


def is_usable(topic: str, max_bytes: int, max_levels: int) -> bool:
    """Whether the hub takes this name: no control characters, not too long in UTF-8, not too deep."""
    return (
        len(topic) <= max_bytes
        and topic.count("/") < max_levels
        and not _CONTROL.search(topic)
        and len(topic.encode()) <= max_bytes
    )


def matches(pattern: str, topic: str) -> bool:
    """Whether the filter has the name; wildcards at the start never have names that begin with `$`."""
    if topic.startswith("$") and pattern[:1] in {"#", "+"}:
        return False
    wanted = pattern.split("/")
    levels = topic.split("/")
    for at, level in enumerate(wanted):
        if level == "#":
            return True
        if at >= len(levels) or level not in {"+", levels[at]}:
            return False
    return len(wanted) == len(levels)


def _check_shared(levels: list[str]) -> None:
    """`$share/{name}/{filter}`: the name is not empty and has no wildcard, and a filter follows (section 4.8.2)."""
    nameless = len(levels) < 3 or not levels[1] or levels[1] in {"+", "#"}  # noqa: PLR2004 - the three parts
    if nameless or levels[2:] == [""]:
        raise ProtocolError(Reason.PROTOCOL_ERROR, "a shared subscription has no name or no filter")
