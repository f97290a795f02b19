"""The tables for releases, consents, looks, erasures and what is sealed.

Rule: it stands for itself; what `hub.registry.tables` has become since is in the steps after it.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    column,
    select,
    table,
)

revision = "v0002"
down_revision = "v0001"
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Numbers that are counted up: SQLite counts what it calls INTEGER only, up to 2**63."""


def upgrade() -> None:
    """Add what is new, and move each pseudonym to the first epoch of its commons."""
    for name in ("things", "heard"):
        op.add_column(name, Column("signing_key", LargeBinary))
    for name in ("homes", "epoch_days", "retention_days"):
        op.add_column("commons", Column(name, Integer))
    op.add_column("links", Column("purpose", String))
    _fragments()
    _rests()
    _consents()
    _releases()
    _looks()
    _objections()
    _erasures()
    _sealed()


def _number() -> Column[int]:
    return Column("id", _NUMBER, primary_key=True)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=False)


def _to(name: str, target: str, *, key: bool = False, null: bool = False, index: bool = False) -> Column[int]:
    foreign = ForeignKey(f"{target}.id")
    kind = _NUMBER if target in ("looks", "look_batches") else Integer
    return Column(name, kind, foreign, primary_key=key, nullable=null, index=index, autoincrement=False)


def _time(name: str, *, key: bool = False, null: bool = False, index: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=null, index=index, autoincrement=False)


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, String, primary_key=key, nullable=null)


def _bytes(name: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=null)


def _fragments() -> None:
    op.create_table(
        "fragments", _number(), _to("commons", "commons"), _to("party", "parties", index=True),
        Column("epoch", Integer, nullable=False), Column("turn", Integer, nullable=False), _text("nym"),
        _bytes("public_key", null=True), _time("since"), _text("held"), _text("named", null=True),
        UniqueConstraint("commons", "party", "epoch", "turn"),
        UniqueConstraint("commons", "nym", name="uq_fragments_nym"),
    )  # fmt: skip
    op.execute(
        "INSERT INTO fragments (commons, party, epoch, turn, nym, since, held) "
        "SELECT commons, party, 0, 0, pseudonym, since, 'hub' FROM memberships"
    )
    with op.batch_alter_table("memberships") as memberships:
        memberships.drop_constraint("uq_memberships_pseudonym", type_="unique")
        memberships.drop_column("pseudonym")
        memberships.add_column(Column("turn", Integer, nullable=False, server_default="0"))
        memberships.add_column(_text("named", null=True))
        memberships.add_column(_time("turned", null=True))
    with op.batch_alter_table("memberships") as memberships:
        memberships.alter_column("turn", server_default=None)


def _rests() -> None:
    old = table("rests", column("property"), column("cell"), column("until"))
    rows = op.get_bind().execute(select(old)).all()
    op.drop_table("rests")
    new = op.create_table(
        "rests", _number(), _text("property"), _text("cell"), _time("since"), _time("until"),
        _to("datastream", "datastreams", null=True, index=True),
    )  # fmt: skip
    if rows:
        op.bulk_insert(new, [{"property": r.property, "cell": r.cell, "since": 0, "until": r.until} for r in rows])


def _consents() -> None:
    op.create_table(
        "consents", _id(), _to("party", "parties", index=True), _to("datastream", "datastreams", index=True),
        _to("commons", "commons", null=True), Column("grade", Integer, nullable=False), _text("purpose"),
        _time("since"), _time("until", null=True), _time("ended", null=True), _time("noticed", null=True),
    )  # fmt: skip
    op.create_table(
        "receipts", _number(), _to("party", "parties", index=True), _time("at"), _text("body"), _text("hash"),
        _text("signature"),
    )  # fmt: skip


def _releases() -> None:
    op.create_table(
        "epochs", _text("property", key=True), _time("since", key=True), _time("until"), _bytes("body", null=True)
    )
    op.create_table(
        "releases", _text("property", key=True), _text("level", key=True), _time("start", key=True), _time("window"),
        _time("published"), _bytes("cells"), _bytes("means"), _bytes("homes"),
    )  # fmt: skip
    op.create_table("withdrawals", _number(), _to("datastream", "datastreams", index=True), _time("at", index=True))


def _looks() -> None:
    op.create_table("look_batches", _number(), _time("hour"), _bytes("root"))
    op.create_table(
        "looks", _number(), _time("at"), _bytes("leaf"),
        _to("batch", "look_batches", null=True, index=True), Column("position", Integer),
    )  # fmt: skip
    op.create_table(
        "look_entries", _to("look", "looks", key=True), _to("owner", "parties", null=True),
        Column("number", Integer, nullable=False), _bytes("salt"), _text("body"), UniqueConstraint("owner", "number"),
    )  # fmt: skip
    op.create_table(
        "checkpoints", Column("size", BigInteger, primary_key=True, autoincrement=False), _time("at"), _text("note")
    )


def _objections() -> None:
    op.create_table(
        "objections", _id(), _time("at", index=True), Column("handle", String, nullable=False, unique=True),
        _text("card"), _text("words"),
    )  # fmt: skip
    op.create_table(
        "objection_readers", _to("objection", "objections", key=True),
        _to("party", "parties", key=True, index=True), _text("answer"), _time("answered", null=True),
    )  # fmt: skip


def _erasures() -> None:
    op.create_table(
        "erasures", _id(), _to("party", "parties", index=True), _time("at"), _text("what"),
        Column("rows", BigInteger, nullable=False), _time("gone", null=True), _text("told"), _text("asked"),
    )  # fmt: skip


def _sealed() -> None:
    op.create_table(
        "sealing_keys", _number(), _to("party", "parties", index=True), _text("name"), _bytes("public_key"),
        _time("since"), _time("until", null=True),
    )  # fmt: skip
    op.create_table(
        "sealed", _number(), _to("thing", "things"), Column("sequence", BigInteger, nullable=False), _text("key"),
        _time("received", index=True), _bytes("body"), UniqueConstraint("thing", "sequence"),
    )  # fmt: skip
