"""Copies of one notice at several sources: found by their marks; pairs for an editor.

What marks are, and what makes two copies one notice, `intake.duplicates` says.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from aggregator.model import Copy
from aggregator.model import Proposal
from aggregator.model import Proposed
from aggregator.store import schema
from aggregator.store.columns import CHUNK
from aggregator.store.columns import chunks
from aggregator.store.columns import own_number
from aggregator.store.engine import insert

AROUND = timedelta(days=180)  # of the dates asked for; beyond it nothing is one notice
_MOST_COPIES = 20  # of one mark, the nearest in time
_MOST_HITS = 5_000
_MOST_READ = 20_000  # characters of a text
_LOCK = 7_361_407  # PostgreSQL advisory lock: one writer that looks for copies

_marks, _proposals = schema.marks, schema.proposals
_seen, _noted = schema.sightings.c, schema.notices.c

# Given as one JSON value: databases limit how many are given.
_ASKED = {
    "sqlite": sa.text("SELECT value AS mark FROM json_each(:marks)"),
    "postgresql": sa.text(
        "SELECT CAST(value AS bigint) AS mark"
        " FROM jsonb_array_elements_text(CAST(:marks AS jsonb))"
    ),
}


def lock(connection: sa.Connection) -> None:
    """Keep others from looking for copies until this transaction ends.

    Else two that store one document at once would each make a notice of it. Taken
    after the portals' locks, by everybody, so that nobody waits for each other.
    """
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def find_copies(
    connection: sa.Connection, wanted: Mapping[int, datetime]
) -> list[Copy]:
    """Read what is shown under marks, as it came.

    Args:
        wanted: By mark, the date about which copies are looked for.
    """
    nearest: dict[int, list[tuple[timedelta, int]]] = {}
    for hit in _hits(connection, wanted):
        distance = abs(hit.published_at - wanted[hit.mark])
        nearest.setdefault(hit.mark, []).append((distance, hit.pk))
    marks: dict[int, set[int]] = {}
    for mark, found in nearest.items():
        for _, pk in sorted(found)[:_MOST_COPIES]:
            marks.setdefault(pk, set()).add(mark)
    pks = sorted(marks)
    return [
        _copy(row, marks[row.pk])
        for start in range(0, len(pks), CHUNK)
        for row in connection.execute(_copies_query(pks[start : start + CHUNK]))
    ]


def _hits(connection: sa.Connection, wanted: Mapping[int, datetime]) -> Iterable[Any]:
    if not wanted:
        return ()
    asked = (
        _ASKED[connection.dialect.name]
        .columns(sa.column("mark", sa.BigInteger))
        .subquery("asked")
    )
    dates = wanted.values()
    query = (
        sa.select(_marks.c.mark, _seen.pk, _seen.published_at)
        .select_from(asked)
        .join(_marks, _marks.c.mark == asked.c.mark)
        .join(schema.sightings, _seen.pk == _marks.c.sighting_pk)
        .join(schema.notices, _noted.id == _seen.notice_id)
        .where(
            _seen.state == "shown",
            _noted.state == "shown",
            _seen.published_at.between(min(dates) - AROUND, max(dates) + AROUND),
        )
        .order_by(_seen.pk.desc())
        .limit(_MOST_HITS)
    )
    given = {"marks": orjson.dumps(sorted(wanted)).decode()}
    return connection.execute(query, given).all()


def _copies_query(pks: Sequence[int]) -> sa.Select[Any]:
    version = schema.versions.c
    return (
        sa.select(
            *(_seen.pk, _seen.notice_id, _seen.source_pk, _seen.published_at),
            *(version.title, version.facts),
            sa.func.substr(version.text, 1, _MOST_READ).label("text"),
        )
        .join(
            schema.versions,
            (version.sighting_pk == _seen.pk) & (version.n == _seen.version),
        )
        .where(_seen.pk.in_(pks))
        .order_by(_seen.pk)
    )


def _copy(row: sa.Row[Any], marks: Collection[int]) -> Copy:
    document = row.facts.get("document", {})
    issued = document.get("issued")
    return Copy(
        notice=row.notice_id,
        source_pk=row.source_pk,
        title=row.title,
        text=row.text,
        number=own_number(row.facts),
        issued=date.fromisoformat(issued) if issued else None,
        published=row.published_at,
        marks=frozenset(marks),
    )


def places_of(connection: sa.Connection, notices: Iterable[str]) -> dict[str, set[int]]:
    """Say at which sources notices stand, or stood."""
    places: dict[str, set[int]] = {}
    for chunk in chunks(sorted(set(notices))):
        query = sa.select(_seen.notice_id, _seen.source_pk).distinct()
        for id_, pk in connection.execute(query.where(_seen.notice_id.in_(chunk))):
            places.setdefault(id_, set()).add(pk)
    return places


# --- For an editor --------------------------------------------------------------


def propose(
    connection: sa.Connection, proposals: Sequence[Proposal], now: datetime
) -> None:
    """Ask an editor whether notices are one; what was asked once is not asked again."""
    rows = [
        {"notice_id": each.notice, "other_id": each.other, "why": each.why, "at": now}
        for each in proposals
    ]
    if rows:
        statement = insert(connection, _proposals)
        connection.execute(statement.on_conflict_do_nothing(), rows)


def open_proposals(connection: sa.Connection, limit: int) -> list[Proposed]:
    """List what an editor has not decided yet, newest first."""
    query = (
        sa.select(_proposals)
        .where(_proposals.c.decided_at.is_(None))
        .order_by(_proposals.c.at.desc(), _proposals.c.pk.desc())
        .limit(limit)
    )
    rows = connection.execute(query).all()
    faces = _faces(connection, {id_ for r in rows for id_ in (r.notice_id, r.other_id)})
    return [_proposed(row, faces) for row in rows]


def _proposed(row: sa.Row[Any], faces: Mapping[str, sa.Row[Any]]) -> Proposed:
    first, second = faces[row.notice_id], faces[row.other_id]
    return Proposed(
        pk=row.pk,
        why=row.why,
        at=row.at,
        notices=(row.notice_id, row.other_id),
        titles=(first.title, second.title),
        links=(first.link, second.link),
        sources=(first.source, second.source),
    )


def _faces(
    connection: sa.Connection, notices: Collection[str]
) -> dict[str, sa.Row[Any]]:
    """Read what each notice looks like where it was seen first."""
    version, source = schema.versions.c, schema.sources.c
    faces: dict[str, sa.Row[Any]] = {}
    for chunk in chunks(sorted(notices)):
        rows = connection.execute(
            sa.select(_seen.notice_id, version.title, version.link)
            .add_columns(source.id.label("source"))
            .join(schema.sources, source.pk == _seen.source_pk)
            .join(
                schema.versions,
                (version.sighting_pk == _seen.pk) & (version.n == _seen.version),
            )
            .where(_seen.notice_id.in_(chunk))
            .order_by(_seen.pk)
        )
        for row in rows:
            faces.setdefault(row.notice_id, row)
    return faces
