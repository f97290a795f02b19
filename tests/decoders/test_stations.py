"""Stations and networks: what must never become a name or a value, and what is told once."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message
from hub.decoders import DECODERS, announced
from hub.decoders.lines import Nobody
from tests.decoders.decode_lines import shipped_routes

NOW = 1_780_315_200_000_000
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=6, max_size=32)
WHERE = {"latitude": 48.125, "longitude": 11.625, "lat": 48.125, "lon": 11.625, "altitude": 519}
EUI = "70b3d57ed0000b07"
CARRIERS = {
    "application/1/device/70b3d57ed0000b07/event/up": {"object": {"a": 1, "position": WHERE, **WHERE}},
    "sensors/a/data.json": {"sensordatavalues": [{"value_type": f"GPS_{w}", "value": v} for w, v in WHERE.items()]},
    "home/a/BTtoMQTT/A4C138AABB01": {"id": "A4:C1:38:AA:BB:01", "tempc": 1, **WHERE},
    "msh/EU/2/json/a/!00000001": {"from": 1, "type": "position", "payload": WHERE},
    "airgradient/readings/a": {"serialno": "a", "atmp": 1, **WHERE},
    "mqttkit-1/a/b/c/data.json": {"temperature": 1, **WHERE},
    "netatmo/a": {"_id": "a", "place": WHERE, "dashboard_data": {"Temperature": 1}},
    "purpleair/a": {"current_humidity": 1, **WHERE},
    "weather/loop": {"outTemp_C": 1, "latitude": 48.125, "longitude": 11.625, "altitude_meter": 519},
}


def take(topic: str, body: object, heard: Heard | None = None) -> Decoded:
    form = shipped_routes().format_of(topic)
    assert form is not None
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DECODERS[form](Message(Nobody(), 1, topic, payload, NOW), Heard() if heard is None else heard)


@given(token=WORDS)
def test_a_smart_citizen_token_never_becomes_a_name(token: str) -> None:
    body = {"data": [{"recorded_at": "2026-06-01T11:59:00Z", "sensors": [{"id": 55, "value": 21}]}]}
    (reading,) = take(f"device/sck/{token}/readings", body).readings
    assert token not in reading.thing
    assert reading.thing == take(f"device/sck/{token}/readings/raw", b"{55:20}").readings[0].thing


@given(secret=WORDS)
def test_an_ecowitt_passkey_never_becomes_a_name_or_a_value(secret: str) -> None:
    body = {"PASSKEY": secret, "dateutc": "2026-06-01 11:59:00", "tempf": "64.4"}
    (reading,) = take(f"ecowitt/{secret}", body).readings
    assert secret not in reading.thing
    assert reading.property == "tempf"


@pytest.mark.parametrize("topic", CARRIERS)
def test_where_something_stands_is_no_reading(topic: str) -> None:
    values = {reading.value for reading in take(topic, CARRIERS[topic]).readings}
    assert values.isdisjoint(WHERE.values())


def test_what_hangs_indoors_is_a_thing_of_its_own_and_says_so_once() -> None:
    body = {"stationtype": "GW", "dateutc": "2026-06-01 11:59:00", "tempf": "64.4", "tempinf": "70.5"}
    heard = Heard()
    first = take("ecowitt/roof", body, heard)
    assert {r.property: r.thing for r in first.readings} == {"tempf": "roof", "tempinf": "roof/indoor"}
    assert [(a.thing, a.exposure) for a in first.announcements] == [("roof/indoor", "indoor")]
    heard.hear(first.announcements)
    assert take("ecowitt/roof", body, heard).announcements == []


def test_a_lorawan_device_tells_its_name_once_and_again_when_it_changes() -> None:
    heard, topic = Heard(), f"application/1/device/{EUI}/event/up"
    names = []
    for name in ("Bed 3", "Bed 3", "Bed 4"):
        told = take(topic, {"deviceInfo": {"deviceName": name, "devEui": EUI}, "object": {"a": 1}}, heard)
        heard.hear(told.announcements)
        names.append([a.name for a in told.announcements])
    assert names == [["Bed 3"], [], ["Bed 4"]]


def test_a_devices_eui_is_the_same_thing_in_hex_in_base64_and_in_the_topic() -> None:
    ways: list[dict[str, object]] = [
        {"devEUI": "cLPVftAACwc="},
        {"devEUI": EUI.upper()},
        {"deviceInfo": {"devEui": EUI}},
        {},
    ]
    things = {
        take(f"application/1/device/{EUI}/event/up", {**way, "object": {"a": 1}}).readings[0].thing for way in ways
    }
    assert things == {EUI}


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("rtl_433/shed/events", {"model": "Nexus-TH", "id": 1, "temperature_C": 20, "time": "2026-06-01 13:59:00"}),
        ("mqttkit-1/a/b/c/data.json", {"temperature": 20, "time": "2026-06-01 13:59:00"}),
    ],
)
def test_a_local_time_is_read_in_the_hubs_zone_only_where_that_is_given(topic: str, body: dict[str, object]) -> None:
    nowhere, berlin = Heard(), Heard()
    berlin.zone = ZoneInfo("Europe/Berlin")
    plain, zoned = take(topic, body, nowhere), take(topic, body, berlin)
    assert (plain.readings[0].time, plain.local) == (None, False)
    assert (zoned.readings[0].time, zoned.local) == (NOW - 60_000_000, True)


def test_fine_dust_of_a_meshtastic_node_is_not_taken_for_coarser_dust() -> None:
    packet = {"from": 1, "type": "telemetry", "payload": {"pm10": 1, "pm25": 2, "pm100": 3}}
    found = take("msh/EU/2/json/a/!00000001", packet).readings
    assert {r.property: r.value for r in found} == {"pm1": 1, "pm25": 2, "pm10": 3}


def test_deeply_nested_netatmo_lists_are_refused() -> None:
    with pytest.raises(DecodeError):
        take("netatmo/a", b'{"modules":' + b"[" * 900 + b"]" * 900 + b"}")


def test_raw_readings_of_smart_citizen_may_be_spread_over_lines() -> None:
    found = take("device/sck/a1b2c3/readings/raw", b"{\n t:2026-06-01T11:59:00Z,\n55:21.5,\n56: 48 \n}").readings
    assert [(r.property, r.value, r.time) for r in found] == [
        ("temperature", 21.5, NOW - 60_000_000), ("humidity", 48, NOW - 60_000_000),
    ]  # fmt: skip


def test_a_value_under_weather_that_was_announced_is_read_as_it_was_announced() -> None:
    heard = Heard(
        [
            Announcement(
                "garden",
                "warmth",
                unit="°C",
                topic="weather/garden/warmth",
                pointer=announced.written(announced.Pointer()),
            )
        ]
    )
    (reading,) = take("weather/garden/warmth", b"21.5", heard).readings
    assert (reading.thing, reading.property, reading.unit) == ("garden", "warmth", "°C")
