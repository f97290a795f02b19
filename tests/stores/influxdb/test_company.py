"""What processes that share a bucket tell each other: nothing is missed, whatever becomes of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hub.stores.influxdb import company
from hub.stores.influxdb.company import FileCompany, News
from hub.stores.newest import NEWEST


def newest(*datastreams: int, time: int = 7) -> NDArray[np.void]:
    rows = np.zeros(len(datastreams), NEWEST)
    rows["datastream"], rows["time"], rows["value"] = datastreams, time, [float(d) for d in datastreams]
    return rows


def ids(*some: int) -> NDArray[np.int32]:
    return np.array(some, np.int32)


def told(found: News | None) -> list[int]:
    assert found is not None
    return [int(d) for d in found.rows["datastream"]]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[FileCompany, FileCompany]]:
    made = FileCompany(tmp_path, 1, 2), FileCompany(tmp_path, 2, 2)
    for one in made:
        one.news()
    yield made
    for one in made:
        one.close()


Pair = tuple[FileCompany, FileCompany]


def test_what_one_tells_the_other_hears_once_and_nobody_hears_himself(pair: Pair) -> None:
    here, there = pair
    before = there.others
    here.tell(newest(1000, 1001), renewed=ids(5), late=ids(6, 7))
    found = there.news()
    assert told(found) == [1000, 1001]
    assert found is not None
    assert (found.renewed.tolist(), found.late.tolist(), found.everything) == ([5], [6, 7], False)
    assert found.rows["value"].tolist() == [1000.0, 1001.0]
    assert there.news() is None
    assert here.news() is None
    assert there.others > before


def test_records_go_round_and_none_is_missed(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "_ROOM", 40)
    here, there = pair
    for n in range(50):
        here.tell(newest(*range(n, n + 7)))
        assert told(there.news()) == list(range(n, n + 7))


def test_whoever_was_away_for_too_long_asks_for_everything(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "_ROOM", 40)
    here, there = pair
    for _ in range(9):
        here.tell(newest(1, 2, 3, 4, 5))
    found = there.news()
    assert found is not None
    assert found.everything
    here.tell(newest(*range(100)))
    found = there.news()
    assert found is not None
    assert found.everything, "more than there is room for"
    here.tell(newest(9))
    assert told(there.news()) == [9]


def test_after_a_start_everybody_asks_for_everything_once(tmp_path: Path, pair: Pair) -> None:
    here, there = pair
    here.close()
    again = FileCompany(tmp_path, 1, 2)
    found = there.news()
    assert found is not None
    assert found.everything, "nobody knows what it did when it ended"
    again.tell(newest(4))
    assert told(there.news()) == [4]
    again.close()


def test_rows_that_go_are_seen_to_go_until_somebody_has_finished_it(tmp_path: Path, pair: Pair) -> None:
    here, there = pair
    calm = there.turning
    here.turn(begins=True)
    assert there.turning[0] % 2 == 1
    here.turn(begins=False)
    assert there.turning != calm
    assert there.turning[0] % 2 == 0
    here.turn(begins=True)
    here.close()
    again = FileCompany(tmp_path, 1, 2)
    assert there.turning[0] % 2 == 1, "it was killed in the middle"
    there.settle()
    assert there.turning[0] % 2 == 0
    again.turn(begins=True)
    assert there.turning[0] % 2 == 1
    again.close()


def test_no_byte_of_a_row_that_was_erased_stays_in_any_file(tmp_path: Path, pair: Pair) -> None:
    here, there = pair
    here.tell(newest(1000, 1001, time=0x1122334455667788))
    there.tell(newest(1000, time=0x1122334455667788))
    mine, theirs = struct.pack("<d", 1000.0), struct.pack("<d", 1001.0)
    files = list(tmp_path.glob("*.news"))
    assert sum(mine in file.read_bytes() for file in files) == 2
    there.tell(newest(), renewed=ids(1000))
    assert not any(mine in file.read_bytes() for file in files)
    assert any(theirs in file.read_bytes() for file in files), "a neighbour's is left alone"
    found = there.news()
    assert found is not None
    assert (told(found), found.renewed.tolist()) == ([1001], [1000]), "whoever comes late asks the server for it"
    company.forget_company(tmp_path)
    assert not list(tmp_path.glob("*.news"))
