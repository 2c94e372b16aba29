"""Items coming out of the store: what a View shows, and at which version it stands.

One query decides which notices, in which order, and how many; nothing is filtered
after it. Levels are part of every View, so no outlet can forget them.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from functools import partial
from typing import Any

import sqlalchemy as sa

from aggregator.model import Notice
from aggregator.model import View
from aggregator.model import ViewVersion
from aggregator.model.search import Sought
from aggregator.store import schema
from aggregator.store.columns import bits_of
from aggregator.store.faces import notices_of
from aggregator.store.scope import end_of_day
from aggregator.store.scope import few_streams
from aggregator.store.scope import of_levels
from aggregator.store.scope import standing
from aggregator.store.scope import streams
from aggregator.store.scope import told_until
from aggregator.store.scope import version_of
from aggregator.store.scope import visible
from aggregator.store.search import Hits

_seen = schema.sightings.c
_noted = schema.notices.c
Cell = tuple[str, int, str]  # of a counter: authority, level bit, category
DATED_AMONG = 500  # of each authority and category so many are looked at for dates


def read_view(
    connection: sa.Connection,
    view: View,
    *,
    source: str | None = None,
    since: datetime | None = None,
    sought: Sought | None = None,
    dated: bool = False,
) -> list[Notice]:
    """Read the notices a view shows, newest published first.

    Args:
        source: Only what this source shows.
        since: Only what was first seen at or after this moment.
        sought: Words of which one place must have all, as it reads today.
        dated: Only what has an event or a deadline, of the latest of each authority
            and category; goes with none of the others.
    """
    if dated:
        rows = _window(view, lambda most: _asked(connection, _dated_query(view, most)))
    elif source is None and since is None and sought is None and _is_plain(view):
        plain, values = _plain_query(view)
        rows = _window(
            view, lambda most: _asked(connection, plain, {**values, "most": most})
        )
    else:
        hits = Hits(connection, sought) if sought else None
        query = partial(_ids_query, view, source=source, since=since, hits=hits)
        rows = _window(view, lambda most: _asked(connection, query(most)))
    return notices_of(connection, view, [row.id for row in _in_order(rows)])


def read_notice(connection: sa.Connection, view: View, notice_id: str) -> Notice | None:
    """Read one notice as a view's audience sees it, if it may."""
    found = notices_of(connection, view, [notice_id])
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
    view: View, ask: Callable[[int], Sequence[sa.Row[Any]]]
) -> list[sa.Row[Any]]:
    """Read which notices stand in the window, each once.

    A notice is there as often as it was seen, so more may have to be read. Databases
    could tell them apart themselves, but would read all there is for it.

    Args:
        ask: Reads so many places, the newest first.
    """
    most = 2 * view.limit
    while True:
        rows = ask(most)
        once = list({row.id: row for row in rows}.values())
        if len(once) >= view.limit or len(rows) < most:
            return once[: view.limit]
        most *= 4


def _asked(
    connection: sa.Connection,
    query: sa.Select[Any],
    values: Mapping[str, Any] | None = None,
) -> Sequence[sa.Row[Any]]:
    return connection.execute(query, values).all()


def _is_plain(view: View) -> bool:
    """Say whether a view is as feeds have it: of today, of authorities that last."""
    return (
        view.on is None
        and few_streams(view)
        and all(reach.until is None for reach in view.reach)
    )


def _plain_query(view: View) -> tuple[sa.Select[Any], dict[str, Any]]:
    """Say which notices of a plain view come first: a statement, and its values.

    Making a statement takes longer than asking it; so those of one shape share one.
    """
    statement = _plain_statement(
        len(view.reach),
        len(view.categories),
        by_entry=view.by_entry,
        gone=view.gone_since is not None,
    )
    values: dict[str, Any] = {"bits": bits_of(view.levels)}
    for n, reach in enumerate(view.reach):
        values[f"authority_{n}"] = reach.authority
    for n, category in enumerate(sorted(view.categories)):
        values[f"category_{n}"] = str(category)
    if view.gone_since is not None:
        values["gone_since"] = view.gone_since
    return statement, values


@lru_cache(maxsize=256)
def _plain_statement(
    reaches: int, categories: int, *, by_entry: bool, gone: bool
) -> sa.Select[Any]:
    since: Any = sa.bindparam("gone_since", type_=schema.UtcTime) if gone else None
    shape = View(
        audience="",
        reach=(),
        levels=frozenset(),
        categories=frozenset(),
        by_entry=by_entry,
        gone_since=since,
    )
    there = standing(shape)
    most: Any = sa.bindparam("most", type_=sa.Integer)
    bits: Any = sa.bindparam("bits", type_=sa.Integer)
    return _newest_of(
        shape,
        most,
        [
            [
                _seen.authority == sa.bindparam(f"authority_{reach}"),
                _seen.category == sa.bindparam(f"category_{category}"),
                *there,
            ]
            for reach in range(reaches)
            for category in range(categories)
        ],
        bits,
    )


def _newest_of(
    view: View,
    most: Any,
    streams: Sequence[Sequence[sa.ColumnElement[bool]]],
    bits: Any,
) -> sa.Select[Any]:
    """Select the newest among the newest of each stream."""
    parts = [_newest(view, most, stream, bits=bits).subquery() for stream in streams]
    found = sa.union_all(*(sa.select(part) for part in parts)).subquery()
    query = sa.select(found).order_by(*_newest_first(view, found.c))
    return query.limit(most)


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
    plain = source is None and since is None and hits is None
    if plain and few_streams(view):
        return _newest_of(view, most, streams(view), bits_of(view.levels))
    conditions = visible(view)
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


def _dated_query(view: View, most: int) -> sa.Select[Any]:
    """Say which notices with a date come first, as often as they were seen.

    Only the latest of each authority and category are looked at: their texts have to
    be, and a calendar shall cost no more when there are a million.
    """
    parts = [_newest(view, DATED_AMONG, stream).subquery() for stream in streams(view)]
    found = sa.union_all(*(sa.select(part) for part in parts)).subquery().c
    facts = schema.versions.c.facts
    has_date = [facts[name].as_string().is_not(None) for name in ("event", "deadline")]
    version = (schema.versions.c.sighting_pk == found.pk) & (
        schema.versions.c.n == found.n
    )
    query = sa.select(found.id, found.published_at, found.first_seen_at)
    query = query.join(schema.versions, version).where(sa.or_(*has_date))
    return query.order_by(*_newest_first(view, found)).limit(most)


def _newest(
    view: View,
    most: Any,
    conditions: Sequence[sa.ColumnElement[bool]],
    of: Any = _seen,
    *,
    bits: Any = None,
) -> sa.Select[Any]:
    """Select the newest of what meets some conditions.

    Args:
        bits: Of the levels; those of the view if left out.
        of: Whose dates order it, a sighting's or its notice's: they are the same, but
            the order chooses the index.
    """
    bits = bits_of(view.levels) if bits is None else bits
    query = (
        sa.select(
            *(_noted.id, of.published_at, _noted.first_seen_at, of.entered_at),
            *(_seen.pk, version_of(view).label("n")),
        )
        .join(schema.sightings, _seen.notice_id == _noted.id)
        .where(*conditions, _seen.level_bits.op("&")(bits) != 0)
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
    levels = of_levels(view.levels)
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


def last_untold(connection: sa.Connection, view: View) -> datetime | None:
    """Say when this view last ceased to tell of a loss: bytes changed then."""
    if view.gone_since is None or view.on is not None:
        return None
    latest = connection.scalar(
        sa.select(sa.func.max(_seen.gone_at)).where(
            _seen.gone_at.is_not(None),
            _seen.gone_at < view.gone_since,
            _seen.authority.in_([reach.authority for reach in view.reach]),
            _seen.category.in_([str(category) for category in view.categories]),
            of_levels(view.levels),
        )
    )
    return None if latest is None else told_until(latest, view.timezone)
