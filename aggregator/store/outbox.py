"""What is still to be told to others: put in by whoever changes something, taken once.

A row is taken by moving its due time ahead, in a short transaction; the telling itself
happens outside. Who dies meanwhile leaves a row that falls due again by itself, so a
message may come twice but is never lost; its id tells the second from the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from aggregator.store import schema

LEASE = timedelta(minutes=5)  # longer than all ways of one message take
_table = schema.outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A row of the outbox, as it was taken."""

    pk: int
    payload: Mapping[str, Any]
    created_at: datetime
    tries: int  # before this one


def put(
    connection: sa.Connection, kind: str, payload: Mapping[str, Any], now: datetime
) -> None:
    """Leave something to be told, in the transaction that makes it true."""
    connection.execute(
        sa.insert(_table).values(
            kind=kind, payload=dict(payload), created_at=now, due_at=now
        )
    )


def any_due(connection: sa.Connection, kind: str, now: datetime) -> bool:
    """Say whether there is something to take, without taking it."""
    return connection.scalar(_due(kind, now).limit(1)) is not None


def take(
    connection: sa.Connection, kind: str, now: datetime, limit: int
) -> list[Parcel]:
    """Take what is due, the longest due first; for a while nobody else gets it."""
    query = _due(kind, now).order_by(_table.c.due_at, _table.c.pk).limit(limit)
    # SQLite has one writer and ignores it.
    pks = list(connection.scalars(query.with_for_update(skip_locked=True)))
    if not pks:
        return []
    mine = _table.c.pk.in_(pks)
    connection.execute(sa.update(_table).where(mine).values(due_at=now + LEASE))
    rows = connection.execute(sa.select(_table).where(mine))
    taken = {row.pk: _parcel(row) for row in rows}
    return [taken[pk] for pk in pks]


def keep(connection: sa.Connection, pk: int, payload: Mapping[str, Any]) -> None:
    """Write down how far the telling has got, so that no part is told again."""
    here = _table.c.pk == pk
    connection.execute(sa.update(_table).where(here).values(payload=dict(payload)))


def finish(
    connection: sa.Connection, pk: int, now: datetime, *, again_at: datetime | None
) -> None:
    """End a try.

    Args:
        again_at: When to try again; None: it is done, or given up.
    """
    here = _table.c.pk == pk
    ended = {"done_at": now} if again_at is None else {"due_at": again_at}
    values = sa.update(_table).where(here).values(tries=_table.c.tries + 1, **ended)
    connection.execute(values)


def _due(kind: str, now: datetime) -> sa.Select[Any]:
    return sa.select(_table.c.pk).where(
        _table.c.done_at.is_(None), _table.c.due_at <= now, _table.c.kind == kind
    )


def _parcel(row: sa.Row[Any]) -> Parcel:
    return Parcel(
        pk=row.pk, payload=row.payload, created_at=row.created_at, tries=row.tries
    )
