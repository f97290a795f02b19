"""Feed JSON lines through the decoders with the project's own topics: ``python decode_lines.py < lines``."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from hub.decoders.lines import Listener, answers
from hub.decoders.routes import Routes

TOPICS = Path(__file__).resolve().parents[2] / "config" / "topics.toml"


def shipped_routes() -> Routes:
    rules = tomllib.loads(TOPICS.read_text("utf-8"))["topics"]
    return Routes([(rule["filter"], rule["format"]) for rule in rules])


def main() -> None:
    for answer in answers(sys.stdin, Listener(shipped_routes())):
        sys.stdout.write(answer + "\n")


if __name__ == "__main__":
    main()
