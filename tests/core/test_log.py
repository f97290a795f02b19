"""The log's tree against the definition in RFC 6962 written out, its proofs against every lie that is a bit away."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core import checkpoint, log, witness
from hub.core.checkpoint import Checkpoint, NotGenuine
from hub.core.grade import HOUR
from hub.core.witness import Batch, Proof

SECRET, KEY = bytes(range(32)), b"p" * 32
ORIGIN = checkpoint.origin_of(SECRET)
VERIFIER = checkpoint.verifier_key(ORIGIN, SECRET)
hashes = st.binary(min_size=32, max_size=32)


def naive(nodes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it stands there."""
    if not nodes:
        return hashlib.sha256(b"").digest()
    if len(nodes) == 1:
        return nodes[0]
    k = 1
    while k * 2 < len(nodes):
        k *= 2
    return hashlib.sha256(b"\1" + naive(nodes[:k]) + naive(nodes[k:])).digest()


def leaves(count: int) -> list[bytes]:
    return [log.leaf_hash(b"%d" % n) for n in range(count)]


@given(st.lists(hashes, max_size=70))
def test_the_root_is_the_one_of_the_standard(nodes: list[bytes]) -> None:
    assert log.root(nodes) == naive(nodes)


def test_the_examples_of_certificate_transparency_hold() -> None:
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    nodes = [log.leaf_hash(bytes.fromhex(d)) for d in data]
    assert log.EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert log.root(nodes[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert log.root(nodes).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.integers(1, 80), st.data())
def test_every_leaf_can_be_shown_to_be_in_its_tree_and_in_no_other_place(size: int, data: st.DataObject) -> None:
    nodes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path, top = log.inclusion(index, nodes), log.root(nodes)
    assert log.is_included(nodes[index], index, size, path, top)
    assert not log.is_included(log.leaf_hash(b"other"), index, size, path, top)
    assert not log.is_included(nodes[index], index, size, [*path, top], top)
    assert not log.is_included(nodes[index], size, size, path, top)
    other = data.draw(st.integers(0, size - 1))
    assert log.is_included(nodes[index], other, size, path, top) == (other == index)
    if path:
        assert not log.is_included(nodes[index], index, size, path[:-1], top)
        wrong = data.draw(st.integers(0, len(path) - 1))
        bent = [bytes([p[0] ^ 1]) + p[1:] if n == wrong else p for n, p in enumerate(path)]
        assert not log.is_included(nodes[index], index, size, bent, top)


@given(st.integers(1, 80), st.data())
def test_a_tree_that_only_grew_can_be_shown_to_have_and_a_rewritten_one_cannot(
    second: int, data: st.DataObject
) -> None:
    nodes = leaves(second)
    first = data.draw(st.integers(1, second))
    old, new, proof = log.root(nodes[:first]), log.root(nodes), log.consistency(first, nodes)
    assert log.is_consistent(first, second, old, new, proof)
    changed = data.draw(st.integers(0, first - 1))
    rewritten = [log.leaf_hash(b"x") if n == changed else node for n, node in enumerate(nodes)]
    theirs = log.consistency(first, rewritten)
    assert not log.is_consistent(first, second, old, log.root(rewritten), theirs)
    assert not log.is_consistent(first, second, old, log.root(rewritten), proof)
    if first < second:
        assert not log.is_consistent(first, second, new, old, proof)
        assert not log.is_consistent(second, first, old, new, proof)
        assert not log.is_consistent(first, second, old, new, [*proof, old])


def test_every_tree_grew_out_of_the_empty_one() -> None:
    assert log.is_consistent(0, 5, log.EMPTY, log.root(leaves(5)), [])
    assert not log.is_consistent(0, 5, b"x" * 32, log.root(leaves(5)), [])


@given(st.dictionaries(st.integers(0, log.BATCH - 1), hashes, max_size=5), st.integers(1, 5), st.data())
def test_roots_of_batches_make_the_root_over_all_leaves(
    placed: dict[int, bytes], count: int, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, count - 1))
    batches = [log.batch(n, placed if n == number else {}, KEY) for n in range(count)]
    roots = [log.batch_root(b) for b in batches]
    everything = [log.leaf_hash(leaf) for b in batches for leaf in b]
    assert log.root(roots) == log.root(everything)
    position = data.draw(st.integers(0, log.BATCH - 1))
    path = log.path_of(position, batches[number], number, roots)
    index = number * log.BATCH + position
    assert path == log.inclusion(index, everything)
    assert log.is_included(everything[index], index, len(everything), path, log.root(roots))


def test_padding_looks_like_a_commitment_and_is_another_everywhere() -> None:
    padded = log.batch(0, {}, KEY) + log.batch(1, {}, KEY)
    assert len(set(padded)) == 2 * log.BATCH
    assert {len(p) for p in padded} == {len(log.commitment(b"s" * 16, b"{}"))}
    assert set(log.padding(KEY, 0)).isdisjoint(log.padding(b"q" * 32, 0))


def test_a_checkpoint_is_what_the_standard_says_and_opens_with_its_key_alone() -> None:
    head = Checkpoint(ORIGIN, 2048, log.root(leaves(3)))
    note = checkpoint.signed(head, SECRET)
    lines = note.split("\n")
    assert lines[:2] == [ORIGIN, "2048"]
    assert lines[3] == ""
    assert lines[4].startswith(f"\N{EM DASH} {ORIGIN} ")
    assert (len(lines), lines[5]) == (6, "")
    assert checkpoint.opened(note, VERIFIER) == head
    other = checkpoint.verifier_key(ORIGIN, b"o" * 32)
    with pytest.raises(NotGenuine, match="not signed with this key"):
        checkpoint.opened(note, other)
    with pytest.raises(NotGenuine, match="take the key of that log"):
        checkpoint.opened(note, checkpoint.verifier_key("elsewhere", SECRET))


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_checkpoint_that_was_touched_opens_no_more(at: int, flip: int) -> None:
    note = checkpoint.signed(Checkpoint(ORIGIN, 1024, log.EMPTY), SECRET).encode()
    at %= len(note) - 1  # a missing last line end does not change what is said
    bent = (note[:at] + bytes([note[at] ^ flip]) + note[at + 1 :]).decode(errors="replace")
    try:
        head = checkpoint.opened(bent, VERIFIER)
    except NotGenuine:
        return
    assert head == Checkpoint(ORIGIN, 1024, log.EMPTY), "only what is not signed may differ"


@pytest.mark.parametrize(
    "text", ["", "x", "a\n1\n", f"{ORIGIN}\n٣\n{'A' * 43}=\n\n", f"{ORIGIN}\n007\n{'A' * 43}=\n\n"]
)
def test_what_is_no_checkpoint_is_refused_in_words(text: str) -> None:
    with pytest.raises(NotGenuine, match=r"no checkpoint|take the key"):
        checkpoint.opened(text, VERIFIER)


def grown(count: int) -> tuple[list[bytes], list[str]]:
    """So many batches, and the checkpoint after each."""
    roots = [log.batch_root(log.batch(n, {}, KEY)) for n in range(count)]
    heads = [Checkpoint(ORIGIN, n * log.BATCH, log.root(roots[:n])) for n in range(count + 1)]
    return roots, [checkpoint.signed(head, SECRET) for head in heads]


def test_a_witness_with_checkpoints_finds_a_log_rewritten_or_cut() -> None:
    roots, kept = grown(4)
    assert [h.size for h in witness.verified(VERIFIER, kept[:3], roots)] == [0, 1024, 2048]
    with pytest.raises(NotGenuine, match=r"rewritten.*size 2048"):
        witness.verified(VERIFIER, kept, [roots[0], log.EMPTY, *roots[2:]])
    with pytest.raises(NotGenuine, match="cut"):
        witness.verified(VERIFIER, kept, roots[:3])
    with pytest.raises(NotGenuine, match="not signed"):
        witness.verified(checkpoint.verifier_key(ORIGIN, b"o" * 32), kept, roots)


@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
@pytest.mark.parametrize("key", ["", f"{VERIFIER}\n"])
def test_a_file_of_checkpoints_is_read_as_subscribers_write_it(between: str, key: str) -> None:
    _, kept = grown(3)
    file = witness.kept(key + between.join(kept))
    assert file.key == (VERIFIER if key else None)
    assert list(file.notes) == kept


def test_the_list_of_batches_says_what_there_is_and_misses_none() -> None:
    roots, _ = grown(3)
    text = witness.written(VERIFIER, [Batch(n, (500_000 + n) * HOUR, root) for n, root in enumerate(roots)])
    assert text.splitlines()[1].startswith("0 2027-01-15T08:00Z ")
    assert witness.read(text) == (VERIFIER, roots)
    lines = text.splitlines()
    with pytest.raises(NotGenuine, match="batch 1 is missing"):
        witness.read("\n".join([*lines[:2], lines[3]]))
    with pytest.raises(NotGenuine, match="no list of batches"):
        witness.read("\n".join(lines[1:]))


def test_an_entry_is_proven_word_for_word_and_nothing_else_is() -> None:
    salt, body = b"s" * 16, '{"number":1}'
    leaves = log.batch(1, {7: log.commitment(salt, body.encode())}, KEY)
    roots = [log.batch_root(log.batch(0, {}, KEY)), log.batch_root(leaves)]
    path = tuple(log.path_of(7, leaves, 1, roots))
    proof = Proof(body=body, salt=salt, index=log.BATCH + 7, size=2 * log.BATCH, path=path)
    head = Checkpoint(ORIGIN, 2 * log.BATCH, log.root(roots))
    assert witness.unpacked(witness.packed([proof])) == [proof]
    assert witness.is_in_log(proof, head)
    changed = Proof(body='{"number":2}', salt=salt, index=proof.index, size=proof.size, path=path)
    assert not witness.is_in_log(changed, head)
    assert not witness.is_in_log(proof, Checkpoint(ORIGIN, log.BATCH, head.root))
    with pytest.raises(NotGenuine, match="no proofs"):
        witness.unpacked("{}")
