"""The keys by which a household seals: its own public key, and those with which its things sign.

Rule: the hub knows public keys only, and takes no other for one. A key is a household's: all its adults read in the
diary that there is a new one.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from msgspec.structs import replace
from sqlalchemy import insert, select, update

from hub.actions.results import ActionRefused
from hub.actions.rights import check_party, moment, owner_of_thing, tell, unknown
from hub.core.sealed import PUBLIC, THING, key_name, read_key
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.sealed import end_keys

_MOST = 8


def add_sealing_key(
    registry: Registry, party: int, key: str, *, by: int | None = None, now: int | None = None
) -> str:  # fmt: skip
    """Take what is sealed to this public key (`seal-…`) of a household, or of somebody who lives alone; its name.

    Other keys stay until they are ended, so that devices can change over one after the other.
    """
    now = moment(now)
    raw = _read(PUBLIC, key)
    X25519PublicKey.from_public_bytes(raw)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        k = t.sealing_keys.c
        mine = (k.party == party) & k.until.is_(None)
        there = tx.connection.execute(select(k.name).where(mine)).scalars().all()
        ended = select(k.id).where(k.name == key_name(raw), k.until.is_not(None))
        if key_name(raw) in there:
            raise ActionRefused("key", "This key is there already.")
        if tx.connection.execute(ended).first() is not None:
            raise ActionRefused("key", "This key has ended: somebody who left may have it. Make a new one.")
        if len(there) >= _MOST:
            raise ActionRefused("key", f"There are {_MOST} keys already: end one that is no longer used.")
        tx.connection.execute(insert(t.sealing_keys).values(
            party=party, name=key_name(raw), public_key=raw, since=now,
        ))  # fmt: skip
        tell(tx, now, by, party, f"added the sealing key {key_name(raw)}")
    return key_name(raw)


def end_sealing_key(
    registry: Registry, party: int, name: str, *, by: int | None = None, now: int | None = None
) -> None:  # fmt: skip
    """Take nothing more that is sealed to a key; what is there already stays, for whoever has its private key."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        if not end_keys(tx, [party], now, name):
            raise unknown("key")
        tell(tx, now, by, party, f"ended the sealing key {name}")


def set_signing_key(
    registry: Registry, thing: int, key: str | None, *, by: int | None = None, now: int | None = None
) -> None:  # fmt: skip
    """Say with which key (`thing-…`) a thing signs, when it was set up anew; None: the next that it names itself."""
    now = moment(now)
    raw = None if key is None else _read(THING, key)
    with registry.transaction() as tx:
        owner = owner_of_thing(tx, thing, by)
        tx.connection.execute(update(t.things).where(t.things.c.id == thing).values(signing_key=raw))
        credential, names = _names(tx, thing)
        about = (t.heard.c.credential == credential) & t.heard.c.thing.in_(names) & (t.heard.c.property == "")
        tx.connection.execute(update(t.heard).where(about).values(signing_key=raw))
        tell(tx, now, by, owner, "set a thing's signing key")
    live = registry.heard(credential)
    live.hear([replace(live[name, ""], signing_key=raw) for name in names if (name, "") in live])


def _names(tx: Transaction, thing: int) -> tuple[int, list[str]]:
    """The credential of a thing, and the names it was heard by under it."""
    h, c, a = t.things.c, t.credentials.c, t.heard.c
    query = select(h.credential, h.wire, c.kind).join(t.credentials, c.id == h.credential).where(h.id == thing)
    credential, wire, kind = tx.connection.execute(query).one()
    if kind != "thing":
        return credential, [wire]
    return credential, list(
        tx.connection.execute(select(a.thing).where(a.credential == credential).distinct()).scalars()
    )


def _read(kind: str, key: str) -> bytes:
    try:
        return read_key(kind, key)
    except ValueError as error:
        raise ActionRefused("key", f"{str(error)[0].upper()}{str(error)[1:]}.") from None
