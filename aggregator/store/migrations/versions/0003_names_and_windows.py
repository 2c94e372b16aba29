"""second names of old items, each sighting's place in the window, emptied feeds."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from aggregator.store.migrations import names_of_0003

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)
_sightings = sa.table(
    "sightings",
    *(sa.column(c) for c in ("pk", "source_pk", "version")),
    sa.column("first_seen_at", _MOMENT),
)
_versions = sa.table(
    "versions",
    *(sa.column(c) for c in ("sighting_pk", "n", "title", "link")),
    sa.column("facts", sa.JSON),
)


def upgrade() -> None:
    """Make the step."""
    op.add_column("sources", sa.Column("emptied_since", _MOMENT, nullable=True))
    for name in ("strict", "lenient"):
        counter = sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        op.add_column("attempt_days", counter)
    _windows()
    _second_names(op.get_bind())


def _windows() -> None:
    """Copy to each sighting where its notice stands, so that a feed reads one index."""
    op.add_column(
        "sightings",
        sa.Column(
            "entered_at", _MOMENT, server_default="1970-01-01 00:00:00", nullable=False
        ),
    )
    op.execute(
        "UPDATE sightings SET entered_at = (SELECT notices.entered_at FROM notices "
        "WHERE notices.id = sightings.notice_id)"
    )
    for columns in (["authority", "category", "entered_at"], ["entered_at"]):
        name = op.f(f"ix_sightings_{'_'.join(columns)}")
        op.create_index(name, "sightings", columns)


def _second_names(connection: sa.Connection) -> None:
    """Give what was stored under one name its others, if they are its own alone.

    They are gathered in a table, and not in memory: a name that two sightings of one
    source have is known only when all have been read.
    """
    gathered = op.create_table(
        "gathered_names",
        sa.Column("source_pk", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("sighting_pk", sa.BigInteger()),  # NULL: of several
        sa.Column("since", _MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    write: Any = _insert(connection, gathered)
    write = write.on_conflict_do_update(
        index_elements=["source_pk", "key"], set_={"sighting_pk": None}
    )
    for rows in _chunks(connection):
        connection.execute(write, _names(rows))
    # Made anew afterwards: these come in another order than it has.
    op.drop_index(op.f("ix_keys_sighting_pk"), "keys")
    op.execute(
        "INSERT INTO keys (source_pk, key, sighting_pk, since)"
        " SELECT source_pk, key, sighting_pk, since FROM gathered_names"
        " WHERE sighting_pk IS NOT NULL ON CONFLICT DO NOTHING"
    )
    op.create_index(op.f("ix_keys_sighting_pk"), "keys", ["sighting_pk"])
    op.drop_table("gathered_names")


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def _chunks(connection: sa.Connection) -> Iterator[list[Any]]:
    """Read what sightings say today, source by source, a bounded number at a time."""
    seen, version = _sightings.c, _versions.c
    some = (
        sa.select(seen.pk, seen.source_pk, seen.version, seen.first_seen_at)
        .where(
            seen.source_pk >= sa.bindparam("source"),
            (seen.source_pk > sa.bindparam("source")) | (seen.pk > sa.bindparam("pk")),
        )
        .order_by(seen.source_pk, seen.pk)
        .limit(names_of_0003.AT_ONCE)
        .subquery()
    )
    query = (
        sa.select(some.c.pk, some.c.source_pk, some.c.first_seen_at)
        .add_columns(version.title, version.link, version.facts)
        .join(_versions, version.sighting_pk == some.c.pk)
        .where(version.n == some.c.version)
        .order_by(some.c.source_pk, some.c.pk)
    )
    last = {"source": 0, "pk": 0}
    while rows := list(connection.execute(query, last)):
        yield rows
        last = {"source": rows[-1].source_pk, "pk": rows[-1].pk}


def _names(rows: list[Any]) -> list[dict[str, Any]]:
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for row in rows:
        number = row.facts.get("document", {}).get("number", "")
        for name in names_of_0003.second_names(row.title, row.link, number):
            mine = (row.source_pk, name)
            named = {
                "source_pk": row.source_pk,
                "key": name,
                "since": row.first_seen_at,
            }
            found[mine] = named | {"sighting_pk": None if mine in found else row.pk}
    return [found[mine] for mine in sorted(found)]
