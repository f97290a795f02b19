"""Closes windows over blocks of homes: the only one who reads what counts only in averages.

Rule: a window is published once, after its watermark, at all levels together; what is out stays as it is. Who changed
since the epoch began silences his block until it ends. Whatever cannot be done now is done later or not at all, never
with less care.
"""

from hub.releaser.releaser import REACH, Releaser

__all__ = ["REACH", "Releaser"]
