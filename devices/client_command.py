"""`python -m devices.client`: enrol, send a reading, or send a stream of them from standard input.

Rule: it says what the hub said. Exit code 0 means that everything is stored, 1 that something waits in the backlog or
was refused, 2 that the arguments are wrong.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from devices.beat import Pouring, beats
from devices.client import GRADES, Device, dial
from devices.enrolment import Credential, EnrolTrouble, enrolled, read_credential
from devices.keys import PUBLIC, KeyTrouble, read_file, signing_key, written
from devices.link import Safety
from devices.seal import SIZE, Sealer

_READING = re.compile(r"(?P<name>[^=\s]+)\s*[=\s]\s*(?P<value>[+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(?P<unit>\S*)")
_EXAMPLES = """\
examples:
  python -m devices.client --host hub.local --enrol TOKEN --keep balcony.json
      makes of a one-time token (barrio thing enrol) a credential of its own, and keeps it in that file; from then on
  python -m devices.client --keep balcony.json temperature=21.5Cel
      is enough
with a password (barrio thing add prints user name and password):
  python -m devices.client --user u7 --thing balcony temperature=21.5Cel pm25=12.3ug/m3
  my-sensor | python -m devices.client --user u7 --thing balcony --backlog balcony.db -
      reads lines such as "temperature 21.5 Cel" until the end of the input
  my-sensor | python -m devices.client --user u7 --thing hall --backlog hall.db --seal seal-… --signing-key hall.sign -
      seals them to the household's key: one envelope of one size a minute (--every), whatever was measured

The password comes from BARRIO_PASSWORD, --password-file or --password; the token from --enrol or BARRIO_TOKEN.
"""
_PAUSE = 0.3
_HERE, _PORT = "127.0.0.1", 1883


class Given(NamedTuple):
    """One reading as it was typed."""

    name: str
    value: float
    unit: str | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        found = _credential(args)
        if not args.readings and args.keep is not None:
            sys.stdout.write(f"{found.thing or found.user} is enrolled; its credential is in {args.keep}\n")
            return 0
        device = Device(
            found.host, found.port, user=found.user, password=found.password, thing=found.thing, backlog=args.backlog,
            ca=args.ca, tls=args.tls, certificate=args.certificate, key=args.key, grade=args.grade,
            seal=_sealer(args, found.thing),
        )  # fmt: skip
        readings = [_read(text) for text in args.readings if text != "-"]
    except (ValueError, KeyTrouble, OSError) as problem:
        parser.error(str(problem))
    except EnrolTrouble as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    with device:
        return _send(device, args, readings)


def _credential(args: argparse.Namespace) -> Credential:
    """As it was typed, as it is kept in a file, or as the hub gives it for a token; raises `ValueError`."""
    if args.keep is None:
        return _typed(args)
    kept = read_credential(args.keep)
    host = args.host or (_HERE if kept is None else kept.host)
    port = args.port or (_PORT if kept is None else kept.port)
    reach = dial(host, port, Safety(args.tls, args.ca))
    found = enrolled(host, port, args.enrol or os.environ.get("BARRIO_TOKEN"), args.keep, reach)
    return replace(found, host=host, port=port, thing=args.thing or found.thing)


def _typed(args: argparse.Namespace) -> Credential:
    if args.enrol is not None:
        raise ValueError("--enrol needs --keep FILE: where the credential is to be kept")
    password = _password(args)
    if args.certificate is None and (args.user is None or password is None):
        raise ValueError(
            "who speaks? --keep FILE; or --user with BARRIO_PASSWORD, --password-file or --password; or --certificate"
        )
    if args.thing is None or not args.readings:
        raise ValueError("--thing and at least one NAME=VALUE (or -) are needed")
    return Credential(args.host or _HERE, args.port or _PORT, args.user or "", password or "", args.thing)


def _send(device: Device, args: argparse.Namespace, readings: Iterable[Given]) -> int:
    if args.name or args.exposure or args.seal:
        device.introduce(args.name, exposure=args.exposure)
    trouble = 0
    for given in readings:
        device.measure(given.name, given.value, unit=given.unit)
    if "-" not in args.readings:
        return _flush(device)
    if args.seal:
        return trouble | _keep_time(device, args.every)
    for given in _lines(sys.stdin):
        device.measure(given.name, given.value, unit=given.unit)
        trouble |= _flush(device)
    return trouble | _flush(device)


def _keep_time(device: Device, every: float) -> int:
    """One envelope at each beat, until the input has ended and everything is stored, or no more can be."""
    trouble, pouring, before = 0, Pouring(sys.stdin), 0
    for _ in beats(every):
        over = pouring.over
        for given in _lines(pouring.taken()):
            device.measure(given.name, given.value, unit=given.unit)
        trouble |= _flush(device)
        if over and device.waiting in (0, before):
            break
        before = device.waiting
    return trouble


def _flush(device: Device) -> int:
    """Send, and print what the hub said; 1 if anything was wrong."""
    waiting = device.flush()
    time.sleep(_PAUSE)
    errors = list(device.errors())
    if waiting:
        errors.append(f"{waiting} readings are not acknowledged yet; they wait in the backlog")
    for error in errors:
        sys.stderr.write(f"{error}\n")
    return 1 if errors else 0


def _lines(lines: Iterable[str]) -> Iterator[Given]:
    """The readings of a stream; a line that is none is named and passed over."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _read(line)
        except ValueError as problem:
            sys.stderr.write(f"line {number}: {problem}\n")


def _read(text: str) -> Given:
    """`temperature=21.5Cel` or `temperature 21.5 Cel`; raises `ValueError`."""
    found = _READING.fullmatch(text.strip())
    if found is None:
        raise ValueError("a reading is written name=value, with its unit right behind: temperature=21.5Cel")
    return Given(found["name"], float(found["value"]), found["unit"] or None)


def _sealer(args: argparse.Namespace, thing: str) -> Sealer | None:
    """What seals, if anything is to be sealed; the key is given as it is or in a file."""
    if args.seal is None:
        return None
    if args.signing_key is None:
        raise ValueError("--seal needs --signing-key FILE: the hub knows a thing by what it signed with first")
    file = Path(args.seal)
    key = written(PUBLIC, read_file(PUBLIC, file)) if file.exists() else args.seal
    return Sealer(key, signing_key(args.signing_key), thing, args.room)


def _password(args: argparse.Namespace) -> str | None:
    if args.password_file is not None:
        return str(args.password_file.read_text("utf-8").strip())
    given: str | None = args.password
    return given if given is not None else os.environ.get("BARRIO_PASSWORD")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m devices.client", description="Send readings to a Barrio hub.", epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("readings", nargs="*", metavar="NAME=VALUE", help="readings, or - for lines on standard input")
    parser.add_argument("--host", help="the hub (default: the one in --keep, else this machine)")
    parser.add_argument("--port", type=int, help="(default: the one in --keep, else 1883)")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where this device's credential is, or shall be")
    parser.add_argument("--enrol", metavar="TOKEN", help="get a credential for this one-time token, if --keep has none")
    parser.add_argument("--user", help="the credential's user name")
    parser.add_argument("--password", help="seen by others on this machine; better one of the two other ways")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--thing", help="the thing's name in its topics (default: the one in --keep)")
    parser.add_argument("--grade", choices=GRADES, help="how far these readings may be known at most")
    parser.add_argument("--backlog", type=Path, help="the file that keeps what could not be sent")
    parser.add_argument("--tls", action="store_true", help="speak TLS")
    parser.add_argument("--ca", type=Path, help="the certificate of the hub's own authority (implies --tls)")
    parser.add_argument("--certificate", type=Path, help="the device's own, instead of a password (implies --tls)")
    parser.add_argument("--key", type=Path, help="the certificate's key, if it is in a file of its own")
    parser.add_argument("--name", help="introduce the thing: what people call it")
    parser.add_argument("--exposure", choices=("indoor", "outdoor"), help="introduce the thing: where it senses")
    sealing = parser.add_argument_group("sealing (barrio household new-key makes the household's key)")
    sealing.add_argument("--seal", metavar="KEY", help="the household's public key (seal-…), or a file with it")
    sealing.add_argument("--signing-key", type=Path, metavar="FILE", help="this thing's own key; made on first use")
    sealing.add_argument("--every", type=float, default=60, metavar="SECONDS", help="the beat of the envelopes")
    sealing.add_argument("--room", type=int, default=SIZE, metavar="BYTES", help="of every envelope, the same for ever")
    return parser
