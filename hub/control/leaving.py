"""What is told when somebody has left who knew passwords: who leaves a home, and who acts for a being no longer.

Rule: a new password is in an answer once and is kept nowhere; what went on under an old one is hung up on at once.
"""

from __future__ import annotations

from typing import Any

from hub.actions import Removed
from hub.control.desk import Desk


def after_leaving(desk: Desk, removed: Removed) -> dict[str, Any]:
    """End the connections of changed credentials; which device needs which password, and what else is to be done."""
    if desk.hang_up is not None:
        for credential in removed.ended:
            desk.hang_up(credential)
    parties = desk.registry.holdings().parties
    devices = [
        {
            "owner": parties[r.party].name, "devices": ", ".join(r.things) or r.label, "user": r.user,
            "password": r.password,
        }
        for r in removed.renewed
    ]  # fmt: skip
    return {
        "devices": devices, "brokers": list(removed.brokers), "keys": list(removed.keys),
        "own": len(removed.ended) - len(removed.renewed),
    }  # fmt: skip
