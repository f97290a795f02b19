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

from devices.curves import CURVES, curve
from devices.dialects import DIALECTS
from devices.simulate import SimulatedThing, run

USUAL = {form: dialect.usual for form, dialect in DIALECTS.items()}
"""Format → property → (curve, unit): what such a device usually measures."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    args = parser.parse_args(arguments)
    password = args.password if args.password is not None else os.environ.get("BARRIO_PASSWORD")
    if password is None:
        parser.error("no password: set BARRIO_PASSWORD or give --password")
    thing = simulated(args.format, args.user, password, args.thing, args.interval, args.seed)
    names = ", ".join(thing.names().values())
    sys.stdout.write(f"{thing.heard_as} speaks {args.format} every {args.interval:g} s: {names}\n")
    tls = ssl.create_default_context(cafile=args.ca) if args.tls or args.ca else None
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


def _value(kind: str, seed: int, time_us: int) -> float:
    return curve(kind, seed, time_us)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m devices.simulate", description="One simulated device that publishes through MQTT.",
        epilog=f"curves: {', '.join(sorted(CURVES))}",
    )  # fmt: skip
    parser.add_argument("format", choices=sorted(DIALECTS), help="how it speaks")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--user", required=True, help="the credential's user name")
    parser.add_argument("--password", help="better: the environment's BARRIO_PASSWORD")
    parser.add_argument("--thing", default="simulated", help="what it calls itself")
    parser.add_argument("--interval", type=float, default=10, help="seconds between messages")
    parser.add_argument("--seconds", type=float, help="stop after so long (default: when interrupted)")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1000, help="which home it is")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--ca", help="the certificate of the hub's own authority (implies --tls)")
    return parser
