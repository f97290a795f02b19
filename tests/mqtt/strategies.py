"""Hypothesis strategies: every packet that the standard allows, and which versions and sides have it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from hub.mqtt.codec import RULES, Side
from hub.mqtt.packets import (
    MQTT_3,
    MQTT_5,
    Auth,
    ConnAck,
    Connect,
    Disconnect,
    Filter,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    PubComp,
    Publish,
    PubRec,
    PubRel,
    SubAck,
    Subscribe,
    Type,
    UnsubAck,
    Unsubscribe,
    Will,
)
from hub.mqtt.properties import BINARY, BYTE, LONG, NO_PROPERTIES, PAIR, SHORT, TABLE, TEXT, VARINT, Kind, Properties

TYPES: dict[type, Type] = {
    Connect: Type.CONNECT, ConnAck: Type.CONNACK, Publish: Type.PUBLISH, PubAck: Type.PUBACK, PubRec: Type.PUBREC,
    PubRel: Type.PUBREL, PubComp: Type.PUBCOMP, Subscribe: Type.SUBSCRIBE, SubAck: Type.SUBACK,
    Unsubscribe: Type.UNSUBSCRIBE, UnsubAck: Type.UNSUBACK, PingReq: Type.PINGREQ, PingResp: Type.PINGRESP,
    Disconnect: Type.DISCONNECT, Auth: Type.AUTH,
}  # fmt: skip
WILL_PROPERTIES = frozenset(
    {"payload_format", "message_expiry", "content_type", "response_topic", "correlation_data", "will_delay", "user"}
)
FLAGS = {
    "payload_format", "request_problem_information", "request_response_information", "maximum_qos", "retain_available",
    "wildcards_available", "identifiers_available", "shared_available",
}  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
levels = texts.map(lambda text: text.replace("+", "x").replace("#", "y").replace("/", "z") or "level")
names = st.lists(levels, min_size=1, max_size=4).map("/".join)
patterns = st.tuples(st.lists(st.one_of(st.just("+"), names), max_size=3), st.sampled_from(["#", "+", "end"])).map(
    lambda parts: "/".join([*parts[0], parts[1]])
)
small = st.binary(max_size=20)
ids = st.integers(1, 65_535)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    BYTE: st.integers(0, 1),
    SHORT: st.integers(1, 65_535),
    LONG: st.integers(1, 2**32 - 1),
    VARINT: st.integers(1, 268_435_455),
    TEXT: texts,
    BINARY: small,
    PAIR: st.tuples(texts, texts),
}


def properties(allowed: frozenset[str], without: frozenset[str] = frozenset()) -> st.SearchStrategy[Properties]:
    """Any mixture of the properties that a packet may have."""
    lines: dict[str, st.SearchStrategy[Any]] = {}
    for rule in TABLE.values():
        if rule.name in allowed - without:
            one = names if rule.name == "response_topic" else VALUES[rule.kind]
            lines[rule.name] = st.lists(one, max_size=3).map(tuple) if rule.repeats else one
    return st.fixed_dictionaries({}, optional=lines).map(lambda found: Properties(**found)) | st.just(NO_PROPERTIES)


def of(kind: type, version: int, without: frozenset[str] = frozenset()) -> st.SearchStrategy[Properties]:
    """The properties of one packet type; none in 3.1.1."""
    return properties(RULES[TYPES[kind]].properties, without) if version == MQTT_5 else st.just(NO_PROPERTIES)


def reasons(kind: type, version: int) -> st.SearchStrategy[int]:
    """The reason codes of one packet type; success in 3.1.1, whose acknowledgements have none."""
    return st.sampled_from(sorted(RULES[TYPES[kind]].reasons)) if version == MQTT_5 else st.just(0)


@st.composite
def publishes(draw: st.DrawFn, version: int, sender: Side = Side.SERVER) -> Publish:
    qos = draw(st.integers(0, 2))
    without = frozenset({"subscription_identifiers"}) if sender is Side.CLIENT else frozenset()
    return Publish(
        draw(names), draw(small), qos, draw(ids) if qos else 0, bool(qos and draw(st.booleans())),
        draw(st.booleans()), draw(of(Publish, version, without)),
    )  # fmt: skip


@st.composite
def connects(draw: st.DrawFn, version: int) -> Connect:
    will_properties = properties(WILL_PROPERTIES) if version == MQTT_5 else st.just(NO_PROPERTIES)
    will = st.builds(Will, names, small, st.integers(0, 2), st.booleans(), will_properties)
    username = draw(st.none() | texts)
    given = draw(of(Connect, version))
    if given.authentication_method is None and given.authentication_data is not None:
        given = NO_PROPERTIES
    return Connect(
        draw(texts), version, draw(st.booleans()), draw(st.integers(0, 65_535)), username,
        draw(st.none() | small) if version == MQTT_5 or username is not None else None, draw(st.none() | will),
        version == MQTT_3 and draw(st.booleans()), given,
    )  # fmt: skip


def filters(version: int) -> st.SearchStrategy[tuple[Filter, ...]]:
    plain = st.builds(Filter, patterns, st.integers(0, 2))
    full = st.builds(Filter, patterns, st.integers(0, 2), st.booleans(), st.booleans(), st.integers(0, 2))
    return st.lists(full if version == MQTT_5 else plain, min_size=1, max_size=4).map(tuple)


def one_identifier(given: Properties) -> Properties:
    return Properties(user=given.user, subscription_identifiers=given.subscription_identifiers[:1])


def auths() -> st.SearchStrategy[Auth]:
    given = of(Auth, MQTT_5).filter(lambda one: one == NO_PROPERTIES or one.authentication_method is not None)
    return st.builds(Auth, reasons(Auth, MQTT_5), given)


def packets(version: int, sender: Side, only: type | None = None) -> st.SearchStrategy[Packet]:
    """Every packet that this side may send in this version, or those of one type."""
    codes_3 = st.sampled_from([0, 1, 2, 0x80])
    subacks = st.lists(reasons(SubAck, MQTT_5) if version == MQTT_5 else codes_3, min_size=1, max_size=4).map(tuple)
    unsubacks = st.lists(reasons(UnsubAck, MQTT_5), min_size=1, max_size=4).map(tuple)
    connack_codes = reasons(ConnAck, MQTT_5) if version == MQTT_5 else st.integers(0, 5)
    known: dict[type, st.SearchStrategy[Any]] = {
        Connect: connects(version),
        ConnAck: st.builds(ConnAck, connack_codes, st.booleans(), of(ConnAck, version)),
        Publish: publishes(version, sender),
        Subscribe: st.builds(Subscribe, ids, filters(version), of(Subscribe, version).map(one_identifier)),
        SubAck: st.builds(SubAck, ids, subacks, of(SubAck, version)),
        Unsubscribe: st.builds(
            Unsubscribe, ids, st.lists(patterns, min_size=1, max_size=4).map(tuple), of(Unsubscribe, version)
        ),
        UnsubAck: st.builds(UnsubAck, ids, unsubacks if version == MQTT_5 else st.just(()), of(UnsubAck, version)),
        PingReq: st.just(PingReq()),
        PingResp: st.just(PingResp()),
        Disconnect: st.builds(Disconnect, reasons(Disconnect, version), of(Disconnect, version)),
    }
    for kind in (PubAck, PubRec, PubRel, PubComp):
        known[kind] = st.builds(kind, ids, reasons(kind, version), of(kind, version))
    if version == MQTT_5:
        known[Auth] = auths()
    if only is not None:
        return known[only]
    return st.one_of([made for kind, made in known.items() if RULES[TYPES[kind]].sender & sender])
