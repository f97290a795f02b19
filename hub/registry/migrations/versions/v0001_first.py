"""The tables of the first version, as they were then.

Rule: it stands for itself; what `hub.registry.tables` has become since is in the steps after it.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

revision = "v0001"
down_revision = None
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Numbers that are counted up: SQLite counts what it calls INTEGER only, up to 2**63."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=False)


def _number() -> Column[int]:
    return Column("id", _NUMBER, primary_key=True)


def _to(name: str, target: str, *, key: bool = False, null: bool = False, index: bool = False) -> Column[int]:
    foreign = ForeignKey(f"{target}.id")
    return Column(name, Integer, foreign, primary_key=key, nullable=null, index=index, autoincrement=False)


def _time(name: str, *, key: bool = False, null: bool = False, index: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=null, index=index, autoincrement=False)


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, String, primary_key=key, nullable=null)


Table("state", metadata, _id(), Column("revision", BigInteger, nullable=False))

Table("used_ids", metadata, _id())

Table(
    "parties", metadata, _id(), _text("kind"), _text("name"), _text("rule"),
    Column("staff", Boolean, nullable=False), _time("since"),
)  # fmt: skip

Table(
    "dwellings", metadata, _id(), Column("lat", Float, nullable=False), Column("lon", Float, nullable=False),
    Column("count", Integer, nullable=False),
)  # fmt: skip

Table(
    "residences", metadata, _number(), _to("party", "parties", index=True), _to("dwelling", "dwellings"),
    _time("since"), _time("until", null=True),
)  # fmt: skip

Table(
    "members", metadata, _number(), _to("household", "parties", index=True), _to("person", "parties", index=True),
    Column("adult", Boolean, nullable=False), _time("since"), _time("until", null=True),
)  # fmt: skip

Table(
    "guardians", metadata, _number(), _to("ward", "parties", index=True), _to("guardian", "parties", index=True),
    _time("since"), _time("until", null=True),
)  # fmt: skip

Table(
    "vouchers", metadata, _number(), _to("party", "parties", index=True), _to("voucher", "parties", null=True),
    Column("steward", Boolean, nullable=False), _time("at"),
)  # fmt: skip

Table(
    "credentials", metadata, _id(), Column("user", String, nullable=False, unique=True), _text("hash"),
    Column("party", Integer, ForeignKey("parties.id"), nullable=False, index=True), _text("label"), _text("kind"),
    Column("messages_per_second", Integer), Column("max_connections", Integer),
    Column("certificate", String, unique=True), _time("since"), _time("closed", null=True),
)  # fmt: skip

Table(
    "things", metadata, _id(), Column("handle", String, nullable=False, unique=True), _text("wire"), _text("name"),
    _text("title"), _text("description"), _text("exposure", null=True),
    Column("exposure_stated", Boolean, nullable=False), Column("lat", Float), Column("lon", Float),
    Column("place_grade", Integer), _to("owner", "parties", index=True), _to("credential", "credentials"),
    _time("since"), _time("closed", null=True), UniqueConstraint("credential", "wire"),
)  # fmt: skip

Table(
    "commons", metadata, _id(), Column("handle", String, nullable=False, unique=True), _text("name"),
    _text("purpose"), _text("properties"), _time("since"), _time("ends", null=True), _time("closed", null=True),
)  # fmt: skip

Table(
    "memberships", metadata, _number(), _to("commons", "commons"), _to("party", "parties", index=True),
    _text("pseudonym"), _time("since"), _time("until", null=True),
    UniqueConstraint("commons", "party"), UniqueConstraint("commons", "pseudonym", name="uq_memberships_pseudonym"),
)  # fmt: skip

Table(
    "datastreams", metadata, _id(), _to("thing", "things", index=True), _text("property"), _text("named"),
    _text("unit", null=True), Column("scale", Float, nullable=False), Column("shift", Float, nullable=False),
    _to("commons", "commons", null=True), _time("since"), _time("closed", null=True),
)  # fmt: skip

Table(
    "series", metadata, _to("credential", "credentials", key=True), _text("thing", key=True),
    _text("property", key=True), _text("spelling", key=True), _to("datastream", "datastreams", index=True),
    Column("scale", Float, nullable=False), Column("shift", Float, nullable=False),
)  # fmt: skip

Table(
    "wishes", metadata, _to("datastream", "datastreams", key=True), _to("party", "parties", key=True),
    _time("since", key=True), Column("grade", Integer, nullable=False),
)  # fmt: skip

Table(
    "steps", metadata, _to("datastream", "datastreams", key=True), _time("since", key=True),
    Column("grade", Integer, nullable=False), Column("pending", Boolean, nullable=False),
)  # fmt: skip

Table(
    "ticks", metadata, _number(), _to("datastream", "datastreams", index=True), _time("at"), _time("since"),
    _time("until"), Column("grade", Integer, nullable=False),
)  # fmt: skip

Table(
    "pauses", metadata, _number(), _to("datastream", "datastreams", index=True), _time("since"), _time("until"),
)  # fmt: skip

Table(
    "appearances", metadata, _number(), _to("datastream", "datastreams", index=True), _to("commons", "commons"),
    _time("since"), _time("until", null=True),
)  # fmt: skip

Table(
    "sources", metadata, _id(), Column("name", String, nullable=False, unique=True),
    _to("credential", "credentials", null=True),
)  # fmt: skip

Table(
    "prefixes", metadata, _to("source", "sources", key=True), _text("prefix", key=True),
    _to("credential", "credentials"),
)  # fmt: skip

Table(
    "heard", metadata, _to("credential", "credentials", key=True), _text("thing", key=True),
    _text("property", key=True), _text("name", null=True), _text("unit", null=True), _text("kind", null=True),
    _text("exposure", null=True), _text("description", null=True),
)  # fmt: skip

Table(
    "refusals", metadata, _number(), _to("credential", "credentials"), _text("thing", null=True), _text("topic"),
    _text("reason"), Column("size", Integer, nullable=False), _time("at"), Index(None, "credential", "thing"),
)  # fmt: skip

Table(
    "quarantine", metadata, _number(), _to("source", "sources", index=True), _text("topic"),
    Column("payload", LargeBinary, nullable=False), _time("received"),
)  # fmt: skip

Table("rests", metadata, _text("property", key=True), _text("cell", key=True), _time("until"))

Table("links", metadata, _text("hash", key=True), _to("party", "parties"), _time("expires"))

Table(
    "journal", metadata, _number(), _time("at"), _to("who", "parties", null=True),
    _to("about", "parties", null=True, index=True), _text("what"),
)  # fmt: skip


def upgrade() -> None:
    """Make them, in an empty database, at revision 1."""
    metadata.create_all(op.get_bind())
    op.execute("INSERT INTO state (id, revision) VALUES (1, 1)")
