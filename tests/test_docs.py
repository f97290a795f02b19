"""What the documents say is held true: the worked example works, the commands exist."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import cli
from hub.core.reading import Decoded, DecodeError, Decoder, Heard, Message
from hub.decoders.lines import Nobody

ROOT = Path(__file__).resolve().parent.parent
SPOKEN = sorted({
    (words[0], words[1])
    for name in ("README.md", "docs/devices.md", "hub/cli/__init__.py")
    for words in re.findall(r"barrio ([a-z-]+)(?: ([a-z-]+))?", (ROOT / name).read_text(encoding="utf-8"))
})  # fmt: skip


def anemometer() -> Decoder:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert code is not None
    room: dict[str, Decoder] = {}
    exec(textwrap.dedent(code.group(1)), room)  # noqa: S102 - our own document
    return room["decode"]


def said(payload: bytes) -> Decoded:
    return anemometer()(Message(Nobody(), 1, "wind/roof", payload, 0), Heard())


def test_the_worked_example_of_a_format_works() -> None:
    (reading,) = said(b"12.5 km/h").readings
    assert (reading.thing, reading.property, reading.value, reading.unit) == ("roof", "wind_speed", 12.5, "km/h")


@pytest.mark.parametrize("payload", [b"very windy", b"12.5", b"nan km/h", b"1e999 km/h", b"\xff \xff", b""])
def test_the_worked_example_refuses_what_it_says_it_refuses(payload: bytes) -> None:
    with pytest.raises(DecodeError, match="expected a number and a unit"):
        said(payload)


@pytest.mark.parametrize(("command", "second"), SPOKEN)
def test_every_command_that_is_spoken_of_exists(command: str, second: str) -> None:
    groups = {"party", "thing", "grade", "commons", "source", "household"}
    words = [command, second] if command in groups and second else [command]
    done = CliRunner().invoke(cli, [*words, "--help"])
    assert done.exit_code == 0, done.output
