"""Weather and air stations: each in the words of its maker.

Rule: a station says only what its words are for; units are those of the words.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from devices.dialects.dialect import Dialect, Packet, Units, Values, iso, packed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WARMTH = {"air_temperature": ("warmth", "Cel"), "relative_humidity": ("humidity", "%")}
_DUST = {"pm25": ("dust", "ug/m3"), "pm10": ("coarse-dust", "ug/m3")}
_SENSORS = {"temperature": 55, "humidity": 56, "pm2_5": 87, "pm10": 88, "noise_dba": 53}
"""Smart Citizen's property → the number of its sensor."""


def _said(dialect: Dialect, values: Values) -> dict[str, float]:
    """The values under the format's own words."""
    return {dialect.word(observed): value for observed, value in values.items()}


def _utc(time_us: int, pattern: str) -> str:
    return (_EPOCH + timedelta(microseconds=time_us)).strftime(pattern)


def _airgradient(thing: str, values: Values, _units: Units, _time_us: int) -> list[Packet]:
    body = {"serialno": thing, **_said(AIRGRADIENT, values), "ledMode": "pm", "model": "I-9PSL"}
    return [(f"airgradient/readings/{thing}", packed(body), False)]


def _ecowitt(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    texts = {name: f"{value}" for name, value in _said(ECOWITT, values).items()}
    body = {"stationtype": "SIM_V1", "dateutc": _utc(time_us, "%Y-%m-%d %H:%M:%S"), **texts}
    return [(f"ecowitt2mqtt/{thing}", packed(body), False)]


def _netatmo(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    board = {"time_utc": time_us // 1_000_000, **_said(NETATMO, values)}
    return [(f"netatmo/{thing}", packed({"_id": thing, "type": "NAModule4", "dashboard_data": board}), False)]


def _purpleair(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    body = {"SensorId": thing, "DateTime": _utc(time_us, "%Y/%m/%dT%H:%M:%Sz"), **_said(PURPLEAIR, values)}
    return [(f"purpleair/{thing}", packed(body), False)]


def _weewx(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    texts = {name: f"{value}" for name, value in _said(WEEWX, values).items()}
    body = {"dateTime": f"{time_us / 1e6}", "usUnits": "17.0", **texts}
    return [(f"weewx/{thing}/loop", packed(body), False)]


def _sensor_community(thing: str, values: Values, _units: Units, _time_us: int) -> list[Packet]:
    listed = [{"value_type": name, "value": f"{v:.2f}"} for name, v in _said(SENSOR_COMMUNITY, values).items()]
    body = {"software_version": "SIM-1", "sensordatavalues": listed}
    return [(f"sensors/{thing}/data.json", packed(body), False)]


def _smart_citizen(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    sensors = [{"id": _SENSORS[name], "value": value} for name, value in _said(SMART_CITIZEN, values).items()]
    body = {"data": [{"recorded_at": iso(time_us), "sensors": sensors}]}
    return [(f"device/sck/{thing}/readings", packed(body), False)]


def _token(thing: str) -> str:
    """The hub never shows a kit's token."""
    return "sck-" + sha256(thing.encode()).hexdigest()[:10]


def _kotori(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    body = {"time": time_us // 1_000_000, **values}
    return [(f"{_PATH}/{thing}/data.json", packed(body), False)]


def _under_path(thing: str) -> str:
    return f"{_PATH}/{thing}"


def _under_weewx(thing: str) -> str:
    return f"weewx/{thing}"


_PATH = "mqttkit-1/barrio/simulated"
AIRGRADIENT = Dialect(
    _airgradient,
    {**_WARMTH, **_DUST, "co2": ("indoor-co2", "[ppm]")},
    {
        "air_temperature": "atmp", "relative_humidity": "rhum", "pm25": "pm02", "pm10": "pm10", "co2": "rco2",
        "signal_strength": "wifi",
    },
    free=False,
)  # fmt: skip
ECOWITT = Dialect(
    _ecowitt,
    {**_WARMTH, "air_pressure": ("pressure", "hPa"), "soil_moisture": ("soil", "%")},
    {"air_temperature": "tempc", "relative_humidity": "humidity", "air_pressure": "baromrelhpa",
     "soil_moisture": "soilmoisture1", "rain_rate": "rainratemm"},
    free=False,
)  # fmt: skip
NETATMO = Dialect(
    _netatmo,
    {"air_temperature": ("indoor-warmth", "Cel"), "relative_humidity": ("indoor-humidity", "%"),
     "co2": ("indoor-co2", "[ppm]")},
    {"air_temperature": "Temperature", "relative_humidity": "Humidity", "co2": "CO2", "air_pressure": "Pressure",
     "noise_level": "Noise"},
    free=False,
)  # fmt: skip
PURPLEAIR = Dialect(_purpleair, _DUST, {"pm25": "pm2_5_atm", "pm10": "pm10_0_atm"}, free=False)
WEEWX = Dialect(
    _weewx,
    {**_WARMTH, "air_pressure": ("pressure", "hPa"), "wind_speed": ("wind", "m/s"), "rain_rate": ("rain", "mm/h")},
    {"air_temperature": "outTemp_C", "relative_humidity": "outHumidity", "air_pressure": "barometer_mbar",
     "wind_speed": "windSpeed_mps", "rain_rate": "rainRate_mm_per_hour"},
    heard_as=_under_weewx,
    free=False,
)  # fmt: skip
SENSOR_COMMUNITY = Dialect(
    _sensor_community,
    {**_DUST, **_WARMTH},
    {"pm25": "SDS_P2", "pm10": "SDS_P1", "air_temperature": "BME280_temperature",
     "relative_humidity": "BME280_humidity", "noise_level": "DNMS_noise_LAeq"},
    free=False,
)  # fmt: skip
SMART_CITIZEN = Dialect(
    _smart_citizen,
    {**_WARMTH, **_DUST, "noise_level": ("noise", "dB[SPL]")},
    {"air_temperature": "temperature", "relative_humidity": "humidity", "pm25": "pm2_5", "pm10": "pm10",
     "noise_level": "noise_dba"},
    heard_as=_token,
    free=False,
)  # fmt: skip
KOTORI = Dialect(_kotori, _WARMTH, heard_as=_under_path)
