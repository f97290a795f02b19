"""What a second party can tell from the checkpoints it has kept and what the hub shows of its log today.

Rule: a witness trusts no one: a kept checkpoint and the roots of the batches either agree or they do not. The list of
batches is text, a line each: the log's key first, then ``number hour root`` (hour in UTC, root in base64).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from hub.core import log
from hub.core.checkpoint import Checkpoint, NotGenuine, is_key, notes, opened

_MICROSECONDS = 1_000_000
_BATCH_WORDS = 3


class Batch(Struct, frozen=True):
    """A part of the log that is closed: its `number` from 0, the end (µs) of its hour, the root over its leaves."""

    number: int
    hour: int
    root: bytes


class Proof(Struct, frozen=True, kw_only=True):
    """An entry with all that shows it to be in the log: its exact text, its salt, where it is, and the path up.

    `size` is the number of leaves of the log that the path leads to the root of. Bytes are base64 in JSON.
    """

    body: str
    salt: bytes
    index: int
    size: int
    path: tuple[bytes, ...]


class Kept(Struct, frozen=True):
    """A witness's file: the key it trusts, if it says so, and its checkpoints in their order."""

    key: str | None
    notes: tuple[str, ...]


def written(key: str, batches: Iterable[Batch]) -> str:
    """The list of batches."""
    lines = [key]
    for b in batches:
        hour = datetime.fromtimestamp(b.hour // _MICROSECONDS, UTC)
        lines.append(f"{b.number} {hour:%Y-%m-%dT%H:%MZ} {base64.b64encode(b.root).decode()}")
    return "\n".join(lines) + "\n"


def read(text: str) -> tuple[str, list[bytes]]:
    """The log's key and its batches' roots, as `written`.

    Raises:
        NotGenuine: it is no such list.
    """
    lines = text.splitlines()
    if not lines or not is_key(lines[0]):
        raise NotGenuine("this is no list of batches: it begins with the log's key; take it from /log/batches")
    roots = []
    for number, line in enumerate(lines[1:]):
        words = line.split(" ")
        if len(words) != _BATCH_WORDS or words[0] != str(number):
            raise NotGenuine(f"batch {number} is missing from the list: fetch it anew, and if it stays so, ask why")
        roots.append(base64.b64decode(words[2]))
    return lines[0], roots


def kept(text: str) -> Kept:
    """A witness's file: the key on its first line or not, then checkpoints as `mosquitto_sub` or a page gave them."""
    first, _, rest = text.partition("\n")
    return Kept(first, tuple(notes(rest))) if is_key(first) else Kept(None, tuple(notes(text)))


def verified(key: str, checkpoints: Sequence[str], roots: Sequence[bytes]) -> list[Checkpoint]:
    """The kept checkpoints, when every one of them is signed and still true of this log.

    Raises:
        NotGenuine: one is not signed with `key`, or the log was changed or cut since then; the first that is found.
    """
    heads = [opened(note, key) for note in checkpoints]
    for head in heads:
        count, more = divmod(head.size, log.BATCH)
        if more or count > len(roots):
            raise NotGenuine(
                f"the log was cut: at the checkpoint of size {head.size} it had more than it has now "
                f"({len(roots) * log.BATCH}): keep your file and tell the neighbours"
            )
        if log.root(roots[:count]) != head.root:
            raise NotGenuine(
                f"the log was rewritten: what lies before the checkpoint of size {head.size} is not what it was when "
                "you kept it: keep your file and tell the neighbours"
            )
    return heads


def is_in_log(proof: Proof, head: Checkpoint) -> bool:
    """Whether an entry is, word for word, in the log that a checkpoint is the head of."""
    leaf = log.leaf_hash(log.commitment(proof.salt, proof.body.encode()))
    return proof.size == head.size and log.is_included(leaf, proof.index, proof.size, proof.path, head.root)


def packed(proofs: Iterable[Proof]) -> str:
    """Proofs as JSON lines, to give away."""
    return "".join(msgspec.json.encode(p).decode() + "\n" for p in proofs)


def unpacked(text: str) -> list[Proof]:
    """Proofs from JSON lines.

    Raises:
        NotGenuine: they are none.
    """
    try:
        return [msgspec.json.decode(line, type=Proof) for line in text.splitlines() if line]
    except msgspec.DecodeError as error:
        raise NotGenuine("these are no proofs: take what `barrio who-looked NAME --proofs` prints") from error
