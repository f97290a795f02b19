"""Owners' and the operator's writes, each one transaction, each in the diary of those whom it concerns.

Rule: nothing here reads what was measured. `by` is the party who acts, None the operator; `now` is in µs and the
clock's unless it is given. Within `registry.transaction()` many actions are one.
"""

from hub.actions.commons import add_commons, end_commons, join, leave
from hub.actions.erasure import erase
from hub.actions.grades import pause, set_grade, unpause
from hub.actions.links import end_links, make_link
from hub.actions.people import (
    add_dwelling,
    add_guardian,
    add_household_member,
    add_party,
    remove_household_member,
    settle_in,
)
from hub.actions.results import ActionRefused, Graded, Joined, Link, NewCommons, NewCredential, NewThing, Removed
from hub.actions.things import (
    add_credential,
    add_prefix,
    add_thing,
    close_credential,
    close_thing,
    describe,
    hand_over,
    renew_credential,
    set_place,
)

__all__ = [
    "ActionRefused", "Graded", "Joined", "Link", "NewCommons", "NewCredential", "NewThing", "Removed",
    "add_commons", "add_credential", "add_dwelling", "add_guardian", "add_household_member", "add_party", "add_prefix",
    "add_thing", "close_credential", "close_thing", "describe", "end_commons", "end_links", "erase", "hand_over",
    "join", "leave", "make_link", "pause", "remove_household_member", "renew_credential", "set_grade", "set_place",
    "settle_in", "unpause",
]  # fmt: skip
