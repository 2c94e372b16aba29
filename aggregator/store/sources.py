"""Sources in the store: what the file says of them, who is due, how they stand.

The file says what should be, the database what is: a source that leaves the file is
switched off, its items stay. A source belongs to whoever leases it until the lease
runs out or its owner is known to be dead.
"""

import json
from collections import Counter
from collections.abc import Collection
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.model import Source
from aggregator.model import SourceRow
from aggregator.store import schema
from aggregator.store.engine import insert
from aggregator.store.portals import host_of
from aggregator.store.portals import portal_of
from aggregator.store.standing import standing_of

_sources = schema.sources
_LOCK = 7_361_404  # PostgreSQL advisory lock: one taking over of the file at a time
_LONGEST_WAIT = 10.0  # seconds for a host's rest; another machine's clock may be ahead
_AT_ONCE = 1_000  # rows that one statement names
_CLAIM = 7_361_405  # and one claim at a time, so that no two take one host


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
    # In the order of their rows, as whoever saves pulls locks them.
    rows = connection.execute(sa.select(_sources).order_by(_sources.c.pk))
    known = {row.id: row for row in rows}
    for id_, row in known.items():
        if id_ in sources:
            _renew(connection, sources[id_], row)
    for source in sources.values():
        if source.id not in known:
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
    if row.url == source.url and row.learned_url:  # the host that is really asked
        columns["host"] = host_of(row.learned_url)
    if row.url != source.url:  # validators and redirects belong to an address
        columns |= {"etag": None, "last_modified": None, "body_hash": ""}
        columns |= {"learned_url": "", "redirect_to": "", "redirect_since": None}
        columns |= {"distrusted_at": None, "last_full_at": None}
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
    per_host: int | None = None,
) -> list[SourceRow]:
    """Lease sources to an owner: those wanted, else those due, the longest due first.

    Of a host whose sources somebody else holds, none is taken: a host is asked by one
    worker at a time. Of a host that limits two or more of its URLs, none is due.

    Args:
        wanted: Source ids that are taken whether due or not; None: what is due.
        force: Take even what a server asked us to leave alone for a while.
        dead: Owners known to be gone, whose leases no longer hold.
        per_host: So many of one host the owner may hold: else one takes all places.
    """
    table = _sources.c
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLAIM)))
    condition = [_free(table, now, dead), _host_free(now, owner, dead)]
    condition.append(_asked_for(now, wanted, force))
    if per_host is not None:
        due = sa.select(_sources).where(*condition).order_by(table.due_at, table.pk)
        turn = _in_turn(connection, due, now, owner, per_host=per_host, limit=limit)
        condition.append(table.pk.in_(turn))
    statement = (
        sa.select(_sources, schema.hosts.c.free_at, _checks_due(now).label("checks"))
        .outerjoin(schema.hosts, schema.hosts.c.host == table.host)
        .where(*condition)
        .order_by(table.due_at, table.pk)
        .limit(limit)
        # SQLite has one writer and ignores it.
        .with_for_update(skip_locked=True, of=_sources)
    )
    rows = [row for row in connection.execute(statement) if row.id in sources]
    leased = sa.update(_sources).values(lease_owner=owner, lease_until=until)
    for start in range(0, len(rows), _AT_ONCE):
        pks = [row.pk for row in rows[start : start + _AT_ONCE]]
        connection.execute(leased.where(table.pk.in_(pks)))
    return [_taken(row, sources[row.id], now) for row in rows]


def _asked_for(
    now: datetime, wanted: Collection[str] | None, force: bool
) -> sa.ColumnElement[bool]:
    table = _sources.c
    chosen = table.due_at <= now if wanted is None else table.id.in_(wanted)
    return sa.and_(table.active, chosen, *(() if force else (not_limited(now),)))


def _in_turn(
    connection: sa.Connection,
    due: sa.Select[Any],
    now: datetime,
    owner: str,
    *,
    per_host: int,
    limit: int,
) -> list[int]:
    """List the rows whose turn it is: so many of each host, beside those held.

    Counted here: with a window function beside a join, PostgreSQL's plan for many due
    at once may take seconds.
    """
    table = _sources.c
    mine = sa.select(table.host).where(
        table.lease_owner == owner, table.lease_until > now
    )
    taken, places = Counter(connection.scalars(mine)), []
    for pk, host in connection.execute(due.with_only_columns(table.pk, table.host)):
        taken[host] += 1
        if taken[host] <= per_host:
            places.append(pk)
        if len(places) == limit:
            break
    return places


def _free(table: Any, now: datetime, dead: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.or_(
        table.lease_until.is_(None),
        table.lease_until <= now,
        table.lease_owner.in_(dead),
    )


def _host_free(
    now: datetime, owner: str, dead: Collection[str]
) -> sa.ColumnElement[bool]:
    """Select sources at whose host nobody else is at work."""
    other = _sources.alias("other")
    held = sa.select(other.c.host).where(
        other.c.lease_owner != owner, sa.not_(_free(other.c, now, dead))
    )
    return _sources.c.host.not_in(held)


def _checks_due(now: datetime) -> sa.ColumnElement[bool]:
    """Say whether links of missing items of the source are to be asked again."""
    seen = schema.sightings.c
    return sa.exists().where(
        seen.source_pk == _sources.c.pk,
        schema.MISSED,
        sa.or_(
            seen.state.in_(("maybe_withdrawn", "withdrawn")) & (seen.check_at <= now),
            # Missed once: the same document again is the second good one in a row.
            (seen.state == "shown") & (seen.missing == 1),
        ),
    )


def any_due(connection: sa.Connection, now: datetime) -> bool:
    """Say whether a source is due and free, or leased to somebody who may be dead."""
    table = _sources.c
    due = sa.select(table.pk).where(table.active, table.due_at <= now, not_limited(now))
    return connection.scalar(due.limit(1)) is not None


def not_limited(now: datetime) -> sa.ColumnElement[bool]:
    """Select what no server has asked us to leave alone.

    A limit named by one URL is that URL's; named by two or more, it is the host's.
    """
    until = _sources.c.limited_until
    return sa.and_(
        sa.or_(until.is_(None), until <= now), _sources.c.host.not_in(_frozen(now))
    )


def _frozen(now: datetime) -> sa.Select[Any]:
    """List the hosts that limit two or more of their URLs."""
    other = _sources.alias("limited")
    return (
        sa.select(other.c.host)
        .where(other.c.limited_until > now, other.c.active)
        .group_by(other.c.host)
        .having(sa.func.count() >= 2)
    )


def frozen_until(connection: sa.Connection, now: datetime) -> dict[str, datetime]:
    """Say until when each frozen host is left alone: until one limit alone is left."""
    table = _sources.c
    rows = connection.execute(
        sa.select(table.host, table.limited_until)
        .where(table.limited_until > now, table.active)
        .order_by(table.limited_until.desc())
    )
    limits: dict[str, list[datetime]] = {}
    for row in rows:
        limits.setdefault(row.host, []).append(row.limited_until)
    return {host: found[1] for host, found in limits.items() if len(found) >= 2}


def limited(
    connection: sa.Connection, wanted: Collection[str], now: datetime
) -> dict[str, datetime]:
    """Say which of the wanted sources a server asked us to leave alone, until when."""
    table = _sources.c
    rows = connection.execute(
        sa.select(table.id, table.host, table.limited_until).where(
            table.id.in_(wanted), sa.not_(not_limited(now))
        )
    )
    shut = frozen_until(connection, now)
    return {
        row.id: max(row.limited_until or now, shut.get(row.host, now)) for row in rows
    }


def _taken(row: sa.Row[Any], source: Source, now: datetime) -> SourceRow:
    wait = (row.free_at - now).total_seconds() if row.free_at else 0.0
    return SourceRow(
        pk=row.pk,
        source=source,
        portal=row.portal,
        host=row.host,
        standing=standing_of(row),
        wait_seconds=min(max(wait, 0.0), _LONGEST_WAIT),
        checks_due=bool(row.checks),
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


def give_back(
    connection: sa.Connection, owner: str, rows: Collection[SourceRow]
) -> None:
    """Give back what an owner has leased and not begun."""
    table = _sources.c
    mine = sa.update(_sources).where(
        table.lease_owner == owner, table.pk == sa.bindparam("b_pk")
    )
    free = mine.values(lease_owner=None, lease_until=None)
    connection.execute(free, [{"b_pk": row.pk} for row in rows])


def release(connection: sa.Connection, owner: str) -> None:
    """Give back everything an owner has leased."""
    mine = sa.update(_sources).where(_sources.c.lease_owner == owner)
    connection.execute(mine.values(lease_owner=None, lease_until=None))


def held(connection: sa.Connection, pks: Collection[int], owner: str) -> set[int]:
    """List which sources are still leased to an owner; keep them so until saved."""
    table = _sources.c
    mine = sa.select(table.pk).where(table.pk.in_(pks), table.lease_owner == owner)
    return set(connection.scalars(mine.order_by(table.pk).with_for_update()))


def rest_hosts(connection: sa.Connection, free_at: Mapping[str, datetime]) -> None:
    """Say when hosts may be asked again, by whomever."""
    if not free_at:
        return
    statement = insert(connection, schema.hosts)
    statement = statement.on_conflict_do_update(
        index_elements=["host"], set_={"free_at": statement.excluded.free_at}
    )
    rows = [{"host": host, "free_at": at} for host, at in sorted(free_at.items())]
    connection.execute(statement, rows)
