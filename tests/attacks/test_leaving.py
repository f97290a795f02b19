"""Attacks 16 and 18: to go on looking after the right to look has ended, and what somebody who moved out can do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiomqtt
import pytest

from hub import actions, app
from hub.actions import ActionRefused
from hub.app import Hub, Parts
from hub.core.audience import Audience
from hub.core.catalogue import PartyKind
from hub.core.disclosed import Disclosed
from hub.core.grade import HOUR, MINUTE, Grade, Kind
from hub.core.query import Query
from hub.live import Live
from hub.settings import (
    HubSettings,
    MqttSettings,
    OperatorSettings,
    Settings,
    StoreSettings,
    WebSettings,
    read,
    shipped,
)  # fmt: skip
from tests.attacks.exits import answers
from tests.attacks.figures import Figures
from tests.attacks.town import MIDNIGHT, Device, Said, Town, rows, town

pytestmark = pytest.mark.slow

SECRET = 4242.5
Revoking = Callable[[Town, "Neighbours"], object]


@dataclass
class Neighbours:
    """A project of two; what the one shows there, the other watches."""

    owner: Device
    watcher: int
    token: str
    commons: int


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        made.pass_by(MIDNIGHT)
        yield made


def neighbours(made: Town) -> Neighbours:
    owner, watcher = made.device(made.person(), "dust"), made.person()
    commons = actions.add_commons(made.registry, "Project", "to know", now=made.now).commons
    for party in (owner.party, watcher):
        actions.join(made.registry, commons, party, now=made.now)
    made.wish(owner, "dust", Grade.COMMONS, commons)
    made.pass_by(made.now + MINUTE)
    token = actions.make_link(made.registry, watcher, now=made.now).token
    return Neighbours(owner, watcher, token, commons)


ERASES = "the owner erases what there was"
REVOKED: dict[str, Revoking] = {
    "the owner lowers it": lambda t, n: t.wish(n.owner, "dust", Grade.COUNTED),
    "the owner leaves the project": lambda t, n: actions.leave(t.registry, n.commons, n.owner.party, now=t.now),
    "the watcher leaves the project": lambda t, n: actions.leave(t.registry, n.commons, n.watcher, now=t.now),
    "the project ends": lambda t, n: actions.end_commons(t.registry, n.commons, now=t.now),
    ERASES: lambda t, n: actions.erase(t.registry, t.store, n.owner.party, now=t.now),
    "the watcher's links end": lambda t, n: actions.end_links(t.registry, n.watcher, now=t.now),
}


def a_reading(made: Town, device: Device, value: float) -> None:
    """One reading, and time enough for its window to be shown."""
    made.say([Said(device, "dust", made.now + MINUTE, value)])
    made.pass_by(made.now + 2 * HOUR)


async def listened(
    live: Live, audience: Audience, token: str, revoke: Callable[[], None]
) -> tuple[list[Disclosed], bool]:
    """What comes after the right has ended, and whether the watch did too."""
    heard: list[Disclosed] = []
    async with aclosing(live.watch(Query(), audience, token)) as answers_:
        first = await asyncio.wait_for(anext(answers_), 5)
        assert any(f.kind is Kind.PSEUDONYM for f in first.faces)
        revoke()
        try:
            while True:
                heard.append(await asyncio.wait_for(anext(answers_), 1.0))
        except (TimeoutError, StopAsyncIteration) as end:
            return heard, isinstance(end, StopAsyncIteration)


@pytest.mark.attack(16)
@pytest.mark.parametrize("how", REVOKED)
def test_who_watches_live_sees_nothing_more_once_the_right_has_ended(street: Town, figures: Figures, how: str) -> None:
    n = neighbours(street)
    a_reading(street, n.owner, 17.0)
    audience = street.gate.audience_of_link(n.token)
    assert audience is not None

    def revoke() -> None:
        REVOKED[how](street, n)
        street.pass_by(street.now + HOUR)

    live = Live(street.gate, every=0.02)
    heard, _ = street.runner.run(listened(live, audience, n.token, revoke))
    seen = [v for answer in heard for _, _, v in rows(answer)]
    figures.tell(f"values that come after {how}", len(seen))
    assert seen == []
    a_reading(street, n.owner, SECRET)
    again = street.gate.audience_of_link(n.token)
    later = [] if again is None else [v for _, _, v in rows(street.read(again))]
    taken = {17.0} if how == ERASES else {17.0, SECRET}
    figures.tell(f"values seen by asking again after {how}", len(taken & set(later)))
    assert not taken & set(later)


@pytest.mark.control(16)
def test_while_the_right_lasts_the_next_value_comes(street: Town, figures: Figures) -> None:
    n = neighbours(street)
    a_reading(street, n.owner, 17.0)
    audience = street.gate.audience_of_link(n.token)
    assert audience is not None
    a_reading(street, n.owner, 18.0)
    seen = [v for _, _, v in rows(street.read(audience))]
    figures.tell("values that come while the right lasts", len(seen))
    assert seen == [17.0, 18.0]


@dataclass
class Home:
    """A household of two; he moves out."""

    household: int
    she: int
    he: int
    device: Device
    link: str
    own_link: str


def home(made: Town) -> Home:
    household = actions.add_party(made.registry, PartyKind.HOUSEHOLD, "Number 7", now=made.now)
    she, he = made.person("Ana"), made.person("Ben")
    for person in (she, he):
        actions.add_household_member(made.registry, household, person, now=made.now)
    device = made.device(household, "dust", "power")
    link, own = (actions.make_link(made.registry, p, now=made.now).token for p in (household, he))
    return Home(household, she, he, device, link, own)


def move_out(made: Town, h: Home) -> Audience:
    """He moves out; who he was before."""
    was = made.gate.audience_of_link(h.own_link)
    assert was is not None
    made.say([Said(h.device, "power", made.now + MINUTE, 300.0)])
    assert 300.0 in [v for _, _, v in rows(made.read(was))], "he saw it while he lived there"
    made.pass_by(made.now + HOUR)
    actions.remove_household_member(made.registry, h.household, h.he, now=made.now)
    return was


@pytest.mark.attack(18)
def test_who_moved_out_comes_in_by_no_link_and_no_password_that_he_knew(street: Town, figures: Figures) -> None:
    h = home(street)
    password = h.device.password.encode()
    assert street.registry.admit(h.device.user, password, None) is not None
    move_out(street, h)
    came_in = [street.gate.audience_of_link(t) for t in (h.link, h.own_link)]
    came_in.append(street.registry.admit(h.device.user, password, None))  # type: ignore[arg-type]
    figures.tell("old links and passwords that still let him in", sum(x is not None for x in came_in), len(came_in))
    assert came_in == [None, None, None]


def refusal(deed: Callable[[], object]) -> str | None:
    """By which word it was refused; None when it was done."""
    try:
        deed()
    except ActionRefused as refused:
        return refused.code
    return None


@pytest.mark.attack(18)
def test_who_moved_out_can_change_nothing_and_is_told_nothing(street: Town, figures: Figures) -> None:
    h = home(street)
    move_out(street, h)
    his = street.audience(h.he)
    before = answers(street, his), street.gate.mine(his), street.registry.journal(h.he)
    tried: list[Callable[[], object]] = [
        lambda: actions.set_grade(street.registry, h.device.streams["dust"], Grade.OPEN, by=h.he, now=street.now),
        lambda: actions.pause(street.registry, h.device.streams["dust"], by=h.he, now=street.now),
        lambda: actions.make_link(street.registry, h.household, by=h.he, now=street.now),
        lambda: actions.hand_over(street.registry, h.device.thing, h.he, by=h.he, now=street.now),
        lambda: actions.set_grade(street.registry, h.device.streams["power"], Grade.COUNTED, by=h.he, now=street.now),
        lambda: actions.erase(street.registry, street.store, h.household, by=h.he, now=street.now),
    ]
    done = sum(refusal(deed) != "unknown" for deed in tried)
    figures.tell("things he can still do to what was shared", done, len(tried))
    assert done == 0
    actions.set_grade(street.registry, h.device.streams["dust"], Grade.COUNTED, by=h.she, now=street.now)
    street.say([Said(h.device, "power", street.now + MINUTE, SECRET)])
    actions.describe(street.registry, h.device.thing, title="Hers", by=h.she, now=street.now)
    after = answers(street, his), street.gate.mine(his), street.registry.journal(h.he)
    told = sum(a != b for a, b in zip(before, after, strict=True))
    figures.tell("what he is told of what comes after", told)
    assert told == 0


@pytest.mark.attack(18)
def test_with_the_rights_he_had_before_he_sees_nothing_now(street: Town, figures: Figures) -> None:
    h = home(street)
    was = move_out(street, h)
    assert was.parties >= {h.household}
    assert not street.gate.stands(was, h.own_link)
    figures.tell("ways in which the hub still takes him for one of the household", int(street.gate.stands(was, None)))
    assert not street.gate.stands(was, None)


@pytest.mark.control(18)
def test_who_stays_sees_everything_with_a_new_link(street: Town, figures: Figures) -> None:
    h = home(street)
    move_out(street, h)
    street.say([Said(h.device, "power", street.now + MINUTE, SECRET)])
    seen = [v for _, _, v in rows(street.read(street.audience(h.she)))]
    figures.tell("readings that she sees", len(seen))
    assert SECRET in seen


def served(folder: Path) -> Settings:
    shipped_ones = read(shipped("barrio.toml"))
    return Settings(
        hub=HubSettings(data=folder / "data"), mqtt=MqttSettings(port=0), web=WebSettings(port=0),
        operator=OperatorSettings(port=None), properties=shipped_ones.properties,
        store=StoreSettings(engine="memory", folder=folder / "observations"),
    )  # fmt: skip


async def hung_up(hub: Hub, parts: Parts) -> tuple[float, bool]:
    """He listens with the thing's password; he moves out; after how many seconds it ends, and if he comes in again."""
    household, she, he = (
        actions.add_party(parts.registry, kind, name)
        for kind, name in ((PartyKind.HOUSEHOLD, "Number 7"), (PartyKind.PERSON, "Ana"), (PartyKind.PERSON, "Ben"))
    )
    for person in (she, he):
        actions.add_household_member(parts.registry, household, person)
    meter = actions.add_thing(parts.registry, household, "meter")
    async with AsyncExitStack() as stack:
        host, port = (await hub.start(stack)).mqtt
        known = partial(aiomqtt.Client, host, port, username=meter.user, password=meter.password)
        loop = asyncio.get_running_loop()
        began = loop.time()
        with suppress(aiomqtt.MqttError):
            async with known() as listening:
                await listening.subscribe("things/meter/errors", qos=1)
                actions.remove_household_member(parts.registry, household, he)
                began = loop.time()
                async with asyncio.timeout(10):
                    async for _ in listening.messages:
                        pass
        took, again = loop.time() - began, True
        try:
            async with known():
                pass
        except aiomqtt.MqttError:
            again = False
    return took, again


@pytest.mark.attack(18)
def test_his_open_connection_ends_within_five_seconds(tmp_path: Path, figures: Figures) -> None:
    with app.opened(served(tmp_path)) as parts:
        took, again = asyncio.run(hung_up(Hub(parts), parts))
    figures.tell("seconds until his connection is ended", round(took, 1))
    figures.tell("times he comes in again with the old password", int(again))
    assert took <= 5
    assert not again
