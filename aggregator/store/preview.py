"""What editors look at: all that came in, whatever its state, newest first.

Read-only and bounded: these pages are public, so no address may cost more than a page
of rows. Feeds never read here; `views` decides what they show.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from aggregator.model import ALL_LEVELS
from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import Reach
from aggregator.model.search import Sought
from aggregator.store import schema
from aggregator.store.columns import CHUNK
from aggregator.store.columns import NOW_SHOWN
from aggregator.store.columns import chunks
from aggregator.store.columns import levels_of
from aggregator.store.dossier import SHOWN
from aggregator.store.dossier import state_of
from aggregator.store.scope import end_of_day
from aggregator.store.scope import of_levels
from aggregator.store.search import Hits
from aggregator.store.search import place_of

PAGE = 50  # rows on one page of the list
MAX_COUNT = 1_000  # notices that are counted; beyond it is "more than"
_BEGINNING = 300  # characters of a text, for those without a title
_ORDER = tuple(Category)
_notice = schema.notices.c
_seen = schema.sightings.c
_version = schema.versions.c
_source = schema.sources.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which notices: those that one place meets in all of this."""

    timezone: str
    source: str | None = None
    reach: tuple[Reach, ...] | None = None  # None: of everybody
    levels: frozenset[Level] = ALL_LEVELS
    categories: frozenset[Category] = frozenset(Category)
    day: date | None = None  # on which it was first seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One notice in the list, with the face of the first place that was asked for."""

    id: str
    title: str
    text: str  # its beginning
    number: str
    source: str
    authority: str
    categories: tuple[Category, ...]
    levels: frozenset[Level]  # empty: all
    first_seen: datetime
    published: datetime
    state: str
    version: int  # the highest of its places
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of what came in."""

    rows: tuple[Received, ...]
    older: str | None = None  # the id that the next page begins after
    total: int | None = None  # None: beyond MAX_COUNT


# --- The list -----------------------------------------------------------------


def source_names(connection: sa.Connection) -> list[str]:
    """List every source that ever was, also those that left the file."""
    return list(connection.scalars(sa.select(_source.id).order_by(_source.id)))


def read_listing(
    connection: sa.Connection,
    wanted: Wanted,
    *,
    before: str | None = None,
    sought: Sought | None = None,
) -> Listing | None:
    """Read what came in; None where ``before`` is no notice.

    Newest first seen first; what is sought, newest published first.

    Args:
        before: The id after which the page begins.
        sought: Words of which one place must have all; nothing sought is no filter.
    """
    start = connection.execute(
        sa.select(schema.notices).where(_notice.id == before)
    ).one_or_none()
    if before is not None and start is None:
        return None
    if sought:
        return _found(connection, wanted, Hits(connection, sought), before)
    ids = list(connection.scalars(_ids_query(wanted, start, PAGE + 1)))
    return Listing(
        rows=_received(connection, wanted, ids[:PAGE]),
        older=ids[PAGE - 1] if len(ids) > PAGE else None,
        total=_count(connection, wanted),
    )


def _ids_query(wanted: Wanted, start: sa.Row[Any] | None, limit: int) -> sa.Select[Any]:
    query = sa.select(_notice.id).where(*_meets(wanted))
    if start is not None:
        seen, published = start.first_seen_at, start.published_at
        later_here = (_notice.published_at == published) & (_notice.id > start.id)
        here = (_notice.published_at < published) | later_here
        query = query.where(
            _notice.first_seen_at <= seen, (_notice.first_seen_at < seen) | here
        )
    return query.order_by(
        _notice.first_seen_at.desc(), _notice.published_at.desc(), _notice.id
    ).limit(limit)


def _count(connection: sa.Connection, wanted: Wanted) -> int | None:
    some = sa.select(_notice.id).where(*_meets(wanted)).limit(MAX_COUNT + 1)
    count = connection.scalar(sa.select(sa.func.count()).select_from(some.subquery()))
    return count if count is not None and count <= MAX_COUNT else None


def _meets(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.day is not None:
        conditions += _on_day(wanted.day, wanted.timezone)
    places = _places(wanted)
    if places:
        conditions.append(_notice.id.in_(sa.select(_seen.notice_id).where(*places)))
    return conditions


def _on_day(day: date, timezone: str) -> list[sa.ColumnElement[bool]]:
    begin = end_of_day(day - timedelta(days=1), timezone)
    return [
        _notice.first_seen_at >= begin,
        _notice.first_seen_at < end_of_day(day, timezone),
    ]


def _places(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """Say what one place must meet; nothing where nothing was asked."""
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.source is not None:
        named = sa.select(_source.pk).where(_source.id == wanted.source)
        conditions.append(_seen.source_pk == named.scalar_subquery())
    if wanted.reach is not None:
        conditions.append(sa.or_(*(_reached(r, wanted) for r in wanted.reach)))
    if wanted.levels != ALL_LEVELS:
        conditions.append(of_levels(wanted.levels))
    if len(wanted.categories) < len(Category):
        names = [str(category) for category in wanted.categories]
        conditions.append(_seen.category.in_(names))
    return conditions


def _reached(reach: Reach, wanted: Wanted) -> sa.ColumnElement[bool]:
    own = _seen.authority == reach.authority
    if reach.until is None:
        return own
    return own & (_seen.published_at < end_of_day(reach.until, wanted.timezone))


# --- What is sought -----------------------------------------------------------


def _found(
    connection: sa.Connection, wanted: Wanted, hits: Hits, before: str | None
) -> Listing:
    """Read a page of what is found. A notice stands where its newest place does."""
    query = _hits_query(wanted, hits)
    rows = _highest(connection, query, hits, MAX_COUNT + 1)
    if before is None:
        ids = list(dict.fromkeys(row.notice_id for row in rows))[: PAGE + 1]
    else:
        ids = _below(connection, query, hits, _top(connection, query, hits, before))
    return Listing(
        rows=_received(connection, wanted, ids[:PAGE]),
        older=ids[PAGE - 1] if len(ids) > PAGE else None,
        total=_count_found(connection, query, hits, rows),
    )


def _hits_query(wanted: Wanted, hits: Hits) -> sa.Select[Any]:
    day = wanted.day
    seen = _on_day(day, wanted.timezone) if day is not None else ()
    at_any = _places(replace(wanted, source=None))
    return hits.select(*at_any, source=wanted.source, first_seen=seen)


def _highest(
    connection: sa.Connection, query: sa.Select[Any], hits: Hits, most: int
) -> Sequence[sa.Row[Any]]:
    return connection.execute(query.order_by(hits.place.desc()).limit(most)).all()


def _below(
    connection: sa.Connection, query: sa.Select[Any], hits: Hits, top: int
) -> list[str]:
    """List the ids of a later page, and of one notice more; most were seen but once."""
    below, most = query.where(hits.place < top), PAGE + 1
    while True:
        rows = _highest(connection, below, hits, most)
        ids = dict.fromkeys(row.notice_id for row in rows)
        for id_, highest in _tops(connection, query, hits, list(ids)).items():
            if highest >= top:  # it stands on an earlier page
                del ids[id_]
        if len(ids) > PAGE or len(rows) < most:
            return list(ids)[: PAGE + 1]
        most *= 4


def _top(
    connection: sa.Connection, query: sa.Select[Any], hits: Hits, notice: str
) -> int:
    """Say where a notice stands among what is found; below it the next page begins."""
    found = _tops(connection, query, hits, [notice])
    return found.get(notice) or max(
        place
        for places in _all_places(connection, [notice]).values()
        for place in places
    )


def _tops(
    connection: sa.Connection,
    query: sa.Select[Any],
    hits: Hits,
    notices: Sequence[str],
) -> dict[str, int]:
    """Say of those of many places, or of a single notice, where they stand."""
    places = _all_places(connection, notices)
    several = [
        place
        for found in places.values()
        if len(found) > 1 or len(notices) == 1
        for place in found
    ]
    tops: dict[str, int] = {}
    for start in range(0, len(several), CHUNK):
        here = hits.place.in_(several[start : start + CHUNK])
        for row in connection.execute(query.where(here)):
            highest = tops.get(row.notice_id, row.place)
            tops[row.notice_id] = max(row.place, highest)
    return tops


def _all_places(
    connection: sa.Connection, notices: Sequence[str]
) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for chunk in chunks(notices):
        query = sa.select(_seen.notice_id, _seen.published_at, _seen.pk)
        for id_, published, pk in connection.execute(
            query.where(_seen.notice_id.in_(chunk))
        ):
            places.setdefault(id_, []).append(place_of(published, pk))
    return places


def _count_found(
    connection: sa.Connection,
    query: sa.Select[Any],
    hits: Hits,
    rows: Sequence[sa.Row[Any]],
) -> int | None:
    """Count notices, each once, as far as they are counted.

    Args:
        rows: Those with the highest places, as many as are counted and one more.
    """
    most = MAX_COUNT + 1
    while (count := len({row.notice_id for row in rows})) <= MAX_COUNT:
        if len(rows) < most:
            return count
        most *= 4  # many stand at many places
        rows = _highest(connection, query, hits, most)
    return None


# --- How they look ------------------------------------------------------------


def _number(facts: Mapping[str, Any]) -> str:
    return str(facts.get("document", {}).get("number", ""))


def _received(
    connection: sa.Connection, wanted: Wanted, ids: Sequence[str]
) -> tuple[Received, ...]:
    rows: dict[str, list[sa.Row[Any]]] = {}
    for row in connection.execute(_rows_query(wanted, ids)):
        rows.setdefault(row.notice_id, []).append(row)
    return tuple(_one_received(rows[id_]) for id_ in ids if id_ in rows)


def _rows_query(wanted: Wanted, ids: Sequence[str]) -> sa.Select[Any]:
    return (
        sa.select(
            *(_seen.notice_id, _seen.authority, _seen.category, _seen.level_bits),
            *(_seen.version, _seen.state, _source.id.label("source")),
            *(_version.title, _version.facts, _notice.first_seen_at),
            sa.func.substr(_version.text, 1, _BEGINNING).label("text"),
            *(_notice.published_at, _notice.state.label("notice_state")),
            sa.and_(sa.true(), *_places(wanted)).label("meets"),
        )
        .join(schema.notices, _notice.id == _seen.notice_id)
        .join(schema.sources, _source.pk == _seen.source_pk)
        .join(schema.versions, NOW_SHOWN)
        .where(_seen.notice_id.in_(ids))
        .order_by(_seen.first_seen_at, _seen.pk)
    )


def _one_received(rows: Sequence[sa.Row[Any]]) -> Received:
    face = min(rows, key=lambda row: (not row.meets, row.state not in SHOWN))
    categories = {row.category for row in rows}
    bits = 0
    for row in rows:
        bits |= row.level_bits
    return Received(
        id=face.notice_id,
        title=face.title,
        text=face.text,
        number=_number(face.facts),
        source=face.source,
        authority=face.authority,
        categories=tuple(c for c in _ORDER if c in categories),
        levels=levels_of(bits),
        first_seen=face.first_seen_at,
        published=face.published_at,
        state=state_of(face.notice_state, face.state),
        version=max(row.version for row in rows),
        places=len(rows),
    )
