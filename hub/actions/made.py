"""How a credential and a thing are written down, whoever had them made and however they came.

Rule: of a password only the keyed hash is written, and nothing else is said of it here.
"""

from __future__ import annotations

import secrets

from msgspec import Struct
from sqlalchemy import func, insert, select

from hub.actions.results import ActionRefused, NewCredential
from hub.core.catalogue import Exposure
from hub.core.grade import Grade
from hub.core.places import Place
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.ids import new_id
from hub.registry.keys import new_handle, new_secret

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Described(Struct, frozen=True):
    """What an owner says of a thing: `wire` is its name in topics, the exposure None when he has not said it."""

    wire: str
    title: str = ""
    description: str = ""
    exposure: Exposure | None = None
    place: Place | None = None
    place_grade: Grade | None = None


MOST_OWN = 100
"""So many open credentials a party may have made for itself; more are the operator's to give."""


def check_room(tx: Transaction, party: int, by: int | None) -> None:
    """Raise `ActionRefused` when somebody (`by`) who is no operator has made too many credentials for a party."""
    c = t.credentials.c
    open_ones = select(func.count()).where(c.party == party, c.closed.is_(None))
    if by is not None and tx.connection.execute(open_ones).scalar_one() >= MOST_OWN:
        raise ActionRefused("full", f"There are {MOST_OWN} passwords already: end some, or ask whoever runs the hub.")


def new_user(label: str, kind: str) -> str:
    """A user name that nobody has: what can be recognised of a label, and eight random letters."""
    slug = "".join(c for c in label.lower().replace(" ", "-") if c.isascii() and (c.isalnum() or c in "-_"))[:32]
    return f"{slug or kind}-{''.join(secrets.choice(_LETTERS) for _ in range(8))}"


def make_credential(
    registry: Registry, tx: Transaction, party: int, label: str, kind: str, now: int
) -> NewCredential:  # fmt: skip
    """A credential with a password of its own, `kind` as in `hub.registry.tables`."""
    i, user, password = new_id(tx.connection), new_user(label, kind), new_secret()
    write_credential(tx, i, user, registry.hash_of(password), party, label, kind, now)
    return NewCredential(i, user, password, "things/NAME/readings")


def write_credential(
    tx: Transaction, credential: int, user: str, kept: str, party: int, label: str, kind: str, now: int
) -> None:  # fmt: skip
    """Write a credential down by the keyed hash of its password."""
    tx.connection.execute(insert(t.credentials).values(
        id=credential, user=user, hash=kept, party=party, label=label, kind=kind, since=now,
    ))  # fmt: skip
    tx.changed()


def write_thing(tx: Transaction, said: Described, owner: int, credential: int, now: int) -> tuple[int, str]:
    """Write a thing down, its id and its handle."""
    thing, handle = new_id(tx.connection), new_handle()
    tx.connection.execute(insert(t.things).values(
        id=thing, handle=handle, wire=said.wire, name="", title=said.title, description=said.description,
        exposure=None if said.exposure is None else said.exposure.value, exposure_stated=said.exposure is not None,
        lat=None if said.place is None else said.place.lat, lon=None if said.place is None else said.place.lon,
        place_grade=None if said.place_grade is None else int(said.place_grade), owner=owner, credential=credential,
        since=now,
    ))  # fmt: skip
    tx.changed()
    return thing, handle
