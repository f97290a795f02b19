"""Being measured without owning: saying so to whoever measures, and answering.

Rule: the hub stands between them. Whoever speaks is not known to it, and is told neither who measures nor how many
they are; whoever answers is not told who spoke.
"""

from __future__ import annotations

import unicodedata

from hub.actions.results import ActionRefused
from hub.actions.rights import check_party, moment, unknown
from hub.core.audience import PUBLIC
from hub.core.cards import owners_of_card
from hub.core.grade import DAY
from hub.core.scope import scope_for
from hub.registry import Registry, objections
from hub.registry.heard import storable
from hub.registry.ids import new_id
from hub.registry.keys import new_secret

LONGEST = 1000
"""Characters of one letter, either way."""
KEPT = 365 * DAY
"""So long the hub keeps what was said and answered (µs)."""
_MOST_OF_A_DAY = 50


def object_to(registry: Registry, card: str, words: str, *, now: int | None = None) -> str:
    """Say something to whoever measures what is on a card; the handle under which the answer is found, shown once.

    Raises:
        ActionRefused: there is no such card, the words are not plain, or much was said to this card today already.
    """
    now = moment(now)
    told, handle, day = letter(words), new_secret(), now // DAY * DAY
    holdings = registry.holdings()
    readers = owners_of_card(card, scope_for(PUBLIC, holdings, registry.catalogue, now), holdings)
    if not readers:
        raise ActionRefused("unknown", "There is no such card.")
    with registry.transaction() as tx:
        if objections.count_of_day(tx.connection, card, day) >= _MOST_OF_A_DAY:
            raise ActionRefused("many", "Much was said about this today. Try again tomorrow.")
        number = new_id(tx.connection)
        objections.write_objection(tx.connection, number, day, registry.hash_of(handle), card, told, readers)
    return handle


def answer_objection(
    registry: Registry, objection: int, words: str, party: int, *, by: int | None = None, now: int | None = None
) -> None:
    """Answer, as one of the parties whom it reached; it replaces what `party` answered before.

    Raises:
        ActionRefused: it never reached them, or `by` may not act for `party`, or the words are not plain.
    """
    now = moment(now)
    told = letter(words)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        if not objections.write_answer(tx.connection, objection, tx.people.acting(party), told, now):
            raise unknown("letter")


def forget_objections(registry: Registry, *, now: int | None = None) -> int:
    """Forget letters older than `KEPT`; how many there were. The hub does it by itself."""
    with registry.transaction() as tx:
        return objections.forget(tx.connection, moment(now) - KEPT)


def letter(text: str) -> str:
    """A text of several lines that can be kept and shown.

    Raises:
        ActionRefused: it is empty, too long, or has control characters.
    """
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    tidy = unicodedata.normalize("NFC", "\n".join(lines).strip())
    if not tidy or len(tidy) > LONGEST or not all(storable(line) for line in lines):
        raise ActionRefused("text", f"Write between one and {LONGEST} characters of plain text.")
    return tidy
