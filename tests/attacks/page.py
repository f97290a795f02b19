"""The report's text: first for residents, then for experts, and what is not promised. Pure.

Rule: every number on it comes from the one run that it is written from.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.attacks.catalogue import FAMILIES, NOT_PROMISED, Attack
from tests.attacks.told import Figure, Result, Verdict

FOLDER = "privacy-report"
_MANY = 4
_TOP = """# Privacy report

Written by `make privacy-report` ({facts}).
Every number here was measured in that one run, against the hub's own gate, releaser, registry, pages and endpoint.

**{failed} of {all} attacks failed.** {verdict}

Barrio promises that what you do not share, nobody sees, and that what counts only in averages is never seen on its
own. Promises are cheap, so every one of them comes with somebody who tries to break it: a program that behaves like a
curious neighbour, a landlord, a former partner, somebody from the city, or the operator. This page says what they
tried. Each attack was also made on something weaker, the way it is usually done, to show that it can succeed.

## What was tried
"""
_PROMISED = """
## What is not promised

No system hides everything. These are the limits that we know of; the first two are measured above.
"""
_EXPERTS = """
## For experts

Each attack is a test in `tests/attacks`, marked with its number; `make check` makes them on a small neighbourhood,
this report on a larger one. *Has to hold* is what the test asserts. *Weaker* is the control: the same attack on a
variant without the defence, which has to succeed, or the attack proves nothing.
"""
_ALL_HELD = "Nothing that was tried showed what it should not."
_NOT_ALL = "**Something was shown that should not be, or could not be tried: see below.**"


def page(results: Mapping[int, Result], facts: str, pictures: Mapping[int, str]) -> str:
    """The whole page; `pictures` are the file names of those attacks that have one."""
    failed = sum(r.verdict is Verdict.FAILED for r in results.values())
    text = _TOP.format(
        facts=facts, failed=failed, all=len(results), verdict=_ALL_HELD if failed == len(results) else _NOT_ALL
    )
    for family in FAMILIES:
        text += f"\n### {family.title}\n\n| | What somebody tried | The attack |\n|---|---|---|\n"
        for a in family.attacks:
            text += f"| {a.number} | **{_sentence(a.title)}** {a.tried} | {results[a.number].verdict.value} |\n"
        for a in family.attacks:
            if a.number in pictures:
                text += f"\n![{a.title}]({FOLDER}/{pictures[a.number]})\n"
    text += _PROMISED + "".join(f"\n- {limit}" for limit in NOT_PROMISED) + "\n" + _EXPERTS
    for family in FAMILIES:
        text += f"\n### {family.title}\n" + "".join(_expert(a, results[a.number]) for a in family.attacks)
    return text


def _expert(attack: Attack, result: Result) -> str:
    text = (
        f"\n**{attack.number}. {_sentence(attack.title)}** {result.verdict.value.capitalize()} ({_tests(result)}).\n\n"
        f"- *Method*: {attack.method}\n- *Has to hold*: {attack.holds}.\n"
    )
    text += "".join(f"- {line}\n" for line in _figures(result.figures()))
    text += "".join(f"- *Weaker*: {line}\n" for line in _figures(result.figures(control=True)))
    return text


def _figures(figures: list[Figure]) -> list[str]:
    """A line a figure; many counts of nothing are one line."""
    nothing = [f for f in figures if f.value == 0]
    if len(nothing) <= _MANY:
        return [f"{f.what}: {f}" for f in figures]
    which = "; ".join(f"{f.what}{'' if f.of is None else f' (of {f.of:,.0f})'}" for f in nothing)
    zero = f"{len(nothing)} counts of what must not be, each 0 <details><summary>which</summary>{which}</details>"
    return [f"{f.what}: {f}" for f in figures if f.value != 0] + [zero]


def _sentence(title: str) -> str:
    return title if title.endswith("?") else title + "."


def _tests(result: Result) -> str:
    count = len(result.attacks)
    return f"{count} test{'s' if count != 1 else ''}"
