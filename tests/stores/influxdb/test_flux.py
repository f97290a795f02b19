"""Questions as Flux, and answers as columns: each row once, and only what all parts of an answer have."""

from __future__ import annotations

import numpy as np

from hub.stores.influxdb.flux import Asked, observations_in, question, rows_in, windows_in
from hub.stores.influxdb.points import FIRST, pack
from tests.stores.worlds import Row, batch

STORED = batch(Row(1001, FIRST + 5, 7.0), Row(1000, FIRST, 1.0), Row(1000, FIRST + 1, 2.0))


def table(
    value: np.ndarray[tuple[int], np.dtype[np.generic]], *rows: int
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    at = np.array(rows)
    return {
        "ds": STORED.datastream[at], "o": STORED.owner[at], "_time": STORED.time[at] * 1000, "_value": value[at],
    }  # fmt: skip


def test_a_point_that_was_given_twice_is_one_row() -> None:
    found = rows_in({"v": table(STORED.value, 0, 1, 2, 1, 0)})
    assert (found.datastream.tolist(), found.value.tolist()) == ([1000, 1000, 1001], [1.0, 2.0, 7.0])


def test_a_row_that_came_between_two_parts_of_an_answer_is_left_for_the_next() -> None:
    arrival = pack(STORED)
    found = observations_in({"v": table(STORED.value, 0, 1, 1), "a": table(arrival, 2, 1, 0)})
    assert found is not None
    assert (found.datastream.tolist(), found.value.tolist()) == ([1000, 1001], [1.0, 7.0])
    assert observations_in({"v": table(STORED.value, 0)}) is None


def test_no_windows_are_no_windows() -> None:
    assert len(windows_in({}, whole=True).start) == len(windows_in({}, whole=False).start) == 0


def test_what_narrows_a_question_is_numbers_that_the_storage_looks_up() -> None:
    one = question('va"ult', Asked(5, 9, [1000], 7), "v")
    assert one.startswith('from(bucket: "va\\"ult") |> range(start: time(v: 5), stop: time(v: 9))')
    assert 'r._field == "v" and r.o == "7" and r.ds == "1000")' in one
    assert "r.ds =~ /^(?:1000|1001)$/" in question("vault", Asked(5, 9, [1001, 1000]), "v")
    assert "contains" not in one
