"""Putting a backup back into an empty folder.

Rule: everything is put together beside the folder and takes its place at once, whole and counted; before that the list
of what was erased is at hand, so that the first start erases it again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from hub.backup.manifest import HASHES, KEYS, LIST, REGISTRY, BackupError, Manifest, Told, check, sync
from hub.backup.rows import NO_ROWS, Checksum, read_hashes, read_rows
from hub.core.store import Copied, Store, StoreUnavailable
from hub.registry.erasures import gather

_HASHES_AT_ONCE = 50_000


def restore(
    backup: Path, data: Path, listed: Path, lists: Sequence[Path], open_store: Callable[[Path], Store], told: Told
) -> Manifest:
    """Put a backup into `data`, which must be empty or not there yet; what it held.

    `listed` is where the hub keeps the list of what was erased; what the backup and `lists` name besides is added to
    it. `open_store` opens the store that a hub with its data in a folder would have.

    Raises:
        BackupError: the backup is damaged or newer, or there is something in the way; `data` is as it was.
    """
    if data.is_dir() and any(data.iterdir()):
        raise BackupError(f"{data} is not empty: move it away first; nothing was changed")
    found = check(backup, told)
    beside = data.with_name(f"{data.name}.restoring")
    try:
        shutil.rmtree(beside, ignore_errors=True)  # of a restore that was cut short
        beside.mkdir(mode=0o700, parents=True)
        for name in (REGISTRY, *KEYS):
            (beside / name).touch(mode=0o600)
            (beside / name).write_bytes((backup / name).read_bytes())
        if found.rows is not None:
            _fill(backup, found, open_store, beside, told)
        gather(listed, [backup / LIST, *lists])
        sync(beside)
        beside.replace(data)
        sync(data.parent)
    except OSError as error:
        raise BackupError(f"it cannot be restored to {data}: {error.strerror or error}") from error
    except StoreUnavailable as error:
        raise BackupError(str(error)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return found


def _fill(backup: Path, found: Manifest, open_store: Callable[[Path], Store], folder: Path, told: Told) -> None:
    """Store all observations, close the store, open it again and count."""
    store = open_store(folder)
    try:
        if store.last_heard():
            raise BackupError("the store that the settings name holds readings already: name an empty one")
        _append(backup, found, store, told)
    finally:
        store.close()
    store = open_store(folder)
    try:
        _count(store, found)
    finally:
        store.close()


def _append(backup: Path, found: Manifest, store: Store, told: Told) -> None:
    done = 0
    for file in found.observations:
        checksum = Checksum()
        for batch in read_rows(backup / file.name):
            store.append(batch)
            checksum.add(batch)
            told("readings", done + checksum.rows, found.rows or 0)
        if (checksum.rows, checksum.value) != (file.rows, file.crc):
            raise BackupError(f"{backup / file.name} is damaged: use another backup")
        done += checksum.rows
    hashes = read_hashes(backup / HASHES)
    for first in range(0, len(hashes), _HASHES_AT_ONCE):
        store.append(NO_ROWS, hashes[first : first + _HASHES_AT_ONCE].tolist())


def _count(store: Store, found: Manifest) -> None:
    if not isinstance(store, Copied):
        return
    rows = found.rows or 0
    with store.snapshot() as whole:
        if not rows - found.replacing <= whole.rows - whole.replacing <= whole.rows <= rows:
            raise BackupError(
                f"{whole.rows:,} readings are there, and the backup has {rows:,}: the store that the settings name "
                "keeps nothing, or its disk is not to be trusted"
            )
