"""The change sequence, the counters of the feeds, and the outbox: what others follow.

The sequence's row is locked first and held to the end of the transaction. Numbers are
therefore given out in the order in which transactions become visible: who has seen
number n has seen all below it, on PostgreSQL too.
"""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.store import schema
from aggregator.store.engine import insert
from aggregator.store.engine import write_many

Place = tuple[str, str, int]  # authority, category, level bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What one source's document has touched."""

    source: str
    kinds: Mapping[str, str]  # by notice: "new", "changed" or "withdrawn"
    places: Collection[Place]  # where they stand, and stood: feeds that lose them too
    elsewhere: Sequence[str]  # notices that may stand at other places besides


def note_changes(
    connection: sa.Connection, touched: Sequence[Touched], *, now: datetime
) -> None:
    """Number the touched notices, move their feeds' counters, tell the outbox."""
    if not touched:
        return
    last = _next(connection, sum(len(each.kinds) for each in touched))
    changes, told = [], []
    seq = last - sum(len(each.kinds) for each in touched)
    for each in touched:
        first = seq + 1
        for notice, kind in sorted(each.kinds.items()):
            seq += 1
            changes.append({"seq": seq, "notice_id": notice, "at": now, "kind": kind})
        payload = {"source": each.source, "from_seq": first, "to_seq": seq}
        told.append(
            {"kind": "items", "payload": payload, "created_at": now, "due_at": now}
        )
    write_many(connection, schema.changes, changes)
    places = {place for each in touched for place in each.places}
    elsewhere = [notice for each in touched for notice in each.elsewhere]
    _bump(connection, places | _places(connection, elsewhere), now)
    write_many(connection, schema.outbox, told)


def note_retitled(connection: sa.Connection, source_pk: int, now: datetime) -> None:
    """Move the counters of the feeds that name a source whose own title changed."""
    seen = schema.sightings.c
    rows = connection.execute(
        sa.select(seen.authority, seen.category, seen.level_bits)
        .where(seen.source_pk == source_pk)
        .distinct()
    )
    places = {(row.authority, row.category, row.level_bits) for row in rows}
    if places:
        _bump(connection, places, now)


def _next(connection: sa.Connection, count: int) -> int:
    table = schema.sequence
    statement = insert(connection, table).values(name="change", value=count)
    statement = statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": table.c.value + count}
    ).returning(table.c.value)
    return int(connection.scalar(statement))


def _places(connection: sa.Connection, notices: Sequence[str]) -> set[Place]:
    """Find every place of these notices: a new place shows on the older ones too."""
    seen = schema.sightings.c
    places: set[Place] = set()
    for start in range(0, len(notices), 500):
        chunk = notices[start : start + 500]
        rows = connection.execute(
            sa.select(seen.authority, seen.category, seen.level_bits)
            .where(seen.notice_id.in_(chunk))
            .distinct()
        )
        places |= {(row.authority, row.category, row.level_bits) for row in rows}
    return places


def _bump(connection: sa.Connection, places: set[Place], now: datetime) -> None:
    touched = {
        (authority, bit, category)
        for authority, category, bits in places
        for bit in schema.LEVEL_BITS.values()
        if bits & bit
    }
    table = schema.counters
    statement: Any = insert(connection, table).values(
        authority=sa.bindparam("authority"),
        level_bit=sa.bindparam("level_bit"),
        category=sa.bindparam("category"),
        value=1,
        changed_at=now,
    )
    statement = statement.on_conflict_do_update(
        index_elements=["authority", "level_bit", "category"],
        set_={
            "value": table.c.value + 1,
            # Another machine's clock may be ahead; a date never goes back.
            "changed_at": sa.case(
                (table.c.changed_at > now, table.c.changed_at), else_=now
            ),
        },
    )
    rows = [
        {"authority": authority, "level_bit": bit, "category": category}
        for authority, bit, category in sorted(touched)
    ]
    connection.execute(statement, rows)
