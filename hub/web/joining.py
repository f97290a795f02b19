"""What an owner is told when something joins, or passes on: what to type into it, once.

Rule: a password or a token is on the page that answers her form, and on no other; nothing here keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.requests import Request

from hub.actions import ActionRefused
from hub.core.audience import Audience
from hub.web.context import Context
from hub.web.deeds import number
from hub.web.words import day_and_clock

_USER = "enrol"
"""By this name a device comes in with its token."""
_STAYS = "It is on your page once it has spoken. What it says stays at home until you say otherwise."


class Told(Struct, frozen=True):
    """A page that is shown once: what happened, what to type (name → words), what is said beside it, lines to try."""

    eyebrow: str
    sentence: str
    typed: tuple[tuple[str, str], ...]
    said: tuple[str, ...]
    lines: tuple[str, ...] = ()


def add(context: Context, request: Request, audience: Audience, form: Mapping[str, str]) -> Told:
    """A user name and a password for what she describes."""
    name, gateway = _named(form), form.get("gateway") == "yes"
    made = context.own.add(audience, number(form, "of"), name, outdoors=form.get("outdoors") == "yes", gateway=gateway)
    return _credential(
        context,
        request,
        made.user,
        made.password,
        f"{name} may publish now",
        "things/NAME" if gateway else f"things/{name}",
    )


def token(context: Context, request: Request, audience: Audience, form: Mapping[str, str]) -> Told:
    """A token with which what she describes fetches its password itself."""
    name, gateway = _named(form), form.get("gateway") == "yes"
    made = context.own.invite(
        audience, number(form, "of"), name, outdoors=form.get("outdoors") == "yes", gateway=gateway
    )
    host, port = _reached(context, request)
    said = ("Good once. A device of its own kind does this itself: it needs the token and nothing else.", _STAYS)
    line = f"python -m devices.client --host {host} --port {port} --enrol {made.token} --keep {name}.json"
    typed = (*_where(context, request), ("User name", _USER), ("Token, as password", made.token))
    until = day_and_clock(made.expires, context.zone)
    return Told(f"Shown once, good until {until}", f"{name} may fetch its password itself", typed, said, (line,))


def take(context: Context, request: Request, audience: Audience, form: Mapping[str, str]) -> Told:
    """A thing that its owner hands over to her."""
    made = context.own.take(audience, number(form, "of"), form.get("token", "").strip().lower())
    name = made.topic.split("/")[1]
    if made.user is None:
        said = (
            "It goes on speaking through the gateway that carries it, whose owner no longer sees what it says.",
            _STAYS,
        )
        return Told("Taken over", f"{name} is yours from now on", (), said)
    told = _credential(context, request, made.user, made.password, f"{name} is yours from now on", f"things/{name}")
    kept = "If it has kept readings while it was offline, empty that first: what is from before is not taken."
    return Told(told.eyebrow, told.sentence, told.typed, (*told.said, kept), told.lines)


def offer(context: Context, audience: Audience, handle: str, title: str) -> Told:
    """A token for whoever is to have one of her things."""
    made = context.own.offer(audience, handle)
    said = (
        "Give it to whoever is to have the thing: it is typed under “Add a device”, “Take a device over”.",
        "For that person the thing begins anew. What it has measured until then stays yours, as far known as it is.",
    )
    until = day_and_clock(made.expires, context.zone)
    return Told(f"Shown once, good until {until}", f"{title} may be taken over", (("Token", made.token),), said)


def _credential(
    context: Context, request: Request, user: str | None, password: str | None, sentence: str, topic: str
) -> Told:
    host, port = _reached(context, request)
    typed = (
        *_where(context, request), ("User name", user or ""), ("Password", password or ""),
        ("Topics", f"{topic}/PROPERTY with a number, or its own"),
    )  # fmt: skip
    line = f"mosquitto_pub -h {host} -p {port} -u {user} -P {password} -q 1 -t {topic}/pm25 -m 7.5"
    said = ("Type it into the device now, or write it down: the hub keeps only a hash of it.", _STAYS)
    return Told("Shown once", sentence, typed, said, (line,))


def _where(context: Context, request: Request) -> tuple[tuple[str, str], ...]:
    host, port = _reached(context, request)
    tls = context.settings.mqtt.tls_port
    return ("Server (MQTT)", host), ("Port", f"{port}" if tls is None else f"{port}, or {tls} with TLS")


def _reached(context: Context, request: Request) -> tuple[str, int]:
    """By which host and port a device comes in: the host by which people reach these pages."""
    said = urlsplit(context.settings.web.address or "").hostname
    return said or request.url.hostname or context.settings.mqtt.host, context.settings.mqtt.port


def _named(form: Mapping[str, str]) -> str:
    name = form.get("name", "").strip()
    if not name:
        raise ActionRefused("name", "Say what it is called.")
    return name
