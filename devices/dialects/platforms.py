"""What stands behind a platform: a SensorThings server's observations, and a senseBox of openSenseMap.

Rule: values come by ids; what they mean is said elsewhere, if at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from devices.dialects.dialect import SPELLED, Dialect, Packet, Units, Values, iso, packed

_TITLES = {"air_temperature": "Temperatur", "relative_humidity": "rel. Luftfeuchte", "pm25": "PM2.5", "pm10": "PM10"}


def _stream(thing: str) -> str:
    return f"Datastreams('{thing}')"


def _part(observed: str) -> str:
    return f"result.{observed}"


def _observation(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    body = {"phenomenonTime": iso(time_us), "resultTime": iso(time_us), "result": dict(values)}
    return [(f"v1.1/{_stream(thing)}/Observations", packed(body), False)]


def _sensor(observed: str) -> str:
    """A sensor's id: 24 hexadecimal digits."""
    return sha256(observed.encode()).hexdigest()[:24]


def _box(things: Mapping[str, Units]) -> list[Packet]:
    return [
        (f"sensebox/{thing}", packed({"name": thing, "exposure": "outdoor", "sensors": [
            {"_id": _sensor(observed), "title": _TITLES.get(observed, observed), "unit": SPELLED.get(unit, unit)}
            for observed, unit in units.items()
        ]}), True)
        for thing, units in things.items()
    ]  # fmt: skip


def _measured(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    body = [
        {"sensor": _sensor(observed), "value": f"{value:.6f}", "createdAt": iso(time_us)}
        for observed, value in values.items()
    ]
    return [(f"sensebox/{thing}", packed(body), False)]


SENSORTHINGS = Dialect(
    _observation, {"water_level": ("brook", "cm"), "water_temperature": ("brook-warmth", "Cel")},
    heard_as=_stream, unnamed=_part,
)  # fmt: skip
OPENSENSEMAP = Dialect(
    _measured,
    {"air_temperature": ("warmth", "Cel"), "relative_humidity": ("humidity", "%"), "pm25": ("dust", "ug/m3")},
    introduce=_box, unnamed=_sensor,
)  # fmt: skip
