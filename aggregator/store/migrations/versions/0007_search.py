"""the words of every sighting, to be searched."""

from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from aggregator.store.migrations import words_of_0007

revision = "0007"
down_revision = "0006"

_sightings = sa.table(
    "sightings",
    *(sa.column(c) for c in ("pk", "version")),
    sa.column("published_at", sa.DateTime(timezone=True)),
)
_versions = sa.table(
    "versions",
    *(sa.column(c) for c in ("sighting_pk", "n", "title", "text")),
    sa.column("facts", sa.JSON),
)


def upgrade() -> None:
    """Make the step.

    SQLite keeps the words beside its index, so that it can take them out again: an
    index without them needs SQLite 3.43 for that.
    """
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search USING"
            " fts5(words, tokenize='ascii', columnsize=0, prefix='1 2 3')"
        )
        write = "INSERT INTO search (rowid, words) VALUES (?, ?)"
        _fill(connection, write, str)
        return
    op.execute(
        "CREATE TABLE search (place bigint NOT NULL, words tsvector NOT NULL,"
        " CONSTRAINT pk_search PRIMARY KEY (place))"
    )
    write = "INSERT INTO search (place, words) VALUES (%s, CAST(%s AS tsvector))"
    _fill(connection, write, words_of_0007.ts_vector)
    op.execute("CREATE INDEX ix_search_words ON search USING gin (words)")
    op.execute("ANALYZE search")


def _fill(connection: sa.Connection, write: str, written: Any) -> None:
    """Write the words of what is stored, a bounded number at a time."""
    for rows in _chunks(connection):
        places = [
            (_place(row), written(_words(row)))
            for row in sorted(rows, key=lambda row: (row.published_at, row.pk))
        ]
        connection.exec_driver_sql(write, places)


def _chunks(connection: sa.Connection) -> Iterator[list[Any]]:
    seen, version = _sightings.c, _versions.c
    text = sa.func.substr(version.text, 1, words_of_0007.MAX_READ).label("text")
    query = (
        sa.select(seen.pk, seen.published_at, version.title, version.facts, text)
        .join(_versions, version.sighting_pk == seen.pk)
        .where(version.n == seen.version, seen.pk > sa.bindparam("after"))
        .order_by(seen.pk)
        .limit(words_of_0007.AT_ONCE)
    )
    after = 0
    while rows := list(connection.execute(query, {"after": after})):
        yield rows
        after = rows[-1].pk


def _place(row: Any) -> int:
    moment: datetime = row.published_at
    if moment.tzinfo is None:  # SQLite keeps none: it is UTC
        moment = moment.replace(tzinfo=UTC)
    return words_of_0007.place_of(int(moment.timestamp()), row.pk)


def _words(row: Any) -> str:
    number = row.facts.get("document", {}).get("number", "")
    return words_of_0007.words_of(row.title, number, row.text)
