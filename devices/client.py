"""The makers' client: introduce a thing, publish its readings, lose none.

    with Device("hub.local", user="u7", password="…", thing="balcony", backlog=Path("balcony.db")) as device:
        device.introduce("Balcony", exposure="outdoor", datastreams={"pm25": {"unit": "ug/m3"}})
        device.measure("pm25", 12.3, unit="ug/m3")
        device.flush()

    Device.enrol("hub.local", token, Path("balcony.json")) makes one of a one-time token, and later of what it kept.

Rule: a reading has the time at which it was measured, is on disk before anything is sent, and leaves the disk when the
hub has acknowledged it. So a backlog goes out in order, with its times, after hours without a network. Sending twice
harms nothing: the hub keeps one value for one time. With `seal` the hub gets envelopes that it cannot read, one at each
`flush`, each as long as any other.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.backlog import Backlog, Record
from devices.enrolment import Dial, enrolled
from devices.link import WRONG, Link, PahoLink, Safety
from devices.outbox import Outbox
from devices.seal import Sealer

GRADES = ("sealed", "home", "counted", "commons", "street", "open")
PACK = 100
_PATIENCE = 10.0


class Device:
    """One thing, on the hub's native topics."""

    def __init__(
        self, host: str, port: int = 1883, *, user: str, password: str, thing: str, backlog: Path | None = None,
        ca: Path | None = None, tls: bool = False, certificate: Path | None = None, key: Path | None = None,
        grade: str | None = None, seal: Sealer | None = None, link: Link | None = None,
    ) -> None:  # fmt: skip
        """Prepare; nothing is sent before `with` or `open`.

        `backlog` is the file that keeps what is not acknowledged yet (None: memory only). `grade` is the wish for
        every reading of this device: it may ask for less than its owner chose, never for more. `seal` seals all that
        is measured to the household's own key; `introduce` the device once, so that the hub knows who signs.
        `tls`, `ca`, `certificate` and `key` are as in `devices.link.Safety`; with a certificate the password may be
        empty, and the user name too.

        Raises:
            ValueError: the thing's name cannot stand in a topic, or the grade is none of the six.
            OSError: a certificate or a key cannot be read.
        """
        if not thing or any(sign in thing for sign in "+#/") or not thing.isprintable():
            raise ValueError("a thing's name is printable and holds none of + # /")
        self.thing = thing
        self._grade = _known(grade)
        self._link: Link = link or PahoLink(
            host, port, user, password, f"{user}-{thing}", f"things/{thing}/errors", Safety(tls, ca, certificate, key)
        )
        self._backlog = Backlog(backlog)
        self._seal = seal
        self._outbox = None if seal is None else Outbox(backlog)

    @classmethod
    def enrol(
        cls, host: str, token: str | None, keep: Path, port: int = 1883, *, thing: str | None = None,
        backlog: Path | None = None, ca: Path | None = None, tls: bool = False, grade: str | None = None,
        patience: float = _PATIENCE,
    ) -> Self:  # fmt: skip
        """A device with the credential in the file `keep`, or with the one the hub gives for a one-time `token`.

        May stand at every start: the file is made once, and the token then no longer needed. `thing` is for a
        gateway's credential, which names none.

        Raises:
            EnrolTrouble: there is no credential; its text says what to do.
            ValueError, OSError: as for a device that is made directly.
        """
        found = enrolled(host, port, token, keep, dial(host, port, Safety(tls, ca)), patience)
        return cls(
            host, port, user=found.user, password=found.password, thing=thing or found.thing,
            backlog=backlog, ca=ca, tls=tls, grade=grade,
        )  # fmt: skip

    def open(self, patience: float = _PATIENCE) -> bool:
        """Connect; whether the hub let us in within `patience` seconds. If not, readings are kept all the same."""
        return self._link.open(patience)

    def introduce(
        self, name: str | None = None, *, exposure: str | None = None, description: str | None = None,
        datastreams: Mapping[str, Mapping[str, str]] | None = None, patience: float = _PATIENCE,
    ) -> bool:  # fmt: skip
        """Tell the hub what this thing is; whether it acknowledged. `exposure` is `indoor` or `outdoor`.

        `datastreams` maps a property to its `unit` (UCUM), `kind` and `name`. Where it stands its owner tells the hub.
        """
        about = {"name": name, "exposure": exposure, "description": description, "datastreams": datastreams or {}}
        told = {key: value for key, value in about.items() if value is not None}
        if self._seal is not None:
            told["signing_key"] = self._seal.public_key
        return self._link.publish(f"things/{self.thing}/about", _json(told), patience)

    def measure(
        self, name: str, value: float, *, unit: str | None = None, at: float | None = None, grade: str | None = None
    ) -> None:
        """Keep one reading of the property `name`, measured at `at` (seconds since 1970 UTC; None: now).

        `flush` sends it. `True` and `False` are switches. `grade` is this one reading's wish.

        Raises:
            ValueError: the value is not finite, the grade is none of the six, or its name is too long for an envelope.
        """
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}: no sensor measured that; leave the reading out")
        record: Record = {"n": name, "t": round(time.time() if at is None else at, 6)}
        record["vb" if isinstance(value, bool) else "v"] = value
        wish = _strictest(_known(grade), self._grade)
        record |= {key: word for key, word in (("u", unit), ("grade", wish)) if word is not None}
        if self._seal is not None and not self._seal.fitting([record]):
            raise ValueError("this reading alone is too long for an envelope: give it a shorter name or more room")
        self._backlog.add([record])

    def flush(self, patience: float = _PATIENCE) -> int:
        """Send what is kept, oldest first, waiting up to `patience` seconds for each acknowledgement.

        Returns how many readings are still waiting: 0 means that the hub has stored them all. With `seal` each call
        makes exactly one envelope, of the oldest readings that fit or of none: call it at a fixed beat, because when
        something is sent can tell as much as what. What does not fit waits for the next; waiting envelopes count too.
        """
        if self._seal is not None and self._outbox is not None:
            self._put_into_envelope(self._seal, self._outbox)
            return self._send(self._outbox, patience)
        while True:
            mark, records = self._backlog.oldest(PACK)
            if not records or not self._link.publish(f"things/{self.thing}/readings", _json(records), patience):
                return len(self._backlog)
            self._backlog.forget(mark)

    @property
    def waiting(self) -> int:
        """How many readings, and envelopes if there are any, the hub has not acknowledged yet."""
        return len(self._backlog) + (0 if self._outbox is None else len(self._outbox))

    def errors(self) -> Iterator[str]:
        """What the hub said was wrong with this thing's messages since the last call, in its words."""
        trouble = self._link.trouble
        if trouble in WRONG:
            yield f"the hub does not let this device in: {trouble}; check user name and password"
        elif trouble is not None:
            yield f"nothing can be sent now: {trouble}; what is measured is kept"
        for payload in self._link.heard():
            yield _words(payload)

    def close(self) -> None:
        """Disconnect; what is not acknowledged stays in the backlog."""
        self._link.close()
        self._backlog.close()
        if self._outbox is not None:
            self._outbox.close()

    def _put_into_envelope(self, seal: Sealer, outbox: Outbox) -> None:
        """First the envelope is kept, then the readings go: after a power cut in between they are sealed twice."""
        count = seal.fitting(self._backlog.oldest(PACK)[1])
        mark, records = self._backlog.oldest(count)
        sequence = outbox.next(time.time_ns() // 1_000_000)
        outbox.add(sequence, seal.seal(records, sequence))
        self._backlog.forget(mark)

    def _send(self, outbox: Outbox, patience: float) -> int:
        while (waiting := outbox.oldest()) is not None:
            if not self._link.publish(f"things/{self.thing}/sealed", waiting[1], patience):
                break
            outbox.forget(waiting[0])
        return self.waiting

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def dial(host: str, port: int, safety: Safety) -> Dial:
    """How to reach a hub, whoever one is."""

    def reached(user: str, password: str, topic: str) -> Link:
        return PahoLink(host, port, user, password, f"{user}-enrolling", topic, safety)

    return reached


def _known(grade: str | None) -> str | None:
    if grade is not None and grade not in GRADES:
        raise ValueError(f"no such grade: {grade}; there are {', '.join(GRADES)}")
    return grade


def _strictest(*wishes: str | None) -> str | None:
    return min((wish for wish in wishes if wish is not None), key=GRADES.index, default=None)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _words(payload: bytes) -> str:
    """The hub's `{code, type, message}`, or whatever else it said."""
    try:
        told = json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
    return str(told.get("message", told)) if isinstance(told, dict) else str(told)


if __name__ == "__main__":
    from devices.client_command import main

    raise SystemExit(main())
