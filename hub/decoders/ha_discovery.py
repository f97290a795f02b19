"""Home Assistant MQTT discovery, single components and whole devices (https://www.home-assistant.io/integrations/mqtt/).

Rule: a message on `…/config` says on which topic values come and what they are; a message on any other topic is read
only if such a message said how. A state that is text, an unknown template, a missing value: no reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zlib import crc32

from msgspec.structs import replace

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Place
from hub.decoders.announced import PLAIN, SILENT, Pointer, readings, written
from hub.decoders.components import bridged, place
from hub.decoders.documents import read_json
from hub.decoders.names import is_name, text, thing_name

_LONG = {
    "stat_t": "state_topic", "val_tpl": "value_template", "stat_val_tpl": "state_value_template",
    "unit_of_meas": "unit_of_measurement", "dev_cla": "device_class", "dev": "device", "pl_on": "payload_on",
    "pl_off": "payload_off", "stat_on": "state_on", "stat_off": "state_off", "cmps": "components", "p": "platform",
    "curr_temp_t": "current_temperature_topic", "curr_temp_tpl": "current_temperature_template",
    "curr_hum_t": "current_humidity_topic", "curr_hum_tpl": "current_humidity_template",
    "temp_unit": "temperature_unit", "avty_t": "availability_topic", "avty": "availability",
    "json_attr_t": "json_attributes_topic", "ops": "options", "t": "topic",
}  # fmt: skip
_LONG_DEVICE = {"ids": "identifiers", "cns": "connections", "mdl": "model", "mf": "manufacturer"}
_NUMBERS = frozenset({"sensor", "number"})
_SWITCHES = frozenset({"binary_sensor", "switch"})
_WITH_CURRENT = frozenset({"climate", "water_heater", "humidifier"})
_COMPONENTS = _NUMBERS | _SWITCHES | _WITH_CURRENT | {
    "alarm_control_panel", "button", "camera", "cover", "device", "device_automation", "device_tracker", "event", "fan",
    "image", "lawn_mower", "light", "lock", "notify", "scene", "select", "siren", "tag", "text", "update", "vacuum",
    "valve",
}  # fmt: skip
_NO_NUMBERS = frozenset({"enum", "timestamp", "date"})
"""Device classes of sensors whose states are texts, even if they look like numbers."""
_DEGREES = {"C": "°C", "F": "°F"}
_ENDINGS = frozenset({"state", "stat", "status", "value", "values", "config", "data"})
_MOST_COMPONENTS = 1000
_BRIDGE = "zigbee2mqtt_"
"""How Zigbee2MQTT identifies its devices: what it says of their availability its own format reads."""
_WITH_NODE = 3


def decode(message: Message, heard: Heard) -> Decoded:
    """Read an announcement, or a state that was announced; raises `DecodeError` for a topic of which nobody told."""
    address = _address(message.topic)
    if address is not None:
        return _configured(message, *address, heard)
    told = heard.at(message.topic)
    if told:
        return Decoded(readings(message.payload, told))
    if message.topic.endswith(("/status", "/config")):
        return Decoded([])  # Home Assistant or a device is there, or a kind of announcement that is not read
    raise DecodeError("no format is known for this topic: publish under things/…, or ask for a line in topics.toml")


def _address(topic: str) -> tuple[str, list[str]] | None:
    """(prefix, [component, perhaps a node, object]) of a topic that announces."""
    levels = topic.split("/")
    for size in (_WITH_NODE, 2):
        if levels[-1] == "config" and len(levels) > size + 1 and levels[-1 - size] in _COMPONENTS:
            return "/".join(levels[: -1 - size]), levels[-1 - size : -1]
    return None


def _configured(message: Message, prefix: str, own: list[str], heard: Heard) -> Decoded:
    """What a message on `{prefix}/{component}/[{node}/]{object}/config` announces, and what it no longer does."""
    before = heard.told_on(message.topic)
    if not message.payload.strip():
        return Decoded([], withdrawn=before)
    body = read_json(message.payload)
    if not isinstance(body, dict):
        raise DecodeError("an announcement for Home Assistant is a JSON object")
    found = list(_announcements(message.topic, prefix, own, _lengthened(body, _LONG), heard))
    told = {(a.thing, a.property) for a in found}
    return Decoded([], found, [where for where in before if where not in told])


def _announcements(
    topic: str, prefix: str, own: list[str], body: dict[str, object], heard: Heard
) -> Iterator[Announcement]:
    """All that one message announces: the values of its components, what holds none, and the device itself."""
    device = _lengthened(body.get("device"), _LONG_DEVICE)
    owner = _identified(device) or (own[1] if len(own) == _WITH_NODE and own[0] != "device" else None)
    things: set[str] = set()
    taken: set[Place] = set()
    for key, component in _components(own, body):
        for said in _values(component, key):
            named = replace(said, thing=owner or _owner(said.topic or "", prefix))
            zigbee = bridged(said.topic or "", str(component.get("value_template", "")))
            if zigbee is not None:
                yield from _of_bridge(replace(said, thing=zigbee[0], property=zigbee[1], source=topic), heard)
                continue
            a = _placed(named, topic, str(component.get("platform")), heard, taken)
            things.add(a.thing)
            yield a
        for at in () if (owner or "").startswith(_BRIDGE) else _about(component):
            thing = owner or _owner(at, prefix)
            mark = f"about.{crc32(at.encode('utf-8', 'surrogatepass')):08x}"
            if is_name(thing) and (thing, mark) not in heard:
                yield Announcement(thing, mark, topic=at, pointer=SILENT)
    name, maker = text(device.get("name")), (text(device.get("manufacturer")), text(device.get("model")))
    for thing in things if device else ():
        yield Announcement(thing, name=name, description=" ".join(w for w in maker if w) or None)


def _components(own: list[str], body: dict[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    """(object, component): one, or all of a device; one that holds its platform alone has been taken away."""
    if own[0] != "device":
        yield own[-1], {**body, "platform": own[0]}
        return
    listed = body.get("components")
    for key, part in list(listed.items())[:_MOST_COMPONENTS] if isinstance(listed, dict) else ():
        component = _lengthened(part, _LONG)
        if component.keys() - {"platform"}:
            yield str(key), {**body, **component}


def _values(body: dict[str, object], key: str) -> Iterator[Announcement]:
    """The values of one component, named by its object so far, and nobody's."""
    kind, name, device_class = body.get("platform"), text(body.get("name")), text(body.get("device_class"))
    state = _topic(body, "state_topic")
    if state is not None:
        pointer = _pointer(body, str(kind), device_class)
        unit = None if pointer.on is not None else text(body.get("unit_of_measurement"))
        yield Announcement("", key, name, unit, device_class, topic=state, pointer=written(pointer))
    degrees = _DEGREES.get(str(body.get("temperature_unit")))
    current = {"current_temperature": degrees, "current_humidity": "%"} if kind in _WITH_CURRENT else {}
    for part, said in current.items():
        at, template = _topic(body, f"{part}_topic"), body.get(f"{part}_template")
        if at is not None:
            pointer = Pointer(template if isinstance(template, str) else PLAIN)
            yield Announcement("", f"{key}.{part}", name, said, part, topic=at, pointer=written(pointer))


def _pointer(body: dict[str, object], kind: str, device_class: str | None) -> Pointer:
    """How to read the state of a component; one that is no number and no switch is silent."""
    said = body.get("value_template") or body.get("state_value_template")
    template = said if isinstance(said, str) else PLAIN
    if kind in _SWITCHES:
        on = body.get("state_on", body.get("payload_on", "ON"))
        off = body.get("state_off", body.get("payload_off", "OFF"))
        return Pointer(template, str(on), str(off))
    return Pointer(template, silent=kind not in _NUMBERS or device_class in _NO_NUMBERS or "options" in body)


def _about(body: dict[str, object]) -> Iterator[str]:
    """Topics that tell whether a component is there and other things that are no measurements."""
    listed = body.get("availability")
    alive = [_lengthened(one, _LONG) for one in listed[:10]] if isinstance(listed, list) else []
    topics = [_topic(body, "availability_topic"), _topic(body, "json_attributes_topic")]
    topics += [_topic({"~": body.get("~"), **one}, "topic") for one in alive]
    yield from (topic for topic in dict.fromkeys(topics) if topic is not None)


def _placed(a: Announcement, source: str, kind: str, heard: Heard, taken: set[Place]) -> Announcement:
    """Under a name that nothing else has: as its state's topic says, else by its object, if need be by its kind."""
    shape = place(a.topic or "")
    if shape is not None and shape[0] != "homeassistant":
        a = replace(a, thing=shape[0], property=shape[1])
    for name in (
        a.property,
        f"{kind}.{a.property}",
        f"{crc32(source.encode('utf-8', 'surrogatepass')):08x}.{a.property}",
    ):
        said = heard.get((a.thing, name))
        if (a.thing, name) not in taken and (said is None or said.source in {None, source}):
            if not is_name(name):
                break
            taken.add((a.thing, name))
            return replace(a, thing=thing_name(a.thing), property=name, source=source)
    raise DecodeError("a component's name is longer than 128 characters, holds + or #, or stands there twice")


def _of_bridge(a: Announcement, heard: Heard) -> Iterator[Announcement]:
    """What Zigbee2MQTT says of a value; the bridge itself says it better in `bridge/devices`."""
    said = heard.get((a.thing, a.property))
    if is_name(a.thing) and is_name(a.property) and (said is None or said.source is not None):
        yield a


def _owner(state: str, prefix: str) -> str:
    """The thing that a topic names, if nothing else does: without the prefix, the component and the ending."""
    levels = state.split("/")
    if state.startswith(f"{prefix}/"):
        levels = levels[prefix.count("/") + 1 :]
        levels = levels[1:] if len(levels) > 1 and levels[0] in _COMPONENTS else levels
    return "/".join(levels[:-1] if len(levels) > 1 and levels[-1].lower() in _ENDINGS else levels)


def _identified(device: Mapping[str, object]) -> str | None:
    """What tells this device from all others: the first of its identifiers, else of its connections, else its name."""
    ids, links = device.get("identifiers"), device.get("connections")
    first = ids[0] if isinstance(ids, list) and ids else ids
    if not isinstance(first, str | int) and isinstance(links, list) and links and isinstance(links[0], list):
        first = links[0][-1] if links[0] else None
    words = (str(w) for w in (first, device.get("name")) if isinstance(w, str | int))
    return next((thing_name(w) for w in words if w.strip()), None)


def _topic(body: Mapping[str, object], key: str) -> str | None:
    """A topic, its `~` at either end resolved to the base topic."""
    found, base = body.get(key), body.get("~")
    if not isinstance(found, str) or not found:
        return None
    if isinstance(base, str):
        found = base + found[1:] if found[0] == "~" else found[:-1] + base if found[-1] == "~" else found
    return found


def _lengthened(body: object, names: Mapping[str, str]) -> dict[str, object]:
    """The object with its long keys; what is none is empty."""
    return {names.get(str(k), str(k)): v for k, v in body.items()} if isinstance(body, dict) else {}
