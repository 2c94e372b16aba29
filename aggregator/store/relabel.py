"""What was understood of stored items, to be held against what is understood today."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import Meaning
from aggregator.store import schema
from aggregator.store.changes import Touched
from aggregator.store.changes import note_changes
from aggregator.store.columns import NOW_SHOWN
from aggregator.store.columns import bits_of
from aggregator.store.columns import levels_of
from aggregator.store.items import facts_in
from aggregator.store.labels import RULES
from aggregator.store.labels import renew_labels
from aggregator.store.search import rewrite_words

_seen = schema.sightings.c
_version = schema.versions.c
_source = schema.sources.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """An item as it is shown now at one source, and what was understood of it."""

    sighting: int
    version: int  # its row
    source_pk: int
    source: str
    notice: str
    authority: str
    title: str
    text: str
    given: datetime | None
    at: datetime  # when this version came
    category: Category
    levels: frozenset[Level]  # empty: all
    labels: frozenset[tuple[str, str]]  # that rules have given: facet and value
    facts: dict[str, Any]


def understood(
    connection: sa.Connection,
    *,
    after: int,
    limit: int,
    notices: Collection[str] | None = None,
    lock: bool = False,
) -> list[Understood]:
    """Read what was understood of stored items, in the order of their rows.

    Args:
        after: The row of the sighting after which to go on.
        notices: Of these alone.
        lock: Keep others from changing them until this transaction ends.
    """
    query = (
        sa.select(
            *(_seen.pk, _seen.source_pk, _seen.notice_id, _seen.authority),
            *(_seen.category, _seen.level_bits, _source.id.label("source")),
            *(_version.pk.label("version"), _version.title, _version.text),
            *(_version.given_at, _version.at, _version.facts),
        )
        .join(schema.sources, _source.pk == _seen.source_pk)
        .join(schema.versions, NOW_SHOWN)
        .where(_seen.pk > after)
        .order_by(_seen.pk)
        .limit(limit)
    )
    if lock:  # SQLite has one writer and ignores it
        query = query.with_for_update(of=schema.sightings)
    if notices is not None:
        query = query.where(_seen.notice_id.in_(notices))
    rows = connection.execute(query).all()
    labels = _labels(connection, {row.notice_id for row in rows})
    return [
        Understood(
            sighting=row.pk,
            version=row.version,
            source_pk=row.source_pk,
            source=row.source,
            notice=row.notice_id,
            authority=row.authority,
            title=row.title,
            text=row.text,
            given=row.given_at,
            at=row.at,
            category=Category(row.category),
            levels=levels_of(row.level_bits),
            labels=frozenset(labels.get((row.notice_id, row.source_pk), ())),
            facts=row.facts,
        )
        for row in rows
    ]


def _labels(
    connection: sa.Connection, notices: Collection[str]
) -> dict[tuple[str, int], set[tuple[str, str]]]:
    label = schema.labels.c
    query = sa.select(label.notice_id, label.source_pk, label.facet, label.value).where(
        label.notice_id.in_(notices),
        label.to_at.is_(None),
        label.given_by == RULES,
    )
    found: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for notice, source_pk, facet, value in connection.execute(query):
        found.setdefault((notice, source_pk), set()).add((facet, value))
    return found


def count(connection: sa.Connection) -> int:
    """Count the items that are stored, each at each of its sources."""
    return connection.scalar(sa.select(sa.func.count(_seen.pk))) or 0


def kept_facts(meaning: Meaning) -> object:
    """Give the facts of a meaning as they read once they have been kept."""
    return orjson.loads(orjson.dumps(facts_in(meaning)))


def relabel(
    connection: sa.Connection,
    moved: Sequence[tuple[Understood, Meaning, Collection[str]]],
    now: datetime,
    *,
    words: Mapping[int, str],
) -> None:
    """Put what is understood today in place of what was, and let the feeds know.

    Args:
        moved: What was, what is, and the facets of which a person has spoken.
        words: By sighting, those by which it is found from now on; only where they
            are others.
    """
    if not moved:
        return
    connection.execute(
        sa.update(schema.sightings)
        .where(_seen.pk == sa.bindparam("b_pk"))
        .values(category=sa.bindparam("b_category"), level_bits=sa.bindparam("b_bits")),
        [
            {
                "b_pk": was.sighting,
                "b_category": str(meaning.category),
                "b_bits": bits_of(meaning.levels),
            }
            for was, meaning, _ in moved
        ],
    )
    connection.execute(
        sa.update(schema.versions)
        .where(_version.pk == sa.bindparam("b_pk"))
        .values(facts=sa.bindparam("b_facts")),
        [{"b_pk": was.version, "b_facts": facts_in(m)} for was, m, _ in moved],
    )
    rewrite_words(connection, words)
    for was, meaning, fixed in moved:
        renew_labels(connection, was.source_pk, was.notice, meaning, now, fixed=fixed)
    note_changes(
        connection, [_touched(was, meaning) for was, meaning, _ in moved], now=now
    )


def _touched(was: Understood, meaning: Meaning) -> Touched:
    return Touched(
        source=was.source,
        kinds={was.notice: "changed"},
        places={
            (was.authority, str(was.category), bits_of(was.levels)),
            (was.authority, str(meaning.category), bits_of(meaning.levels)),
        },
        elsewhere=(),
    )
