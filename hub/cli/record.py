"""A thing's own record, on the command line.

Rule: numbers and times, never a value.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from hub.cli.asking import Config, config_file, do, table, when
from hub.core.grade import DAY, HOUR, MINUTE
from hub.settings import Settings, read

_SECOND = MINUTE // 60
_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (_SECOND, "s"))
_YEARS = 1000 * DAY


def thing_show(
    called: Annotated[str, typer.Argument(metavar="THING", help="A name or a number of `barrio thing list`.")],
    whole: Annotated[
        bool, typer.Option("--whole", help="When it was silent and what was marked, too: its owner reads that you did.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same for programs; times in µs since 1970 UTC.")] = False,
    config: Config = None,
) -> None:
    """How a thing is: when it was heard, how often it speaks, what of it was refused and why, how its clock stands.

    Never a value. When it was silent in the last seven days, which backlog came late and what of it was marked as
    hardly true stands on its owner's page; with --whole you get that as well, and she finds in her log that you did.
    """
    found = do(config, "thing.show", {"thing": called, "whole": whole})
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    settings = read(config_file(config))
    for line in _head(settings, found):
        typer.echo(line)
    _values(settings, found)
    _refusals(settings, found)


def _head(settings: Settings, found: dict[str, Any]) -> list[str]:
    door = found["credential"]
    speaks = {
        "thing": f"user {door['user']}", "gateway": f"through the gateway {door['user']}",
        "source": "through an outside broker",
    }[door["kind"]]  # fmt: skip
    if door["certificate"]:
        speaks += f", certificate {door['certificate']}"
    if found["ended"] is not None:
        speaks = f"no more: handed over or given up {when(settings, found['ended'])}; before: {speaks}"
    elif not door["open"]:
        speaks += ", which has ended: give it a new one with `barrio thing credential`"
    title = f" ({found['title']})" if found["title"] and found["title"] != found["name"] else ""
    heard = "never: look at its user name, password and topic"
    return [
        f"{found['name']}{title}, of {found['owner']}, number {found['thing']}",
        f"  last heard   {heard if found['heard'] is None else when(settings, found['heard'])}",
        f"  speaks       {speaks}, since {when(settings, door['since'])}",
        f"  publishes    {'; '.join(found['topics'])}",
        f"  clock        {_clock(found['clock'])}",
        f"  sealed       {found['sealed'] or 'no'}{' envelopes' if found['sealed'] else ''}",
    ]


def _clock(off: int | None) -> str:
    if off is None:
        return "right, or it tells none"
    if abs(off) > _YEARS:
        return "was never set: set it (NTP), or let it send no time"
    return f"{length(abs(off))} {'ahead' if off > 0 else 'behind'}: set it (NTP, UTC), or let it send no time"


def _values(settings: Settings, found: dict[str, Any]) -> None:
    rows = []
    for v in found["values"]:
        row = {
            "value": v["value"], "heard": "never" if v["heard"] is None else when(settings, v["heard"]),
            "every": length(v["cadence"]) if v["cadence"] else "-", "gaps": v["gaps"],
            "now": "speaks" if v["silent"] is None else f"silent since {when(settings, v['silent'])}",
        }  # fmt: skip
        if found["whole"]:
            row |= {
                "late": v["late"]["count"] if v["late"] else 0, "ahead": v["ahead"], "implausible": v["implausible"],
                "jumps": v["jump"], "flat": v["flat"],
            }  # fmt: skip
        rows.append(row)
    if not rows:
        typer.echo("\nNo value yet.")
        return
    typer.echo(f"\nSince {when(settings, found['since'])}; a gap is longer than three times its usual step:")
    table(rows, tuple(rows[0]))
    for v in found["values"] if found["whole"] else ():
        for line in _silences(settings, v):
            typer.echo(line)


def _silences(settings: Settings, value: dict[str, Any]) -> list[str]:
    lines = []
    for s in value["silences"]:
        until = "now" if s["until"] is None else when(settings, s["until"])
        lines.append(f"  {value['value']} was silent from {when(settings, s['since'])} to {until}")
    late = value["late"]
    if late:
        since, until = (_moment(settings, late[end]) for end in ("since", "until"))
        lines.append(
            f"  {value['value']}: {late['count']:,} came late, of {since} to {until}, by up to {length(late['most'])}"
        )
    return lines


def _moment(settings: Settings, at: int) -> str:
    """A time that a thing has told: any number at all."""
    try:
        return when(settings, at)
    except (OverflowError, ValueError, OSError):
        return "no time there is"


def _refusals(settings: Settings, found: dict[str, Any]) -> None:
    if not found["reasons"]:
        typer.echo("\nNothing was refused.")
        return
    typer.echo("\nRefused, and why:")
    rows = [r | {"last": when(settings, r["last"])} for r in found["reasons"]]
    table(rows, ("count", "last", "reason"))
    typer.echo(f"\nThe last {len(found['refusals'])}, the newest first:")
    table([r | {"at": when(settings, r["at"])} for r in found["refusals"]], ("at", "reason"))


def length(long: int) -> str:
    """A length of time (µs), in its two largest units: ``2 h 5 min``."""
    left, told = max(long, _SECOND), list[str]()
    for one, unit in _UNITS:
        if left >= one and len(told) < 2:  # noqa: PLR2004 - two are enough
            told.append(f"{left // one} {unit}")
            left %= one
        elif told:
            break
    return " ".join(told)
