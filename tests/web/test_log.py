"""The two pages by which anybody can hold the hub to its log."""

from __future__ import annotations

from hub.core import witness
from hub.core.checkpoint import opened
from hub.core.grade import HOUR
from hub.core.look import Entry, Look, Looker, Values
from hub.web.pages.mine_link import COOKIE
from tests.web.world import NOW, TOKEN, World


def test_the_head_and_the_batches_agree_and_are_kept_in_no_cache(own_hub: World) -> None:
    registry = own_hub.registry
    look = Look(
        108, Entry(at=NOW, role=Looker.MEMBER, who="brave fox", values=(Values(1008, "commons", 424242424242),))
    )
    registry.looks.write([look])
    sizes = []
    for hour in range(3):
        registry.tree.close_hours(NOW + hour * HOUR)
        head, batches = (own_hub.client.get(f"/log/{what}") for what in ("checkpoint", "batches"))
        key, roots = witness.read(batches.text)
        (found,) = witness.verified(key, [head.text], roots)
        assert found == opened(head.text, key)
        sizes.append(found.size)
        for answer in (head, batches):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-type"].startswith("text/plain")
            assert "brave fox" not in answer.text
            assert "424242424242" not in answer.text
    assert sizes == [1024, 2048, 3072]


def test_looking_at_ones_own_page_is_no_look(own_hub: World) -> None:
    for token in ("commons", "a-link-that-holds"):
        assert own_hub.client.get("/mine", cookie=f"{COOKIE}={token}").status_code == 200
    with own_hub.registry.transaction() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM looks").scalar_one() == 0


def test_a_program_of_hers_reads_who_looked_with_her_link_and_without_it_nothing(own_hub: World) -> None:
    entry = Entry(at=NOW, role=Looker.MEMBER, who="brave fox", values=(Values(1008, "commons", 4242),))
    own_hub.registry.looks.write([Look(108, entry)])
    for given in ("", "Bearer no-such-link"):
        refused = own_hub.client.get("/mine/looks.json", authorization=given)
        assert refused.status_code == 401
        assert "fox" not in refused.text
    told = own_hub.client.get("/mine/looks.json", authorization=f"Bearer {TOKEN}")
    assert told.headers["cache-control"] == "no-store"
    (look,) = told.json()["looks"]
    assert look["at"] == "2026-11-22T18:40:00Z"
    assert look["what"] == ["dust of Monitor 8: 4242 values (commons)"]
    assert told.json()["gone"] == 0
    assert own_hub.client.get("/mine/looks.json", cookie=f"{COOKIE}={TOKEN}").json() == told.json()
