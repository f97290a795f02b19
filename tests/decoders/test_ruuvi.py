"""Ruuvi's own test vectors, from the pages that define the advertisements (https://docs.ruuvi.com)."""

from __future__ import annotations

import pytest

from hub.decoders.ruuvi_bytes import advertised


def told(body: str) -> dict[str, float]:
    """What an advertisement with this manufacturer data says: property → value."""
    raw = bytes.fromhex(body)
    packet = b"\x02\x01\x06" + bytes((len(raw) + 3, 0xFF, 0x99, 0x04)) + raw
    return {name: value for name, value, _ in advertised(packet.hex())}


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("03291A1ECE1EFC18F94202CA0B53",
         {"humidity": 20.5, "temperature": 26.3, "pressure": 102766, "accelX": -1.0, "accelY": -1.726, "accelZ": 0.714,
          "voltage": 2.899}),
        ("0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F",
         {"temperature": 24.3, "humidity": 53.49, "pressure": 100044, "accelX": 0.004, "accelY": -0.004,
          "accelZ": 1.036, "voltage": 2.977, "movementCounter": 66}),
        ("058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF", {}),
        ("06170C5668C79E007000C90501D9FFCD004C884F",
         {"temperature": 29.5, "humidity": 55.3, "pressure": 101102, "pm2_5": 11.2, "co2": 201, "luminosity": 13026.67,
          "voc": 10, "nox": 2}),
        ("068000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", {}),
        ("E1170C5668C79E0065007004BD11CA00C90A0213E0ACFFFFFFDECDEE10FFFFFFFFFFCBB8334C884F",
         {"temperature": 29.5, "humidity": 55.3, "pressure": 101102, "pm1": 10.1, "pm2_5": 11.2, "pm4": 121.3,
          "pm10": 455.4, "co2": 201, "luminosity": 13027, "voc": 20, "nox": 4}),
    ],
)  # fmt: skip
def test_an_advertisement_says_what_its_definition_prints(body: str, values: dict[str, float]) -> None:
    assert told(body) == values


@pytest.mark.parametrize(
    "data", ["", "0", "zz", "05" * 600, "0201061BFF9904", "0201061BFF990405", "02011A0AFF4C001005"]
)
def test_what_is_no_advertisement_of_ruuvis_says_nothing(data: str) -> None:
    assert advertised(data) == []


def test_a_voltage_is_not_available_whatever_the_radios_power_is() -> None:
    assert told("05" + "0000" * 6 + "FFE4" + "00" * 9).get("voltage") is None
    assert told("05" + "0000" * 6 + "FFC4" + "00" * 9)["voltage"] == 3.646
