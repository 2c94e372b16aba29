"""Attempts at sources: written down, counted, and what they say of a source's state.

An attempt that changed something or failed is a row; one that brought nothing new is
counted for its source and day, so that a year of polling stays small.
"""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import timedelta
from statistics import median
from typing import Any

import sqlalchemy as sa

from aggregator.errors import OF_A_CONNECTION
from aggregator.errors import OF_A_HOST
from aggregator.errors import Reason
from aggregator.errors import whose_turn
from aggregator.model import FLIPPING_FOR
from aggregator.model import Attempt
from aggregator.model import Outcome
from aggregator.model import Plan
from aggregator.model import Settled
from aggregator.model import SourceRow
from aggregator.model import SourceState
from aggregator.store import schema
from aggregator.store.engine import insert
from aggregator.store.incidents import write_note
from aggregator.store.portals import host_of
from aggregator.store.sources import frozen_until
from aggregator.store.sources import rest_hosts
from aggregator.store.standing import columns_of

_sources = schema.sources
CONFIRMED = 2  # failures in a row; one may be a blip
_LATELY, _TO_TELL = 20, 3  # documents that brought something new
_COUNTS = (
    "entries",
    "new",
    "changed",
    "unchanged",
    "duplicate",
    "rejected",
    "withdrawn",
)


def settle(
    connection: sa.Connection, settled: Sequence[tuple[SourceRow, Settled]]
) -> None:
    """Write down attempts and how the sources stand after them; end their leases.

    A source's host is that of the address which is to be asked, once a redirect is
    learned.
    """
    _write_attempts(connection, settled)
    _write_standings(connection, settled)
    rest_hosts(
        connection,
        {
            host_of(row.url): each.attempt.at + timedelta(seconds=each.rest_seconds)
            for row, each in settled
        },
    )
    for row, each in settled:
        asked, now = host_of(row.url), each.attempt.at
        if row.standing.failing_since and each.standing.failing_since is None:
            _wake_host(connection, asked, now)
        if each.standing.failures == CONFIRMED and not each.standing.excused:
            _ask_another(connection, asked, each.standing.reason, now)
        for note in each.notes:
            write_note(connection, row.source.id, note, now)


def _write_attempts(
    connection: sa.Connection, settled: Sequence[tuple[SourceRow, Settled]]
) -> None:
    rows = []
    for row, each in settled:
        if each.attempt.outcome in (Outcome.NOT_MODIFIED, Outcome.SAME_BODY):
            continue
        rows.append(_attempt_row(row.pk, each.attempt))
    if rows:
        connection.execute(sa.insert(schema.attempts), rows)
    counted: dict[str, list[tuple[int, Attempt]]] = {}
    for row, each in settled:
        counted.setdefault(_counter(each.attempt), []).append((row.pk, each.attempt))
    for column, attempts in counted.items():
        if column:
            _count_days(connection, column, attempts)


def usual_new(connection: sa.Connection, source_pk: int) -> float | None:
    """Say how many new items a source's documents bring, when they bring any.

    None: it has brought something too seldom to tell.
    """
    attempt = schema.attempts.c
    query = (
        sa.select(attempt.new)
        .where(attempt.source_pk == source_pk, attempt.new > 0)
        .order_by(attempt.at.desc())
        .limit(_LATELY)
    )
    counts = list(connection.scalars(query))
    return median(counts) if len(counts) >= _TO_TELL else None


def _counter(attempt: Attempt) -> str:
    """Name the counter of its day that an attempt moves; "" for none."""
    if attempt.outcome in (Outcome.NOT_MODIFIED, Outcome.SAME_BODY):
        return str(attempt.outcome)
    if attempt.plan is None:
        return ""
    return "strict" if attempt.plan.strictly else "lenient"


def _write_standings(
    connection: sa.Connection, settled: Sequence[tuple[SourceRow, Settled]]
) -> None:
    """Write what is new of each source; those of which the same is new, at once."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row, each in settled:
        columns = columns_of(each.standing, was=row.standing) | _attempt_columns(each)
        if each.standing.learned_url != row.standing.learned_url:
            columns["host"] = host_of(each.standing.learned_url or row.source.url)
        alike.setdefault(tuple(columns), []).append(columns | {"b_pk": row.pk})
    here = sa.update(_sources).where(_sources.c.pk == sa.bindparam("b_pk"))
    for rows in alike.values():
        connection.execute(here, rows)


def _wake_host(connection: sa.Connection, host: str, now: datetime) -> None:
    """Have the other feeds of a host that answers again asked at once."""
    table = _sources.c
    connection.execute(
        sa.update(_sources)
        .where(
            *(table.host == host, table.failing_since.is_not(None), table.due_at > now),
            table.reason.in_([str(reason) for reason in OF_A_HOST]),
            table.limited_until.is_(None),
        )
        .values(due_at=now)
    )


def _ask_another(
    connection: sa.Connection, host: str, reason: str, now: datetime
) -> None:
    """Have another feed of a host asked at once, to see whether all of it is down."""
    if reason not in OF_A_HOST - OF_A_CONNECTION or reason == Reason.LIMITED:
        return
    table = _sources.c
    well = table.active & table.failing_since.is_(None) & table.lease_owner.is_(None)
    query = sa.select(table.pk).where(table.host == host, well)
    query = query.order_by(table.due_at, table.pk).limit(1)
    # SQLite has one writer and ignores it; what somebody has locked is asked anyway.
    pk = connection.scalar(query.with_for_update(skip_locked=True))
    if pk is not None:
        here = (table.pk == pk) & (table.due_at > now)
        connection.execute(sa.update(_sources).where(here).values(due_at=now))


def _attempt_columns(settled: Settled) -> dict[str, Any]:
    """Write what the attempt itself says: five moments are five different things."""
    attempt = settled.attempt
    columns: dict[str, Any] = {
        "last_try_at": attempt.at,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "bytes": attempt.wire_bytes,
        "due_at": settled.due_at,
        "lease_owner": None,
        "lease_until": None,
        "detail": attempt.detail[:500],
    }
    if attempt.outcome is not Outcome.FAILED:
        columns["last_ok_at"] = attempt.at
    plan = attempt.plan
    if plan is not None and (plan.new or plan.changed or plan.withdrawn):
        columns["last_changed_at"] = attempt.at
    if plan is not None and plan.new:
        columns["last_new_item_at"] = attempt.at
    return columns


def excuse(
    connection: sa.Connection, pks: Collection[int], due_at: datetime, owner: str
) -> None:
    """Take back the penalties of sources whose failing was our own network's fault.

    What another worker has leased is left to it, and what somebody is writing just now
    is not waited for: whoever holds a row here might wait for one of ours.

    Args:
        pks: Rows of sources that were well before; none of them has failures to keep.
    """
    table = _sources.c
    free = sa.or_(table.lease_owner.is_(None), table.lease_owner == owner)
    query = sa.select(table.pk).where(
        table.pk.in_(sorted(pks)), table.failing_since.is_not(None), free
    )
    # SQLite has one writer and ignores it.
    query = query.order_by(table.pk).with_for_update(skip_locked=True)
    mine = list(connection.scalars(query))
    connection.execute(
        sa.update(_sources)
        .where(table.pk.in_(mine))
        .values(excused=True, failures=0, due_at=due_at)
    )


def _attempt_row(pk: int, attempt: Attempt) -> dict[str, Any]:
    plan = attempt.plan or Plan()
    return {
        "source_pk": pk,
        "at": attempt.at,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "reason": attempt.reason,
        "detail": attempt.detail[:500],
        "bytes": attempt.wire_bytes,
        "seconds": attempt.seconds,
        "gap": plan.gap,
        "rejections": [[r.position, r.reason, r.detail] for r in plan.rejected],
        **plan.counts,
    }


def _count_days(
    connection: sa.Connection, column: str, attempts: Sequence[tuple[int, Attempt]]
) -> None:
    table = schema.attempt_days
    statement = insert(connection, table)
    statement = statement.on_conflict_do_update(
        index_elements=["source_pk", "day"],
        set_={
            column: table.c[column] + 1,
            "bytes": table.c.bytes + statement.excluded.bytes,
        },
    )
    connection.execute(
        statement,
        [
            {"source_pk": pk, "day": a.at.date(), "bytes": a.wire_bytes, column: 1}
            for pk, a in attempts
        ],
    )


def readings(connection: sa.Connection, since: date) -> dict[str, int]:
    """Count the documents read since a day (UTC), by which reader."""
    table = schema.attempt_days.c
    sums = sa.select(sa.func.sum(table.strict), sa.func.sum(table.lenient))
    strict, lenient = connection.execute(sums.where(table.day >= since)).one()
    return {"strict": int(strict or 0), "feedparser": int(lenient or 0)}


# --- How they stand -----------------------------------------------------------


def states(
    connection: sa.Connection, now: datetime, *, attempts: bool = True
) -> list[SourceState]:
    """Tell how every source stands, by id.

    Args:
        attempts: With what the last attempt brought; that takes most of the time.
    """
    rows = connection.execute(_states_query()).all()
    last = _last_attempts(connection) if attempts else {}
    gaps = _gaps(connection)
    shut = frozen_until(connection, now)
    return [
        _state(row, last.get(row.pk), now, shut.get(row.host), gaps.get(row.pk))
        for row in rows
    ]


def is_calm(connection: sa.Connection, now: datetime) -> bool:
    """Say whether every source is as it should be: a look that costs nearly nothing."""
    table = _sources.c
    amiss = sa.or_(
        table.failing_since.is_not(None),
        table.excused,
        table.gap,
        table.quiet_at <= now,
    )
    found = sa.select(table.pk).where(table.active, amiss).limit(1)
    return connection.scalar(found) is None


def _states_query() -> sa.Select[Any]:
    """Select what is told of a source, and not the JSON that only pulling needs."""
    table = _sources.c
    return sa.select(
        *(table.pk, table.id, table.url, table.host, table.authority, table.active),
        *(table.due_at, table.limited_until, table.last_try_at, table.last_ok_at),
        *(table.last_changed_at, table.last_new_item_at, table.failing_since),
        *(table.failures, table.outcome, table.status, table.bytes, table.reason),
        *(table.detail, table.gap, table.excused, table.learned_url, table.quiet_at),
        *(table.redates, table.flipped_at),
    ).order_by(table.id)


def _gaps(connection: sa.Connection) -> dict[int, datetime]:
    """Say when each source that is marked for a gap last had one."""
    table = schema.attempts.c
    marked = sa.select(_sources.c.pk).where(_sources.c.gap)
    rows = connection.execute(
        sa.select(table.source_pk, sa.func.max(table.at))
        .where(table.source_pk.in_(marked), table.gap)
        .group_by(table.source_pk)
    )
    return {pk: at for pk, at in rows}


def _last_attempts(connection: sa.Connection) -> dict[int, sa.Row[Any]]:
    """Read the last attempts that have a row of their own."""
    table = schema.attempts.c
    here = (_sources.c.pk == table.source_pk) & (_sources.c.last_try_at == table.at)
    columns = [table[name] for name in _COUNTS]
    rows = connection.execute(
        sa.select(table.source_pk, table.gap, *columns)
        .join(_sources, here)
        .order_by(table.pk)
    )
    return {row.source_pk: row for row in rows}


def _state(
    row: sa.Row[Any],
    last: sa.Row[Any] | None,
    now: datetime,
    shut_until: datetime | None,
    gap_since: datetime | None,
) -> SourceState:
    word = _state_word(row, now, shut_until is not None)
    until = max(filter(None, (row.due_at, row.limited_until, shut_until)))
    return SourceState(
        id=row.id,
        url=row.url,
        host=row.host,
        authority=row.authority,
        state=word,
        last_try=row.last_try_at,
        last_ok=row.last_ok_at,
        last_changed=row.last_changed_at,
        last_new_item=row.last_new_item_at,
        failing_since=row.failing_since,
        quiet_since=row.quiet_at if word == "quiet" else None,
        gap_since=gap_since,
        next_due=until if row.active else None,
        reason=row.reason,
        detail=row.detail,
        failures=row.failures,
        turn=_turn(row, word),
        our_network=row.excused,
        moved_to=row.learned_url,
        flipping=row.flipped_at is not None and now - row.flipped_at < FLIPPING_FOR,
        redates=row.redates,
        last_attempt=_attempt_facts(row, last),
    )


def _state_word(row: sa.Row[Any], now: datetime, frozen_host: bool) -> str:
    if not row.active:
        return "off"
    if frozen_host or (row.limited_until is not None and row.limited_until > now):
        return "limited"
    if row.last_try_at is None:
        return "new"
    if row.failing_since is not None:
        return "failing"
    if row.quiet_at is not None and row.quiet_at <= now:
        return "quiet"
    return "gap" if row.gap else "ok"


def _turn(row: sa.Row[Any], word: str) -> str:
    """Say who has to act: silence is asked after at the portal; a gap mends itself."""
    if row.excused:
        return "operator"  # our own network is blamed
    return {"quiet": "portal", "gap": "nobody"}.get(word) or whose_turn(row.reason)


def _attempt_facts(
    row: sa.Row[Any], last: sa.Row[Any] | None
) -> Mapping[str, object] | None:
    """Tell of the last attempt; one that brought nothing new has no row of its own."""
    if row.last_try_at is None:
        return None
    facts = {"outcome": row.outcome, "status": row.status, "bytes": row.bytes}
    counts = {name: getattr(last, name) if last else 0 for name in _COUNTS}
    return facts | counts | {"gap": bool(last and last.gap)}
