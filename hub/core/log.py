"""The tree behind the log of looks: a Merkle tree (RFC 6962, section 2), in batches that are perfect subtrees.

Rule: what is in the tree says nothing. A leaf is a salted commitment to an entry, or padding that looks the same; the
entry lies elsewhere and can be erased. Whoever keeps a root can tell whether anything below it has been changed since.
Functions take `nodes`: the hashes of leaves, or of perfect subtrees that are all of one size.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

BATCH = 1_024
"""Leaves of a batch. A power of two, so that the root over the batches' roots is the root over all leaves."""
_LEAF_BYTES = 32
EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf (section 2.1)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two others (section 2.1)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root(nodes: Sequence[bytes]) -> bytes:
    """The root over nodes (section 2.1): level by level; a last one without a sibling goes up as it is."""
    if not nodes:
        return EMPTY
    while len(nodes) > 1:
        nodes = _above(nodes)
    return nodes[0]


def inclusion(index: int, nodes: Sequence[bytes]) -> list[bytes]:
    """The audit path (section 2.1.1) of the node at `index`, from below."""
    path = []
    while len(nodes) > 1:
        beside = index ^ 1
        if beside < len(nodes):
            path.append(nodes[beside])
        nodes, index = _above(nodes), index // 2
    return path


def is_included(node: bytes, index: int, size: int, path: Sequence[bytes], top: bytes) -> bool:
    """Whether `path` shows that `node` is at `index` among `size` under the root `top` (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    last, found, above = size - 1, node, list(path)
    while last:
        if index % 2 or index < last:
            if not above:
                return False
            beside = above.pop(0)
            found = node_hash(beside, found) if index % 2 else node_hash(found, beside)
        index, last = index // 2, last // 2
    return not above and hmac.compare_digest(found, top)


def consistency(first: int, nodes: Sequence[bytes]) -> list[bytes]:
    """The proof (section 2.1.2) that the tree over the `first` (≥ 1) of these nodes grew into that over all."""
    return _subproof(first, nodes, whole=True)


def is_consistent(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `first` nodes and root `old` grew into the one of `second` and `new`.

    RFC 9162, section 2.1.4.2. Every tree has grown out of the empty one.
    """
    if not 0 <= first <= second:
        return False
    if first in (0, second):
        return not proof and hmac.compare_digest(old, new if first else EMPTY)
    below = list(proof)
    if first & (first - 1) == 0:
        below.insert(0, old)
    if not below:
        return False
    at, last = first - 1, second - 1
    while at % 2:
        at, last = at // 2, last // 2
    older = newer = below.pop(0)
    for beside in below:
        if not last:
            return False
        if at % 2 or at == last:
            older, newer = node_hash(beside, older), node_hash(beside, newer)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            newer = node_hash(newer, beside)
        at, last = at // 2, last // 2
    return not last and hmac.compare_digest(older, old) and hmac.compare_digest(newer, new)


def commitment(salt: bytes, body: bytes) -> bytes:
    """What the tree holds of an entry: HMAC-SHA256. Without the salt nobody can tell which entry it was."""
    return hmac.digest(salt, body, "sha256")


def padding(key: bytes, number: int) -> list[bytes]:
    """The leaves of the batch `number` where there was no look: as long as a commitment, and no less random.

    SHAKE256 (FIPS 202) of key and number: a secret before the message is enough to key it.
    """
    stream = hashlib.shake_256(key + b"|pad|%d" % number).digest(BATCH * _LEAF_BYTES)
    return [stream[at : at + _LEAF_BYTES] for at in range(0, len(stream), _LEAF_BYTES)]


def batch(number: int, placed: Mapping[int, bytes], key: bytes) -> list[bytes]:
    """All leaves of the batch `number` (from 0): the commitments at their positions, padding everywhere else."""
    leaves = padding(key, number)
    for position, leaf in placed.items():
        leaves[position] = leaf
    return leaves


def batch_root(leaves: Sequence[bytes]) -> bytes:
    """The root of one batch."""
    return root([leaf_hash(leaf) for leaf in leaves])


def path_of(position: int, leaves: Sequence[bytes], number: int, roots: Sequence[bytes]) -> list[bytes]:
    """The audit path of one leaf in the whole log: up its batch, then up the batches whose roots these are.

    It proves the leaf at ``number * BATCH + position`` of ``len(roots) * BATCH``.
    """
    return inclusion(position, [leaf_hash(leaf) for leaf in leaves]) + inclusion(number, roots)


def _above(nodes: Sequence[bytes]) -> list[bytes]:
    level = [node_hash(nodes[n], nodes[n + 1]) for n in range(0, len(nodes) - 1, 2)]
    return level if len(nodes) % 2 == 0 else [*level, nodes[-1]]


def _subproof(first: int, nodes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.2; `whole`: the verifier knows the root of these nodes already."""
    if first == len(nodes):
        return [] if whole else [root(nodes)]
    half = 1 << (len(nodes) - 1).bit_length() - 1
    if first <= half:
        return [*_subproof(first, nodes[:half], whole=whole), root(nodes[half:])]
    return [*_subproof(first - half, nodes[half:], whole=False), root(nodes[:half])]
