"""Feed JSON lines through the decoders with the project's own topics: ``python decode_lines.py < lines``."""

from __future__ import annotations

import sys
from pathlib import Path

from hub.decoders import DECODERS
from hub.decoders.lines import Listener, answers
from hub.decoders.routes import Routes

TOPICS = Path(__file__).resolve().parents[2] / "config" / "topics.toml"


def main() -> None:
    routes = Routes.from_toml(TOPICS.read_text(), list(DECODERS))
    for answer in answers(sys.stdin, Listener(routes)):
        sys.stdout.write(answer + "\n")


if __name__ == "__main__":
    main()
