"""Making a backup while the hub runs.

Rule: the observations are pinned first, then the registry is copied, and nothing can be erased in between: so no copy
of the registry says that something is gone which the copy of the observations still holds.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from hub.backup.manifest import FORMAT, KEYS, LIST, REGISTRY, BackupError, Entry, Manifest, Stopped, Told, entry, write
from hub.backup.rows import write_hashes, write_rows
from hub.core.store import Copied, Store, StoreUnavailable
from hub.registry import Registry
from hub.registry.copies import look_at
from hub.registry.erasures import gather


def make(registry: Registry, store: Store, engine: str, data: Path, to: Path, now: int, told: Told) -> Manifest:
    """Copy all that the hub holds into the folder `to`, made for it, and read it again; what is in it.

    `data` is the hub's own folder, `now` in µs. Observations of an engine that is no `Copied` are not in it.

    Raises:
        BackupError: it cannot be made there; what was begun is removed.
    """
    _make_room(to, data)
    try:
        return _filled(registry, store, engine, data, to, now, told)
    except BaseException as error:
        shutil.rmtree(to, ignore_errors=True)
        if isinstance(error, OSError):
            raise BackupError(f"the backup cannot be written to {to}: {error.strerror or error}") from error
        if isinstance(error, StoreUnavailable):
            raise BackupError(str(error)) from error
        if isinstance(error, Stopped):
            raise BackupError("the hub was stopped before the backup was whole: begin again") from error
        raise


def _filled(registry: Registry, store: Store, engine: str, data: Path, to: Path, now: int, told: Told) -> Manifest:
    told("registry", 0, 1)
    rows: int | None = None
    hashes = replacing = 0
    if isinstance(store, Copied):
        with store.snapshot() as whole:
            files = _registry_files(registry, data, to)
            files += write_rows(to, whole, told)
            kept, replacing = whole.hashes(), whole.replacing
        rows, hashes = sum(f.rows for f in files), len(kept)
        files.append(write_hashes(to, kept))
    else:
        files = _registry_files(registry, data, to)
    held = look_at(to / REGISTRY)
    manifest = Manifest(
        format=FORMAT, made=now, engine=engine, rows=rows, replacing=replacing, hashes=hashes,
        parties=held.parties, things=held.things,
        datastreams=held.datastreams, files=tuple(files),
    )  # fmt: skip
    write(to, manifest)
    return manifest


def _registry_files(registry: Registry, data: Path, to: Path) -> list[Entry]:
    """The registry, the keys without which nobody could log in, and the list of what was erased."""
    registry.copy(to / REGISTRY)
    for key in KEYS:
        (to / key).touch(mode=0o600)
        (to / key).write_bytes((data / key).read_bytes())
    lists = []
    if registry.erasures.listed is not None:
        with suppress(StoreUnavailable):  # if it cannot be written, receipts say so
            gather(registry.erasures.listed, [])  # so that a restore can tell "nothing erased" from "list lost"
            lists.append(registry.erasures.listed)
    gather(to / LIST, lists)
    return [entry(to / name) for name in (REGISTRY, *KEYS, LIST)]


def _make_room(to: Path, data: Path) -> None:
    if to.resolve().is_relative_to(data.resolve()):
        raise BackupError(f"{to} lies in the hub's own data: put the backup elsewhere, best on another disk")
    try:
        if to.is_dir() and not any(to.iterdir()):
            to.rmdir()
        to.mkdir(mode=0o700)
    except FileExistsError as error:
        raise BackupError(f"{to} is there already and not empty: give every backup a folder of its own") from error
    except OSError as error:
        raise BackupError(f"{to} cannot be made: {error.strerror}") from error
