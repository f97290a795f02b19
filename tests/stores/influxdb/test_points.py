"""How observations stand in InfluxDB: nothing of a row is lost on the way there and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hub.core import observations
from hub.core.observations import Observations
from hub.stores.batches import COLUMNS
from hub.stores.influxdb.points import (
    FIRST,
    FLAGS,
    LAST,
    hash_lines,
    is_odd,
    lines,
    odd_lines,
    pack,
    split,
    unpack,
    unsplit,
)

YEARS = 35 * 365 * 86_400_000_000
BYTES = st.integers(0, 5)
USUAL = st.integers(FIRST, LAST - 1)


def column(name: str, *values: float) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    return np.array(values, COLUMNS[name])


def one(
    time: int, delay: int = 0, grade: int = 5, wish: int = 5, quality: int = 0, value: float = 20.5
) -> Observations:
    row = {
        "datastream": 7, "owner": 8, "time": time, "received": time + delay, "value": value, "grade": grade,
        "wish": wish, "quality": quality,
    }  # fmt: skip
    return Observations(*(np.array([row[name]], kind) for name, kind in COLUMNS.items()))


@given(USUAL, st.integers(-YEARS, YEARS), BYTES, BYTES, st.integers(0, FLAGS - 1))
def test_how_a_row_arrived_comes_back_as_it_was(time: int, delay: int, grade: int, wish: int, quality: int) -> None:
    packed = pack(one(time, delay, grade, wish, quality))
    assert [int(c[0]) for c in unpack(packed)] == [grade, wish, delay, quality]


@given(BYTES, BYTES, st.lists(st.tuples(st.integers(-YEARS, YEARS), st.integers(0, FLAGS - 1)), min_size=1))
def test_of_rows_alike_in_grade_and_wish_the_least_and_greatest_tell_all_delays(
    grade: int, wish: int, rows: list[tuple[int, int]]
) -> None:
    packed = [int(pack(one(FIRST, delay, grade, wish, quality))[0]) for delay, quality in rows]
    least, greatest = unpack(np.array([min(packed)])), unpack(np.array([max(packed)]))
    assert (int(least.delay[0]), int(greatest.delay[0])) == (min(d for d, _ in rows), max(d for d, _ in rows))


@given(BYTES, BYTES, BYTES, BYTES, st.integers(-YEARS, YEARS), st.integers(-YEARS, YEARS))
def test_rows_of_another_grade_or_wish_never_look_alike(a: int, b: int, c: int, d: int, one_: int, other: int) -> None:
    first, second = (unpack(pack(one(FIRST, delay, g, w))) for delay, g, w in ((one_, a, b), (other, c, d)))
    assert ((a, b) == (c, d)) == ((first.grade, first.wish) == (second.grade, second.wish))


def test_every_flag_of_quality_has_its_place() -> None:
    assert sum(observations.FLAGS) < FLAGS
    assert len(set(observations.FLAGS)) == len(observations.FLAGS)


@given(st.integers(-(2**62), 2**62 - 1))
def test_odd_times_come_back_and_make_two_shards_at_most(time: int) -> None:
    era, rest = split(np.array([time]))
    assert unsplit(era, rest).tolist() == [time]
    assert 0 <= rest[0] < 7 * 86_400 * 10**9


def test_only_times_of_wrong_clocks_are_odd() -> None:
    times = np.array([FIRST - 1, FIRST, LAST - 1, LAST, 0, 2**61])
    assert is_odd(times).tolist() == [True, False, False, True, True, True]


def test_a_row_is_one_line_with_ids_for_tags() -> None:
    packed = (5 << 61 | 5 << 58 | (2**50 + 250) << 7 | 1) - 2**63
    assert lines(one(FIRST, 250, quality=1)) == f"o,ds=7,o=8 v=20.5,a={packed}i {FIRST * 1000}\n".encode()
    assert odd_lines(one(5, 1, 4, 3, 2, -1e300)) == b"odd,ds=7,o=8,e=0 v=-1e+300,r=6i,k=17154i 5\n"
    nothing = one(FIRST).take(np.zeros(1, bool))
    assert lines(nothing) == odd_lines(nothing) == b""


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_value_is_written_so_that_it_reads_the_same(value: float) -> None:
    text = lines(one(FIRST, value=value)).split(b"v=")[1].split(b",")[0]
    assert float(text) == value


def test_hashes_never_share_a_moment() -> None:
    told = hash_lines([5, 2**64 - 1, 5 + 256], 1000)
    assert told.split(b"\n") == [
        b'ack,b=5 h="x0000000000000005" 1000', b'ack,b=ff h="xffffffffffffffff" 1001',
        b'ack,b=5 h="x0000000000000105" 1002', b"",
    ]  # fmt: skip
