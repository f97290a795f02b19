"""Attack 14: to ask for something by its name and learn from the answer whether it is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from hub import actions
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Rows
from hub.registry import Registry
from hub.stores.memory import MemoryStore
from hub.web.pages import PAGES
from hub.web.pages.mine_link import COOKIE
from tests.attacks.exits import Site, site, whole
from tests.attacks.figures import Figures
from tests.attacks.town import MIDNIGHT, Device, Said, Town, town

NOBODY = "n0b0dyhasthishandle"
WITH_A_NAME = ["/thing/{}", "/thing/{}.csv", "/property/dust?thing={}", "/?thing={}", "/commons/{}", "/objection/{}",
               "/card/{}", "/card/{}/object", "/mine/{}"]  # fmt: skip


class Counting(MemoryStore):
    """Counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def read(self, query: Query, scope: Scope) -> Rows:
        self.asked += 1
        return super().read(query, scope)


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Counting, list[Device]]]:
    """Things at every grade below open, in a cell in which they are alone."""
    store = Counting()
    with town(tmp_path_factory.mktemp("hidden"), store=store) as made:
        devices = [made.device(made.person(), "dust", "power") for _ in range(5)]
        commons = actions.add_commons(made.registry, "Project", "to know", now=made.now)
        actions.join(made.registry, commons.commons, devices[2].party, now=made.now)
        for device, grade in zip(devices[1:4], (Grade.COUNTED, Grade.COMMONS, Grade.STREET), strict=True):
            made.wish(device, "dust", grade, commons.commons if grade is Grade.COMMONS else None)
        made.say(Said(d, o, MIDNIGHT - HOUR + MINUTE, 4242.5) for d in devices for o in d.streams)
        made.pass_by(MIDNIGHT + 2 * HOUR)
        yield made, store, devices


@contextmanager
def counted(registry: Registry, found: Counter[str]) -> Iterator[None]:
    """The statements that the registry's database gets, by their text."""

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        found[statement] += 1

    engine = registry._database._engines.read
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)


def footprint(made: Site, store: Counting, ask: Callable[[], object]) -> tuple[object, int, Counter[str]]:
    """The answer, how often the store was asked, and what was looked up in the registry."""
    statements: Counter[str] = Counter()
    before = store.asked
    with counted(made.town.registry, statements):
        answer = ask()
    return answer, store.asked - before, statements


def asking(pages: Site, path: str, handle: str) -> tuple[int, object, bytes]:
    """What an address says for a name, without the name."""
    return alike(handle, whole(pages.get(path.format(handle))))


def alike(handle: str, answer: tuple[int, object, bytes]) -> tuple[int, object, bytes]:
    """An answer without the name that was asked for."""
    return answer[0], answer[1], answer[2].replace(handle.encode(), b"?")


@pytest.mark.attack(14)
@pytest.mark.parametrize("path", WITH_A_NAME)
def test_what_is_hidden_answers_like_what_is_not_there(
    hidden: tuple[Town, Counting, list[Device]], figures: Figures, path: str
) -> None:
    made, store, devices = hidden
    with site(made) as pages:
        pages.get("/")
        asked = [partial(asking, pages, path, handle) for handle in (NOBODY, *(d.handle for d in devices))]
        nobody, *rest = (footprint(pages, store, one) for one in asked)
    answers = sum(r[0] != nobody[0] for r in rest)
    work = sum(r[1:] != nobody[1:] for r in rest)
    figures.tell(f"answers that tell a hidden thing from none: {path}", answers, len(rest))
    figures.tell(f"answers for which something else is looked up: {path}", work, len(rest))
    assert answers == 0
    assert work == 0


@pytest.mark.attack(14)
def test_a_link_that_has_ended_answers_like_one_that_never_was(
    hidden: tuple[Town, Counting, list[Device]], figures: Figures
) -> None:
    made, store, devices = hidden
    link = actions.make_link(made.registry, devices[0].party, now=made.now)
    with site(made) as pages:
        there = whole(pages.get("/mine", cookie=f"{COOKIE}={link.token}"))
        actions.end_links(made.registry, devices[0].party, now=made.now)
        mine = [page.path for page in PAGES if page.path.startswith("/mine") and "{" not in page.path
                and not page.path.endswith("/live")]  # fmt: skip
        differ = 0
        for path in mine:
            pages.get(path, cookie=f"{COOKIE}={NOBODY}")
            never = footprint(pages, store, lambda p=path: whole(pages.get(p, cookie=f"{COOKIE}={NOBODY}")))  # type: ignore[misc]
            ended = footprint(pages, store, lambda p=path: whole(pages.get(p, cookie=f"{COOKIE}={link.token}")))  # type: ignore[misc]
            differ += never != ended
    assert b"4242.5" in there[2] or there[0] == 200
    figures.tell("own pages that tell an ended link from none", differ, len(mine))
    assert mine
    assert differ == 0


@pytest.mark.attack(14)
def test_the_door_says_the_same_to_an_unknown_name_and_to_a_wrong_password(
    hidden: tuple[Town, Counting, list[Device]], figures: Figures
) -> None:
    made, _, devices = hidden
    answers = {
        made.registry.admit(name, password, None)
        for name in (devices[0].user, NOBODY, "") for password in (b"wrong", b"", b"\x00")
    }  # fmt: skip
    figures.tell("answers at the door that tell a known name from an unknown one", len(answers) - 1)
    assert answers == {None}
    assert made.registry.admit(devices[0].user, devices[0].password.encode(), None) is not None


@pytest.mark.control(14)
def test_what_is_open_answers_otherwise(hidden: tuple[Town, Counting, list[Device]], figures: Figures) -> None:
    made, _, devices = hidden
    made.wish(devices[4], "dust", Grade.OPEN)
    made.say([Said(devices[4], "dust", made.now + MINUTE, 7.0)])
    made.pass_by(made.now + 2 * MINUTE)
    with site(made) as pages:
        found = pages.get(f"/thing/{devices[4].handle}").status_code, pages.get(f"/thing/{NOBODY}").status_code
    figures.tell("answers that tell an open thing from none", int(found[0] != found[1]), 1)
    assert found == (200, 404)
