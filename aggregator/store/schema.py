"""The tables. Alembic's migrations make them; this is what the queries are written in.

Nothing is overwritten: `versions` keeps every text of a sighting with the entry as its
source wrote it, `labels` every label with the time it held. `sightings` carries copies
of what a view filters and sorts by, so that one indexed query answers a feed.
"""

from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from aggregator.model import Level

LEVEL_BITS = {level: 1 << place for place, level in enumerate(Level)}
ALL_BITS = (1 << len(Level)) - 1


class UtcTime(TypeDecorator[datetime]):
    """An aware moment. SQLite drops zones, so UTC is what is stored there."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Refuse a naive time; store UTC, in SQLite as text."""
        return _as_text if dialect.name == "sqlite" else _as_utc

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Give back an aware time in UTC."""
        if value is None:
            return None
        return (
            value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        )


def _as_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"naive time: {value}")
    return value.astimezone(UTC)


@lru_cache(maxsize=1024)  # of many rows that are written at once, most have one time
def _as_text(value: datetime | None) -> str | None:
    moment = _as_utc(value)
    if moment is None:
        return None
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# BIGINT keys for a country's items; SQLite counts only in INTEGER.
_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="", **options)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False, server_default="{}")


def _ref(name: str, target: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.ForeignKey(target), **({"nullable": False} | options))


sources = sa.Table(
    "sources",
    metadata,
    sa.Column("pk", _Id, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    _text("url"),
    _text("host"),
    _text("portal"),
    _text("authority"),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until", UtcTime),
    sa.Column("limited_until", UtcTime),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    _text("body_hash"),
    sa.Column("last_try_at", UtcTime),
    sa.Column("last_ok_at", UtcTime),
    sa.Column("last_changed_at", UtcTime),
    sa.Column("last_new_item_at", UtcTime),
    sa.Column("failing_since", UtcTime),
    _count("failures"),
    _text("outcome"),  # of the last attempt, which may have no row of its own
    sa.Column("status", sa.Integer),
    _count("bytes"),
    _text("reason"),
    _text("detail"),
    sa.Column("gap", sa.Boolean, nullable=False),
    _text("feed_id"),
    _text("feed_title"),
    _text("generator"),
    _flag("excused"),
    _count("halvings"),
    sa.Column("last_full_at", UtcTime),
    _count("last_entries"),
    sa.Column("emptied_since", UtcTime),
    sa.Column("distrusted_at", UtcTime),
    _text("redirect_to"),
    sa.Column("redirect_since", UtcTime),
    _text("learned_url"),
    sa.Column("quiet_at", UtcTime),
    _count("redates"),
    sa.Column("flipped_at", UtcTime),
    _json("wishes"),
    _json("cadence"),
    sa.Index(None, "active", "due_at"),
    sa.Index(None, "portal"),
    sa.Index(None, "host"),
)

# Of a host: when it may be asked again. Who asks it now, its sources' leases say.
hosts = sa.Table(
    "hosts",
    metadata,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("free_at", UtcTime, nullable=False),
)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("published_at", UtcTime, nullable=False),
    sa.Column("first_seen_at", UtcTime, nullable=False),
    # Its place in the feeds' window: when it was first seen, or, if it came with a
    # source's first document, its date.
    sa.Column("entered_at", UtcTime, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Index(None, "first_seen_at", "published_at"),
    sa.Index(None, "entered_at"),
)

# Few items are missed by the documents of their source, and only they have an index for
# it. Whoever looks for them says this, letter for letter.
_MISSING = sa.text("missing > 0")
# So few are taken away, too.
_GONE = sa.text("gone_at IS NOT NULL")

sightings = sa.Table(
    "sightings",
    metadata,
    sa.Column("pk", _Id, primary_key=True),
    _ref("notice_id", "notices.id"),
    _ref("source_pk", "sources.pk"),
    sa.Column("guid", sa.Text, nullable=False),
    sa.Column("first_seen_at", UtcTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    # Copies of what a view filters and sorts by.
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    sa.Column("level_bits", sa.Integer, nullable=False),
    sa.Column("published_at", UtcTime, nullable=False),
    sa.Column("entered_at", UtcTime, nullable=False),  # of the notice
    sa.Column("state", sa.String(20), nullable=False),
    _count("missing"),  # good documents in a row that did not list it
    sa.Column("check_at", UtcTime),  # when its link is to be asked again
    sa.Column("flip", sa.String(64), nullable=False, server_default=""),
    sa.Column("flip_since", UtcTime),
    # When readers lost it: withdrawn by its source, or hidden by a person.
    sa.Column("gone_at", UtcTime),
    sa.Index(None, "notice_id"),
    sa.Index(
        "ix_sightings_gone",
        "authority",
        "gone_at",
        sqlite_where=_GONE,
        postgresql_where=_GONE,
    ),
    sa.Index(
        "ix_sightings_missed",
        "source_pk",
        sqlite_where=_MISSING,
        postgresql_where=_MISSING,
    ),
    sa.Index(None, "source_pk", "published_at"),
    sa.Index(None, "authority", "category", "published_at"),
    sa.Index(None, "authority", "category", "entered_at"),
    sa.Index(None, "authority", "category", "first_seen_at"),
    sa.Index(None, "published_at"),
    sa.Index(None, "entered_at"),
)

MISSED = sightings.c.missing > sa.literal_column("0")

keys = sa.Table(
    "keys",
    metadata,
    _ref("source_pk", "sources.pk", primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _ref("sighting_pk", "sightings.pk", index=True),
    sa.Column("since", UtcTime, nullable=False),
)

# By which copies of a notice at other sources are found: hashes, of what says `intake`.
marks = sa.Table(
    "marks",
    metadata,
    sa.Column("mark", sa.BigInteger, primary_key=True, autoincrement=False),
    _ref("sighting_pk", "sightings.pk", primary_key=True),
    sqlite_with_rowid=False,
)

# Two notices that may be one: an editor decides. The lesser id stands first.
proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("pk", _Id, primary_key=True),
    _ref("notice_id", "notices.id"),
    _ref("other_id", "notices.id"),
    sa.Column("why", sa.String(20), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("decided_at", UtcTime),
    _text("decision"),
    _text("decided_by"),
    sa.UniqueConstraint("notice_id", "other_id"),
    sa.Index(None, "decided_at", "at"),
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("pk", _Id, primary_key=True),
    _ref("sighting_pk", "sightings.pk"),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("given_at", UtcTime),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    _text("title"),
    _text("link"),
    _text("html"),
    _text("text"),
    _text("author"),
    sa.Column("enclosures", sa.JSON, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("raw", sa.JSON, nullable=False),
    sa.UniqueConstraint("sighting_pk", "n"),
)

labels = sa.Table(
    "labels",
    metadata,
    sa.Column("pk", _Id, primary_key=True),
    _ref("notice_id", "notices.id"),
    # A label given at one place; NULL: of the notice wherever it stands.
    _ref("source_pk", "sources.pk", nullable=True),
    sa.Column("facet", sa.String(20), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("why", sa.JSON, nullable=False),
    sa.Column("given_by", sa.Text, nullable=False),
    sa.Column("from_at", UtcTime, nullable=False),
    sa.Column("to_at", UtcTime),
    sa.Index(None, "notice_id", "to_at"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("pk", _Id, primary_key=True),
    _ref("source_pk", "sources.pk"),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("status", sa.Integer),
    _text("reason"),
    _text("detail"),
    _count("bytes"),
    sa.Column("seconds", sa.Float, nullable=False),
    _count("entries"),
    _count("new"),
    _count("changed"),
    _count("unchanged"),
    _count("duplicate"),
    _count("rejected"),
    _count("withdrawn"),
    sa.Column("gap", sa.Boolean, nullable=False),
    sa.Column("rejections", sa.JSON, nullable=False),
    sa.Index(None, "source_pk", "at"),
)

# Unchanged attempts are counted, not kept one by one. The day is that of UTC.
attempt_days = sa.Table(
    "attempt_days",
    metadata,
    _ref("source_pk", "sources.pk", primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    _count("not_modified"),
    _count("same_body"),
    # Documents that were read, by which reader: `intake.strict` or feedparser.
    _count("strict"),
    _count("lenient"),
    sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),
)

# Who asked: by the key that a school names itself with, and what for.
unit_days = sa.Table(
    "unit_days",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("unit", sa.String(32), primary_key=True),
    sa.Column("selection", sa.Text, primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False),
    sa.Column("last_at", UtcTime, nullable=False),
)

# One counter per authority, level and category: a selection's version is their sum.
counters = sa.Table(
    "counters",
    metadata,
    sa.Column("authority", sa.Text, primary_key=True),
    sa.Column("level_bit", sa.Integer, primary_key=True),
    sa.Column("category", sa.String(20), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)

# The change sequence: its one row is locked to the end of the writing transaction, so
# a reader that sees number n sees every number below it, on PostgreSQL too.
sequence = sa.Table(
    "sequence",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _ref("notice_id", "notices.id", index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("pk", _Id, primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("done_at", UtcTime),
    _count("tries"),
    sa.Index(None, "kind", "done_at", "due_at"),
)

# What people are told of: once when it begins, once when it ends (a note: at once).
incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("pk", _Id, primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    _text("reason"),
    _text("detail"),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("opened_at", UtcTime, nullable=False),
    sa.Column("closed_at", UtcTime),
    sa.Column("sources", sa.JSON, nullable=False),
    sa.Index(None, "opened_at"),
    sa.Index(
        "uq_incidents_open",
        "kind",
        "subject",
        unique=True,
        # On PostgreSQL too, says the migration; named here, its dialect would be
        # imported by everybody, which takes longer than all of this service.
        sqlite_where=sa.text("closed_at IS NULL"),
    ),
)

# Leases of things that are not sources: who holds the clock.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)

# What the file said when it was last read, and when that last became different.
settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)
