"""The report says what was told, and fails when an attack succeeds."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.attacks.catalogue import ATTACKS
from tests.attacks.page import page
from tests.attacks.pictures import bars, lines
from tests.attacks.told import Figure, Told, Verdict, results


def run(*, broken: int | None = None, unproven: int | None = None, without: int | None = None) -> list[Told]:
    """A run in which all attacks failed, but for these."""
    told = []
    for number in ATTACKS:
        if number != without:
            told.append(
                Told(f"a{number}", number != broken, [("mark", ["attack", number]), ("figure", ["found", 0, 9])])
            )
        told.append(
            Told(f"c{number}", number != unproven, [("mark", ["control", number]), ("figure", ["found", 7, 9])])
        )
    return told


def test_an_attack_counts_as_failed_only_if_it_was_made_failed_and_can_succeed() -> None:
    assert {r.verdict for r in results(run()).values()} == {Verdict.FAILED}
    assert results(run(broken=4))[4].verdict is Verdict.SUCCEEDED
    assert results(run(unproven=4))[4].verdict is Verdict.UNPROVEN
    assert results(run(without=4))[4].verdict is Verdict.NOT_MADE


def test_the_page_names_every_attack_and_its_figures() -> None:
    text = page(results(run()), "today", {1: "01.svg"})
    assert f"**{len(ATTACKS)} of {len(ATTACKS)} attacks failed.**" in text
    assert all(f"| {a.number} | **{a.title}" in text and f"{a.tried} | failed |" in text for a in ATTACKS.values())
    assert "found: 0 of 9" in text
    assert "*Weaker*: found: 7 of 9" in text
    assert "(privacy-report/01.svg)" in text


def test_the_page_says_aloud_what_succeeded() -> None:
    text = page(results(run(broken=4)), "today", {})
    assert "**Something was shown that should not be" in text
    assert "| **succeeded** |" in text


def test_figures_of_several_tests_are_added_up() -> None:
    told = [Told(n, True, [("mark", ["attack", 1]), ("figure", ["rows", 2, 10])]) for n in "ab"]
    (figure,) = results(told)[1].figures()
    assert (figure.value, figure.of, str(figure)) == (4, 20, "4 of 20")


def test_pictures_are_sound_and_say_what_they_show() -> None:
    drawn = [
        bars("Homes", [("usual <map>", Figure("x", 3, 10)), ("Barrio", Figure("x", 0, 10))]),
        lines("Shares", "homes", "share", {"here": [(5, 0.5), (60, 0.1)], "there": [(5, 1.0), (60, 1.0)]}),
    ]
    for svg in drawn:
        root = ET.fromstring(svg)  # noqa: S314 - our own
        names = {child.tag.rpartition("}")[2] for child in root}
        assert {"title", "desc"} <= names
    assert "usual &lt;map&gt;: 3 of 10" in drawn[0]
