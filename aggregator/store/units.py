"""Who asked for what: requests by unit key, selection and day."""

from collections.abc import Sequence
from datetime import date
from datetime import timedelta

import sqlalchemy as sa

from aggregator.model import UnitUse
from aggregator.store import schema
from aggregator.store.engine import insert

MAX_A_DAY = 50_000  # rows: 3,500 schools with a dozen selections each
OTHERS = "*"  # no key that a school may have
KEPT = timedelta(days=400)

_use = schema.unit_days.c


def add_uses(connection: sa.Connection, uses: Sequence[UnitUse]) -> None:
    """Add up requests; beyond `MAX_A_DAY` rows new ones are counted as `OTHERS`'."""
    for day in sorted({use.day for use in uses}):
        those = [use for use in uses if use.day == day]
        _add(connection, _bounded(connection, day, those))


def _bounded(
    connection: sa.Connection, day: date, uses: Sequence[UnitUse]
) -> list[dict[str, object]]:
    query = sa.select(sa.func.count()).select_from(schema.unit_days)
    there = connection.scalar(query.where(_use.day == day)) or 0
    if not there:  # a new day: the oldest go
        old = sa.delete(schema.unit_days).where(_use.day < day - KEPT)
        connection.execute(old)
    rows: list[dict[str, object]] = []
    more = 0
    for use in uses:
        if there + len(rows) < MAX_A_DAY or use.unit == OTHERS:
            rows.append(_row(use))
        else:
            more += use.requests
    if more:
        last = max(use.last for use in uses)
        use = UnitUse(unit=OTHERS, selection="", day=day, requests=more, last=last)
        rows.append(_row(use))
    return rows


def _row(use: UnitUse) -> dict[str, object]:
    return {
        "unit": use.unit,
        "selection": use.selection,
        "day": use.day,
        "requests": use.requests,
        "last_at": use.last,
    }


def _add(connection: sa.Connection, rows: Sequence[dict[str, object]]) -> None:
    table = schema.unit_days
    statement = insert(connection, table)
    statement = statement.on_conflict_do_update(
        index_elements=["day", "unit", "selection"],
        set_={
            "requests": _use.requests + statement.excluded.requests,
            "last_at": sa.case(
                (_use.last_at > statement.excluded.last_at, _use.last_at),
                else_=statement.excluded.last_at,
            ),
        },
    )
    if rows:
        connection.execute(statement, rows)


def read_uses(
    connection: sa.Connection, *, since: date, unit: str | None = None
) -> list[UnitUse]:
    """List who asked for what since a day: unit, selection, day in order."""
    query = sa.select(schema.unit_days).where(_use.day >= since)
    if unit is not None:
        query = query.where(_use.unit == unit)
    query = query.order_by(_use.unit, _use.selection, _use.day)
    return [
        UnitUse(
            unit=row.unit,
            selection=row.selection,
            day=row.day,
            requests=row.requests,
            last=row.last_at,
        )
        for row in connection.execute(query)
    ]
