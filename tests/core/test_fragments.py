"""Names that prove themselves: found again by whoever has the secret, and put together by nobody else."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.fragments import Brought, bring, claim, epoch_at, epoch_start, nym, private_key, proven, read, written
from hub.core.grade import DAY, HOUR

SECRETS = st.binary(min_size=32, max_size=32)
OWNERS = 300
BITS = 80


def test_the_same_secret_finds_the_same_name_again_and_any_difference_makes_another() -> None:
    one = bring(b"a" * 32, "yards", 3).nym
    assert one == bring(b"a" * 32, "yards", 3).nym
    assert len(one) == 16
    others = {
        bring(b"b" * 32, "yards", 3).nym, bring(b"a" * 32, "trees", 3).nym, bring(b"a" * 32, "yards", 4).nym,
        bring(b"a" * 32, "yards", 3, 1).nym,
    }  # fmt: skip
    assert len(others | {one}) == 5


def test_a_key_of_one_epoch_signs_for_that_alone() -> None:
    key = private_key(b"a" * 32, "yards", 3)
    brought = bring(b"a" * 32, "yards", 3)
    assert brought.public_key == key.public_key().public_bytes_raw()
    assert brought.signature == key.sign(claim("yards", 3, 0))


@given(SECRETS, st.integers(0, 500), st.integers(0, 9), st.integers(0, 63), st.integers(1, 255))
def test_a_key_is_proven_for_its_own_commons_epoch_and_turn_and_nothing_else(
    secret: bytes, epoch: int, turn: int, place: int, change: int
) -> None:
    brought = bring(secret, "yards", epoch, turn)
    assert proven(brought, "yards")
    assert not proven(brought, "trees")
    assert not proven(Brought(epoch + 1, turn, brought.public_key, brought.signature), "yards")
    assert not proven(Brought(epoch, turn + 1, brought.public_key, brought.signature), "yards")
    changed = bytearray(brought.signature)
    changed[place] ^= change
    assert not proven(Brought(epoch, turn, brought.public_key, bytes(changed)), "yards")
    assert not proven(Brought(epoch, turn, brought.public_key[:-1], brought.signature), "yards")


@given(SECRETS, st.integers(0, 500), st.integers(0, 9))
def test_what_is_written_is_read_back(secret: bytes, epoch: int, turn: int) -> None:
    brought = bring(secret, "yards", epoch, turn)
    assert read(written(brought)) == brought


@given(st.text())
def test_what_is_no_fragment_is_refused_in_words(line: str) -> None:
    with pytest.raises(ValueError, match=r"fragment|epochs"):
        read(line)


def test_negative_epochs_are_refused() -> None:
    with pytest.raises(ValueError, match="from 0"):
        read(f"-1 0 {'00' * 32} {'00' * 64}")


@given(st.integers(0, 10**16), st.integers(7, 366), st.integers(-(10**16), 10**17))
def test_epochs_cover_all_time_without_gap_or_overlap_and_begin_at_full_hours(since: int, days: int, at: int) -> None:
    number = epoch_at(since, days, at)
    assert epoch_start(since, days, number) <= at < epoch_start(since, days, number + 1)
    assert epoch_start(since, days, number + 1) % HOUR == 0
    assert epoch_start(since, days, number + 2) - epoch_start(since, days, number + 1) == days * DAY


def bits(name: str) -> int:
    return int.from_bytes(base64.b32decode(name.upper()))


def matched(one: list[str], other: list[str]) -> tuple[int, float]:
    """Attack: pair each name with the one most like it; how many are right, and how far apart the true ones are."""
    right, apart = 0, 0
    for i, name in enumerate(one):
        distance = [(bits(name) ^ bits(x)).bit_count() for x in other]
        right += min(range(len(other)), key=distance.__getitem__) == i
        apart += distance[i]
    return right, apart / len(one)


@pytest.mark.slow
def test_names_of_one_owner_in_two_commons_are_no_more_alike_than_strangers() -> None:
    secrets = [hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(OWNERS)]
    one, other = ([bring(s, commons, 0).nym for s in secrets] for commons in ("yards", "trees"))
    right, apart = matched(one, other)
    assert right <= 6
    assert abs(apart - BITS / 2) < 2


def test_the_attack_would_find_names_that_are_a_hash_of_what_is_known() -> None:
    known = [f"device-{i}" for i in range(OWNERS)]
    shown = [base64.b32encode(hashlib.sha256(d.encode()).digest()[:10]).decode().lower() for d in known]
    guessed = [nym_of_device(d) for d in known]
    assert matched(shown, guessed) == (OWNERS, 0.0)
    assert nym(b"x" * 32) not in shown


def nym_of_device(device: str) -> str:
    """What anybody can work out who has a list of devices."""
    return base64.b32encode(hashlib.sha256(device.encode()).digest()[:10]).decode().lower()
