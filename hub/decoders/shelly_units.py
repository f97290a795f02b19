"""What Shelly's documentation says of units, and which of its fields are measured.

Rule: data only. Generation 1 is known field by field; of later ones every number is a value unless it is named here.
"""

from __future__ import annotations

FIRST: dict[str, str | None] = {
    "relay": None, "relay.power": "W", "relay.energy": "W.min", "light": None, "light.power": "W",
    "light.energy": "W.min", "white.power": "W", "white.energy": "W.min", "color.power": "W", "color.energy": "W.min",
    "roller.power": "W", "roller.energy": "W.min", "roller.pos": "%", "meter.power": "W", "meter.energy": "W.min",
    "emeter.power": "W", "emeter.reactive_power": "var", "emeter.apparent_power": "V.A", "emeter.pf": None,
    "emeter.voltage": "V", "emeter.current": "A", "emeter.energy": "W.min", "emeter.returned_energy": "W.min",
    "emeter.total": "W.h", "emeter.total_returned": "W.h", "temperature": "Cel", "temperature_f": "[degF]",
    "overtemperature": None, "voltage": "V", "input": None, "adc": "V", "ext_temperature": "Cel",
    "ext_temperature_f": "[degF]", "ext_humidity": "%", "ext_switch": None, "sensor.temperature": "Cel",
    "sensor.humidity": "%", "sensor.battery": "%", "sensor.lux": "lx", "sensor.flood": None, "sensor.smoke": None,
    "sensor.motion": None, "sensor.vibration": None, "sensor.tilt": "deg", "sensor.concentration": "[ppm]",
    "sensor.charger": None, "sensor.ext_power": None,
}  # fmt: skip
"""Generation 1: the topic below the device, without its numbers → unit."""
INFO: dict[str, str | None] = {
    "tmp.value": "Cel", "hum.value": "%", "bat.value": "%", "bat.voltage": "V", "lux.value": "lx",
    "meters.power": "W", "meters.total": "W.min", "emeters.power": "W", "emeters.reactive": "var", "emeters.pf": None,
    "emeters.current": "A", "emeters.voltage": "V", "emeters.total": "W.h", "emeters.total_returned": "W.h",
    "temperature": "Cel", "voltage": "V", "relays.ison": None, "ison": None, "brightness": "%", "uptime": "s",
    "wifi_sta.rssi": "dB[mW]", "thermostats.pos": "%", "thermostats.tmp.value": "Cel", "ext_temperature.tC": "Cel",
    "ext_humidity.hum": "%", "adcs.voltage": "V", "concentration.ppm": "[ppm]", "flood": None, "motion": None,
    "vibration": None, "lux": "lx", "bat": "%", "accel.tilt": "deg", "accel.vibration": None, "sensor.motion": None,
    "sensor.vibration": None, "inputs.input": None,
}  # fmt: skip
"""Generation 1, the JSON of `info` and `status`: the path without its numbers → unit."""
UNITS: dict[str, dict[str, str]] = {
    "": {
        "apower": "W", "act_power": "W", "voltage": "V", "current": "A", "freq": "Hz", "aprt_power": "V.A",
        "aprtpower": "V.A", "rpower": "var", "aenergy.total": "W.h", "ret_aenergy.total": "W.h",
        "act_energy": "W.h", "act_ret_energy": "W.h", "total_act_energy": "W.h", "total_act_ret_energy": "W.h",
        "act": "W.h", "act_ret": "W.h", "temperature.tC": "Cel", "tC": "Cel", "rh": "%", "lux": "lx",
        "battery.V": "V", "battery.percent": "%", "current_pos": "%", "brightness": "%", "ct": "K", "rssi": "dB[mW]",
        "battery": "%", "current_C": "Cel", "target_C": "Cel", "current_humidity": "%", "pos": "%", "percent": "%",
    },
    "sys": {"uptime": "s"},
    "wifi": {"rssi": "dB[mW]"},
    "thermostat": {"current_C": "Cel", "target_C": "Cel", "current_humidity": "%"},
}  # fmt: skip
"""Later generations: component → path below it → unit; "": of any component."""
SILENT_COMPONENTS = frozenset({
    "ts", "cloud", "mqtt", "ble", "ws", "eth", "matter", "ht_ui", "plugs_ui", "plugpm_ui", "pmpower_ui", "script",
    "kvs", "schedule", "webhook", "ui", "modbus", "knx", "bthome", "zigbee", "mbclient", "text", "enum", "group",
    "object", "button", "events",
})  # fmt: skip
SILENT_KEYS = frozenset({
    "id", "tF", "minute_ts", "last_updated_ts", "timer_started_at", "timer_duration", "packet_id", "last_update", "ts",
    "target_pos", "move_started_at", "move_timeout", "cfg_rev", "update_progress", "pos_control", "last_direction",
    "target_F", "current_F", "has_timer", "transition", "started_at", "duration", "flags", "attrs", "paired", "rev",
    "cleared", "mute", "night_mode", "restart_required", "lat", "lon",
})  # fmt: skip
"""Fields of later generations that are no measurements, whatever component they stand in."""
