"""Sources in the store: what the file says of them, who is due, how they stand.

The file says what should be, the database what is: a source that leaves the file is
switched off, its items stay. A source belongs to whoever leases it until the lease
runs out or its owner is known to be dead.
"""

import json
from collections.abc import Collection
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.model import Source
from aggregator.model import SourceRow
from aggregator.model import Validators
from aggregator.store import schema
from aggregator.store.engine import insert
from aggregator.store.portals import host_of
from aggregator.store.portals import portal_of

_sources = schema.sources
_LOCK = 7_361_404  # PostgreSQL advisory lock: one taking over of the file at a time


# --- The file -----------------------------------------------------------------


def declared(sources: Mapping[str, Source]) -> str:
    """Write what the file says of its sources as text, to see whether it changed."""
    rows = [
        [s.id, s.url, s.authority, list(s.was)]
        for s in sorted(sources.values(), key=lambda source: source.id)
    ]
    return json.dumps(rows, ensure_ascii=False)


def is_declared(connection: sa.Connection, sources: Mapping[str, Source]) -> bool:
    """Say whether the store already holds what the file says."""
    return setting(connection, "sources") == declared(sources)


def declare(
    connection: sa.Connection, sources: Mapping[str, Source], now: datetime
) -> None:
    """Take over what the file says: new sources, renamed ones, those that left."""
    if connection.dialect.name == "postgresql":  # several processes may start at once
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    for source in sources.values():
        _rename(connection, source)
    known = {row.id: row for row in connection.execute(sa.select(_sources))}
    for source in sources.values():
        if source.id in known:
            _renew(connection, source, known[source.id])
        else:
            connection.execute(sa.insert(_sources).values(_first_row(source, now)))
    gone = [id_ for id_, row in known.items() if row.active and id_ not in sources]
    if gone:
        leave = sa.update(_sources).where(_sources.c.id == sa.bindparam("gone"))
        connection.execute(leave.values(active=False), [{"gone": id_} for id_ in gone])
    set_setting(connection, "sources", declared(sources), now)


def _rename(connection: sa.Connection, source: Source) -> None:
    if not source.was:
        return
    ids = sa.select(_sources.c.id).where(_sources.c.id.in_([source.id, *source.was]))
    known = set(connection.scalars(ids))
    former = [id_ for id_ in source.was if id_ in known]
    if former and source.id not in known:
        connection.execute(
            sa.update(_sources).where(_sources.c.id == former[0]).values(id=source.id)
        )


def _first_row(source: Source, now: datetime) -> dict[str, Any]:
    return {
        "id": source.id,
        "active": True,
        "due_at": now,
        "gap": False,
        **_declared_columns(source),
    }


def _declared_columns(source: Source) -> dict[str, Any]:
    return {
        "url": source.url,
        "host": host_of(source.url),
        "portal": portal_of(source.url),
        "authority": source.authority,
    }


def _renew(connection: sa.Connection, source: Source, row: sa.Row[Any]) -> None:
    columns: dict[str, Any] = _declared_columns(source) | {"active": True}
    if row.url != source.url:  # validators belong to an address
        columns |= {"etag": None, "last_modified": None, "body_hash": ""}
    if any(getattr(row, name) != value for name, value in columns.items()):
        here = _sources.c.pk == row.pk
        connection.execute(sa.update(_sources).where(here).values(columns))


def setting(connection: sa.Connection, name: str) -> str | None:
    """Read what the file said of something when it was last taken over."""
    table = schema.settings
    return connection.scalar(sa.select(table.c.value).where(table.c.name == name))


def set_setting(
    connection: sa.Connection, name: str, value: str, now: datetime
) -> None:
    """Keep what the file says of something, and since when it is different."""
    table = schema.settings
    statement = insert(connection, table).values(name=name, value=value, changed_at=now)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"value": value, "changed_at": now},
        where=table.c.value != value,
    )
    connection.execute(statement)


# --- Leases -------------------------------------------------------------------


def owners(connection: sa.Connection, now: datetime) -> set[str]:
    """Name everybody who holds a lease that still runs."""
    held = sa.select(_sources.c.lease_owner).where(_sources.c.lease_until > now)
    return {owner for owner in connection.scalars(held.distinct()) if owner}


def claim(
    connection: sa.Connection,
    sources: Mapping[str, Source],
    *,
    now: datetime,
    owner: str,
    until: datetime,
    wanted: Collection[str] | None = None,
    force: bool = False,
    dead: Collection[str] = (),
    limit: int = 1000,
) -> list[SourceRow]:
    """Lease sources to an owner: those wanted, else those due, the longest due first.

    Args:
        wanted: Source ids that are taken whether due or not; None: what is due.
        force: Take even what a server asked us to leave alone for a while.
        dead: Owners known to be gone, whose leases no longer hold.
    """
    table = _sources.c
    free = sa.or_(
        table.lease_until.is_(None),
        table.lease_until <= now,
        table.lease_owner.in_(dead),
    )
    condition = [table.active, free]
    if wanted is None:
        condition.append(table.due_at <= now)
    else:
        condition.append(table.id.in_(wanted))
    if not force:
        condition.append(not_limited(now))
    statement = (
        sa.select(_sources)
        .where(*condition)
        .order_by(table.due_at, table.pk)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite has one writer and ignores it
    )
    rows = [row for row in connection.execute(statement) if row.id in sources]
    if rows:
        mine = sa.update(_sources).where(table.pk == sa.bindparam("b_pk"))
        connection.execute(
            mine.values(lease_owner=owner, lease_until=until),
            [{"b_pk": row.pk} for row in rows],
        )
    return [_taken(row, sources[row.id]) for row in rows]


def any_due(connection: sa.Connection, now: datetime) -> bool:
    """Say whether a source is due and free, or leased to somebody who may be dead."""
    table = _sources.c
    due = sa.select(table.pk).where(table.active, table.due_at <= now, not_limited(now))
    return connection.scalar(due.limit(1)) is not None


def not_limited(now: datetime) -> sa.ColumnElement[bool]:
    """Select what no server has asked us to leave alone."""
    until = _sources.c.limited_until
    return sa.or_(until.is_(None), until <= now)


def limited(
    connection: sa.Connection, wanted: Collection[str], now: datetime
) -> dict[str, datetime]:
    """Say which of the wanted sources a server asked us to leave alone, until when."""
    table = _sources.c
    rows = connection.execute(
        sa.select(table.id, table.limited_until).where(
            table.id.in_(wanted), table.limited_until > now
        )
    )
    return {row.id: row.limited_until for row in rows}


def _taken(row: sa.Row[Any], source: Source) -> SourceRow:
    return SourceRow(
        pk=row.pk,
        source=source,
        portal=row.portal,
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        body_hash=row.body_hash,
        failures=row.failures,
        failing_since=row.failing_since,
        gap=row.gap,
        feed_id=row.feed_id,
        feed_title=row.feed_title,
    )


def renew_leases(
    connection: sa.Connection, owner: str, pks: Collection[int], until: datetime
) -> None:
    """Hold on to what an owner has leased and is still working on."""
    table = _sources.c
    mine = sa.update(_sources).where(
        table.lease_owner == owner, table.pk == sa.bindparam("b_pk")
    )
    if pks:
        rows = [{"b_pk": pk} for pk in sorted(pks)]
        connection.execute(mine.values(lease_until=until), rows)


def release(connection: sa.Connection, owner: str) -> None:
    """Give back everything an owner has leased."""
    mine = sa.update(_sources).where(_sources.c.lease_owner == owner)
    connection.execute(mine.values(lease_owner=None, lease_until=None))


def holds(connection: sa.Connection, pk: int, owner: str) -> bool:
    """Say whether a source is still leased to an owner, and keep it so until saved."""
    lease = sa.select(_sources.c.lease_owner).where(_sources.c.pk == pk)
    return connection.scalar(lease.with_for_update()) == owner
