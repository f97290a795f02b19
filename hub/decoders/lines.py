"""JSON lines in, JSON lines out: what the decoders make of messages, for people and for tests.

Rule: every line is answered by one line; a line that cannot be read is refused in words and harms no other.
In: ``{"topic", "payload_base64", "received", "retain"}``, in the order in which a hub would hear them.
Out: ``{"readings": [{"thing", "property", "value", "unit", "time"}], "refused": null or "reason"}``; times ISO 8601.
"""

from __future__ import annotations

import contextlib
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message
from hub.decoders import DECODERS
from hub.decoders.announced import instead
from hub.decoders.routes import ANNOUNCED, Routes
from hub.decoders.times import from_iso

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Line(msgspec.Struct):
    """One message as it is fed in; `received` is ISO 8601 with a zone."""

    topic: str
    payload_base64: str
    received: str
    retain: bool = False


class Nobody:
    """The sender of a message that came over no connection."""

    mark = 0

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Nobody waits for it."""

    def hold_up(self, messages: Sequence[Message]) -> None:
        """Nobody sends it again."""

    def answer(self, topic: str, payload: bytes) -> None:
        """Nobody listens."""


class Listener:
    """One topic space, as the hub would hear it: announcements of earlier messages help to read later ones."""

    def __init__(self, routes: Routes, form: str | None = None) -> None:
        """Read by `routes`, or everything as the format `form` (a key of `DECODERS`)."""
        self._routes = routes
        self._form = form
        self._heard = Heard()
        self._heard.zone = routes.zone

    @property
    def heard(self) -> list[Announcement]:
        """What was announced so far."""
        return list(self._heard.values())

    def hear(self, topic: str, payload: bytes, received: int, *, retained: bool = False) -> Decoded:
        """Decode one message that came at `received` (µs); raises `DecodeError`."""
        form = self._form or self._routes.format_of(topic)
        if form is None and not self._heard.at(topic):
            raise DecodeError("no format is known for this topic; name it in config/topics.toml")
        decode = DECODERS[form or ANNOUNCED]
        message = Message(Nobody(), 0, topic, payload, received, retained=retained)
        try:
            decoded = decode(message, self._heard)
        except DecodeError:
            spare = instead(message, self._heard)
            if spare is None:
                raise
            decoded = spare
        if not decoded.readings and not decoded.announcements and decoded.sealed is None:
            decoded = instead(message, self._heard) or decoded
        self._heard.hear(decoded.announcements, decoded.withdrawn)
        return decoded


def answers(feed: Iterable[str], listener: Listener) -> Iterator[str]:
    """One line of JSON for each line of JSON in `feed`."""
    for text in feed:
        yield msgspec.json.encode(_answer(text, listener)).decode()


def overhear(feed: Iterable[str], listener: Listener, received: int) -> None:
    """Let a listener hear what came before: lines as `answers` takes them, or `topic payload` (mosquitto_sub -v).

    What the decoders refuse in there is passed over; `received` (µs) is when a line without a time came.

    Raises:
        ValueError: a line is neither; its text says which.
    """
    for number, text in enumerate(feed, 1):
        if not text.strip():
            continue
        topic, payload, at = _heard_before(text.rstrip("\r\n"), received, number)
        with contextlib.suppress(DecodeError):
            listener.hear(topic, payload, at, retained=True)


def _heard_before(text: str, received: int, number: int) -> tuple[str, bytes, int]:
    if text[:1] != "{":
        topic, _, payload = text.partition(" ")
        return topic, payload.encode(), received
    try:
        line = msgspec.json.decode(text, type=Line)
        return line.topic, b64decode(line.payload_base64, validate=True), from_iso(line.received) or received
    except (msgspec.DecodeError, ValueError) as problem:
        raise ValueError(f"line {number} cannot be read: {problem}") from problem


def _answer(text: str, listener: Listener) -> dict[str, object]:
    try:
        line = msgspec.json.decode(text, type=Line)
        payload = b64decode(line.payload_base64, validate=True)
        received = from_iso(line.received)
    except (msgspec.DecodeError, ValueError) as problem:
        return {"readings": [], "refused": f"the line cannot be read: {problem}"}
    if received is None:
        return {"readings": [], "refused": "the line cannot be read: `received` is not ISO 8601 with a zone"}
    try:
        decoded = listener.hear(line.topic, payload, received, retained=line.retain)
    except DecodeError as refusal:
        return {"readings": [], "refused": str(refusal)}
    return {"readings": [shown(r) for r in decoded.readings], "refused": None}


def shown(reading: msgspec.Struct) -> dict[str, object]:
    """A reading as it is written in a line: thing, property, value, unit, time (ISO 8601 or None)."""
    row = msgspec.structs.asdict(reading)
    time = row["time"]
    row["time"] = None if time is None else (_EPOCH + timedelta(microseconds=time)).isoformat()
    return {key: row[key] for key in ("thing", "property", "value", "unit", "time")}
