"""Owners' and the operator's writes, each one transaction, each in the diary of those whom it concerns.

Rule: nothing here reads what was measured. `by` is the party who acts, None the operator; `now` is in µs and the
clock's unless it is given. Within `registry.transaction()` many actions are one.
"""

from hub.actions.certificates import give_certificate
from hub.actions.claims import begin_claim, withdraw_claim
from hub.actions.commons import add_commons, end_commons, join, leave
from hub.actions.consents import look_after_consents
from hub.actions.erasure import erase, erase_again
from hub.actions.grades import pause, set_grade, unpause
from hub.actions.handing import offer, take, withdraw_offer
from hub.actions.joining import Enroller, invite, withdraw_invitation
from hub.actions.links import end_all_links, end_links, make_link
from hub.actions.names import bring_fragments, hide_name, show_name
from hub.actions.objections import answer_objection, forget_objections, object_to
from hub.actions.people import (
    add_dwelling,
    add_guardian,
    add_household_member,
    add_party,
    remove_guardian,
    remove_household_member,
    set_rule,
    settle_in,
)
from hub.actions.results import (
    ActionRefused,
    Erased,
    Graded,
    HandOver,
    Invitation,
    Joined,
    Link,
    NewClaim,
    NewCommons,
    NewCredential,
    NewThing,
    Removed,
    Renewed,
)
from hub.actions.sealing import add_sealing_key, end_sealing_key, set_signing_key
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
    "ActionRefused", "Enroller", "Erased", "Graded", "HandOver", "Invitation", "Joined", "Link", "NewClaim",
    "NewCommons", "NewCredential", "NewThing", "Removed", "Renewed", "add_commons", "add_credential", "add_dwelling",
    "add_guardian", "add_household_member", "add_party", "add_prefix", "add_sealing_key", "add_thing",
    "answer_objection", "begin_claim", "bring_fragments", "close_credential", "close_thing", "describe",
    "end_all_links", "end_commons", "end_links", "end_sealing_key", "erase", "erase_again", "forget_objections",
    "give_certificate", "hand_over", "hide_name", "invite", "join", "leave", "look_after_consents", "make_link",
    "object_to", "offer", "pause", "remove_guardian", "remove_household_member", "renew_credential", "set_grade",
    "set_place", "set_rule", "set_signing_key", "settle_in", "show_name", "take", "unpause",
    "withdraw_claim", "withdraw_invitation", "withdraw_offer",
]  # fmt: skip
