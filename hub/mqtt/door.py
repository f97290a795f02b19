"""CONNECT: who comes in, and how everybody else is refused.

Rule: every refusal of a name takes the same time and says the same, whether the name exists or not; a client that is
refused is not read from again. What the hub does not offer is said in CONNACK, in the properties that MQTT 5 has.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from hub.core.admission import Admission, Newcomer
from hub.core.query import StoreUnavailable
from hub.mqtt import codec
from hub.mqtt.limits import site
from hub.mqtt.packets import MQTT_3, MQTT_5, ConnAck, Connect, Packet
from hub.mqtt.properties import Properties
from hub.mqtt.reasons import CODES_3, Reason
from hub.mqtt.shared import Space
from hub.mqtt.topics import is_usable

if TYPE_CHECKING:
    from hub.mqtt.connection import Connection

_OTHER_3 = 3
_TEXTS = {
    Reason.UNSUPPORTED_VERSION: "this hub speaks MQTT 3.1.1 and MQTT 5",
    Reason.CLIENT_ID_NOT_VALID: "give a client id, not too long, or ask for a clean session",
    Reason.BAD_USER_NAME_OR_PASSWORD: "the user name or the password is wrong",
    Reason.NOT_AUTHORIZED: "give the user name and the password that the hub's owner made for this thing",
    Reason.BAD_AUTHENTICATION_METHOD: "only a user name and a password, or a client certificate, are understood",
    Reason.TOPIC_NAME_INVALID: "the will's topic has control characters, or is too long",
    Reason.QUOTA_EXCEEDED: "this credential has all the connections that it may have",
    Reason.SERVER_UNAVAILABLE: "the hub cannot look now who you are; come back later",
    Reason.CONNECTION_RATE_EXCEEDED: "too many wrong passwords; wait a minute",
}


def peer(transport: asyncio.BaseTransport) -> tuple[str, str | None]:
    """The address of the other side, and the name in its certificate if that was verified."""
    name = transport.get_extra_info("peername")
    address = name[0] if isinstance(name, tuple) and name else ""
    return site(str(address)), _certificate_name(transport.get_extra_info("peercert"))


def enter(connection: Connection, packet: Packet) -> None:
    """Admit the client of this CONNECT to its topic space, or refuse it."""
    assert isinstance(packet, Connect)  # noqa: S101 - the codec gives nothing else before the version is known
    fault = _fault(connection, packet)
    if fault is not None:
        _refuse(connection, packet.version, fault)
        return
    admission = _ask(connection, packet)
    if isinstance(admission, Reason):
        _refuse(connection, packet.version, admission)
    elif admission.newcomer is not None and admission.newcomer.given:
        connection.wait_for(_first_time(connection, packet, admission, admission.newcomer))
    else:
        _let_in(connection, packet, admission)


def fail(connection: Connection, reason: Reason, version: int | None) -> None:
    """Answer a CONNECT that could not be read, in the form of its version; say nothing to what is no MQTT."""
    if version is not None:
        connection.send_raw(_refusal(version, reason))


async def _first_time(connection: Connection, packet: Connect, admission: Admission, newcomer: Newcomer) -> None:
    """Let somebody in by a credential that counts from this moment on: first it is written down."""
    enroller = connection.shared.enroller
    try:
        counts = enroller is not None and await asyncio.to_thread(enroller.accept, newcomer.enrolment, newcomer.given)
    except StoreUnavailable:
        _refuse(connection, packet.version, Reason.SERVER_UNAVAILABLE)
        return
    if connection.is_closed or connection.gone:
        return
    if counts:
        _let_in(connection, packet, replace(admission, newcomer=None))
    else:
        _note_wrong(connection, packet)
        _refuse(connection, packet.version, Reason.BAD_USER_NAME_OR_PASSWORD)


def _let_in(connection: Connection, packet: Connect, admission: Admission) -> None:
    """Give the client its place in the topic space, if there is room for it."""
    space = connection.shared.space(admission, connection.heard)
    client_id = packet.client_id or "hub-" + secrets.token_hex(12)
    _take_over(space, client_id)
    if len(space.clients) >= admission.max_connections:
        _refuse(connection, packet.version, Reason.QUOTA_EXCEEDED)
        return
    cap = connection.shared.settings.keep_alive
    capped = packet.version == MQTT_5 and not 0 < packet.keep_alive <= cap
    keep_alive = cap if capped else packet.keep_alive
    connection.admit(packet, space, client_id, keep_alive, admission.newcomer)
    connection.send(_welcome(connection, packet, capped=capped))


def _fault(connection: Connection, packet: Connect) -> Reason | None:
    """What is wrong with a CONNECT whoever sends it."""
    settings = connection.shared.settings
    if packet.properties.authentication_method is not None:
        return Reason.BAD_AUTHENTICATION_METHOD
    nameless = not packet.client_id and packet.version == MQTT_3 and not packet.clean_start
    if nameless or len(packet.client_id.encode()) > settings.max_client_id:
        return Reason.CLIENT_ID_NOT_VALID
    if packet.will is not None and not is_usable(packet.will.topic, settings.max_topic, settings.max_levels):
        return Reason.TOPIC_NAME_INVALID
    return None


def _ask(connection: Connection, packet: Connect) -> Admission | Reason:
    """What the doorkeeper says to the name, the password and the certificate."""
    shared, now = connection.shared, connection.heard
    if packet.username is None and connection.certificate is None:
        return Reason.NOT_AUTHORIZED
    one = (connection.address, packet.username, connection.certificate)
    if shared.name_tries.spent(one, now) or shared.address_tries.spent(connection.address, now):
        return Reason.CONNECTION_RATE_EXCEEDED
    try:
        admission = shared.doorkeeper.admit(packet.username or "", packet.password or b"", connection.certificate)
    except StoreUnavailable:  # no wrong try: whoever has the right password comes in as soon as it can be known
        return Reason.SERVER_UNAVAILABLE
    newcomer = None if admission is None else admission.newcomer
    over = newcomer is not None and (newcomer.until <= shared.now() or shared.enroller is None)
    if admission is None or over:
        _note_wrong(connection, packet)
        return Reason.BAD_USER_NAME_OR_PASSWORD
    return admission


def _note_wrong(connection: Connection, packet: Connect) -> None:
    """Count a wrong password, or a token that is none."""
    shared, now = connection.shared, connection.heard
    shared.name_tries.note((connection.address, packet.username, connection.certificate), now)
    shared.address_tries.note(connection.address, now)


def _take_over(space: Space, client_id: str) -> None:
    """Section 3.1.4: one client id, one connection; a will that waited for its return is not published."""
    timer = space.wills.pop(client_id, None)
    if timer is not None:
        timer.cancel()
    older = space.clients.pop(client_id, None)
    if older is not None:
        older.taken_over()


def _welcome(connection: Connection, packet: Connect, *, capped: bool) -> ConnAck:
    """CONNACK with what the hub does not offer.

    QoS 2 and `retain` are taken: nothing is retained, but devices send it, and a server that says it has no retained
    messages has to cut them off for it (section 3.2.2.3.5).
    """
    settings = connection.shared.settings
    if packet.version == MQTT_3:
        return ConnAck()
    return ConnAck(
        properties=Properties(
            session_expiry=0,
            receive_maximum=settings.receive_maximum,
            maximum_packet_size=settings.max_packet,
            assigned_client_id=None if packet.client_id else connection.client_id,
            topic_alias_maximum=0,
            identifiers_available=0,
            shared_available=0,
            server_keep_alive=connection.keep_alive if capped else None,
        )
    )


def _refuse(connection: Connection, version: int, reason: Reason) -> None:
    """Count it, wait, say it, close."""
    shared = connection.shared
    shared.counters.refused[reason.word] += 1
    connection.refuse(_refusal(version, reason))


def _refusal(version: int, reason: Reason) -> bytes:
    if version == MQTT_3:
        return codec.write(ConnAck(CODES_3.get(reason, _OTHER_3)), MQTT_3)
    text = _TEXTS.get(reason)
    return codec.write(ConnAck(reason, properties=Properties(reason_string=text)))


def _certificate_name(certificate: Any) -> str | None:  # noqa: ANN401 - the ssl module's nested tuples
    """The common name of the subject, or its first alternative name; None without a verified certificate."""
    if not certificate:
        return None
    for part in certificate.get("subject", ()):
        for key, value in part:
            if key == "commonName":
                return str(value)
    for _kind, value in certificate.get("subjectAltName", ()):
        return str(value)
    return None
