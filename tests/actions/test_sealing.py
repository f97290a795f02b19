"""A household's sealing keys: public ones only, told to all adults, ended for good."""

from __future__ import annotations

import secrets

import pytest

from devices import keys
from hub import actions
from hub.registry import Registry
from tests.registry.town import NOW, couple, person

KEY = keys.public_of(bytes(range(32)))


def test_all_adults_read_that_there_is_a_new_key(registry: Registry) -> None:
    both = couple(registry)
    name = actions.add_sealing_key(registry, both.household, KEY, by=both.ben, now=NOW)
    for adult in (both.ana, both.ben):
        assert f"added the sealing key {name}" in [e.what for e in registry.journal(adult)]
    assert [k.name for k in registry.sealed.keys([both.household])] == [name]


def test_somebody_else_adds_and_ends_none(registry: Registry) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    name = actions.add_sealing_key(registry, both.household, KEY, now=NOW)
    for act in (
        lambda: actions.add_sealing_key(registry, both.household, keys.public_of(bytes(32)), by=eva, now=NOW),
        lambda: actions.end_sealing_key(registry, both.household, name, by=eva, now=NOW),
    ):
        with pytest.raises(actions.ActionRefused, match="not yours"):
            act()


def test_a_private_or_mistyped_key_and_one_that_is_there_are_refused(registry: Registry) -> None:
    both = couple(registry)
    actions.add_sealing_key(registry, both.household, KEY, now=NOW)
    private = keys.written(keys.PRIVATE, bytes(32))
    for key, why in ((private, "private key"), (KEY[:-1] + "7", "mistyped"), (KEY, "there already"), ("", "begins")):
        with pytest.raises(actions.ActionRefused, match=why):
            actions.add_sealing_key(registry, both.household, key, now=NOW)


def test_a_key_that_has_ended_does_not_come_back(registry: Registry) -> None:
    both = couple(registry)
    name = actions.add_sealing_key(registry, both.household, KEY, now=NOW)
    actions.end_sealing_key(registry, both.household, name, now=NOW + 1)
    with pytest.raises(actions.ActionRefused, match="has ended"):
        actions.add_sealing_key(registry, both.household, KEY, now=NOW + 2)
    with pytest.raises(actions.ActionRefused, match="no such key"):
        actions.end_sealing_key(registry, both.household, name, now=NOW + 2)


def test_a_household_has_a_handful_of_keys(registry: Registry) -> None:
    ana = person(registry)
    for _ in range(8):
        actions.add_sealing_key(registry, ana, keys.public_of(secrets.token_bytes(32)), now=NOW)
    with pytest.raises(actions.ActionRefused, match="end one"):
        actions.add_sealing_key(registry, ana, keys.public_of(secrets.token_bytes(32)), now=NOW)


def test_a_signing_key_is_set_by_the_thing_s_owner_alone(registry: Registry) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    made = actions.add_thing(registry, both.household, "hall", now=NOW)
    key = keys.written(keys.THING, bytes(32))
    actions.set_signing_key(registry, made.thing, key, by=both.ana, now=NOW)
    with pytest.raises(actions.ActionRefused, match="not yours"):
        actions.set_signing_key(registry, made.thing, key, by=eva, now=NOW)
    with pytest.raises(actions.ActionRefused, match="private key"):
        actions.set_signing_key(registry, made.thing, keys.written(keys.SIGNING, bytes(32)), now=NOW)
