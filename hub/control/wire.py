"""The local socket: one JSON line asks, one JSON line answers.

Rule: the socket belongs to whoever runs the hub (mode 0600); what is asked there is bounded, what is not understood is
answered with an error and changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError

CONTROL = "control.sock"
_LONGEST = 1_000_000
_SECONDS = 120
_LOG = logging.getLogger("hub.control")


class Control:
    """The listening side, as an asynchronous context."""

    def __init__(self, desk: Desk, path: Path) -> None:
        """Answer at `path` with what `desk` can do."""
        self._desk = desk
        self._path = path
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen; a socket left by a hub that died is replaced (the data folder is locked by us)."""
        self._path.unlink(missing_ok=True)
        # The folder is the operator's alone already (mode 0700); the socket says so again.
        self._server = await asyncio.start_unix_server(self._answer, self._path, limit=_LONGEST)
        self._path.chmod(0o600)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                asked = json.loads(await reader.readline())
                told = await asyncio.to_thread(_performed, self._desk, asked)
                writer.write(json.dumps(told).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError, TimeoutError):
            _LOG.warning("somebody at the control socket was not understood")
        finally:
            writer.close()


def ask(path: Path, command: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Ask the running hub; its answer, or None when no hub is running.

    Raises:
        CommandError: the hub would not, in words.
    """
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_SECONDS)
            line.connect(str(path))
            line.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
            with line.makefile("rb") as answers:
                told = json.loads(answers.readline() or b"{}")
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except PermissionError as error:
        raise CommandError(f"the hub runs, but {path} may not be opened: run this as the user who runs it") from error
    except (OSError, ValueError) as error:
        raise CommandError(f"the hub runs but did not answer: {error}") from error
    if "error" in told or "result" not in told:
        raise CommandError(str(told.get("error", "the hub stopped before it answered: ask again")))
    result: dict[str, Any] = told["result"]
    return result


def _performed(desk: Desk, asked: object) -> dict[str, Any]:
    if not isinstance(asked, dict) or not isinstance(asked.get("arguments", {}), dict):
        return {"error": "ask with {command, arguments}"}
    try:
        return {"result": perform(desk, str(asked.get("command")), asked.get("arguments", {}))}
    except CommandError as error:
        return {"error": str(error)}
