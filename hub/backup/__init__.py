"""Backups: all that the hub holds, copied while it runs, and put back into an empty folder.

Rule: a backup has a manifest or it is none; the manifest is written last, after everything was read again. What was
erased after a backup was made does not come back with it.
"""

from hub.backup.making import make
from hub.backup.manifest import BackupError, Manifest, Stopped, Told, check
from hub.backup.restoring import restore

__all__ = ["BackupError", "Manifest", "Stopped", "Told", "check", "make", "restore"]
