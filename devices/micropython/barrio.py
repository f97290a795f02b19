"""A sensor on MicroPython: this one file, and umqtt.simple. README.md in this folder says how.

Rule: a reading has the time at which it was measured. What cannot be sent waits in flash, in two files of which the
older is given up first, and leaves when the hub has acknowledged, which it does once it is stored. So nothing is lost
while the network is away. Sending twice harms nothing: the hub keeps one value for one time.
"""

import json
import os
import time

from umqtt.simple import MQTTClient, MQTTException  # type: ignore[import-not-found]  # it is on the board

ROOM = 32_768  # bytes of flash for each of the two files: about 600 readings
PACK = 20  # readings in one message
WAITS = 100  # readings in RAM, before they go to flash or, without a clock, are given up
PATIENCE = 10  # seconds for an acknowledgement
SET = 1_700_000_000  # a clock that shows less was never set
EPOCH = 946_684_800 if time.gmtime(0)[0] == 2000 else 0  # noqa: PLR2004 - most boards count from 2000
LOST = (OSError, MQTTException, IndexError, TypeError, AssertionError)  # what umqtt raises when the line breaks


def clock() -> int:
    """Whole seconds since 1970; while the clock is not set, since some other moment."""
    return int(time.time()) + EPOCH


def credential(host: str, token: str, keep: str = "barrio.json", port: int = 0, ssl: object = None) -> dict[str, str]:
    """What lets this board in: what is kept in its flash, else what the hub gives, once, for a one-time token."""
    try:
        with open(keep) as file:
            known: dict[str, str] = json.load(file)
            return known
    except (OSError, ValueError):  # not there, or cut off by a power cut: the token may ask again
        told: list[str] = []
    client = MQTTClient("board", host, port, "enrol", token, 0, ssl)
    client.set_callback(lambda _, payload: told.append(payload.decode()))
    client.connect()
    client.subscribe(b"enrol/credential")
    while not told:
        client.wait_msg()
    known = json.loads(told[-1])
    with open(keep, "w") as file:
        file.write(told[-1])
    client.publish(b"enrol/done", b"1", qos=1)
    client.disconnect()
    return known


class Sensor:
    """One thing of yours. `key` has "user", "password" and "thing"; `about` is told to the hub at each connection."""

    def __init__(self, host: str, key: dict[str, str], about: object = None, port: int = 0, ssl: object = None) -> None:
        self.host, self.key, self.about, self.port, self.ssl = host, key, about, port, ssl
        self.fresh: list[tuple[int, dict[str, object]]] = []  # readings in RAM, with their times
        self.client: MQTTClient = None
        self.trouble: Exception | None = None
        self.set_again = 0

    def measure(self, name: str, value: float | None, unit: str = "", grade: str = "") -> None:
        """Keep a reading, measured now. A switch is True or False; what is None or no number was not measured."""
        if value is None or value - value != 0:  # NaN and infinities
            return
        record: dict[str, object] = {"n": name, ("vb" if value is True or value is False else "v"): value}
        record.update({key: word for key, word in (("u", unit), ("grade", grade)) if word})
        self.fresh.append((clock(), record))
        if len(self.fresh) > WAITS:
            self.save()

    def flush(self) -> bool:
        """Send what waits, the oldest first; whether the hub has it all. What it has not is in flash then."""
        was_open = self.client is not None
        try:
            self._connect()
            self._send_file("barrio.old")
            self._send_file("barrio.new")
            while self.fresh:
                now = clock()  # what was measured without a clock was so many seconds before now
                self._publish("readings", [dict(r, t=t if t > SET else t - now) for t, r in self.fresh[:PACK]])
                del self.fresh[:PACK]
            self.client.check_msg()
        except LOST as trouble:
            self.close()
            if was_open:  # it may have died in its sleep: try once with a new one
                return self.flush()
            self.trouble = trouble
            self.save()
            return False
        return True

    def save(self) -> None:
        """Bring what waits in RAM to flash, before a deep sleep for example."""
        lines = "".join("\n" + json.dumps(dict(r, t=t)) for t, r in self.fresh if t > SET)
        try:
            if "barrio.new" in os.listdir() and os.stat("barrio.new")[6] > ROOM:
                if "barrio.old" in os.listdir():
                    os.remove("barrio.old")
                os.rename("barrio.new", "barrio.old")
            with open("barrio.new", "a") as file:
                file.write(lines)
            self.fresh = [(t, r) for t, r in self.fresh if t <= SET]
        except OSError as trouble:  # the flash is full
            self.trouble = trouble
        del self.fresh[:-WAITS]

    def close(self) -> None:
        """Hang up."""
        client, self.client = self.client, None
        if client is not None and client.sock is not None:
            client.sock.close()

    def _connect(self) -> None:
        if self.client is None:
            user, thing, word = self.key["user"], self.key["thing"], self.key["password"]
            self.client = MQTTClient(user + "-" + thing, self.host, self.port, user, word, 600, self.ssl)
            self.client.set_callback(lambda _, payload: print("the hub says:", payload.decode()))
            self.client.connect()
            self.client.subscribe(("things/" + thing + "/errors").encode())
            self._publish("about", self.about or {})
        if clock() > self.set_again:
            self._set_clock()

    def _set_clock(self) -> None:
        """By NTP, once a day; what was measured before it was ever set gets its right time."""
        before = clock()
        try:
            __import__("ntptime").settime()  # boards have it, computers do not need it
        except (ImportError, OSError):
            return
        self.set_again = clock() + 86_400
        self.fresh = [(t if t > SET else t + clock() - before, record) for t, record in self.fresh]

    def _publish(self, what: str, told: object) -> None:
        if hasattr(self.client.sock, "settimeout"):  # with TLS some boards have none: use a watchdog
            self.client.sock.settimeout(PATIENCE)
        self.client.publish(("things/" + self.key["thing"] + "/" + what).encode(), json.dumps(told).encode(), qos=1)

    def _send_file(self, name: str) -> None:
        """All of a file; then it goes. A line that a power cut tore is passed over."""
        if name in os.listdir():
            with open(name, "rb") as file:
                some = []
                for line in file:
                    try:
                        some.append(json.loads(line))
                    except ValueError:
                        continue
                    if len(some) == PACK:
                        self._publish("readings", some)
                        some = []
                if some:
                    self._publish("readings", some)
            os.remove(name)
