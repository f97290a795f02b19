"""An owner's own pages, by a link that only he has.

Rule: random, expiring, kept as a hash; whoever holds it is the party, so a new one can end the others.
"""

from __future__ import annotations

from sqlalchemy import delete, insert

from hub.actions.results import Link
from hub.actions.rights import check_party, moment, plain, tell
from hub.actions.tokens import end_tokens
from hub.core.grade import HOUR
from hub.registry import Registry
from hub.registry import tables as t
from hub.registry.claims import end_claims
from hub.registry.keys import new_secret


def make_link(
    registry: Registry, party: int, *, hours: float = 24 * 30, purpose: str | None = None, by: int | None = None,
    now: int | None = None,
) -> Link:  # fmt: skip
    """A link to a party's own pages, for so many hours; the token is in the result and nowhere else.

    `purpose`: what somebody of the city looks for, which whoever is looked at will read; without one they see what
    everyone sees.

    Raises:
        ActionRefused: there is no such party, or the purpose is no plain text.
    """
    now = moment(now)
    purpose = None if purpose is None else plain(purpose, "purpose")
    token, expires = new_secret(), now + int(hours * HOUR)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        tx.connection.execute(delete(t.links).where(t.links.c.expires <= now))
        kept = {"hash": registry.hash_of(token), "party": party, "expires": expires, "purpose": purpose}
        tx.connection.execute(insert(t.links).values(kept))
        tell(tx, now, by, party, "made a link to their own pages" + (f", to look: {purpose}" if purpose else ""))
    return Link(token, party, expires)


def end_all_links(registry: Registry, *, now: int | None = None) -> int:
    """End everybody's links and tokens: after a restore nobody can tell which had ended since; how many links."""
    with registry.transaction() as tx:
        ended = tx.connection.execute(delete(t.links)).rowcount
        end_tokens(tx, None)
        end_claims(tx, None, moment(now))
        tell(tx, moment(now), None, None, "ended all links and tokens: a backup was restored")
    return int(ended)


def end_links(registry: Registry, party: int, *, by: int | None = None, now: int | None = None) -> int:
    """End all of a party's links; how many there were."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        ended = tx.connection.execute(delete(t.links).where(t.links.c.party == party)).rowcount
        tell(tx, now, by, party, "ended their links")
    return int(ended)
