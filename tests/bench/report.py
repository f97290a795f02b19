"""docs/benchmarks.md: the table, how it came about, and one sentence for whatever falls short. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.verdicts import Row, Verdict, table

REASONS = {
    "into an InfluxDB, QoS 1": "The hub uses a third of a core meanwhile: it waits for what the server answers.",
    "single readings": "Reading packets, decoding and attributing run in one Python thread, and the generator and the "
    "store's commits share the cores with it.",
    "CPU a single": "Two thirds of it are the interpreter at work on one object for each message and one for each "
    "reading, which keep the code simple; the commit of the batch is a fifth.",
    "PUBLISH to PUBACK": "A message waits for its batch and the batch for a commit on this machine's disk; with the "
    "cores shared by generator and hub both take longer than on a quiet one.",
    "readings a second in SenML": "Making a reading of each record and columns of all readings takes three times as "
    "long as msgspec takes for the records; only a decoder that gives columns itself could be faster.",
    "1,000 connected": "Each reading comes alone: one read and one acknowledgement of a system call each, and a fifth "
    "of a commit with its flush to the disk. Where system calls are slow, as in virtual machines, they are most.",
    "the log of looks": "Each entry is a commitment (HMAC-SHA256), two rows, two lines of indexes, and its part of the "
    "flush to the disk.",
    "disk an observation": "Two thirds of it are two times in µs: clocks that drift leave 21 bits and more of "
    "each, and more where a datastream's rows end. Numbers that are told in full are "
    "hardly made smaller.",
    "a kept public answer": "Each answer passes through uvicorn and asks the gate whether anything has changed.",
    "the InfluxDB engine": "The hub encodes the rows and keeps the newest of each datastream between two requests.",
    "10-minute means over a day": "In a month's file the day of one datastream lies far from that of the next: "
    "times of a third of the month are read for it. Ordered by days first it is "
    "done in less than half of the time, and takes 60 % more disk (tried: 12.4 B a row "
    "instead of 7.8).",
    "through the gate: 24 h of one": "Most of it is DuckDB making its plan.",
    "through an outside": "Every message is handled by the broker, by the client library and by the hub.",
}
"""Words of a row → why it falls short when it does; the first that fits."""
_PAGE = """# Benchmarks

Written by `make bench` ({facts}).

Only ratios within one run mean something: a machine is faster or slower by half from one minute to the next. The
contenders take turns over the same messages from the same generator, a process of its own on the same machine; each
figure is the median of {rounds} rounds, and a round in which a message is lost counts for nothing. Single readings are
58 bytes (`{{"v":…, "t":…, "u":"Cel"}}`) under a topic of each thing's own, QoS 1, MQTT 3.1.1, encoded beforehand; a
bounded number of them is under way (closed loop), except where a rate is given (open loop). Packs are SenML in JSON,
100 records of ten values. The past that is asked is of things outdoors that everybody may see, one value a minute of
each datastream, out of files that are warm. A load average above the number of cores says that other work went on
beside.

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
    return next((why for words, why in REASONS.items() if words in row.what), "Not looked into yet.")
