"""Smart Citizen Kit: `device/sck/{token}/readings`, JSON or the kit's own short form under `…/readings/raw`.

Rule: the token in the topic lets anybody publish in the kit's name: the thing is called by a digest of it. Sensors
have numbers; those of the current kit are named and have the units its firmware has, others keep their number and
have none. What the first kit sends are ticks of its converters, marked `_raw`. A time without a zone is none.
Source: https://github.com/fablabbcn/smartcitizen-kit-2x (Sensors.h), https://docs.smartcitizen.me.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

from hub.core.reading import Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import MOST, clean, read_json
from hub.decoders.flat import Meaning, as_written, readings
from hub.decoders.names import is_name, text
from hub.decoders.numbers import number
from hub.decoders.times import instant

_SENSORS: dict[str, Meaning] = {
    "10": ("battery", "%"), "14": ("light", "lx"), "53": ("noise_dba", "dB[SPL]"), "55": ("temperature", "Cel"),
    "56": ("humidity", "%"), "58": ("pressure", "kPa"), "227": ("lps33.pressure", "kPa"),
    "87": ("pm2_5", "ug/m3"), "88": ("pm10", "ug/m3"), "89": ("pm1", "ug/m3"),
    "112": ("eco2", "[ppm]"), "113": ("tvoc", "[ppb]"), "158": ("scd30.co2", "[ppm]"),
    "160": ("scd30.temperature", "Cel"), "161": ("scd30.humidity", "%"),
    "182": ("sps30.pm1", "ug/m3"), "183": ("sps30.pm2_5", "ug/m3"), "184": ("sps30.pm4", "ug/m3"),
    "185": ("sps30.pm10", "ug/m3"), "193": ("sen5x.pm1", "ug/m3"), "194": ("sen5x.pm2_5", "ug/m3"),
    "195": ("sen5x.pm4", "ug/m3"), "196": ("sen5x.pm10", "ug/m3"), "203": ("sen5x.humidity", "%"),
    "204": ("sen5x.temperature", "Cel"), "205": ("sen5x.voc_index", None), "206": ("sen5x.nox_index", None),
    "42": ("ds18b20.water_temperature", "Cel"), "50": ("soil_moisture", "%"),
}  # fmt: skip
"""The number of a sensor → its property and unit."""
_WITH_TOKEN = re.compile(r"(?:.*/)?(?:device|bridge)/(?:sck|[^/]+)/([^/]+)/(.+)")
_PAIR = re.compile(r"\s*\"?([A-Za-z0-9_]{1,20})\"?\s*:\s*\"?([^,\"]*)\"?\s*(?:,|$)")
_NO_VALUE = frozenset({"t", "time", "timestamp", "recorded_at", "nets", "id"})


def decode(message: Message, heard: Heard) -> Decoded:  # noqa: ARG001 - every decoder is called alike
    """Read what a kit publishes; raises `DecodeError`. Greetings, hardware and inventories hold no readings."""
    found = _WITH_TOKEN.fullmatch(message.topic)
    if found is None or not found[2].startswith("readings") or not message.payload:
        return Decoded([])
    thing = _veiled(found[1])
    plain = clean(message.payload)
    if found[2].endswith("/raw"):
        return Decoded(_short(thing, plain))
    body = read_json(plain)
    if not isinstance(body, dict):
        raise DecodeError("the readings of a Smart Citizen Kit are a JSON object")
    data = body.get("data")
    if data is None:
        return Decoded(readings(thing, body, instant(body.get("timestamp")), _first_kit))
    batches = data if isinstance(data, list) else [data]
    if len(batches) > MOST:
        raise DecodeError(f"a message holds more than {MOST} moments; send fewer in one message")
    return Decoded([r for batch in batches if isinstance(batch, dict) for r in _batch(thing, batch)])


@lru_cache(maxsize=4096)
def _veiled(token: str) -> str:
    return "sck-" + sha256(token.encode("utf-8", "replace")).hexdigest()[:10]


def _batch(thing: str, batch: dict[str, object]) -> list[Reading]:
    """All sensors at one moment."""
    sensors, time = batch.get("sensors"), instant(batch.get("recorded_at"))
    found: list[Reading] = []
    for sensor in sensors if isinstance(sensors, list) else ():
        if not isinstance(sensor, dict) or not isinstance(sensor.get("id"), int | str):
            continue
        meaning, value = _meaning(str(sensor["id"])), number(sensor.get("value"))
        if meaning is not None and value is not None:
            found.append(Reading(thing, meaning[0], value, time, text(sensor.get("unit")) or meaning[1]))
    return found


def _short(thing: str, plain: bytes) -> list[Reading]:
    """`{t:2026-06-01T12:00:00Z,55:21.5,56:null}`: like JSON, without quotation marks."""
    written = plain.decode("utf-8", "replace").strip()
    if not (written.startswith("{") and written.endswith("}")):
        raise DecodeError("raw readings look like {t:2026-06-01T12:00:00Z,55:21.5}")
    pairs = dict(_PAIR.findall(written[1:-1]))
    return readings(thing, pairs, instant(pairs.get("t", "").strip()), _meaning)


def _meaning(word: str) -> Meaning | None:
    return _SENSORS.get(word) or (None if word in _NO_VALUE else as_written(word))


@lru_cache(maxsize=256)
def _first_kit(word: str) -> Meaning | None:
    plain = None if word in _NO_VALUE else as_written(word)
    return None if plain is None or not is_name(f"{plain[0]}_raw") else (f"{plain[0]}_raw", None)
