"""Documents that name each other: who is named, and who names. Read-only and bounded.

Which mark stands for what, `meaning.marks` says. Numbers come again each year, so what
is found is told with its day, for a person to judge by.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.model import Reference
from aggregator.store import schema
from aggregator.store.columns import NOW_SHOWN
from aggregator.store.dossier import SHOWN
from aggregator.store.faces import facts_of

MOST = 200  # sightings of all marks together, those that came last
_seen = schema.sightings.c
_version = schema.versions.c
_mark = schema.marks.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A notice found by a mark, as it stands at one source."""

    mark: int
    id: str
    title: str
    published: datetime
    authority: str
    references: tuple[Reference, ...] = ()


def find_marked(
    connection: sa.Connection, marks: Collection[int], *, but: str = ""
) -> list[Marked]:
    """Find what bears marks and is shown, the newest first, each notice once a mark.

    Args:
        but: A notice that is not to be found.
    """
    if not marks:
        return []
    # A decree may be named by thousands: they are cut before anything else is read.
    met = (
        sa.select(schema.marks)
        .where(_mark.mark.in_(sorted(marks)))
        .order_by(_mark.sighting_pk.desc())
        .limit(MOST)
        .subquery("met")
    )
    query: sa.Select[Any] = (
        sa.select(
            *(met.c.mark, _seen.notice_id, _seen.published_at, _seen.authority),
            *(_version.title, _version.facts),
        )
        .join(schema.sightings, _seen.pk == met.c.sighting_pk)
        .join(schema.notices, schema.notices.c.id == _seen.notice_id)
        .join(schema.versions, NOW_SHOWN)
        .where(
            _seen.state.in_(SHOWN),
            schema.notices.c.state.in_(SHOWN),
            _seen.notice_id != but,
        )
        .order_by(_seen.published_at.desc(), _seen.pk)
    )
    found: dict[tuple[int, str], Marked] = {}
    for row in connection.execute(query):
        found.setdefault((row.mark, row.notice_id), _marked(row))
    return list(found.values())


def _marked(row: sa.Row[Any]) -> Marked:
    return Marked(
        mark=row.mark,
        id=row.notice_id,
        title=row.title,
        published=row.published_at,
        authority=row.authority,
        references=facts_of(row.facts).get("references", ()),
    )
