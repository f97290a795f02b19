"""Attacks 17, 26 and 27: a backup from before an erasure, sealed readings in the hub's own files, and side doors."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from devices import keys
from devices.backlog import Record
from devices.seal import Sealer, SealTrouble, opened
from hub import actions, app
from hub.app import Parts
from hub.chores import list_of_erased
from hub.core.audience import PUBLIC
from hub.core.catalogue import PartyKind
from hub.core.disclosed import Disclosed
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.observations import Key, Observations
from hub.core.query import Query
from hub.core.scope import Scope
from hub.settings import HubSettings, Settings, StoreSettings, read, shipped
from hub.stores import STORES
from tests.attacks.figures import Figures
from tests.attacks.town import MIDNIGHT, Device, Said, Town, town

CANARY = 4242.53125
ROOT = Path(__file__).resolve().parents[2]


def settings(folder: Path, engine: str) -> Settings:
    data = folder / "data"
    return Settings(
        hub=HubSettings(data=data), store=StoreSettings(engine=engine, folder=data / "observations"),
        properties=read(shipped("barrio.toml")).properties,
    )  # fmt: skip


def ana(parts: Parts) -> int:
    return next(i for i, p in parts.registry.holdings().parties.items() if p.name == "Ana")


def remember(parts: Parts) -> None:
    """A party, a thing, and readings of it: open, so that everybody may see them."""
    party = actions.add_party(parts.registry, PartyKind.PERSON, "Ana", now=MIDNIGHT)
    made = actions.add_thing(parts.registry, party, "roof", exposure=None, now=MIDNIGHT)
    parts.registry.first_heard([Key(made.credential, "roof", "pm25", None)], MIDNIGHT)
    (stream,) = parts.registry.holdings().datastreams
    time = MIDNIGHT + np.arange(50) * MINUTE
    parts.store.append(Observations(
        np.full(50, stream.id, np.int32), np.full(50, party, np.int32), time, time, np.full(50, CANARY),
        np.full(50, Grade.HOME, np.uint8), np.full(50, Grade.OPEN, np.uint8), np.zeros(50, np.uint8),
    ))  # fmt: skip


def own(parts: Parts) -> int:
    """How many readings she has."""
    audience = parts.registry.audience_of_party(ana(parts))
    assert audience is not None
    return len(parts.gate.read(Query(), audience))


def restored(folder: Path, *, listed: bool) -> int:
    """Back up, erase, restore the backup; how many readings are there again. `listed`: the list beside it is kept."""
    made = settings(folder, "duckdb")

    def clock() -> int:
        return MIDNIGHT + 3 * HOUR

    with app.opened(made, clock) as parts:
        remember(parts)
        assert own(parts) == 50
    shutil.copytree(made.hub.data, folder / "backup")
    with app.opened(made, clock) as parts:
        actions.erase(parts.registry, parts.store, ana(parts), now=clock())
        assert own(parts) == 0
    shutil.rmtree(made.hub.data)
    shutil.copytree(folder / "backup", made.hub.data)
    if not listed:
        list_of_erased(made).unlink()
    with app.opened(made, clock) as parts:
        return own(parts)


@pytest.mark.slow
@pytest.mark.attack(17)
def test_a_backup_from_before_an_erasure_brings_nothing_back(tmp_path: Path, figures: Figures) -> None:
    back = restored(tmp_path, listed=True)
    figures.tell("erased readings that a restored backup brings back", back, 50)
    assert back == 0


@pytest.mark.control(17)
def test_without_the_list_beside_the_data_it_would_bring_them_back(tmp_path: Path, figures: Figures) -> None:
    back = restored(tmp_path, listed=False)
    figures.tell("erased readings that come back when the list is lost with the data", back, 50)
    assert back == 50


@pytest.fixture
def sealing(tmp_path: Path) -> Iterator[tuple[Town, Device, Sealer, bytes]]:
    """A thing that seals to its household, on the store that hubs have; the household's private key."""
    with town(tmp_path, store=STORES["duckdb"](tmp_path / "observations")) as made:
        private, signing = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        public = keys.public_of(private.private_bytes_raw())
        device = made.device(made.person(), "power")
        actions.add_sealing_key(made.registry, device.party, public, now=made.now)
        sealer = Sealer(public, signing, device.name)
        actions.set_signing_key(made.registry, device.thing, sealer.public_key, now=made.now)
        yield made, device, sealer, private.private_bytes_raw()


def record(value: float) -> Record:
    return {"n": "power", "u": "W", "v": value, "t": MIDNIGHT / 1e6}


def bytes_of(folder: Path) -> bytes:
    return b"".join(f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file())


@pytest.mark.attack(26)
def test_the_hubs_files_and_answers_hold_nothing_of_what_was_sealed(
    sealing: tuple[Town, Device, Sealer, bytes], figures: Figures
) -> None:
    made, device, sealer, private = sealing
    made.publish(device, "sealed", sealer.seal([record(CANARY)], 1))
    (kept,) = made.gate.sealed(made.audience(device.party))
    assert opened(kept.body, private, None)[2][0]["v"] == CANARY, "its own household can read it"
    told = bytes_of(made.folder)
    found = told.count(str(CANARY).encode()) + told.count(np.float64(CANARY).tobytes())
    seen = sum(len(made.read(who)) for who in (PUBLIC, made.audience(device.party), made.audience(made.person())))
    figures.tell("places in the hub's files where the value can be read", found)
    figures.tell("values that any answer shows", seen)
    assert found == 0
    assert seen == 0
    assert len(made.gate.sealed(made.audience(made.person()))) == 0


@pytest.mark.attack(26)
def test_an_envelope_that_is_moved_changed_or_opened_by_another_gives_nothing(
    sealing: tuple[Town, Device, Sealer, bytes], figures: Figures
) -> None:
    made, device, sealer, private = sealing
    whole = sealer.seal([record(CANARY)], 7)
    other = made.device(device.party, "power")
    changed = bytearray(whole)
    changed[13] ^= 1  # its number
    for thing, payload in ((other, whole), (device, bytes(changed)), (device, whole[:-1] + b"0")):
        made.publish(thing, "sealed", payload)
    kept = len(made.gate.sealed(made.audience(device.party)))
    tries = [(bytes(changed), private), (whole, X25519PrivateKey.generate().private_bytes_raw())]
    read_ = 0
    for payload, key in tries:
        try:
            opened(payload, key, None)
        except SealTrouble:
            continue
        read_ += 1
    figures.tell("moved or changed envelopes that the hub keeps", kept, 3)
    figures.tell("changed envelopes, or wrong keys, that open", read_, len(tries))
    assert kept == read_ == 0


@pytest.mark.attack(26)
def test_the_length_of_an_envelope_says_nothing(sealing: tuple[Town, Device, Sealer, bytes], figures: Figures) -> None:
    sealer = sealing[2]
    lengths = {len(sealer.seal([record(v)] * n, n)) for n in range(8) for v in (0.0, CANARY, -1.5e-9)}
    figures.tell("envelopes of another length than the first, with none to seven readings", len(lengths) - 1, 24)
    assert len(lengths) == 1


@pytest.mark.control(26)
def test_what_is_not_sealed_is_in_the_files(sealing: tuple[Town, Device, Sealer, bytes], figures: Figures) -> None:
    made, device, _, _ = sealing
    made.say([Said(device, "power", made.now + MINUTE, CANARY)])
    found = bytes_of(made.folder).count(np.float64(CANARY).tobytes())
    figures.tell("places in the hub's files where the value can be read", found)
    assert found > 0


READERS = {"hub/gate.py", "hub/releaser/enrolling.py", "hub/releaser/windows.py"}
RELEASING = {"hub/core/scope.py", "hub/releaser/enrolling.py", "hub/releaser/windows.py"}


def calls(tree: ast.AST) -> Iterator[str]:
    """The dotted names that are called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.slow
@pytest.mark.attack(27)
def test_nobody_but_gate_and_releaser_reads_what_is_stored(figures: Figures) -> None:
    found: dict[str, set[str]] = {"store.read": set(), "release_scope": set()}
    for file in sorted((ROOT / "hub").rglob("*.py")):
        name, tree = file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))
        for call in calls(tree):
            if call.endswith("store.read"):
                found["store.read"].add(name)
            if call.endswith("release_scope"):
                found["release_scope"].add(name)
    doors = (found["store.read"] - READERS) | (found["release_scope"] - RELEASING)
    figures.tell("other places in the code that read what is stored", len(doors))
    assert doors == set()
    assert found["store.read"] == READERS


@pytest.mark.attack(27)
def test_no_answer_and_no_right_can_be_made_by_hand(figures: Figures) -> None:
    made = 0
    for kind in (Scope, Disclosed):
        try:
            kind(object())  # type: ignore[call-arg]
        except TypeError:
            continue
        made += 1
    figures.tell("answers and rights made by hand", made, 2)
    assert made == 0
