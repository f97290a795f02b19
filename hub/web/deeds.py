"""What an owner may do from her page: one table, each line a form.

Rule: a deed is done by the action that commands use too, with the rights of her link; what a form says is taken for
nothing but words. Its answer is where on the page to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta

from starlette.exceptions import HTTPException

from hub.actions import ActionRefused
from hub.core.audience import Audience
from hub.core.grade import Grade
from hub.web.context import Context
from hub.web.words import moment_of

Form = Mapping[str, str]
Deed = Callable[[Context, Audience, Form], str]


def _grade(context: Context, audience: Audience, form: Form) -> str:
    stream, grade = _number(form, "stream"), Grade.read(form.get("grade"))
    if form.get("grade") != grade.word:
        raise HTTPException(404)
    commons = form.get("commons") if grade is Grade.COMMONS else None
    context.own.set_grade(audience, stream, grade, commons or None, _last_day(form.get("until", ""), context))
    return f"stream-{stream}"


def _pause(context: Context, audience: Audience, form: Form) -> str:
    context.own.pause(audience, form.get("thing", ""), _number(form, "hours"))
    return f"thing-{form['thing']}"


def _unpause(context: Context, audience: Audience, form: Form) -> str:
    context.own.unpause(audience, form.get("thing", ""))
    return f"thing-{form['thing']}"


def _join(context: Context, audience: Audience, form: Form) -> str:
    context.own.join(audience, form.get("commons", ""))
    return "projects"


def _leave(context: Context, audience: Audience, form: Form) -> str:
    context.own.leave(audience, form.get("commons", ""))
    return "projects"


def _answer(context: Context, audience: Audience, form: Form) -> str:
    context.own.answer(audience, _number(form, "letter"), form.get("words", ""))
    return "letters"


DEEDS: dict[str, tuple[Deed, str]] = {
    "grade": (_grade, "Done. Below is how it is now; a raise in a home of several adults waits a day."),
    "pause": (_pause, "Paused. What it measures until then stays at home, for ever."),
    "unpause": (_unpause, "The pause ends; in a home of several adults a day from now."),
    "join": (_join, "You have joined. Nothing is shown there by that alone: say so for each value."),
    "leave": (_leave, "You have left. What was seen there is counted at most from now on, the past too."),
    "answer": (_answer, "Your answer is with whoever wrote."),
}
"""What a form's `do` names, and what is said once it is done."""


def _last_day(text: str, context: Context) -> int | None:
    """The moment (µs) at which a day of the neighbourhood's calendar is over; None when none is named."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
        return moment_of(datetime.combine(day, time(), context.zone))
    except (ValueError, OverflowError) as error:
        raise ActionRefused("time", "Write the last day as in 2026-12-31, or leave it empty.") from error


def _number(form: Form, field: str) -> int:
    text = form.get(field, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 10):  # noqa: PLR2004 - ids are below 2**31
        raise HTTPException(404)
    return int(text)
