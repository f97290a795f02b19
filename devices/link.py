"""A device's connection to the hub: MQTT 5 through paho-mqtt, QoS 1, reconnecting by itself.

Rule: `publish` is true only when the hub has acknowledged, and the hub acknowledges what it has stored. With TLS the
hub's certificate is always looked at: an address that anybody could have taken over is not spoken to.
"""

from __future__ import annotations

import ssl
import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

_MOST_HEARD = 100
WRONG = frozenset({"Bad user name or password", "Not authorized"})
"""How a hub refuses a name, a password, a token or a certificate, in the words of MQTT 5."""


@dataclass(frozen=True)
class Safety:
    """How a connection is kept from others: TLS with the system's authorities, or with `ca`.

    `certificate` (PEM) is the device's own, which may stand for a password; its `key` may be in the same file.
    """

    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext | None:
        """What TLS needs; None where it is not asked for.

        Raises:
            OSError: a file cannot be read, or is no certificate or key (`ssl.SSLError`).
        """
        if not self.tls and self.ca is None and self.certificate is None:
            return None
        context = ssl.create_default_context(cafile=None if self.ca is None else str(self.ca))
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


PLAIN = Safety()


class Link(Protocol):
    """What a `Device` needs of a connection."""

    trouble: str | None
    """Why the hub does not let us in or does not take what we send, in its words, or what TLS does not like.

    None: nothing is wrong, or the hub could not be reached.
    """

    def open(self, patience: float) -> bool:
        """Connect, waiting up to `patience` seconds; whether the hub let us in. It goes on trying afterwards."""

    def publish(self, topic: str, payload: bytes, patience: float) -> bool:
        """Publish with QoS 1; whether the acknowledgement came within `patience` seconds."""

    def heard(self) -> list[bytes]:
        """What came on the topic that is listened to since the last call."""

    def close(self) -> None:
        """Say goodbye."""


class PahoLink:
    """A `Link` over the network."""

    def __init__(
        self, host: str, port: int, user: str, password: str, client_id: str, listen_to: str, safety: Safety = PLAIN
    ) -> None:
        """An empty `user` lets the certificate alone speak for the device.

        Raises:
            OSError: as `Safety.context`.
        """
        self.trouble: str | None = None
        self._address = host, port
        self._heard: deque[bytes] = deque(maxlen=_MOST_HEARD)
        self._listen_to = listen_to
        self._refused: set[int] = set()
        self._answered, self._ready = threading.Event(), threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
        if user:
            self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 60)
        self._client.on_connect = self._connected
        self._client.on_connect_fail = self._failed
        self._client.on_disconnect = self._disconnected
        self._client.on_publish = self._acknowledged
        self._client.on_message = self._arrived
        context = safety.context()
        if context is not None:
            self._client.tls_set_context(context)

    def open(self, patience: float) -> bool:
        """Connect in the background; a hub that is not there yet is tried again by itself."""
        self._client.connect_async(*self._address, keepalive=60)
        self._client.loop_start()
        self._answered.wait(patience)
        return self._ready.is_set()

    def publish(self, topic: str, payload: bytes, patience: float) -> bool:
        """Nothing is queued while there is no connection: the backlog is on disk, not in here."""
        if not self._ready.wait(patience):
            return False
        sent = self._client.publish(topic, payload, qos=1)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        try:
            sent.wait_for_publish(patience)
        except (RuntimeError, ValueError):
            return False
        refused = sent.mid in self._refused
        self._refused.discard(sent.mid)
        return sent.is_published() and not refused

    def heard(self) -> list[bytes]:
        """The oldest first; of a flood only the last hundred."""
        return [self._heard.popleft() for _ in range(len(self._heard))]

    def close(self) -> None:
        """Disconnect and stop the background thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self.trouble = str(reason) if reason.is_failure else None
        if not reason.is_failure:
            client.subscribe(self._listen_to, qos=0)
            self._ready.set()
        self._answered.set()

    def _failed(self, _client: Client, _data: object) -> None:
        """Called where the error is being handled: that TLS failed does not mend itself, and is worth a word."""
        problem = sys.exception()
        if isinstance(problem, ssl.SSLError):
            self.trouble = f"TLS failed: {getattr(problem, 'verify_message', None) or problem.reason}"
            self._answered.set()

    def _disconnected(self, *_: object) -> None:
        self._ready.clear()

    def _acknowledged(
        self, _client: Client, _data: object, number: int, reason: ReasonCode, _properties: Properties
    ) -> None:
        """An acknowledgement may be a refusal, too: what was refused is not stored."""
        self.trouble = str(reason) if reason.is_failure else None
        if reason.is_failure:
            self._refused.add(number)

    def _arrived(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._heard.append(bytes(message.payload))
