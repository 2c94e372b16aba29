"""Items going into the store: what is known of them, and a plan made rows.

Everything a plan means is written in the caller's transaction: notices, sightings,
keys, versions, labels, the change sequence, the counters of the feeds it touches, and
the outbox. Whole or not at all.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.model import ALL_LEVELS
from aggregator.model import Category
from aggregator.model import ChangedSighting
from aggregator.model import Item
from aggregator.model import Known
from aggregator.model import Level
from aggregator.model import Meaning
from aggregator.model import NewSighting
from aggregator.model import Plan
from aggregator.model import SourceRow
from aggregator.store import schema
from aggregator.store.changes import note_changes
from aggregator.store.labels import label_rows
from aggregator.store.labels import renew_labels

_CHUNK = 500  # names in one IN list
_LOCKS = 7_361_403  # PostgreSQL advisory locks: one writer a portal


def bits_of(levels: Collection[Level]) -> int:
    """Write levels as bits; none means all."""
    bits = sum(schema.LEVEL_BITS[level] for level in set(levels))
    return bits or schema.ALL_BITS


def levels_of(bits: int) -> frozenset[Level]:
    """Read levels from bits; all of them read as none."""
    levels = frozenset(level for level, bit in schema.LEVEL_BITS.items() if bits & bit)
    return frozenset() if levels == ALL_LEVELS else levels


# --- What is known ------------------------------------------------------------


def lock_portal(connection: sa.Connection, portal: str) -> None:
    """Keep others from storing items of one portal until this transaction ends."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        key = sa.func.hashtext(portal)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, key)))


def known(
    connection: sa.Connection, row: SourceRow, names: Collection[str]
) -> dict[str, list[Known]]:
    """Find what this source and others of its portal have shown under these names."""
    found: dict[str, list[Known]] = {}
    for chunk in chunks(sorted(names)):
        for hit in connection.execute(_known_query(row.portal, chunk)):
            found.setdefault(hit.key, []).append(_known(hit, row.pk))
    return found


def _known_query(portal: str, names: Sequence[str]) -> sa.Select[Any]:
    key, seen = schema.keys.c, schema.sightings.c
    version, source = schema.versions.c, schema.sources.c
    return (
        sa.select(
            *(key.key, key.source_pk, seen.pk, seen.notice_id, seen.fingerprint),
            *(seen.version, seen.published_at, seen.category, seen.level_bits),
            *(version.title, version.link),
        )
        .select_from(schema.keys)
        .join(schema.sightings, seen.pk == key.sighting_pk)
        .join(schema.sources, source.pk == key.source_pk)
        .join(
            schema.versions,
            (version.sighting_pk == seen.pk) & (version.n == seen.version),
        )
        .where(key.key.in_(names), source.portal == portal)
        .order_by(seen.pk)
    )


def _known(hit: sa.Row[Any], source_pk: int) -> Known:
    return Known(
        key=hit.key,
        sighting=hit.pk,
        notice=hit.notice_id,
        own=hit.source_pk == source_pk,
        fingerprint=hit.fingerprint,
        title=hit.title,
        link=hit.link,
        version=hit.version,
        published=hit.published_at,
        category=Category(hit.category),
        levels=levels_of(hit.level_bits),
    )


def has_items(connection: sa.Connection, row: SourceRow) -> bool:
    """Say whether a source has ever shown an item."""
    one = sa.select(schema.sightings.c.pk).where(schema.sightings.c.source_pk == row.pk)
    return connection.scalar(one.limit(1)) is not None


def dates_taken(
    connection: sa.Connection, row: SourceRow, first: datetime, last: datetime
) -> set[datetime]:
    """List the seconds that a source's items carry between two moments."""
    seen = schema.sightings.c
    dates = sa.select(seen.published_at).where(
        seen.source_pk == row.pk, seen.published_at.between(first, last)
    )
    return set(connection.scalars(dates))


# --- A plan made rows ---------------------------------------------------------


def apply(connection: sa.Connection, row: SourceRow, plan: Plan, now: datetime) -> None:
    """Store what a plan says. Nothing new and nothing changed: nothing written."""
    if not plan.new and not plan.changed:
        return
    _insert_notices(connection, plan.new, now)
    _insert_sightings(connection, row, plan.new, now)
    for change in plan.changed:
        _renew_sighting(connection, row, change, now)
    old = {c.known.notice: _old_places(row, c.known) for c in plan.changed}
    kinds = {new.notice: "new" if new.minted else "changed" for new in plan.new}
    kinds |= {change.known.notice: "changed" for change in plan.changed}
    note_changes(connection, kinds, old, now=now, source=row.source.id)


def _old_places(row: SourceRow, was: Known) -> tuple[str, str, int]:
    return row.source.authority, str(was.category), bits_of(was.levels)


def _insert_notices(
    connection: sa.Connection, new: Sequence[NewSighting], now: datetime
) -> None:
    minted = {
        sighting.notice: {
            "id": sighting.notice,
            "published_at": sighting.published,
            "first_seen_at": now,
            "state": "shown",
        }
        for sighting in new
        if sighting.minted
    }
    if minted:
        connection.execute(sa.insert(schema.notices), list(minted.values()))


def _insert_sightings(
    connection: sa.Connection,
    row: SourceRow,
    new: Sequence[NewSighting],
    now: datetime,
) -> None:
    if not new:
        return
    statement = sa.insert(schema.sightings).returning(
        schema.sightings.c.pk, sort_by_parameter_order=True
    )
    rows = [_sighting_row(row, sighting, now) for sighting in new]
    pks = connection.scalars(statement, rows).all()
    pairs = list(zip(pks, new, strict=True))
    connection.execute(
        sa.insert(schema.keys),
        [
            {"source_pk": row.pk, "key": s.key, "sighting_pk": pk, "since": now}
            for pk, s in pairs
        ],
    )
    connection.execute(
        sa.insert(schema.versions),
        [_version_row(pk, 1, s.item, now) for pk, s in pairs],
    )
    labels = [
        label for _, s in pairs for label in label_rows(row, s.notice, s.item, now)
    ]
    connection.execute(sa.insert(schema.labels), labels)


def _sighting_row(row: SourceRow, new: NewSighting, now: datetime) -> dict[str, object]:
    meaning = new.item.meaning
    return {
        "notice_id": new.notice,
        "source_pk": row.pk,
        "guid": new.item.guid,
        "first_seen_at": now,
        "version": 1,
        "fingerprint": new.item.fingerprint,
        "authority": row.source.authority,
        "category": meaning.category,
        "level_bits": bits_of(meaning.levels),
        "published_at": new.published,
        "state": "shown",
    }


def _version_row(pk: int, n: int, item: Item, now: datetime) -> dict[str, object]:
    return {
        "sighting_pk": pk,
        "n": n,
        "at": now,
        "given_at": item.given,
        "fingerprint": item.fingerprint,
        "title": item.title,
        "link": item.link,
        "html": item.html,
        "text": item.text,
        "author": item.author,
        "enclosures": [asdict(enclosure) for enclosure in item.enclosures],
        "facts": _facts(item.meaning),
        "raw": dict(item.raw),
    }


def _facts(meaning: Meaning) -> dict[str, object]:
    facts: dict[str, object] = {}
    if meaning.document is not None:
        facts["document"] = asdict(meaning.document)
    if meaning.deadline is not None:
        facts["deadline"] = meaning.deadline.isoformat()
    if meaning.event is not None:
        facts["event"] = asdict(meaning.event)
    return facts


def _renew_sighting(
    connection: sa.Connection, row: SourceRow, change: ChangedSighting, now: datetime
) -> None:
    item, was = change.item, change.known
    version = _version_row(was.sighting, was.version + 1, item, now)
    connection.execute(sa.insert(schema.versions), [version])
    here = schema.sightings.c.pk == was.sighting
    connection.execute(
        sa.update(schema.sightings)
        .where(here)
        .values(
            version=was.version + 1,
            fingerprint=item.fingerprint,
            category=item.meaning.category,
            level_bits=bits_of(item.meaning.levels),
        )
    )
    renew_labels(connection, row, change, now)


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list into parts that one statement can name: databases have a limit."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
