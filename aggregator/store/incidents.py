"""Incidents: what people are told of, once when it begins and once when it ends.

An incident and the alert that tells of it are written in one transaction, so that a
restart neither forgets to tell nor tells twice. Who tells is `deliver`.
"""

import uuid
from collections.abc import Iterable
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.model import Incident
from aggregator.model import Note
from aggregator.store import schema
from aggregator.store.outbox import put

_table = schema.incidents
_LOCK = 7_361_406  # PostgreSQL advisory lock: one look at all sources at a time


def lock(connection: sa.Connection) -> None:
    """Keep other processes from opening and closing incidents meanwhile."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def open_incidents(connection: sa.Connection) -> list[Incident]:
    """List the incidents that last."""
    query = sa.select(_table).where(_table.c.closed_at.is_(None))
    return [_incident(row) for row in connection.execute(query.order_by(_table.c.pk))]


def recent_incidents(connection: sa.Connection, limit: int) -> list[Incident]:
    """List the latest incidents, open or not, newest first."""
    query = sa.select(_table).order_by(_table.c.opened_at.desc(), _table.c.pk.desc())
    return [_incident(row) for row in connection.execute(query.limit(limit))]


def _incident(row: sa.Row[Any]) -> Incident:
    return Incident(
        kind=row.kind,
        subject=row.subject,
        reason=row.reason,
        detail=row.detail,
        since=row.since,
        sources=tuple(row.sources),
        closed_at=row.closed_at,
    )


def write_turns(
    connection: sa.Connection,
    *,
    opened: Sequence[Incident],
    closed: Sequence[Incident],
    merged: Sequence[Incident],
    now: datetime,
) -> None:
    """Open and close incidents, and have one alert tell of all of it.

    Args:
        merged: Closed without a word: a wider incident has taken them in.
    """
    if opened:
        connection.execute(sa.insert(_table), [_row(each, now) for each in opened])
    for gone in (*closed, *merged):
        here = (_table.c.kind == gone.kind) & (_table.c.subject == gone.subject)
        connection.execute(
            sa.update(_table)
            .where(here, _table.c.closed_at.is_(None))
            .values(closed_at=now)
        )
    _tell(connection, [("bad", i) for i in opened] + [("well", i) for i in closed], now)


def write_note(
    connection: sa.Connection, source: str, note: Note, now: datetime
) -> None:
    """Write down what is told once and needs no recovery."""
    incident = Incident(
        kind=note.kind,
        subject=source,
        detail=note.detail,
        since=now,
        sources=(source,),
        closed_at=now,
    )
    connection.execute(sa.insert(_table).values(_row(incident, now)))
    _tell(connection, [("note", incident)], now)


def was_told(connection: sa.Connection, kind: str, subject: str) -> bool:
    """Say whether people were ever told this of a source."""
    same = (_table.c.kind == kind) & (_table.c.subject == subject)
    return connection.scalar(sa.select(_table.c.pk).where(same).limit(1)) is not None


def _row(incident: Incident, now: datetime) -> dict[str, Any]:
    return {
        "kind": incident.kind,
        "subject": incident.subject,
        "reason": incident.reason,
        "detail": incident.detail[:500],
        "since": incident.since,
        "opened_at": now,
        "closed_at": incident.closed_at,
        "sources": list(incident.sources),
    }


def _tell(
    connection: sa.Connection, turns: Iterable[tuple[str, Incident]], now: datetime
) -> None:
    told = [
        {
            "turn": turn,
            "kind": incident.kind,
            "subject": incident.subject,
            "reason": incident.reason,
            "detail": incident.detail[:500],
            "since": incident.since.isoformat(timespec="seconds"),
            "sources": list(incident.sources),
        }
        for turn, incident in turns
    ]
    if told:
        at = now.isoformat(timespec="seconds")
        payload = {"id": str(uuid.uuid4()), "at": at, "turns": told}
        put(connection, "alert", payload, now)
