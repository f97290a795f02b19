"""A device's connection to the hub: MQTT 5 through paho-mqtt, QoS 1, reconnecting by itself.

Rule: `publish` is true only when the hub has acknowledged, and the hub acknowledges what it has stored.
"""

from __future__ import annotations

import ssl
import threading
from collections import deque
from pathlib import Path
from typing import Protocol

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

_MOST_ERRORS = 100


class Link(Protocol):
    """What a `Device` needs of a connection."""

    trouble: str | None
    """Why the hub does not let us in, in its words; None when it does or could not be reached."""

    def open(self, patience: float) -> bool:
        """Connect, waiting up to `patience` seconds; whether the hub answered. It goes on trying afterwards."""

    def publish(self, topic: str, payload: bytes, patience: float) -> bool:
        """Publish with QoS 1; whether the acknowledgement came within `patience` seconds."""

    def heard(self) -> list[bytes]:
        """What came on the error topic since the last call."""

    def close(self) -> None:
        """Say goodbye."""


class PahoLink:
    """A `Link` over the network."""

    def __init__(
        self, host: str, port: int, user: str, password: str, thing: str, *, ca: Path | None = None, tls: bool = False
    ) -> None:
        """`tls` with the system's certificates, `ca` with one of your own. `thing` is whose errors are listened to."""
        self.trouble: str | None = None
        self._address = host, port
        self._errors: deque[bytes] = deque(maxlen=_MOST_ERRORS)
        self._error_topic = f"things/{thing}/errors"
        self._ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, f"{user}-{thing}", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 60)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_message = self._arrived
        if tls or ca is not None:
            self._client.tls_set_context(ssl.create_default_context(cafile=None if ca is None else str(ca)))

    def open(self, patience: float) -> bool:
        """Connect in the background; a hub that is not there yet is tried again by itself."""
        self._client.connect_async(*self._address, keepalive=60)
        self._client.loop_start()
        return self._ready.wait(patience)

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
        return sent.is_published()

    def heard(self) -> list[bytes]:
        """The oldest first; of a flood only the last hundred."""
        return [self._errors.popleft() for _ in range(len(self._errors))]

    def close(self) -> None:
        """Disconnect and stop the background thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self.trouble = str(reason) if reason.is_failure else None
        if not reason.is_failure:
            client.subscribe(self._error_topic, qos=0)
            self._ready.set()

    def _disconnected(self, *_: object) -> None:
        self._ready.clear()

    def _arrived(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._errors.append(bytes(message.payload))
