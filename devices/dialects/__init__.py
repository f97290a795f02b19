"""How the same values look on the wire of each format: what a simulated thing says when it wakes, and then.

Rule: one entry of `DIALECTS` a format, as the real devices say it, topics and words included. `WORDS` tells what a
property is called in each format, so that who sets up a demo knows under which names the hub will hear it.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.dialects.dialect import Dialect, Packet, Units, Values
from devices.dialects.home import ESPHOME, HA_DISCOVERY
from devices.dialects.homie import HOMIE
from devices.dialects.lorawan import CHIRPSTACK, TTN
from devices.dialects.meters import DSMR, VICTRON
from devices.dialects.native import NATIVE
from devices.dialects.objects import NGSI_LD, OWNTRACKS, PLAIN
from devices.dialects.platforms import OPENSENSEMAP, SENSORTHINGS
from devices.dialects.radio import MESHTASTIC, OPENMQTTGATEWAY, RUUVI
from devices.dialects.shelly import SHELLY
from devices.dialects.sparkplug import SPARKPLUG
from devices.dialects.stations import (
    AIRGRADIENT,
    ECOWITT,
    KOTORI,
    NETATMO,
    PURPLEAIR,
    SENSOR_COMMUNITY,
    SMART_CITIZEN,
    WEEWX,
)
from devices.dialects.tasmota import TASMOTA
from devices.dialects.zigbee2mqtt import ZIGBEE2MQTT

__all__ = ["DIALECTS", "WORDS", "Dialect", "Packet", "Units", "Values", "heard_as", "introduction", "messages", "word"]

DIALECTS: dict[str, Dialect] = {
    "airgradient": AIRGRADIENT,
    "chirpstack": CHIRPSTACK,
    "dsmr": DSMR,
    "ecowitt": ECOWITT,
    "esphome": ESPHOME,
    "ha-discovery": HA_DISCOVERY,
    "homie": HOMIE,
    "kotori": KOTORI,
    "meshtastic": MESHTASTIC,
    "native": NATIVE,
    "netatmo": NETATMO,
    "ngsi-ld": NGSI_LD,
    "ogc-sensorthings": SENSORTHINGS,
    "openmqttgateway": OPENMQTTGATEWAY,
    "opensensemap": OPENSENSEMAP,
    "owntracks": OWNTRACKS,
    "plain": PLAIN,
    "purpleair": PURPLEAIR,
    "ruuvi": RUUVI,
    "sensor-community": SENSOR_COMMUNITY,
    "shelly": SHELLY,
    "smart-citizen": SMART_CITIZEN,
    "sparkplug-b": SPARKPLUG,
    "tasmota": TASMOTA,
    "ttn-v3": TTN,
    "victron": VICTRON,
    "weewx": WEEWX,
    "zigbee2mqtt": ZIGBEE2MQTT,
}
WORDS: dict[str, Mapping[str, str]] = {form: dialect.words for form, dialect in DIALECTS.items()}
"""Format → property of ours → the name under which the hub hears it; what is missing has our own name."""


def heard_as(form: str, thing: str) -> str:
    """The name by which the hub knows a thing that calls itself `thing` in this format."""
    return DIALECTS[form].heard_as(thing)


def word(form: str, observed: str) -> str:
    """The name by which the hub hears a property in this format."""
    return DIALECTS[form].word(observed)


def introduction(form: str, things: Mapping[str, Units]) -> list[Packet]:
    """What these things, or the gateway they stand behind, say when they connect: thing → property → UCUM."""
    return DIALECTS[form].introduce(things)


def messages(form: str, thing: str, values: Values, units: Units, time_us: int) -> list[Packet]:
    """All values of one instant; one message or several, as the format has it. `KeyError` for an unknown format."""
    return DIALECTS[form].speak(thing, values, units, time_us)
