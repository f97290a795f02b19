"""Payload formats: pure functions from (message, what was heard before) to readings and announcements.

Rule: one file per format, one line in `DECODERS`, its samples in devices/formats/<name>/. No I/O, no clock.
"""

from __future__ import annotations

from hub.core.reading import Decoder
from hub.decoders.airgradient import decode as airgradient
from hub.decoders.chirpstack import decode as chirpstack
from hub.decoders.dsmr import decode as dsmr
from hub.decoders.ecowitt import decode as ecowitt
from hub.decoders.esphome import decode as esphome
from hub.decoders.ha_discovery import decode as ha_discovery
from hub.decoders.homie import decode as homie
from hub.decoders.kotori import decode as kotori
from hub.decoders.meshtastic import decode as meshtastic
from hub.decoders.native import decode as native
from hub.decoders.netatmo import decode as netatmo
from hub.decoders.ngsi import decode as ngsi_ld
from hub.decoders.openmqttgateway import decode as openmqttgateway
from hub.decoders.opensensemap import decode as opensensemap
from hub.decoders.owntracks import decode as owntracks
from hub.decoders.plain import decode as plain
from hub.decoders.purpleair import decode as purpleair
from hub.decoders.ruuvi import decode as ruuvi
from hub.decoders.sensor_community import decode as sensor_community
from hub.decoders.sensorthings import decode as ogc_sensorthings
from hub.decoders.shelly import decode as shelly
from hub.decoders.smart_citizen import decode as smart_citizen
from hub.decoders.sparkplug import decode as sparkplug_b
from hub.decoders.tasmota import decode as tasmota
from hub.decoders.ttn import decode as ttn_v3
from hub.decoders.victron import decode as victron
from hub.decoders.weewx import decode as weewx
from hub.decoders.zigbee2mqtt import decode as zigbee2mqtt

DECODERS: dict[str, Decoder] = {
    "airgradient": airgradient,
    "chirpstack": chirpstack,
    "dsmr": dsmr,
    "ecowitt": ecowitt,
    "esphome": esphome,
    "ha-discovery": ha_discovery,
    "homie": homie,
    "kotori": kotori,
    "meshtastic": meshtastic,
    "native": native,
    "netatmo": netatmo,
    "ngsi-ld": ngsi_ld,
    "ogc-sensorthings": ogc_sensorthings,
    "openmqttgateway": openmqttgateway,
    "opensensemap": opensensemap,
    "owntracks": owntracks,
    "purpleair": purpleair,
    "ruuvi": ruuvi,
    "sensor-community": sensor_community,
    "shelly": shelly,
    "smart-citizen": smart_citizen,
    "plain": plain,
    "sparkplug-b": sparkplug_b,
    "tasmota": tasmota,
    "ttn-v3": ttn_v3,
    "victron": victron,
    "weewx": weewx,
    "zigbee2mqtt": zigbee2mqtt,
}
