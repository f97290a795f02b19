"""The files by which an outside mosquitto knows who may do what."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mqtt.rights import Speaker, acl, hashed, opens, passwords

ANA, BEN = Speaker("ana-1", "house7/ana"), Speaker("ben-2", "house 8")


def numbered() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"secret-{next(numbers)}"


def granted(text: str) -> dict[str, list[str]]:
    """What each name is granted."""
    found: dict[str, list[str]] = {}
    user = ""
    for line in text.splitlines():
        if line.startswith("user "):
            user = line.removeprefix("user ")
        elif line.startswith("topic "):
            found.setdefault(user, []).append(line.removeprefix("topic "))
    return found


def test_each_writes_under_the_own_prefix_and_reads_the_hubs_answers_there() -> None:
    rules = granted(acl("barrio", [BEN, ANA]))
    assert rules["ana-1"] == ["write house7/ana/#", "read house7/ana/things/+/errors"]
    assert rules["ben-2"] == ["write house 8/#", "read house 8/things/+/errors"]
    assert rules["barrio"] == ["read #", "write house7/ana/things/+/errors", "write house 8/things/+/errors"]


def test_whoever_has_two_prefixes_has_both_under_one_name() -> None:
    rules = granted(acl("barrio", [ANA, Speaker("ana-1", "attic")]))
    assert rules["ana-1"][::2] == ["write attic/#", "write house7/ana/#"]


@pytest.mark.parametrize("prefix", ["", " house", "house ", "a\nuser barrio", "a/+", "#", "a\rb"])
def test_a_prefix_that_would_mean_something_else_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        acl("barrio", [Speaker("ana", prefix)])


@pytest.mark.parametrize("user", ["", "a b", "a:b", "a\nuser b", "#a"])
def test_a_name_that_would_mean_something_else_is_refused(user: str) -> None:
    with pytest.raises(ValueError, match="user name"):
        acl(user, [])
    with pytest.raises(ValueError, match="user name"):
        passwords("", {}, [user], [], numbered())


def test_who_is_new_gets_a_password_and_who_was_there_keeps_his() -> None:
    first = passwords("", {"barrio": "hub"}, ["ana"], [], numbered())
    assert first.fresh == {"ana": "secret-0"}
    again = passwords(first.text, {"barrio": "hub"}, ["ana"], [], numbered())
    assert again == (first.text, {}), "done again, nothing changes"
    more = passwords(first.text, {"barrio": "hub"}, ["ana", "ben"], [], numbered())
    assert set(more.fresh) == {"ben"}
    assert set(first.text.splitlines()) <= set(more.text.splitlines())
    gone = passwords(more.text, {"barrio": "hub"}, ["ben"], [], numbered())
    assert [line.split(":")[0] for line in gone.text.splitlines()] == ["barrio", "ben"]
    renewed = passwords(more.text, {"barrio": "new"}, ["ana", "ben"], ["ana"], numbered())
    lines = dict(line.split(":", 1) for line in renewed.text.splitlines())
    assert opens(lines["barrio"], "new")
    assert opens(lines["ana"], renewed.fresh["ana"])
    assert set(renewed.fresh) == {"ana"}


def test_no_password_stands_in_the_file() -> None:
    made = passwords("", {"barrio": "hub-password"}, ["ana"], [], lambda: "secret-0")
    assert "hub-password" not in made.text
    assert "secret-0" not in made.text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_a_hash_opens_by_its_password_alone(password: str) -> None:
    line = hashed(password)
    assert opens(line, password)
    assert not opens(line, password + "x")
    assert hashed(password) != line, "salted"


@pytest.mark.parametrize("line", ["", "$7$", "$7$a$b$c", "$6$salt$hash", "$7$1$AAAA", "plain"])
def test_what_is_no_hash_opens_by_nothing(line: str) -> None:
    assert not opens(line, "")
    assert not opens(line, "plain")
