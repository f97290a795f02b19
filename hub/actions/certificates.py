"""A client certificate in a password's stead: by its name a thing comes in, once TLS has verified it.

Rule: a credential opens by a password or by a certificate, whichever was given last; the other has ended.
"""

from __future__ import annotations

from sqlalchemy import select, update

from hub.actions.results import ActionRefused
from hub.actions.rights import moment, plain, tell, unknown
from hub.registry import Registry
from hub.registry import tables as t

_LONGEST = 64


def give_certificate(registry: Registry, credential: int, name: str, *, now: int | None = None) -> str:
    """Let whoever shows a verified certificate of this name in, without a password; the user name of the credential.

    Which authority's certificates are verified, the operator says (`mqtt.client_ca`); so it is his to give.

    Raises:
        ActionRefused: there is no such credential, or the name is none, or another credential's.
    """
    now = moment(now)
    with registry.transaction() as tx:
        c = t.credentials.c
        query = select(c.party, c.label, c.user).where(c.id == credential, c.closed.is_(None))
        row = tx.connection.execute(query).first()
        if row is None:
            raise unknown("credential")
        name = plain(name, "certificate's name")
        if len(name) > _LONGEST:
            raise ActionRefused("name", f"The name in a certificate has {_LONGEST} characters at most (X.509).")
        taken = select(c.id).where(c.certificate == name, c.id != credential)
        if tx.connection.execute(taken).first() is not None:
            raise ActionRefused("name", "Another credential opens by a certificate of that name: issue one of another.")
        tx.connection.execute(update(t.credentials).where(c.id == credential).values(certificate=name, hash=""))
        tx.changed()
        tell(tx, now, None, row.party, f"lets {row.label} in by a certificate")
    return str(row.user)
