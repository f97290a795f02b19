"""Everything that is mine, to take away: readings in three forms, and what the hub keeps about them and about me.

Rule: it comes through the gate like everything else, so it holds what its owner may see and nothing besides. Whoever
has the file has what is in it: for anywhere but her own hands it is made for a key of hers alone (age).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pyrage
from msgspec import Struct

from hub.core.audience import Audience
from hub.core.disclosed import Disclosed
from hub.core.face import Face
from hub.core.grade import Kind
from hub.core.query import Query, QueryError
from hub.gate import Gate

_README = """What the hub {hub} keeps of you, as of {when}.

readings.csv, readings.parquet   every reading: thing, property, unit, time (UTC), value; one row each
readings.senml.json              the same as SenML (RFC 8428): any Barrio takes it in again
sealed.jsonl                     what only your own key opens: barrio unseal
things.json                      your things, how far each of their values may be known, and what was refused
about.json                       the diary of what was done, what was erased, who looked, what you agreed to

Averages over several homes that were published are nobody's own and are not in here.
"""
_EVER = Query(since=-(2**62))


class Export(Struct, frozen=True):
    """A file to take away, and how many readings of each datastream are in it."""

    content: bytes
    rows: Mapping[int, int]


def export(gate: Gate, audience: Audience, units: Mapping[str, str], *, hub: str, when: str) -> Export:
    """Everything that is the asker's own, as a zip file.

    `units`: the unit of each property; `hub` and `when` are for the reader.

    Raises:
        StoreUnavailable: the store cannot answer now.
    """
    shown = gate.read(_EVER, Audience(audience.party, audience.parties))  # hers alone: no look at other members
    own = [n for n, face in enumerate(shown.faces) if face.kind is Kind.EXACT]
    mine = shown.where(np.isin(shown.face, own))
    table = _table(mine, units)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", _README.format(hub=hub, when=when))
        file.writestr("readings.csv", _csv(table))
        file.writestr("readings.parquet", _parquet(table))
        file.writestr("readings.senml.json", msgspec.json.encode(list(_senml(mine, own, units))))
        file.writestr("sealed.jsonl", b"".join(msgspec.json.encode(line) + b"\n" for line in _sealed(gate, audience)))
        file.writestr("things.json", _json(gate.mine(audience)))
        file.writestr("about.json", _json(gate.about(audience)))
    rows = {number: int((mine.face == n).sum()) for n in own if (number := mine.faces[n].datastream) is not None}
    return Export(made.getvalue(), rows)


def locked(content: bytes, recipient: str) -> bytes:
    """The same for one reader: encrypted to an age public key (`age1…`) or an SSH one (https://age-encryption.org/v1).

    Raises:
        QueryError: that is no public key.
    """
    try:
        key = pyrage.ssh.Recipient if recipient.startswith("ssh-") else pyrage.x25519.Recipient
        encrypted: bytes = pyrage.encrypt(content, [key.from_str(recipient.strip())])
    except pyrage.RecipientError as error:
        raise QueryError(
            "this is no public key: give what `age-keygen` prints after “Public key:” (it begins with age1)"
        ) from error
    return encrypted


def _table(mine: Disclosed, units: Mapping[str, str]) -> pa.Table:
    def words(of: Mapping[int, str]) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(
            pa.array(mine.face), pa.array([of.get(n, "") for n in range(len(mine.faces))])
        )

    faces = dict(enumerate(mine.faces))
    return pa.table({
        "thing": words({n: f.name or "" for n, f in faces.items()}),
        "property": words({n: f.property or f.named or "" for n, f in faces.items()}),
        "unit": words({n: _unit(f, units) for n, f in faces.items()}),
        "time": pa.array(mine.time, pa.timestamp("us", "UTC")),
        "value": pa.array(mine.value),
    })  # fmt: skip


def _csv(table: pa.Table) -> bytes:
    plain = table.cast(pa.schema([
        (f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema
    ]))  # fmt: skip
    made = io.BytesIO()
    pyarrow.csv.write_csv(plain, made)
    return made.getvalue()


def _parquet(table: pa.Table) -> bytes:
    made = io.BytesIO()
    pyarrow.parquet.write_table(table, made)
    return made.getvalue()


def _senml(mine: Disclosed, own: list[int], units: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """One pack: the name and unit of a datastream stand at its first record and hold until the next."""
    for n in own:
        face = mine.faces[n]
        times, values = mine.of(n)
        base = {"bn": f"{face.name}/{face.named or face.property}", "bu": _unit(face, units)}
        for time, value in zip((times / 1e6).tolist(), values.tolist(), strict=True):
            yield {**base, "t": time, "v": value}
            base = {}


def _sealed(gate: Gate, audience: Audience) -> Iterator[dict[str, object]]:
    """As `barrio unseal` reads it: what it is, the envelopes, how many there are; bytes in base64."""
    yield {"barrio": "sealed", "version": 1}
    count = after = 0
    while some := gate.sealed(audience, after):
        for s in some:
            yield {"thing": s.thing, "received": s.received, "signer": s.signing_key, "envelope": s.body}
        count, after = count + len(some), some[-1].number
    yield {"envelopes": count}


def _unit(face: Face, units: Mapping[str, str]) -> str:
    return units.get(face.property, face.unit or "")


def _json(value: Any) -> bytes:  # noqa: ANN401 - whatever msgspec can write
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=1)
