"""docs/benchmarks.md: the table, how it came about, and one sentence for whatever falls short. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.verdicts import Row, Verdict, table

REASONS = {
    "single readings": "Reading the packets, decoding and attributing run in one Python thread; the generator and the "
    "store's commits share the same cores with it.",
    "CPU a single": "About half of it goes into one object each for message and reading, which keep the rest of the "
    "code simple; the commit of the batch is a quarter.",
    "PUBLISH to PUBACK": "A batch waits for its commit, and a commit waits for the disk.",
    "readings a second in SenML": "msgspec gives the records in a third of the time that making a reading of each and "
    "then columns of all takes; only a decoder that makes columns itself would do better.",
    "1,000 connected": "DuckDB takes one to two milliseconds of CPU for a durable commit however few rows it has; fewer "
    "commits would keep acknowledgements waiting longer than the bound on their latency.",
    "through an outside": "Every message is handled by the broker first, by the client library and by the hub.",
}
"""Beginning of a row → why it falls short when it does."""
_PAGE = """# Benchmarks

Written by `make bench` ({facts}).

Only ratios within one run mean something: a machine is faster or slower by half from one minute to the next. The
contenders take turns over the same messages from the same generator, a process of its own on the same machine; each
figure is the median of {rounds} rounds, and a round in which a message is lost counts for nothing. Single readings are
58 bytes (`{{"v":…, "t":…, "u":"Cel"}}`) under a topic of each thing's own, QoS 1, MQTT 3.1.1, encoded beforehand; a
bounded number of them is under way (closed loop), except where a rate is given (open loop). Packs are SenML in JSON,
100 records of ten values.

{table}
{reasons}
"""


def page(rows: Sequence[Row], facts: str, rounds: int) -> str:
    """The whole page."""
    told = [f"- *{row.what}*: {why}" for row in rows for why in [reason(row)] if why]
    below = "\n## What falls short, and why\n\n" + "\n".join(told) if told else ""
    return _PAGE.format(facts=facts, rounds=rounds, table=table(rows), reasons=below).rstrip() + "\n"


def reason(row: Row) -> str:
    """Why a row falls short; empty when it does not."""
    if row.verdict is not Verdict.FALLS_SHORT:
        return ""
    return next((why for start, why in REASONS.items() if row.what.startswith(start)), "Not looked into yet.")
