"""What a neighbour's own mosquitto needs to join as a bridge: the lines of its configuration.

Rule: only the topics that are named leave the house. Nothing has to be renamed on the devices: the credential has a
topic space of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.control.names import CommandError
from hub.mqtt.reasons import ProtocolError
from hub.mqtt.topics import check_filter
from hub.settings import MqttSettings

USUAL = ("zigbee2mqtt/#", "tele/#", "things/#")
"""What leaves the house unless it is said."""
_ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not listened on


def bridge_lines(found: dict[str, Any], mqtt: MqttSettings, host: str | None, topics: Sequence[str]) -> list[str]:
    """The lines for mosquitto 2.0; `found` has the credential's user name and password (None: a certificate's).

    `host` is how the neighbour's machine reaches the hub, `topics` are filters of what may leave the house.
    """
    name = host or ("HUB" if mqtt.host in _ANY else mqtt.host)
    return [
        "connection barrio",
        f"address {name}:{mqtt.port if mqtt.tls_port is None else mqtt.tls_port}",
        *_secret(found),
        "remote_clientid bridge",
        "bridge_protocol_version mqttv311",
        "try_private true",
        "cleansession false",
        "notifications false",
        *_tls(mqtt),
        *[f"topic {topic} out 1" for topic in topics or USUAL],
        "topic things/+/errors in 1",
    ]


def filters_of(topics: Sequence[str]) -> Sequence[str]:
    """Topic filters that can stand in a line of mosquitto's configuration.

    Raises:
        CommandError: one of them is none.
    """
    for topic in topics:
        try:
            check_filter(topic)
        except ProtocolError as error:
            raise CommandError(f"{topic!r} is no topic filter such as zigbee2mqtt/#: {error}") from error
        if len(topic.split()) != 1 or topic.startswith("$"):
            raise CommandError(f"{topic!r} cannot stand in a line of mosquitto's configuration")
    return topics


def _secret(found: dict[str, Any]) -> list[str]:
    user = f"remote_username {found['user']}"
    if found["password"] is not None:
        return [user, f"remote_password {found['password']}"]
    return [user, "bridge_certfile /etc/mosquitto/certs/bridge.crt", "bridge_keyfile /etc/mosquitto/certs/bridge.key"]


def _tls(mqtt: MqttSettings) -> list[str]:
    if mqtt.tls_port is None:
        return ["# the hub speaks no TLS (mqtt.tls_port): use this at home or through a tunnel only"]
    return ["bridge_cafile /etc/mosquitto/certs/barrio-ca.pem"]
