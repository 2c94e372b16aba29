"""Items coming out of the store: what a View shows, and at which version it stands.

One query decides which notices, in which order, and how many; nothing is filtered
after it. Levels are part of every View, so no outlet can forget them.
"""

from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Event
from aggregator.model import Notice
from aggregator.model import Place
from aggregator.model import Reach
from aggregator.model import Reference
from aggregator.model import View
from aggregator.model import ViewVersion
from aggregator.model.search import Sought
from aggregator.store import schema
from aggregator.store.columns import bits_of
from aggregator.store.columns import chunks
from aggregator.store.columns import levels_of
from aggregator.store.labels import Label
from aggregator.store.labels import current_labels
from aggregator.store.search import Hits

_seen = schema.sightings.c
_noted = schema.notices.c
Cell = tuple[str, int, str]  # of a counter: authority, level bit, category
_SHOWN = ("shown", "maybe_withdrawn")
_ORDER = tuple(Category)
_MOST_STREAMS = 200  # fifty authorities in four categories


def read_view(
    connection: sa.Connection,
    view: View,
    *,
    source: str | None = None,
    since: datetime | None = None,
    sought: Sought | None = None,
) -> list[Notice]:
    """Read the notices a view shows, newest published first.

    Args:
        source: Only what this source shows.
        since: Only what was first seen at or after this moment.
        sought: Words of which one place must have all, as it reads today.
    """
    hits = Hits(connection, sought) if sought else None
    rows = _window(connection, view, source=source, since=since, hits=hits)
    return _notices(connection, view, [row.id for row in _in_order(rows)])


def read_notice(connection: sa.Connection, view: View, notice_id: str) -> Notice | None:
    """Read one notice as a view's audience sees it, if it may."""
    found = _notices(connection, view, [notice_id])
    return found[0] if found else None


def view_version(connection: sa.Connection, view: View) -> ViewVersion:
    """Say at which version a selection stands: the sum of the counters on its path."""
    counter = schema.counters.c
    bits = [schema.LEVEL_BITS[level] for level in view.levels]
    row = connection.execute(
        sa.select(sa.func.sum(counter.value), sa.func.max(counter.changed_at)).where(
            counter.authority.in_([reach.authority for reach in view.reach]),
            counter.level_bit.in_(bits),
            counter.category.in_([str(category) for category in view.categories]),
        )
    ).one()
    return ViewVersion(stamp=str(row[0] or 0), changed_at=row[1])


def cells_of(view: View) -> tuple[Cell, ...]:
    """Name the counters on a selection's path."""
    return tuple(
        (reach.authority, schema.LEVEL_BITS[level], str(category))
        for reach in view.reach
        for level in view.levels
        for category in view.categories
    )


def counted(connection: sa.Connection) -> int:
    """Add up all counters: equal sums mean that nothing has changed anywhere."""
    total = connection.scalar(sa.select(sa.func.sum(schema.counters.c.value)))
    return int(total or 0)


def counters(connection: sa.Connection) -> dict[Cell, int]:
    """Read all counters."""
    counter = schema.counters.c
    query = sa.select(
        counter.authority, counter.level_bit, counter.category, counter.value
    )
    return {(a, bit, category): n for a, bit, category, n in connection.execute(query)}


# --- Which --------------------------------------------------------------------


def _window(
    connection: sa.Connection, view: View, **narrowed: Any
) -> list[sa.Row[Any]]:
    """Read which notices stand in the window, each once.

    A notice is there as often as it was seen, so more may have to be read. Databases
    could tell them apart themselves, but would read all there is for it.
    """
    most = 2 * view.limit
    while True:
        rows = connection.execute(_ids_query(view, most, **narrowed)).all()
        once = list({row.id: row for row in rows}.values())
        if len(once) >= view.limit or len(rows) < most:
            return once[: view.limit]
        most *= 4


def _ids_query(
    view: View,
    most: int,
    *,
    source: str | None,
    since: datetime | None,
    hits: Hits | None,
) -> sa.Select[Any]:
    """Say which notices come first, as often as they were seen.

    The newest of one authority and category are the first of an index, and the newest
    of all are among the newest of each. Where there are too many of them, nearly all
    there is is wanted, and it is read by its moment alone.
    """
    streams = len(view.reach) * len(view.categories)
    plain = source is None and since is None and hits is None
    if plain and 0 < streams <= _MOST_STREAMS:
        parts = [_newest(view, most, stream).subquery() for stream in _streams(view)]
        found = sa.union_all(*(sa.select(part) for part in parts)).subquery()
        query = sa.select(found).order_by(*_newest_first(view, found.c))
        return query.limit(most)
    conditions = _visible(view)
    names = [str(category) for category in view.categories]
    conditions.append((_seen.category + "").in_(names))
    if hits is not None:
        return _newest_hits(view, most, conditions, hits, source=source, since=since)
    if source is not None:
        named = sa.select(schema.sources.c.pk).where(schema.sources.c.id == source)
        conditions.append(_seen.source_pk == named.scalar_subquery())
    if since is None:
        return _newest(view, most, conditions)
    late = schema.notices.alias("late").c
    recent = sa.select(late.id).where(late.first_seen_at >= since)
    conditions.append(_seen.notice_id.in_(recent))
    return _newest(view, most, conditions, of=_noted)


def _streams(view: View) -> list[list[sa.ColumnElement[bool]]]:
    """Take a view apart: an authority and a category each."""
    return [
        [_reached(reach, view), _seen.category == str(category), *_standing(view)]
        for reach in view.reach
        for category in sorted(view.categories)
    ]


def _newest(
    view: View,
    most: int,
    conditions: Sequence[sa.ColumnElement[bool]],
    of: Any = _seen,
) -> sa.Select[Any]:
    """Select the newest of what meets some conditions.

    Args:
        of: Whose dates order it, a sighting's or its notice's: they are the same, but
            the order chooses the index.
    """
    query = (
        sa.select(_noted.id, of.published_at, _noted.first_seen_at, of.entered_at)
        .join(schema.sightings, _seen.notice_id == _noted.id)
        .where(*conditions, _seen.level_bits.op("&")(bits_of(view.levels)) != 0)
    )
    columns = query.selected_columns
    if view.on is not None:  # nothing is dated, or enters, after it was first seen
        window = columns.entered_at if view.by_entry else columns.published_at
        query = query.where(window < end_of_day(view.on, view.timezone))
    return query.order_by(*_newest_first(view, columns)).limit(most)


def _newest_hits(
    view: View,
    most: int,
    conditions: Sequence[sa.ColumnElement[bool]],
    hits: Hits,
    *,
    source: str | None,
    since: datetime | None,
) -> sa.Select[Any]:
    """Select the newest of what is found: their places are in the order of dates."""
    recent = [] if since is None else [schema.notices.c.first_seen_at >= since]
    levels = _seen.level_bits.op("&")(bits_of(view.levels)) != 0
    query = hits.select(*conditions, levels, source=source, first_seen=recent)
    found = query.selected_columns
    noted = schema.notices.alias("found")
    query = query.join(noted, noted.c.id == found.notice_id)
    return (
        query.add_columns(noted.c.id, noted.c.first_seen_at)
        .order_by(hits.place.desc())
        .limit(most)
    )


def _newest_first(view: View, of: Any) -> list[sa.ColumnElement[Any]]:
    entered = [of.entered_at.desc()] if view.by_entry else []
    return [*entered, of.published_at.desc(), of.first_seen_at.desc(), of.id.asc()]


def _in_order(rows: Sequence[sa.Row[Any]]) -> list[sa.Row[Any]]:
    """Order the window by date: a back-dated notice enters it, at its own place."""
    by_id = sorted(rows, key=lambda row: str(row.id))
    return sorted(
        by_id, key=lambda row: (row.published_at, row.first_seen_at), reverse=True
    )


def _visible(view: View) -> list[sa.ColumnElement[bool]]:
    """Select the sightings that an audience may see.

    The empty text keeps databases from the index of places: others lead to fewer rows.
    """
    authority = _seen.authority + ""
    whole = [reach.authority for reach in view.reach if reach.until is None]
    parts = [_reached(reach, view) for reach in view.reach if reach.until is not None]
    return [sa.or_(authority.in_(whole), *parts), *_standing(view)]


def _reached(reach: Reach, view: View) -> sa.ColumnElement[bool]:
    own = _seen.authority == reach.authority
    if reach.until is None:
        return own
    return own & (_seen.published_at < end_of_day(reach.until, view.timezone))


def _standing(view: View) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [_seen.state.in_(_SHOWN)]
    if view.on is not None:
        conditions.append(_seen.first_seen_at < end_of_day(view.on, view.timezone))
    return conditions


def end_of_day(day: date, timezone: str) -> datetime:
    """Give the moment at which a day is over in a time zone."""
    midnight = datetime.combine(day + timedelta(days=1), time())
    return midnight.replace(tzinfo=ZoneInfo(timezone))


# --- How they look ------------------------------------------------------------


def _notices(connection: sa.Connection, view: View, ids: Sequence[str]) -> list[Notice]:
    sightings: dict[str, list[sa.Row[Any]]] = {}
    labels: dict[str, list[Label]] = {}
    for chunk in chunks(ids):
        for row in connection.execute(_sightings_query(view, chunk)):
            sightings.setdefault(row.notice_id, []).append(row)
        labels |= current_labels(connection, chunk)
    return [
        _notice(sightings[id_], labels.get(id_, [])) for id_ in ids if id_ in sightings
    ]


def _sightings_query(view: View, ids: Sequence[str]) -> sa.Select[Any]:
    version, source, notice = schema.versions.c, schema.sources.c, schema.notices.c
    return (
        sa.select(
            *(_seen.notice_id, _seen.guid, _seen.first_seen_at, _seen.authority),
            *(_seen.category, _seen.level_bits, _seen.published_at, _seen.state),
            *(source.id.label("source"), source.url, source.feed_title),
            source.feed_id,
            *(version.n, version.at, version.title, version.link, version.html),
            *(version.text, version.author, version.enclosures, version.facts),
            notice.first_seen_at.label("notice_seen_at"),
            _seen.source_pk,
        )
        .join(schema.notices, notice.id == _seen.notice_id)
        .join(schema.sources, source.pk == _seen.source_pk)
        .join(
            schema.versions,
            (version.sighting_pk == _seen.pk) & (version.n == _version_of(view)),
        )
        .where(_seen.notice_id.in_(ids), *_visible(view))
        .order_by(_seen.first_seen_at, _seen.pk)
    )


def _version_of(view: View) -> sa.ColumnElement[int]:
    """Choose each sighting's version: today's, or the one of the day asked for."""
    if view.on is None:
        return _seen.version
    inner = schema.versions.alias("as_of")
    return (
        sa.select(sa.func.max(inner.c.n))
        .where(
            inner.c.sighting_pk == _seen.pk,
            inner.c.at < end_of_day(view.on, view.timezone),
        )
        .scalar_subquery()
    )


def _notice(rows: list[sa.Row[Any]], labels: Sequence[Label]) -> Notice:
    """Make one notice of the places an audience sees; the earliest is its face."""
    face = rows[0]
    categories = {Category(row.category) for row in rows}
    bits = 0
    for row in rows:
        bits |= row.level_bits
    return Notice(
        id=face.notice_id,
        title=face.title,
        link=face.link,
        published=face.published_at,
        first_seen=face.notice_seen_at,
        updated=max(face.published_at, face.at if face.n > 1 else face.published_at),
        category=Category(face.category),
        categories=tuple(c for c in _ORDER if c in categories),
        levels=levels_of(bits),
        authority=face.authority,
        source=face.source,
        source_url=face.url,
        source_title=face.feed_title,
        source_feed_id=face.feed_id,
        guid=face.guid,
        text=face.text,
        html=face.html,
        author=face.author,
        also_at=tuple(_place(row) for row in rows[1:]),
        enclosures=tuple(Enclosure(**enclosure) for enclosure in face.enclosures),
        facets=_facets(labels, {row.source_pk for row in rows}),
        state=face.state,
        **facts_of(face.facts),
    )


def _place(row: sa.Row[Any]) -> Place:
    return Place(
        source=row.source,
        authority=row.authority,
        category=Category(row.category),
        link=row.link,
        guid=row.guid,
        first_seen=row.first_seen_at,
    )


def _facets(labels: Sequence[Label], sources: set[int]) -> dict[str, tuple[str, ...]]:
    facets: dict[str, list[str]] = {}
    for label in labels:
        own = label.source_pk is None or label.source_pk in sources
        if not own or label.facet in ("category", "level", "state"):
            continue
        values = facets.setdefault(label.facet, [])
        if label.value not in values:
            values.append(label.value)
    return {facet: tuple(values) for facet, values in sorted(facets.items())}


def facts_of(facts: dict[str, Any]) -> dict[str, Any]:
    """Read document, deadline, event and references from what a version keeps."""
    read: dict[str, Any] = {}
    if "document" in facts:
        values = dict(facts["document"])
        issued = values.get("issued")
        values["issued"] = date.fromisoformat(issued) if issued else None
        read["document"] = DocumentFacts(**values)
    if "deadline" in facts:
        text = facts["deadline"]
        whole_day = len(text) == len("2026-11-20")
        parse = date.fromisoformat if whole_day else datetime.fromisoformat
        read["deadline"] = parse(text)
    if "event" in facts:
        values = dict(facts["event"])
        for name in ("start", "end"):
            if values.get(name):
                values[name] = datetime.fromisoformat(values[name])
        read["event"] = Event(**values)
    if "references" in facts:
        read["references"] = tuple(Reference(**each) for each in facts["references"])
    return read
