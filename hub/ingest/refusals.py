"""What becomes of a message that cannot be used: recorded with its reason, answered to its thing, acknowledged.

Rule: a reason, never a value. A thing hears at most one answer a second, so that poison cannot loop; what it sent is
acknowledged like anything else, so that it is not sent again for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from hub.core.grade import DAY
from hub.core.history import Span
from hub.core.observations import Key
from hub.core.reading import Decoded, Message
from hub.core.store import ANY_TIME
from hub.registry import Refused, Registry

_EVERY = 1.0
_MOST_THINGS = 10_000
_NATIVE_LEVELS = 3


class Refusals:
    """The refusals of the batch at hand."""

    def __init__(self, registry: Registry) -> None:
        """Record into `registry`."""
        self._registry = registry
        self._waiting: list[tuple[Message, str, str]] = []
        self._answered: dict[tuple[int, str], float] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._waiting)

    def undecoded(self, message: Message, why: str) -> None:
        """The payload cannot be read."""
        self._waiting.append((message, "payload", why))

    def unrouted(self, message: Message) -> None:
        """No format is known for this topic; answers of the hub that come back are passed over in silence."""
        if not message.topic.endswith("/errors"):
            why = "no format is known for this topic: publish under things/…, or ask for a line in config/topics.toml"
            self._waiting.append((message, "topic", why))

    def sealed(self, messages: Iterable[Message]) -> None:
        """The datastream is `sealed`: in clear it is not taken."""
        why = "this value is sealed and came in clear: it was not kept"
        seen = {id(m): m for m in messages}
        self._waiting.extend((m, "sealed", why) for m in seen.values())

    def former(self, messages: Iterable[Message]) -> None:
        """Measured before the thing changed hands: the new owner may not see it, and the old one has it no more."""
        why = "what was measured before this thing had its present owner is not kept: empty what the device has kept"
        self._waiting.extend((m, "time", why) for m in messages)

    def unkept(self, refused: Iterable[tuple[Message, str]]) -> None:
        """Envelopes that nobody's letter-box takes."""
        self._waiting.extend((message, "seal", why) for message, why in refused)

    def unowned(self, heard: list[tuple[Message, Decoded]], refused: dict[Key, str]) -> None:
        """Names that the registry would not take on; their readings are left out of what was heard."""
        if not refused:
            return
        for message, decoded in heard:
            kept = []
            for r in decoded.readings:
                why = refused.get(Key(message.credential, r.thing, r.property, r.unit))
                if why is None:
                    kept.append(r)
                else:
                    self._waiting.append((message, "thing", why))
            decoded.readings[:] = kept

    def outside(self, heard: list[tuple[Message, Decoded]], keeps: Span) -> None:
        """Readings of a time that is not kept; they are left out of what was heard."""
        if keeps == ANY_TIME:
            return
        for message, decoded in heard:
            kept = [r for r in decoded.readings if r.time is None or keeps.since <= r.time < keeps.until]
            if len(kept) < len(decoded.readings):
                days = (message.received - keeps.since) // DAY
                why = f"readings older than {days} days or far in the future are not kept: look at the thing's clock"
                self._waiting.append((message, "time", why))
                decoded.readings[:] = kept

    def record(self, now: int) -> None:
        """Write them down (blocking); `now` in µs."""
        if self._waiting:
            self._registry.refuse([
                Refused(m.credential, thing_of(m.topic), m.topic, why, len(m.payload), now)
                for m, _, why in self._waiting
            ])  # fmt: skip

    def answer(self, moment: float) -> None:
        """Tell the things, each at most once a second; `moment` in seconds of a clock that only goes forward."""
        for message, kind, why in self._waiting:
            thing = thing_of(message.topic)
            key = (message.credential, thing)
            if moment - self._answered.get(key, -_EVERY) < _EVERY:
                continue
            if len(self._answered) >= _MOST_THINGS:
                self._answered.clear()
            self._answered[key] = moment
            told = {"code": "refused", "type": kind, "message": why, "topic": message.topic}
            message.sender.answer(f"things/{thing}/errors", msgspec.json.encode(told))

    def counted(self) -> Counter[str]:
        """How many of which kind; the batch is done."""
        counts = Counter(kind for _, kind, _ in self._waiting)
        self._waiting.clear()
        return counts


def thing_of(topic: str) -> str:
    """The thing a topic speaks of, as well as can be told from the topic alone."""
    levels = topic.split("/")
    if levels[0] == "things" and len(levels) >= _NATIVE_LEVELS:
        return levels[1]
    return next((level for level in levels if level), "unknown")
