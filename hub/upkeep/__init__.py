"""The hub's own chores: what grows old goes, what was erased is looked for, what ends is ended and announced.

Rule: nobody has to remember them, and `barrio status` tells of each when it was last done and what came of it.
"""

from hub.upkeep.chores import Chore, Upkeep

__all__ = ["Chore", "Upkeep"]
