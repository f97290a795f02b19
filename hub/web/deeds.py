"""What an owner may do from her page: one table, each line a form.

Rule: a deed is done by the action that commands use too, with the rights of her link; what a form says is taken for
nothing but words. Its answer is where on the page to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException

from hub.core.audience import Audience
from hub.core.grade import Grade
from hub.web.context import Context
from hub.web.days import is_over

Form = Mapping[str, str]
Deed = Callable[[Context, Audience, Form], str]


def _grade(context: Context, audience: Audience, form: Form) -> str:
    stream, grade = number(form, "stream"), Grade.read(form.get("grade"))
    if form.get("grade") != grade.word:
        raise HTTPException(404)
    commons = form.get("commons") if grade is Grade.COMMONS else None
    context.own.set_grade(audience, stream, grade, commons or None, is_over(form.get("until", ""), context.zone))
    return f"stream-{stream}"


def _pause(context: Context, audience: Audience, form: Form) -> str:
    context.own.pause(audience, form.get("thing", ""), number(form, "hours"))
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


def _name(context: Context, audience: Audience, form: Form) -> str:
    context.own.show_name(audience, form.get("commons", ""), form.get("name", ""))
    return "projects"


def _unname(context: Context, audience: Audience, form: Form) -> str:
    context.own.hide_name(audience, form.get("commons", ""))
    return "projects"


def _answer(context: Context, audience: Audience, form: Form) -> str:
    context.own.answer(audience, number(form, "letter"), form.get("words", ""))
    return "letters"


DEEDS: dict[str, tuple[Deed, str]] = {
    "grade": (_grade, "Done. Below is how it is now; a raise in a home of several adults waits a day."),
    "pause": (_pause, "Paused. What it measures until then stays at home, for ever."),
    "unpause": (_unpause, "The pause ends; in a home of several adults a day from now."),
    "join": (_join, "You have joined. Nothing is shown there by that alone: say so for each value."),
    "leave": (_leave, "You have left. What was seen there is counted at most from now on, the past too."),
    "name": (_name, "Your project reads your name with what you show it; from when on, it says below."),
    "unname": (_unname, "Your name is taken back: you have another there, and the past is counted at most."),
    "answer": (_answer, "Your answer is with whoever wrote."),
}
"""What a form's `do` names, and what is said once it is done."""


def number(form: Form, field: str) -> int:
    """The id in a field of a form; whatever is none is answered like a page that is not there."""
    text = form.get(field, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 10):  # noqa: PLR2004 - ids are below 2**31
        raise HTTPException(404)
    return int(text)
