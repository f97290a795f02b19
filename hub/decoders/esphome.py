"""ESPHome over MQTT: `{prefix}/{component}/{object}/state`, plain text (https://esphome.io/components/mqtt).

Rule: the prefix is the thing; units and kinds are known only once its discovery was heard, and then the announcement
says how to read it. Logs, commands, availability and the text of text sensors hold no readings.
"""

from __future__ import annotations

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.announced import readings
from hub.decoders.components import place
from hub.decoders.documents import read_json
from hub.decoders.names import is_name, text, thing_name
from hub.decoders.numbers import number_from_text

_DISCOVER = "esphome/discover/"


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of an ESPHome node; raises `DecodeError`."""
    told = heard.at(message.topic)
    if told:
        return Decoded(readings(message.payload, told))
    if message.topic.startswith(_DISCOVER):
        return _discovered(message.payload)
    where = place(message.topic)
    if where is None or not message.payload:
        return Decoded([])
    thing, name = where
    try:
        value = number_from_text(message.payload.decode())
    except UnicodeDecodeError:
        raise DecodeError("the state is not UTF-8 text") from None
    if value is None or not is_name(name):
        return Decoded([])
    return Decoded([Reading(thing_name(thing), name, value)])


def _discovered(payload: bytes) -> Decoded:
    """`esphome/discover/{node}`: what a node is called; its topics begin with its name unless somebody changed that."""
    body = read_json(payload) if payload.strip() else None
    name = body.get("name") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(name, str) or not is_name(name):
        return Decoded([])
    about = " ".join(w for w in (text(body.get("board")), text(body.get("version"))) if w)
    return Decoded([], [Announcement(name, name=text(body.get("friendly_name")), description=about or None)])
