"""What may be done from the pages: by whoever holds an owner's link, and by somebody who is measured.

Rule: everything is done as the party whom the link names, with that party's rights and no more; the pages hold these
methods and nothing of the registry.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.actions.commons import join, leave
from hub.actions.erasure import erase
from hub.actions.grades import pause, set_grade, unpause
from hub.actions.handing import offer, take, withdraw_offer
from hub.actions.joining import invite, withdraw_invitation
from hub.actions.names import hide_name, show_name
from hub.actions.objections import answer_objection, object_to
from hub.actions.results import Erased, Graded, HandOver, Invitation, NewCredential, NewThing
from hub.actions.rights import unknown
from hub.actions.things import add_credential, add_thing
from hub.core.audience import Audience
from hub.core.catalogue import Exposure
from hub.core.grade import HOUR, Grade
from hub.core.history import BEGINNING, END
from hub.core.holdings import Datastream
from hub.core.store import Store
from hub.registry import Registry

PAUSES = (1, 8, 24, 168)
"""For so many hours a thing can be paused from the page."""


class OwnActions:
    """Actions by an audience. They block.

    Each raises `ActionRefused` when it may not be, `StoreUnavailable` when it cannot be now; then nothing has changed.
    """

    def __init__(self, registry: Registry, store: Store, now: Callable[[], int]) -> None:
        """Write to `registry`, erase from `store`; `now` gives the time in µs."""
        self._registry = registry
        self._store = store
        self._now = now

    def set_grade(
        self, audience: Audience, datastream: int, grade: Grade, commons: str | None = None, until: int | None = None
    ) -> Graded:
        """Wish a grade for a datastream, shown to the commons of this handle (None: as before).

        With `until` (µs) it falls to `home` by itself then.
        """
        return set_grade(
            self._registry, datastream, grade, by=_party(audience), until=until, now=self._now(),
            commons=None if commons is None else self._commons(commons),
        )  # fmt: skip

    def pause(self, audience: Audience, thing: str, hours: int) -> None:
        """What the thing of this handle measures for so many hours (one of `PAUSES`) stays at home."""
        if hours not in PAUSES:
            raise unknown("time")
        now = self._now()
        with self._registry.transaction():
            for stream in self._streams(audience, thing):
                pause(self._registry, stream.id, by=_party(audience), until=now + hours * HOUR, now=now)

    def unpause(self, audience: Audience, thing: str) -> None:
        """End the pauses of a thing; among several adults a day later."""
        now = self._now()
        with self._registry.transaction():
            for stream in self._streams(audience, thing):
                unpause(self._registry, stream.id, by=_party(audience), now=now)

    def join(self, audience: Audience, commons: str) -> None:
        """Become a member of the commons of this handle. Nothing is shown by that alone."""
        party = _party(audience)
        join(self._registry, self._commons(commons), party, by=party, now=self._now())

    def leave(self, audience: Audience, commons: str) -> None:
        """Leave it: what was shown to it is `counted` at most from now on, the past too."""
        party = _party(audience)
        leave(self._registry, self._commons(commons), party, by=party, now=self._now())

    def show_name(self, audience: Audience, commons: str, name: str) -> int:
        """Be called by a name of one's own there; when (µs) that begins, among several adults a day later."""
        party = _party(audience)
        return show_name(self._registry, self._commons(commons), party, name, by=party, now=self._now())

    def hide_name(self, audience: Audience, commons: str) -> None:
        """Take that name back: another pseudonym from now on, and the past is `counted` at most."""
        party = _party(audience)
        hide_name(self._registry, self._commons(commons), party, by=party, now=self._now())

    def erase(
        self, audience: Audience, owner: int, thing: str | None = None, since: int = BEGINNING, until: int = END
    ) -> Erased:
        """Erase what an owner for whom the asker may act has measured in [`since`, `until`) µs, of one thing or of all.

        Of all things and of all time: what was written about the owner goes too (`hub.actions.erasure`). The files are
        looked through later, by the hub itself.
        """
        things = None if thing is None else [self._thing(thing)]
        return erase(
            self._registry, self._store, owner, things=things, since=since, until=until, by=_party(audience),
            now=self._now(),
        )  # fmt: skip

    def add(
        self, audience: Audience, owner: int, name: str, *, outdoors: bool = False, gateway: bool = False
    ) -> NewThing | NewCredential:
        """A thing of an owner for whom the asker may act, or a gateway of his, with a user name and a password."""
        by, now = _party(audience), self._now()
        if gateway:
            return add_credential(self._registry, owner, name, by=by, now=now)
        return add_thing(self._registry, owner, name, exposure=_exposure(outdoors), by=by, now=now)

    def invite(
        self, audience: Audience, owner: int, name: str, *, outdoors: bool = False, gateway: bool = False
    ) -> Invitation:
        """A token, good for a day, by which a device becomes that and fetches its password itself."""
        return invite(
            self._registry, owner, name, exposure=None if gateway else _exposure(outdoors), gateway=gateway,
            by=_party(audience), now=self._now(),
        )  # fmt: skip

    def withdraw(self, audience: Audience, enrolment: int) -> None:
        """End such a token."""
        withdraw_invitation(self._registry, enrolment, by=_party(audience), now=self._now())

    def offer(self, audience: Audience, thing: str) -> HandOver:
        """A token, good for a day, by which the thing of this handle becomes somebody else's."""
        return offer(self._registry, self._thing(thing), by=_party(audience), now=self._now())

    def keep(self, audience: Audience, thing: str) -> None:
        """End such a token: the thing stays whose it is."""
        withdraw_offer(self._registry, self._thing(thing), by=_party(audience), now=self._now())

    def take(self, audience: Audience, owner: int, token: str) -> NewThing:
        """The thing of a token becomes an owner's for whom the asker may act."""
        return take(self._registry, token, owner, by=_party(audience), now=self._now())

    def answer(self, audience: Audience, objection: int, words: str) -> None:
        """Answer what somebody who is measured said."""
        party = _party(audience)
        answer_objection(self._registry, objection, words, party, by=party, now=self._now())

    def object_to(self, card: str, words: str) -> str:
        """Say something to whoever measures what is on a card, as nobody; the handle under which answers are found."""
        return object_to(self._registry, card, words, now=self._now())

    def _commons(self, handle: str) -> int:
        found = [c.id for c in self._registry.holdings().commons.values() if c.handle == handle]
        if not found:
            raise unknown("commons")
        return found[0]

    def _thing(self, handle: str) -> int:
        found = [h.id for h in self._registry.holdings().things.values() if h.handle == handle]
        if not found:
            raise unknown("thing")
        return found[0]

    def _streams(self, audience: Audience, thing: str) -> list[Datastream]:
        held = self._registry.holdings()
        mine = [
            d
            for d in held.datastreams
            if held.things[d.thing].handle == thing and not audience.parties.isdisjoint(d.household)
        ]
        if not mine:
            raise unknown("thing")
        return mine


def _exposure(outdoors: bool) -> Exposure | None:  # noqa: FBT001 - the one thing that is said
    """What is not said to be outdoors is believed to be indoors."""
    return Exposure.OUTDOOR if outdoors else None


def _party(audience: Audience) -> int:
    if audience.party is None:
        raise unknown("party")
    return audience.party
