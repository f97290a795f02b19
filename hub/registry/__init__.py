"""Parties, things and datastreams; who wished what; credentials; what was heard and what was refused.

Rule: whose a reading is and how far it may be known is written here and nowhere else; `registry` is what others use.
"""

from hub.registry.database import Transaction
from hub.registry.doors import Limits, Refused
from hub.registry.engines import RegistryUnavailable
from hub.registry.registry import Registry

__all__ = ["Limits", "Refused", "Registry", "RegistryUnavailable", "Transaction"]
