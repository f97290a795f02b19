"""Payload formats: pure functions from (message, what was heard before) to readings and announcements.

Rule: one file per format, one line in `DECODERS`, its samples in devices/formats/<name>/. No I/O, no clock.
"""

from __future__ import annotations

from hub.core.reading import Decoder
from hub.decoders.native import decode as native
from hub.decoders.tasmota import decode as tasmota
from hub.decoders.ttn import decode as ttn_v3
from hub.decoders.zigbee2mqtt import decode as zigbee2mqtt

DECODERS: dict[str, Decoder] = {
    "native": native,
    "tasmota": tasmota,
    "ttn-v3": ttn_v3,
    "zigbee2mqtt": zigbee2mqtt,
}
