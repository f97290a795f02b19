"""Two days of a neighbourhood: most things speak, some late, some not; people come, leave, change their minds.

Rule: what happens is drawn from a seed, not from what the hub does. Everything that was said is kept beside it, so that
an attack's success can be judged by the truth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hub import actions
from hub.actions import ActionRefused
from hub.core.catalogue import Exposure, PartyKind
from hub.core.grade import HOUR, MINUTE, Grade
from tests.attacks.figures import SIZE
from tests.attacks.town import MIDNIGHT, Device, Said, Town

UPTIME, LATE, SHY = 0.97, 0.03, 0.02
GRADES = (
    *[Grade.COUNTED] * 9, *[Grade.COMMONS] * 6, *[Grade.STREET] * 4, Grade.OPEN,
)  # fmt: skip
"""Of twenty homes, so many at each grade."""
WITHDRAWALS = max(8, SIZE.homes // 36)
JOINERS = max(5, SIZE.homes // 60)


@dataclass
class Story:
    """A town, its things, the two projects they may be in, and all that was said."""

    town: Town
    devices: list[Device] = field(default_factory=list)
    indoors: list[Device] = field(default_factory=list)
    gone: list[Device] = field(default_factory=list)
    projects: list[int] = field(default_factory=list)
    of_one: int = 0
    staff: int = 0
    said: dict[int, list[Said]] = field(default_factory=lambda: defaultdict(list))
    """Datastream → what was said of it."""

    def hours(self, first: int, count: int) -> Iterator[int]:
        """Let hour after hour pass; after each, its start. What is late comes in with the hours that follow."""
        waiting: list[Said] = []
        for hour in range(first, first + count):
            start = MIDNIGHT + hour * HOUR
            told = list(self._hour(start))
            closes = start + HOUR + 31 * MINUTE
            now = [s for s in (*told, *waiting) if (s.heard or s.at) < closes]
            waiting = [s for s in (*told, *waiting) if (s.heard or s.at) >= closes]
            self.town.say(now)
            self.town.pass_by(closes)
            yield start

    def _hour(self, start: int) -> Iterator[Said]:
        random = self.town.random
        for device in (*self.devices, *self.indoors):
            for observed, stream in device.streams.items():
                if random.random() > UPTIME:
                    continue
                at = start + int(random.integers(1, 3599)) * 1_000_000
                heard = at + int(random.integers(10, 280)) * MINUTE if random.random() < LATE else None
                wish = Grade(int(random.integers(Grade.HOME, Grade.STREET))) if random.random() < SHY else None
                # µs resolution of the wire's seconds; six decimals are what a value has
                one = Said(device, observed, at, round(float(random.uniform(8, 60)), 6), heard, wish)
                self.said[stream].append(one)
                yield one


def begin(town: Town, homes: int = SIZE.homes) -> Story:
    """Settle the neighbourhood in, some hours before midnight."""
    story = Story(town)
    with town.registry.transaction():
        story.staff = actions.add_party(town.registry, PartyKind.INSTITUTION, "The city", staff=True, now=town.now)
        story.projects = [
            actions.add_commons(town.registry, f"Project {n}", "to know what we breathe", now=town.now).commons
            for n in "AB"
        ]
        for n in range(homes):
            settle(story, GRADES[n % len(GRADES)], story.projects[n % 2])
    # Anybody may found a project and be alone in it: that brings him no closer to anybody.
    founder = town.person()
    story.of_one = founder
    alone = actions.add_commons(town.registry, "Only me", "to come closer", now=town.now).commons
    actions.join(town.registry, alone, founder, now=town.now)
    return story


def settle(story: Story, grade: Grade, project: int) -> Device:
    """A home more: dust and noise outdoors, and the meter that every home has; every third measures indoors too."""
    town = story.town
    party = town.person()
    device = town.device(party, "dust", "noise", "power")
    actions.join(town.registry, project, party, now=town.now)
    town.wish(device, "dust", grade, project if grade is Grade.COMMONS else None)
    town.wish(
        device, "noise", Grade.COUNTED if grade is Grade.OPEN else grade, project if grade is Grade.COMMONS else None
    )
    town.wish(device, "power", Grade.COUNTED)
    story.devices.append(device)
    if len(story.devices) % 3 == 0:
        inside = town.device(party, "dust", exposure=Exposure.INDOOR, place=device.place)
        town.wish(inside, "dust", Grade.COUNTED)
        story.indoors.append(inside)
    return device


def _lower(story: Story, device: Device) -> None:
    for observed in device.streams:
        story.town.wish(device, observed, Grade.HOME)


def _pause(story: Story, device: Device) -> None:
    for stream in device.streams.values():
        actions.pause(story.town.registry, stream, until=story.town.now + 5 * HOUR, now=story.town.now)


def _erase(story: Story, device: Device) -> None:
    town = story.town
    streams = list(device.streams.values())
    actions.erase(town.registry, town.store, device.party, datastreams=streams, until=town.now, now=town.now)


def _leave(story: Story, device: Device) -> None:
    for project in story.projects:
        try:
            actions.leave(story.town.registry, project, device.party, now=story.town.now)
        except ActionRefused:
            continue


def _move(story: Story, device: Device) -> None:
    actions.set_place(story.town.registry, device.thing, story.town.somewhere(), now=story.town.now)


def _close(story: Story, device: Device) -> None:
    actions.close_thing(story.town.registry, device.thing, now=story.town.now)
    story.devices.remove(device)
    story.gone.append(device)


def _back_and_forth(story: Story, device: Device) -> None:
    """Leave and be there again in the same breath."""
    _lower(story, device)
    story.town.pass_by(story.town.now + MINUTE)
    for observed in device.streams:
        story.town.wish(device, observed, Grade.COUNTED)


WAYS_OUT: Sequence[Callable[[Story, Device], None]] = (
    _lower, _pause, _erase, _leave, _move, _close, _back_and_forth,
)  # fmt: skip


def churn(story: Story, hour: int) -> None:
    """What people do after some of the hours."""
    every = max(1, (SIZE.windows - 6) // WITHDRAWALS)
    if hour % every == every - 1 and hour // every < WITHDRAWALS:
        way = WAYS_OUT[hour // every % len(WAYS_OUT)]
        way(story, story.devices[int(story.town.random.integers(len(story.devices)))])
    every = max(1, (SIZE.windows - 6) // JOINERS)
    if hour % every == 2 and hour // every < JOINERS:
        settle(story, Grade.COUNTED, story.projects[0])
    story.town.pass_by(story.town.now + MINUTE)
