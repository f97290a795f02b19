"""The registry's tables: who and what there is, who wished what and when.

Rule: what a thing measured is never in here, only whose it is. Times are µs since 1970 UTC, grades are `Grade` numbers,
ids are random, below 2**31 and never used again (`used_ids`). A migration goes with every change of this file.
"""

from __future__ import annotations

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
    return Column("id", Integer, primary_key=True)


def _to(name: str, target: str, *, key: bool = False, null: bool = False, index: bool = False) -> Column[int]:
    foreign = ForeignKey(f"{target}.id")
    return Column(name, Integer, foreign, primary_key=key, nullable=null, index=index, autoincrement=False)


def _time(name: str, *, key: bool = False, null: bool = False, index: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=null, index=index, autoincrement=False)


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, String, primary_key=key, nullable=null)


state = Table("state", metadata, _id(), Column("revision", BigInteger, nullable=False))
"""One row: the revision, raised by every transaction that changes what is compiled from here."""

used_ids = Table("used_ids", metadata, _id())

parties = Table(
    "parties", metadata, _id(), _text("kind"), _text("name"), _text("rule"),
    Column("staff", Boolean, nullable=False), _time("since"),
)  # fmt: skip
"""`rule`: of a ward, whether `any` guardian may act alone or `all` must agree; `staff`: acts for the city."""

dwellings = Table(
    "dwellings", metadata, _id(), Column("lat", Float, nullable=False), Column("lon", Float, nullable=False),
    Column("count", Integer, nullable=False),
)  # fmt: skip

residences = Table(
    "residences", metadata, _number(), _to("party", "parties", index=True), _to("dwelling", "dwellings"),
    _time("since"), _time("until", null=True),
)  # fmt: skip

members = Table(
    "members", metadata, _number(), _to("household", "parties", index=True), _to("person", "parties", index=True),
    Column("adult", Boolean, nullable=False), _time("since"), _time("until", null=True),
)  # fmt: skip

guardians = Table(
    "guardians", metadata, _number(), _to("ward", "parties", index=True), _to("guardian", "parties", index=True),
    _time("since"), _time("until", null=True),
)  # fmt: skip

vouchers = Table(
    "vouchers", metadata, _number(), _to("party", "parties", index=True), _to("voucher", "parties", null=True),
    Column("steward", Boolean, nullable=False), _time("at"),
)  # fmt: skip
"""Who vouched for whom; no `voucher`: the operator. A steward's vouching makes nobody one home with another."""

credentials = Table(
    "credentials", metadata, _id(), Column("user", String, nullable=False, unique=True), _text("hash"),
    Column("party", Integer, ForeignKey("parties.id"), nullable=False, index=True), _text("label"), _text("kind"),
    Column("messages_per_second", Integer), Column("max_connections", Integer),
    Column("certificate", String, unique=True), _time("since"), _time("closed", null=True),
)  # fmt: skip
"""`hash` is empty while nobody may come in by a password; `certificate`: the name in a client certificate;
`kind` is `thing`, `gateway` or `source`."""

things = Table(
    "things", metadata, _id(), Column("handle", String, nullable=False, unique=True), _text("wire"), _text("name"),
    _text("title"), _text("description"), _text("exposure", null=True),
    Column("exposure_stated", Boolean, nullable=False), Column("lat", Float), Column("lon", Float),
    Column("place_grade", Integer), _to("owner", "parties", index=True), _to("credential", "credentials"),
    _time("since"), _time("closed", null=True), UniqueConstraint("credential", "wire"),
)  # fmt: skip
"""`wire` is its name in its topic space, `name` what it calls itself; `exposure_stated`: its owner has said so."""

commons = Table(
    "commons", metadata, _id(), Column("handle", String, nullable=False, unique=True), _text("name"),
    _text("purpose"), _text("properties"), _time("since"), _time("ends", null=True), _time("closed", null=True),
)  # fmt: skip
"""`properties`: ids it asks for, with a space between."""

memberships = Table(
    "memberships", metadata, _number(), _to("commons", "commons"), _to("party", "parties", index=True),
    _text("pseudonym"), _time("since"), _time("until", null=True),
    UniqueConstraint("commons", "party"), UniqueConstraint("commons", "pseudonym", name="uq_memberships_pseudonym"),
)  # fmt: skip

datastreams = Table(
    "datastreams", metadata, _id(), _to("thing", "things", index=True), _text("property"), _text("named"),
    _text("unit", null=True), Column("scale", Float, nullable=False), Column("shift", Float, nullable=False),
    _to("commons", "commons", null=True), _time("since"), _time("closed", null=True),
)  # fmt: skip

series = Table(
    "series", metadata, _to("credential", "credentials", key=True), _text("thing", key=True),
    _text("property", key=True), _text("spelling", key=True), _to("datastream", "datastreams", index=True),
    Column("scale", Float, nullable=False), Column("shift", Float, nullable=False),
)  # fmt: skip
"""`spelling`: "=" and the unit as written, or empty when none was."""

wishes = Table(
    "wishes", metadata, _to("datastream", "datastreams", key=True), _to("party", "parties", key=True),
    _time("since", key=True), Column("grade", Integer, nullable=False),
)  # fmt: skip
"""What each adult wants; the last row whose time has come is the wish in force."""

steps = Table(
    "steps", metadata, _to("datastream", "datastreams", key=True), _time("since", key=True),
    Column("grade", Integer, nullable=False), Column("pending", Boolean, nullable=False),
)  # fmt: skip
"""What held: the strictest of the wishes. Rows are only added; a `pending` raise may be withdrawn until its time."""

ticks = Table(
    "ticks", metadata, _number(), _to("datastream", "datastreams", index=True), _time("at"), _time("since"),
    _time("until"), Column("grade", Integer, nullable=False),
)  # fmt: skip

pauses = Table(
    "pauses", metadata, _number(), _to("datastream", "datastreams", index=True), _time("since"), _time("until"),
)  # fmt: skip

appearances = Table(
    "appearances", metadata, _number(), _to("datastream", "datastreams", index=True), _to("commons", "commons"),
    _time("since"), _time("until", null=True),
)  # fmt: skip
"""Which commons a datastream has shown itself to, and when."""

sources = Table(
    "sources", metadata, _id(), Column("name", String, nullable=False, unique=True),
    _to("credential", "credentials", null=True),
)  # fmt: skip
"""Outside brokers; with a `credential` one party's, without one shared by prefix."""

prefixes = Table(
    "prefixes", metadata, _to("source", "sources", key=True), _text("prefix", key=True),
    _to("credential", "credentials"),
)  # fmt: skip

heard = Table(
    "heard", metadata, _to("credential", "credentials", key=True), _text("thing", key=True),
    _text("property", key=True), _text("name", null=True), _text("unit", null=True), _text("kind", null=True),
    _text("exposure", null=True), _text("description", null=True),
)  # fmt: skip

refusals = Table(
    "refusals", metadata, _number(), _to("credential", "credentials"), _text("thing", null=True), _text("topic"),
    _text("reason"), Column("size", Integer, nullable=False), _time("at"), Index(None, "credential", "thing"),
)  # fmt: skip

quarantine = Table(
    "quarantine", metadata, _number(), _to("source", "sources", index=True), _text("topic"),
    Column("payload", LargeBinary, nullable=False), _time("received"),
)  # fmt: skip

rests = Table("rests", metadata, _text("property", key=True), _text("cell", key=True), _time("until"))

links = Table("links", metadata, _text("hash", key=True), _to("party", "parties"), _time("expires"))

journal = Table(
    "journal", metadata, _number(), _time("at"), _to("who", "parties", null=True),
    _to("about", "parties", null=True, index=True), _text("what"),
)  # fmt: skip
"""What was done, in words and without values; no `who`: the operator. `about`: the party that reads it."""
