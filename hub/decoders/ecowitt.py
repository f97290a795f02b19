"""Ecowitt gateways and consoles: their own MQTT upload (`ecowitt/…`, a form) and ecowitt2mqtt's JSON.

Rule: the thing is what the topic calls it. The PASSKEY lets anybody upload in the station's name: where it stands in
the topic, only a digest of it becomes the name.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from urllib.parse import unquote_plus

from hub.core.reading import Decoded, DecodeError, Heard, Message
from hub.decoders.documents import clean
from hub.decoders.ecowitt_words import INDOORS, station
from hub.decoders.flat import levels, object_in, placed
from hub.decoders.names import thing_name

_IDLE = frozenset({"ecowitt2mqtt", "ecowitt", "data.json", "data", "report", "raw", "payload"})
_MOST_FIELDS = 1000


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one upload of an Ecowitt station; raises `DecodeError`."""
    if not message.payload:
        return Decoded([])
    plain = clean(message.payload).lstrip()
    body = object_in(plain, "an Ecowitt upload") if plain[:1] in {b"{", b"["} else _form(plain)
    secret = body.get("PASSKEY")
    thing = _called(message.topic, secret if isinstance(secret, str) else "")
    found = station(thing, body)
    inside = {reading.thing for reading in found} - {thing}
    return Decoded(found, placed(f"{thing}{INDOORS}", "indoor", heard) if inside else ())


def _form(plain: bytes) -> dict[str, object]:
    """`PASSKEY=…&tempf=51.4&…`, as the gateways upload it."""
    try:
        written = plain.decode() if plain.count(b"&") < _MOST_FIELDS else ""
    except ValueError:
        written = ""
    pairs = [pair.partition("=") for pair in written.split("&")]
    fields: dict[str, object] = {_unquoted(word): _unquoted(said) for word, _, said in pairs if said}
    if not fields:
        raise DecodeError("an Ecowitt upload is a JSON object or a form (tempf=51.4&humidity=76…)")
    return fields


def _unquoted(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


@lru_cache(maxsize=4096)
def _called(topic: str, secret: str) -> str:
    """What the topic calls the station: its PASSKEY, where it stands there, is veiled by a digest."""
    called = (_veiled(level) if level == secret else level for level in levels(topic, _IDLE))
    return thing_name("/".join(called) or "ecowitt")


def _veiled(level: str) -> str:
    return sha256(level.encode("utf-8", "replace")).hexdigest()[:12]
