"""Attempts at sources: written down, counted, and what they say of a source's state.

An attempt that changed something or failed is a row; one that brought nothing new is
counted for its source and day, so that a year of polling stays small.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.model import Attempt
from aggregator.model import Outcome
from aggregator.model import Settled
from aggregator.model import SourceRow
from aggregator.model import SourceState
from aggregator.store import schema
from aggregator.store.engine import insert

_sources = schema.sources


def settle(connection: sa.Connection, row: SourceRow, settled: Settled) -> None:
    """Write down an attempt and how the source stands after it; end its lease."""
    attempt = settled.attempt
    if attempt.outcome in (Outcome.NOT_MODIFIED, Outcome.SAME_BODY):
        _count_day(connection, row.pk, attempt)
    else:
        values = _attempt_row(row.pk, attempt)
        connection.execute(sa.insert(schema.attempts).values(values))
    columns = _state_columns(row, settled)
    here = _sources.c.pk == row.pk
    connection.execute(sa.update(_sources).where(here).values(columns))


def _state_columns(row: SourceRow, settled: Settled) -> dict[str, Any]:
    attempt = settled.attempt
    columns: dict[str, Any] = {
        "last_try_at": attempt.at,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "bytes": attempt.wire_bytes,
        "due_at": settled.due_at,
        "failures": settled.failures,
        "limited_until": settled.limited_until,
        "lease_owner": None,
        "lease_until": None,
        "reason": attempt.reason,
        "detail": attempt.detail[:500],
    }
    if attempt.outcome is Outcome.FAILED:
        columns["failing_since"] = row.failing_since or attempt.at
        return columns
    columns |= {
        "last_ok_at": attempt.at,
        "failing_since": None,
        "etag": settled.validators.etag,
        "last_modified": settled.validators.last_modified,
        "body_hash": settled.body_hash,
    }
    if attempt.plan is not None:
        columns |= _document_columns(settled, attempt)
    return columns


def _document_columns(settled: Settled, attempt: Attempt) -> dict[str, Any]:
    plan = attempt.plan
    columns: dict[str, Any] = {
        "feed_id": settled.feed_id,
        "feed_title": settled.feed_title,
        "generator": settled.generator,
    }
    if plan is None:
        return columns
    if plan.new or plan.changed:
        columns["last_changed_at"] = attempt.at
    if plan.new:
        columns["last_new_item_at"] = attempt.at
    if plan.entries:  # an empty document says nothing of a gap
        columns["gap"] = plan.gap
    return columns


def _attempt_row(pk: int, attempt: Attempt) -> dict[str, Any]:
    row: dict[str, Any] = {
        "source_pk": pk,
        "at": attempt.at,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "reason": attempt.reason,
        "detail": attempt.detail[:500],
        "bytes": attempt.wire_bytes,
        "seconds": attempt.seconds,
        "gap": False,
        "rejections": [],
    }
    plan = attempt.plan
    if plan is not None:
        row |= {
            **plan.counts,
            "gap": plan.gap,
            "rejections": [[r.position, r.reason, r.detail] for r in plan.rejected],
        }
    return row


def _count_day(connection: sa.Connection, pk: int, attempt: Attempt) -> None:
    table = schema.attempt_days
    column = str(attempt.outcome)
    statement = insert(connection, table).values(
        source_pk=pk, day=attempt.at.date(), bytes=attempt.wire_bytes, **{column: 1}
    )
    statement = statement.on_conflict_do_update(
        index_elements=["source_pk", "day"],
        set_={
            column: table.c[column] + 1,
            "bytes": table.c.bytes + attempt.wire_bytes,
        },
    )
    connection.execute(statement)


# --- How they stand -----------------------------------------------------------


def states(connection: sa.Connection, now: datetime) -> list[SourceState]:
    """Tell how every source stands, by id."""
    rows = connection.execute(sa.select(_sources).order_by(_sources.c.id)).all()
    last = _last_attempts(connection)
    return [_state(row, last.get(row.pk), now) for row in rows]


def _last_attempts(connection: sa.Connection) -> dict[int, sa.Row[Any]]:
    table = schema.attempts
    newest = sa.select(sa.func.max(table.c.pk)).group_by(table.c.source_pk)
    rows = connection.execute(sa.select(table).where(table.c.pk.in_(newest)))
    return {row.source_pk: row for row in rows}


def _state(row: sa.Row[Any], last: sa.Row[Any] | None, now: datetime) -> SourceState:
    return SourceState(
        id=row.id,
        url=row.url,
        authority=row.authority,
        state=_state_word(row, now),
        last_try=row.last_try_at,
        last_ok=row.last_ok_at,
        last_changed=row.last_changed_at,
        last_new_item=row.last_new_item_at,
        failing_since=row.failing_since,
        next_due=row.due_at if row.active else None,
        reason=row.reason,
        detail=row.detail,
        last_attempt=_attempt_facts(row, last),
    )


def _state_word(row: sa.Row[Any], now: datetime) -> str:
    if not row.active:
        return "off"
    if row.limited_until is not None and row.limited_until > now:
        return "limited"
    if row.last_try_at is None:
        return "new"
    if row.failing_since is not None:
        return "failing"
    return "gap" if row.gap else "ok"


_COUNTS = (
    "entries",
    "new",
    "changed",
    "unchanged",
    "duplicate",
    "rejected",
    "withdrawn",
)


def _attempt_facts(
    row: sa.Row[Any], last: sa.Row[Any] | None
) -> Mapping[str, object] | None:
    """Tell of the last attempt; one that brought nothing new has no row of its own."""
    if row.last_try_at is None:
        return None
    own = last is not None and last.at == row.last_try_at
    facts = {"outcome": row.outcome, "status": row.status, "bytes": row.bytes}
    counts = {name: getattr(last, name) if own else 0 for name in _COUNTS}
    return facts | counts | {"gap": bool(last.gap) if own and last else False}
