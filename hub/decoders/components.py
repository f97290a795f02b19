"""Topics of formats that announce themselves to Home Assistant, but have names of their own: ESPHome, Zigbee2MQTT.

Rule: a value has one name, whoever tells of it: the state itself or the announcement that came before it.
"""

from __future__ import annotations

import re
from functools import lru_cache

KINDS = frozenset({"sensor", "binary_sensor", "switch", "number", "climate", "cover", "fan"})
"""Components whose states are numbers or switches."""
_WITH_PARTS = frozenset({"climate", "cover", "fan"})
"""Those that have a topic for each of their parts: `climate/{object}/current_temperature/state`."""
_LEAST = 4
_ZIGBEE = "zigbee2mqtt/"
_MEMBER = re.compile(
    r"""\s*\{\{\s*value_json((?:\.\w+|\[['"][^'"\]]+['"]\])+)\s*(?:\|\s*\w+\s*(?:\([^()]*\))?\s*)*\}\}\s*"""
)
_STEP = re.compile(r"""\.(\w+)|\[['"]([^'"\]]+)['"]\]""")


@lru_cache(maxsize=65_536)
def place(topic: str) -> tuple[str, str] | None:
    """(thing, property) of `{prefix}/{component}/{object}/state`, as ESPHome has it, or None.

    Everything before the component is the thing. A sensor's property is its object; another component's says which
    component it is too, because they may share it.
    """
    levels = topic.split("/")
    if levels[-1] != "state" or len(levels) < _LEAST:
        return None
    if len(levels) > _LEAST and levels[-4] in _WITH_PARTS:
        prefix, component, name = levels[:-4], levels[-4], f"{levels[-3]}.{levels[-2]}"
    elif levels[-3] in KINDS:
        prefix, component, name = levels[:-3], levels[-3], levels[-2]
    else:
        return None
    return "/".join(prefix), name if component in {"sensor", "climate"} else f"{component}.{name}"


def bridged(topic: str, template: str) -> tuple[str, str] | None:
    """(thing, property) of a value that Zigbee2MQTT announces, as its own states name it, or None.

    The thing is what follows the base topic, or all of the topic under another base than the usual one; the property
    is the path of the member that the template takes.
    """
    if not topic.startswith(_ZIGBEE) and f"/{_ZIGBEE}" not in topic:
        return None
    member = _MEMBER.fullmatch(template)
    if member is None:
        return None
    return topic.removeprefix(_ZIGBEE), ".".join(a or b.replace(".", "_") for a, b in _STEP.findall(member[1]))
