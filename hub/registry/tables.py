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
    false,
)

_COUNTED = frozenset({"looks", "look_batches"})
"""Tables whose rows are counted up, as far as others name them."""
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


NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Numbers that are counted up: SQLite counts what it calls INTEGER only, up to 2**63."""


def _number() -> Column[int]:
    return Column("id", NUMBER, primary_key=True)


def _to(name: str, target: str, *, key: bool = False, null: bool = False, index: bool = False) -> Column[int]:
    foreign = ForeignKey(f"{target}.id")
    kind = NUMBER if target in _COUNTED else Integer
    return Column(name, kind, foreign, primary_key=key, nullable=null, index=index, autoincrement=False)


def _time(name: str, *, key: bool = False, null: bool = False, index: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=null, index=index, autoincrement=False)


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, String, primary_key=key, nullable=null)


def _counter(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


state = Table(
    "state", metadata, _id(), Column("revision", BigInteger, nullable=False), _counter("heard"), _counter("published")
)
"""One row: the revision, raised by every transaction that changes what is compiled from here; how often a device has
said something new of itself, and how often something was published."""

used_ids = Table("used_ids", metadata, _id())

parties = Table(
    "parties", metadata, _id(), _text("kind"), _text("name"), _text("rule"),
    Column("staff", Boolean, nullable=False), _time("since"),
)  # fmt: skip
"""`rule`: of a ward, whether `any` guardian may act alone, the `majority` decides or `all` must agree;
`staff`: acts for the city."""

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
    _time("since"), _time("closed", null=True), Column("signing_key", LargeBinary), _time("handed", null=True),
    UniqueConstraint("credential", "wire"),
)  # fmt: skip
"""`signing_key`: its Ed25519 public key, with which it signs what it seals; `handed`: when it passed to its owner from
another, to whom what it measured before belongs;
`wire` is its name in its topic space, `name` what it calls itself; `exposure_stated`: its owner has said so."""

commons = Table(
    "commons", metadata, _id(), Column("handle", String, nullable=False, unique=True), _text("name"),
    _text("purpose"), _text("properties"), _time("since"), _time("ends", null=True), _time("closed", null=True),
    Column("homes", Integer), Column("epoch_days", Integer), Column("retention_days", Integer),
)  # fmt: skip
"""`properties`: ids it asks for, with a space between; `homes`: the least number a release of its data stands for
(none: the house's), `epoch_days`: so long a pseudonym lasts, `retention_days`: so long its members see what was shown
to it."""

memberships = Table(
    "memberships", metadata, _number(), _to("commons", "commons"), _to("party", "parties", index=True),
    _time("since"), _time("until", null=True), Column("turn", Integer, nullable=False), _text("named", null=True),
    _time("turned", null=True), UniqueConstraint("commons", "party"),
)  # fmt: skip
"""`turn` rises whenever a new pseudonym is due within an epoch, the present one began when `turned`; `named`: the name
a member chose to show there."""

fragments = Table(
    "fragments", metadata, _number(), _to("commons", "commons"), _to("party", "parties", index=True),
    Column("epoch", Integer, nullable=False), Column("turn", Integer, nullable=False), _text("nym"),
    Column("public_key", LargeBinary), _time("since"), _text("held"), _text("named", null=True),
    UniqueConstraint("commons", "party", "epoch", "turn"), UniqueConstraint("commons", "nym", name="uq_fragments_nym"),
)  # fmt: skip
"""A member's pseudonym in one epoch of a commons; `held`: who has the secret behind it, `owner` or `hub`; `named`: the
name that is shown in its stead."""

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
    _text("exposure", null=True), _text("description", null=True), Column("signing_key", LargeBinary),
    _text("topic", null=True), _text("pointer", null=True), _text("source", null=True),
)  # fmt: skip

refusals = Table(
    "refusals", metadata, _number(), _to("credential", "credentials"), _text("thing", null=True), _text("topic"),
    _text("reason"), Column("size", Integer, nullable=False), _time("at"), Index(None, "credential", "thing"),
)  # fmt: skip

quarantine = Table(
    "quarantine", metadata, _number(), _to("source", "sources", index=True), _text("topic"),
    Column("payload", LargeBinary, nullable=False), _time("received"),
    Column("retained", Boolean, nullable=False, server_default=false()), Column("wish", Integer),
)  # fmt: skip
"""`retained` and `wish` as they came: whoever it is given to later gets it as if it had come to him."""

claims = Table(
    "claims", metadata, _number(), _to("source", "sources", index=True), _text("prefix"),
    _to("party", "parties", index=True), _text("hash", null=True), _text("asked", null=True), _time("since"),
    _time("expires"), _time("ended", null=True), _to("credential", "credentials", null=True),
)  # fmt: skip
"""Who says that a prefix of a shared source is his: the `hash` of the code that he is to publish there, or (`asked`,
JSON) when his thing is to be silent. `ended`: it is over; with a `credential` he was right, and what was kept under the
prefix is on its way to that one, after which the row goes."""

rests = Table(
    "rests", metadata, _number(), _text("property"), _text("cell"), _time("since"), _time("until"),
    _to("datastream", "datastreams", null=True, index=True),
)  # fmt: skip
"""Cells that show nothing for a while; `datastream`: it will be so when the grade of that one falls as announced."""

links = Table(
    "links", metadata, _text("hash", key=True), _to("party", "parties"), _time("expires"), _text("purpose", null=True)
)
"""`purpose`: what somebody of the city looks for; without one they see what everyone sees."""

journal = Table(
    "journal", metadata, _number(), _time("at"), _to("who", "parties", null=True),
    _to("about", "parties", null=True, index=True), _text("what"),
)  # fmt: skip
"""What was done, in words and without values; no `who`: the operator. `about`: the party that reads it."""

consents = Table(
    "consents", metadata, _id(), _to("party", "parties", index=True), _to("datastream", "datastreams", index=True),
    _to("commons", "commons", null=True), Column("grade", Integer, nullable=False), _text("purpose"), _time("since"),
    _time("until", null=True), _time("ended", null=True), _time("noticed", null=True),
)  # fmt: skip
"""What somebody agreed to, for how long; `noticed`: when its coming end was announced."""

receipts = Table(
    "receipts", metadata, _number(), _to("party", "parties", index=True), _time("at"), _text("body"), _text("hash"),
    _text("signature"),
)  # fmt: skip
"""Consent receipts (ISO/IEC TS 27560), JSON-LD as signed; each names the hash of the party's one before."""

epochs = Table(
    "epochs", metadata, _text("property", key=True), _time("since", key=True), _time("until"),
    Column("body", LargeBinary),
)  # fmt: skip
"""Who is enrolled in which block, for one property and epoch; the `body` goes when the epoch's last window is out."""

releases = Table(
    "releases", metadata, _text("property", key=True), _text("level", key=True), _time("start", key=True),
    _time("window"), _time("published"), Column("cells", LargeBinary, nullable=False),
    Column("means", LargeBinary, nullable=False), Column("homes", LargeBinary, nullable=False),
)  # fmt: skip
"""One window of a property as published to an audience's level: columns, little-endian. Rows are only ever added."""

withdrawals = Table(
    "withdrawals", metadata, _number(), _to("datastream", "datastreams", index=True), _time("at", index=True)
)
"""Readings of a datastream were erased: its block rests until the epoch ends."""

looks = Table(
    "looks", metadata, _number(), _time("at"), Column("leaf", LargeBinary, nullable=False),
    _to("batch", "look_batches", null=True, index=True), Column("position", Integer),
)  # fmt: skip
"""One look at one owner's data, as the log knows it: a salted commitment and its place in the tree."""

look_entries = Table(
    "look_entries", metadata, _to("look", "looks", key=True), _to("owner", "parties", null=True),
    Column("number", Integer, nullable=False), Column("salt", LargeBinary, nullable=False), _text("body"),
    UniqueConstraint("owner", "number"),
)  # fmt: skip
"""The same for its owner to read (no `owner`: a look at averages), numbered for each of them; it can be erased without
breaking the tree."""

look_batches = Table("look_batches", metadata, _number(), _time("hour"), Column("root", LargeBinary, nullable=False))
"""A full subtree of the log, `id` from 0: the looks until `hour`, padded."""

checkpoints = Table(
    "checkpoints", metadata, Column("size", BigInteger, primary_key=True, autoincrement=False), _time("at"),
    _text("note"),
)  # fmt: skip
"""The log's head as signed and published (C2SP tlog-checkpoint)."""

objections = Table(
    "objections", metadata, _id(), _time("at", index=True), Column("handle", String, nullable=False, unique=True),
    _text("card"), _text("words"),
)  # fmt: skip
"""What somebody who is measured without owning has to say, on which day; the hash of `handle`, which is all that he
has to find the answers by."""

objection_readers = Table(
    "objection_readers", metadata, _to("objection", "objections", key=True),
    _to("party", "parties", key=True, index=True), _text("answer"), _time("answered", null=True),
)  # fmt: skip
"""Whom it reaches, and what each answered: none of them sees another's."""

erasures = Table(
    "erasures", metadata, _id(), _to("party", "parties", index=True), _time("at"), _text("what"),
    Column("rows", BigInteger, nullable=False), _time("gone", null=True), _text("told"), _text("asked"),
)  # fmt: skip
"""What somebody had erased: hidden from every view `at`, `gone` from every file once the hub has looked (and why not
yet, or what it looked at: `told`). `asked`: the readings that are to go, as JSON, until they are gone."""

sealing_keys = Table(
    "sealing_keys", metadata, _number(), _to("party", "parties", index=True), _text("name"),
    Column("public_key", LargeBinary, nullable=False), _time("since"), _time("until", null=True),
)  # fmt: skip
"""A household's public key: what is sealed to it the hub can never read."""

sealed = Table(
    "sealed", metadata, _number(), _to("thing", "things"), Column("sequence", BigInteger, nullable=False),
    _text("key"), _time("received", index=True), Column("body", LargeBinary, nullable=False),
    UniqueConstraint("thing", "sequence"),
)  # fmt: skip
"""Ciphertext as its thing sent it, with its context; `key`: the name of the key it was sealed to."""

enrolments = Table(
    "enrolments", metadata, _id(), Column("hash", String, nullable=False, unique=True),
    _to("party", "parties", index=True), _text("kind"), _text("wire"), _text("title"), _text("description"),
    _text("exposure", null=True), Column("lat", Float), Column("lon", Float), _time("since"), _time("expires"),
    Column("asked", Integer, nullable=False), Column("credential", Integer, unique=True), _text("user"), _text("given"),
)  # fmt: skip
"""Tokens by which a device will fetch a credential of its own; `hash`: of the token, `id`: also its topic space.

`credential`, `user` and `given` (a hash) are of the password it was last given, `asked` how often it has asked: the
credential and the thing are made when it has acknowledged that, and then the row goes."""

handovers = Table(
    "handovers", metadata, _text("hash", key=True),
    Column("thing", Integer, ForeignKey("things.id"), nullable=False, unique=True),
    _to("giver", "parties", index=True), _to("taker", "parties", null=True, index=True), _time("since"),
    _time("expires"),
)  # fmt: skip
"""Tokens by which a thing becomes another's: `taker`'s, or whose holder says so; `giver`: its owner as it was made."""

tries = Table(
    "tries", metadata, _to("party", "parties", key=True), _time("since"), Column("count", Integer, nullable=False)
)
"""How many tokens a party has tried in vain in the minute from `since` on."""

records = Table(
    "records", metadata, _to("datastream", "datastreams", key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    *(
        Column(name, BigInteger, nullable=False)
        for name in (
            "late", "late_since", "late_until", "least_delay", "most_delay", "ahead", "most_ahead", "implausible",
            "jump", "flat",
        )
    ),
)  # fmt: skip
"""How many readings of a datastream that arrived on a `day` (UTC, since 1970) were marked, and how
(`hub.core.record.Tally`); never their values."""

ERASED_FROM = (
    heard, refusals, quarantine, claims, journal, epochs, look_entries, objection_readers, erasures, sealed, enrolments,
    records,
)  # fmt: skip
"""Where rows or texts go when somebody has something erased: these are written anew afterwards."""
