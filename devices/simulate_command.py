"""`python -m devices.simulate FORMAT`: one simulated device, to try a hub, a topic or a credential with.

Rule: it says what it publishes, until it is interrupted or `--seconds` are over.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import ssl
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from devices.curves import curve
from devices.dialects import DIALECTS
from devices.enrolment import EnrolTrouble, read_credential
from devices.simulate import SimulatedThing, run

_EXAMPLES = """\
examples:
  barrio thing add workshop --owner Ana --gateway
      prints a user name and a password; then, each in a terminal of its own, until Ctrl-C:
  BARRIO_PASSWORD=… python -m devices.simulate tasmota --user USER --thing fridge
  BARRIO_PASSWORD=… python -m devices.simulate zigbee2mqtt --user USER --thing kitchen --interval 2
  barrio thing list
      shows the things that were heard, all at home
"""
USUAL = {form: dialect.usual for form, dialect in DIALECTS.items()}
"""Format → property → (curve, unit): what such a device usually measures."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        user, password = _login(args)
        tls = ssl.create_default_context(cafile=args.ca) if args.tls or args.ca else None
    except (ValueError, OSError, EnrolTrouble) as problem:
        parser.error(str(problem))
    thing = simulated(args.format, user, password, args.thing, args.interval, args.seed)
    names = ", ".join(thing.names().values())
    sys.stdout.write(f"{thing.heard_as} speaks {args.format} every {args.interval:g} s: {names}\n")
    sys.stdout.flush()
    lasting = asyncio.wait_for(run([thing], args.host, args.port, tls=tls), args.seconds)
    try:
        asyncio.run(lasting)
    except (KeyboardInterrupt, TimeoutError):
        return 0
    return 0


def simulated(form: str, user: str, password: str, thing: str, interval: float, seed: int) -> SimulatedThing:
    """A thing of one format that measures what such devices usually measure."""
    usual = USUAL[form]
    curves = {observed: partial(_value, kind, seed) for observed, (kind, _) in usual.items()}
    units = {observed: unit for observed, (_, unit) in usual.items()}
    return SimulatedThing(user, password, thing, form, curves, interval, units)


def _login(args: argparse.Namespace) -> tuple[str, str]:
    """User name and password: as typed, or as an enrolled device keeps them; raises `ValueError`."""
    if args.keep is not None:
        kept = read_credential(args.keep)
        if kept is None:
            raise ValueError(f"{args.keep} is not there; python -m devices.client --enrol TOKEN --keep FILE makes one")
        return kept.user, kept.password
    password = args.password if args.password is not None else os.environ.get("BARRIO_PASSWORD")
    if args.user is None or password is None:
        raise ValueError("who speaks? --keep FILE, or --user with BARRIO_PASSWORD or --password")
    return args.user, password


def _value(kind: str, seed: int, time_us: int) -> float:
    return curve(kind, seed, time_us)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m devices.simulate", description="One simulated device that publishes through MQTT, as real ones do.",
        epilog=_teaching(), formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("format", metavar="FORMAT", choices=sorted(DIALECTS), help="how it speaks (see below)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--user", help="the credential's user name, as barrio thing add printed it")
    parser.add_argument("--password", help="better: the environment's BARRIO_PASSWORD")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="the credential of a device that enrolled itself")
    parser.add_argument("--thing", default="simulated", help="what it calls itself")
    parser.add_argument("--interval", type=float, default=10, help="seconds between messages")
    parser.add_argument("--seconds", type=float, help="stop after so long (default: when interrupted)")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1000, help="which home it is")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--ca", help="the certificate of the hub's own authority (implies --tls)")
    return parser


def _teaching() -> str:
    formats = "\n".join(f"  {form:16} {', '.join(dialect.usual)}" for form, dialect in sorted(DIALECTS.items()))
    return f"{_EXAMPLES}\nformats, and what such a device measures here:\n{formats}\n"
