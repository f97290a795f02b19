"""TLS with an authority of one's own, and a certificate instead of a password, against the hub's own endpoint."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from devices import client_command
from devices.client import Device
from devices.link import Safety
from tests.e2e.programs import HOST, Authority
from tests.mqtt.fakes import FakeInbox, Hub, running

e2e = pytest.mark.e2e


class Walled(NamedTuple):
    """A hub that speaks TLS, and whoever signed its certificate."""

    hub: Hub
    port: int
    authority: Authority


@pytest.fixture
async def walled(tmp_path: Path) -> AsyncIterator[Walled]:
    authority = Authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(*authority.issue("server"))
    async with running(FakeInbox(0.01)) as hub:
        yield Walled(hub, await hub.endpoint.start(HOST, 0, context), authority)


def told(port: int, user: str, password: str, thing: str, safety: Safety) -> list[str]:
    """What a device has to say after it tried to send one reading."""
    device = Device(
        HOST, port, user=user, password=password, thing=thing, ca=safety.ca, certificate=safety.certificate,
        key=safety.key,
    )  # fmt: skip
    with device:
        device.measure("pm25", 7)
        device.flush(patience=1)
        return list(device.errors())


@e2e
async def test_a_password_through_tls_and_a_certificate_without_any(walled: Walled) -> None:
    hub, port, authority = walled
    crt, key = authority.issue("thing-7")
    paper = Safety(ca=authority.file, certificate=crt, key=key)
    assert await asyncio.to_thread(told, port, "thing-1", "right", "a", Safety(ca=authority.file)) == []
    assert await asyncio.to_thread(told, port, "", "", "b", paper) == []
    messages = await hub.inbox.holds(2)
    assert [(m.topic, m.credential) for m in messages] == [("things/a/readings", 1), ("things/b/readings", 7)]


@e2e
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho lets go of a socket unclosed
async def test_a_hub_that_cannot_be_trusted_gets_no_password_and_the_device_says_so(
    walled: Walled, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    stranger = Safety(ca=Authority(other).file)
    (said,) = await asyncio.to_thread(told, walled.port, "thing-1", "right", "a", stranger)
    assert "TLS failed" in said
    assert "kept" in said
    assert not walled.hub.endpoint.counters.admitted


def test_tls_is_spoken_as_soon_as_anything_asks_for_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    crt, key = authority.issue("thing-7")
    assert Safety().context() is None
    for safety in (Safety(tls=True), Safety(ca=authority.file), Safety(certificate=crt, key=key)):
        context = safety.context()
        assert context is not None
        assert context.check_hostname
        assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("word", ["--ca", "--certificate"])
def test_the_command_names_a_file_that_is_not_there(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        client_command.main(["--user", "u", "--password", "p", "--thing", "b", word, "/nowhere.pem", "a=1"])
    assert stop.value.code == 2
    assert "No such file" in capsys.readouterr().err
