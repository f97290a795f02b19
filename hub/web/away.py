"""What an owner wants erased, read from a form and said in words before it is done.

Rule: whose it is and which things there are comes from the gate; a form can only choose among them. Nothing is erased
here: this is the look before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.exceptions import HTTPException

from hub.actions import ActionRefused
from hub.core.audience import Audience
from hub.core.disclosed import OwnEstate
from hub.web.context import Context
from hub.web.days import begins, is_over
from hub.web.words import date

_EVER = 2**62


class Choice(Struct, frozen=True):
    """One line of the list of what can be chosen: an owner, or a thing of his (`handle`)."""

    value: str
    words: str
    owner: int
    handle: str | None = None


class Wish(Struct, frozen=True):
    """What shall go: of the choice, readings with a time in [`since`, `until`) µs; `fields` say the same as a form.

    `everything`: of all things and all time, and what was written about the owner; `own`: who asks is the owner.
    """

    choice: Choice
    what: str
    since: int
    until: int
    everything: bool
    own: bool
    fields: Mapping[str, str]


def called(estate: OwnEstate) -> str:
    """An owner in words: a household often has the name of who lives in it."""
    return f"the household {estate.name}" if estate.household else estate.name


def choices(estates: Sequence[OwnEstate]) -> list[Choice]:
    """What can be erased: everything of each owner for whom she may act, then one thing at a time."""
    several = len(estates) > 1
    found = [
        Choice(f"{e.party}", f"All things of {called(e)}" if several else "All my things", e.party)
        for n, e in enumerate(estates)
        if e.things or n == 0
    ]
    for e in estates:
        of = f" ({called(e)})" if several else ""
        found += [Choice(f"{e.party}/{handle}", f"{title}{of}", e.party, handle) for handle, title in e.things]
    return found


def wish(context: Context, audience: Audience, form: Mapping[str, str]) -> Wish:
    """What a form asks for.

    Raises:
        ActionRefused: it names no day where it has to, or days that are none.
        HTTPException: nothing of hers is called so.
    """
    offered = choices(context.gate.estates(audience))
    choice = next((c for c in offered if c.value == form.get("of")), None)
    if choice is None:
        raise HTTPException(404)
    own = choice.owner == audience.party
    if form.get("all") == "yes":
        if choice.handle is not None:
            raise HTTPException(404)
        return Wish(
            choice, _everything(choice, offered), -_EVER, _EVER, everything=True, own=own, fields=_fields(form, "all")
        )
    since, until = begins(form.get("first", ""), context.zone), is_over(form.get("last", ""), context.zone)
    if choice.handle is None and since is None and until is None:
        raise ActionRefused("days", "Say which days, or choose one thing. To erase everything, go further down.")
    if since is not None and until is not None and since >= until:
        raise ActionRefused("days", "The last day is before the first: swap the two.")
    what = f"what {_whose(choice, offered)} measured {_when(since, until, context.zone)}"
    return Wish(
        choice, what, -_EVER if since is None else since, _EVER if until is None else until, everything=False, own=own,
        fields=_fields(form, "first", "last"),
    )  # fmt: skip


def _fields(form: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: form.get(name, "") for name in ("of", *names)}


def _whose(choice: Choice, offered: Sequence[Choice]) -> str:
    if choice.handle is not None:
        return f"“{choice.words}”"
    return choice.words.replace("All", "the", 1) if _several(offered) else "your things"


def _everything(choice: Choice, offered: Sequence[Choice]) -> str:
    return choice.words.replace("All things", "everything", 1) if _several(offered) else "everything"


def _several(offered: Sequence[Choice]) -> bool:
    return len({c.owner for c in offered}) > 1


def _when(since: int | None, until: int | None, zone: ZoneInfo) -> str:
    """Which days, in words; `until` is when the last of them is over."""
    first = "" if since is None else date(since, zone)
    last = "" if until is None else date(until - 1, zone)
    if first and last:
        return f"on {first}" if first == last else f"from {first} to {last}"
    if first or last:
        return f"from {first} on" if first else f"until {last}"
    return "on any day"
