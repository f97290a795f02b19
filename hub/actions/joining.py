"""A device joins by itself: its owner has a token made, and the device fetches a credential of its own for it.

Rule: nothing that the token stands for is there before the device has acknowledged that it has its password: by saying
so, or by coming in with it. Until then the token may ask again, and each password ends the one before it; so a lost
answer costs nothing, and a token is good once. It is 128 random bits, shown once, kept as a keyed hash, and ends with
its time, when it is withdrawn, and when its party leaves or erases everything.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import Row, delete, func, insert, select, update

from hub.actions.handing import check_hours
from hub.actions.made import Described, check_room, new_user, write_credential, write_thing
from hub.actions.results import ActionRefused, Invitation
from hub.actions.rights import check_party, moment, plain, tell, topic_level, unknown
from hub.core.admission import Given
from hub.core.catalogue import Exposure
from hub.core.grade import HOUR
from hub.core.places import Place
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.ids import new_id
from hub.registry.keys import new_secret

MOST_OPEN = 50
"""So many open tokens a party may have."""
MOST_ASKED = 100
"""So often a token gives out a password: a device that needs more is broken, or it is several."""
_TOLD = 3
"""So many of these are in the diary."""
_Token = Row[int, int, str, str, str, str, str | None, float | None, float | None, int, int | None, str, str]


def invite(
    registry: Registry, owner: int, name: str, *, title: str = "", description: str = "",
    exposure: Exposure | None = None, place: Place | None = None, gateway: bool = False, hours: float = 24,
    by: int | None = None, now: int | None = None,
) -> Invitation:  # fmt: skip
    """A token by which a device becomes a thing of `owner` (or his gateway), called and described so.

    Raises:
        ActionRefused: it cannot be called so, the time is none, or there are too many open tokens.
    """
    now = moment(now)
    check_hours(hours)
    token, expires = new_secret(), now + int(hours * HOUR)
    with registry.transaction() as tx:
        check_party(tx, owner, by)
        if exposure is Exposure.STATION and by is not None:
            raise ActionRefused("operator", "That a thing is a station away from homes, the operator says.")
        check_room(tx, owner, by)
        e = t.enrolments.c
        tx.connection.execute(delete(t.enrolments).where(e.expires <= now))
        there = tx.connection.execute(select(func.count()).where(e.party == owner)).scalar_one()
        if there >= MOST_OPEN:
            raise ActionRefused("full", f"There are {there} open tokens: withdraw those that nobody will use.")
        i = new_id(tx.connection)
        tx.connection.execute(insert(t.enrolments).values(
            id=i, hash=registry.hash_of(token), party=owner, kind="gateway" if gateway else "thing",
            wire=plain(name, "name") if gateway else topic_level(name), title=plain(title, "title", empty=True),
            description=plain(description, "description", empty=True),
            exposure=None if exposure is None else exposure.value, lat=None if place is None else place.lat,
            lon=None if place is None else place.lon, since=now, expires=expires, asked=0, user="", given="",
        ))  # fmt: skip
        tx.changed()
        tell(tx, now, by, owner, f"made a token with which {title or name} can join")
    return Invitation(i, token, expires)


def withdraw_invitation(registry: Registry, enrolment: int, *, by: int | None = None, now: int | None = None) -> str:
    """End an open token; what it was for. What had come by it stays.

    Raises:
        ActionRefused: there is no such open token, or it is not theirs.
    """
    now = moment(now)
    with registry.transaction() as tx:
        e = t.enrolments.c
        row = tx.connection.execute(
            select(e.party, e.wire, e.title).where(e.id == enrolment, e.expires > now)
        ).first()  # fmt: skip
        if row is None or (by is not None and row.party not in tx.people.acting(by)):
            raise unknown("open token")
        tx.connection.execute(delete(t.enrolments).where(e.id == enrolment))
        tx.changed()
        tell(tx, now, by, row.party, f"withdrew the token with which {row.title or row.wire} could join")
    return str(row.title or row.wire)


class Enroller:
    """Gives credentials to whoever was let in with a token. Its methods block; any thread may call them.

    Raises (each): RegistryUnavailable: not now; nothing has changed.
    """

    def __init__(self, registry: Registry, now: Callable[[], int]) -> None:
        """Write to `registry`; `now` gives the time in µs."""
        self._registry, self._now = registry, now

    def ask(self, enrolment: int) -> Given | None:
        """A fresh password, which ends the one before; None when the token has ended or has asked too often.

        It is as if it had not been given until `accept`.
        """
        now, password = self._now(), new_secret()
        with self._registry.transaction() as tx:
            row = _open(tx, enrolment, now)
            if row is None or row.asked >= MOST_ASKED:
                return None
            credential = row.credential or new_id(tx.connection)
            user, mark = row.user or new_user(row.wire, row.kind), self._registry.hash_of(password)
            e = t.enrolments.c
            tx.connection.execute(update(t.enrolments).where(e.id == enrolment).values(
                credential=credential, user=user, given=mark, asked=row.asked + 1,
            ))  # fmt: skip
            tx.changed()
            if row.asked < _TOLD:
                tell(tx, now, row.party, row.party, f"a device asked for the password of {row.title or row.wire}")
        thing = row.kind == "thing"
        told = {
            "user": user, "password": password, "thing": row.wire if thing else None,
            "topics": [f"things/{row.wire}/#" if thing else "#"],
        }  # fmt: skip
        return Given(msgspec.json.encode(told), mark)

    def accept(self, enrolment: int, mark: str = "") -> bool:
        """What was given counts from now on, and the token has ended; False when there is nothing that could.

        `mark` is that of what the device has (empty: it does not say, so the last that was given). Done again, it
        changes nothing and is True.
        """
        now = self._now()
        with self._registry.transaction() as tx:
            row = _open(tx, enrolment, now)
            if row is None:
                return bool(mark) and _counts(tx, mark)
            if row.credential is None or not row.given or mark not in ("", row.given):
                return False
            write_credential(tx, row.credential, row.user, row.given, row.party, row.wire, row.kind, now)
            if row.kind == "thing":
                write_thing(tx, _described(row), row.party, row.credential, now)
            tx.connection.execute(delete(t.enrolments).where(t.enrolments.c.id == enrolment))
            tell(tx, now, row.party, row.party, f"{row.title or row.wire} has joined by its token")
        return True


def _open(tx: Transaction, enrolment: int, now: int) -> _Token | None:
    """The enrolment, if its token has not ended."""
    e = t.enrolments.c
    query = select(
        e.id, e.party, e.kind, e.wire, e.title, e.description, e.exposure, e.lat, e.lon, e.asked, e.credential, e.user,
        e.given,
    )  # fmt: skip
    return tx.connection.execute(query.where(e.id == enrolment, e.expires > now)).first()


def _counts(tx: Transaction, mark: str) -> bool:
    """Whether an open credential has this password."""
    c = t.credentials.c
    return tx.connection.execute(select(c.id).where(c.hash == mark, c.closed.is_(None))).first() is not None


def _described(row: _Token) -> Described:
    exposure = None if row.exposure is None else Exposure(row.exposure)
    place = None if row.lat is None or row.lon is None else Place(row.lat, row.lon)
    return Described(row.wire, row.title, row.description, exposure, place)
