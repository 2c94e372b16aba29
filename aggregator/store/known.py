"""What is known of a source's items when a document comes: read, never written."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from aggregator.model import Category
from aggregator.model import Known
from aggregator.model import SourceRow
from aggregator.store import schema
from aggregator.store.columns import CHUNK
from aggregator.store.columns import levels_of
from aggregator.store.columns import own_number

_MOST_MISSING = 2000  # of one source, in one look
_RECENT = timedelta(days=30)  # in which going back to a former version is flipping
_MOST_PAST = 100  # former versions of an item that it may go back to
_RECENT_LINKS = 50
_DAY = timedelta(days=1)
_MOST_SPANS = 10  # of days in one question
_LOCKS = 7_361_403  # PostgreSQL advisory locks: one writer a portal

# Pairs of source and name, given as one JSON value: databases limit how many are given.
_ASKED = {
    "sqlite": sa.text(
        "SELECT json_extract(value, '$[0]') AS pk, json_extract(value, '$[1]') AS name"
        " FROM json_each(:wanted)"
    ),
    "postgresql": sa.text(
        "SELECT CAST(value ->> 0 AS bigint) AS pk, value ->> 1 AS name"
        " FROM jsonb_array_elements(CAST(:wanted AS jsonb))"
    ),
}


def lock_portals(connection: sa.Connection, portals: Collection[str]) -> None:
    """Keep others from storing items of these portals until this transaction ends."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        # In the order of their numbers, so that no two writers wait for each other.
        for number in sorted(
            connection.scalars(
                sa.text("SELECT hashtext(p) FROM unnest(CAST(:p AS text[])) p"),
                {"p": sorted(portals)},
            )
        ):
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, number)))


class Shelf:
    """What is known of sources, each of a portal of its own, in one transaction."""

    def __init__(
        self, connection: sa.Connection, rows: Sequence[SourceRow], now: datetime
    ) -> None:
        self._connection = connection
        self._now = now
        self._by_portal = {row.portal: row for row in rows}
        self._found: dict[int, dict[str, list[Known]]] = {row.pk: {} for row in rows}
        self._of_portal = _with_items(connection, self._by_portal)

    def has_items(self, row: SourceRow) -> bool:
        """Say whether a source has ever shown an item."""
        return row.pk in self._of_portal.get(row.portal, ())

    def holds(self, portal: str) -> bool:
        """Say whether anything of a portal is known."""
        return portal in self._of_portal

    def of(self, row: SourceRow) -> dict[str, list[Known]]:
        """Give what was found so far, at this source and others of its portal."""
        return self._found[row.pk]

    def look_up(self, names: Mapping[int, Collection[str]]) -> None:
        """Find what these sources and others of their portals show under names.

        Args:
            names: By row of the source.
        """
        wanted = [
            (pk, name)
            for row in self._by_portal.values()
            for pk in self._of_portal.get(row.portal, ())
            for name in sorted(names[row.pk])
        ]
        hits: dict[int, list[sa.Row[Any]]] = {}
        for hit in _hits(self._connection, wanted):
            hits.setdefault(self._by_portal[hit.portal].pk, []).append(hit)
        for row in self._by_portal.values():
            mine = hits.get(row.pk, [])
            past = _past(self._connection, row, mine, self._now)
            for hit in mine:
                known = _known(hit, row.pk, past)
                self._found[row.pk].setdefault(hit.key, []).append(known)

    def newer_than(self, row: SourceRow, moment: datetime | None) -> list[Known]:
        """List what a source should still list, and what is to be looked after again.

        Args:
            moment: The date of the oldest item that its document lists; None: not
                known.
        """
        return _newer_than(self._connection, row, moment, self._now)

    def dates_taken(
        self, row: SourceRow, moments: Collection[datetime]
    ) -> set[datetime]:
        """List the seconds that a source's items carry near these moments."""
        return _dates_taken(self._connection, row, moments)


def _with_items(
    connection: sa.Connection, portals: Collection[str]
) -> dict[str, list[int]]:
    """List the sources of portals that have shown something, by portal."""
    source = schema.sources.c
    has = sa.exists().where(schema.sightings.c.source_pk == source.pk)
    query = sa.select(source.portal, source.pk).where(source.portal.in_(portals), has)
    found: dict[str, list[int]] = {}
    for portal, pk in connection.execute(query):
        found.setdefault(portal, []).append(pk)
    return found


def _hits(
    connection: sa.Connection, wanted: Sequence[tuple[int, str]]
) -> Sequence[sa.Row[Any]]:
    """Ask for names at sources: as one value, since databases limit their number."""
    if not wanted:
        return ()
    asked = (
        _ASKED[connection.dialect.name]
        .columns(sa.column("pk", sa.BigInteger), sa.column("name", sa.Text))
        .subquery("asked")
    )
    key = schema.keys.c
    query = _known_query().join(
        asked, (key.source_pk == asked.c.pk) & (key.key == asked.c.name)
    )
    return connection.execute(query, {"wanted": orjson.dumps(wanted).decode()}).all()


def _newer_than(
    connection: sa.Connection, row: SourceRow, moment: datetime | None, now: datetime
) -> list[Known]:
    seen = schema.sightings.c
    absent = seen.state.in_(("maybe_withdrawn", "withdrawn"))
    expected = schema.MISSED & absent & (seen.check_at <= now)
    if moment is not None:
        shown = seen.state.in_(("shown", "maybe_withdrawn"))
        expected = expected | (shown & (seen.published_at > moment))
    query = _known_query().where(seen.source_pk == row.pk, expected)
    first: dict[int, Known] = {}
    for hit in connection.execute(query.limit(_MOST_MISSING)):
        first.setdefault(hit.pk, _known(hit, row.pk, {}))
    return list(first.values())


def _known_query() -> sa.Select[Any]:
    key, seen = schema.keys.c, schema.sightings.c
    version, source = schema.versions.c, schema.sources.c
    return (
        sa.select(
            *(key.key, key.source_pk, seen.pk, seen.notice_id, seen.fingerprint),
            *(seen.version, seen.published_at, seen.category, seen.level_bits),
            *(seen.guid, seen.state, seen.missing, seen.check_at),
            *(seen.flip, seen.flip_since),
            *(version.title, version.link, version.given_at, version.facts),
            source.portal,
        )
        .select_from(schema.keys)
        .join(schema.sightings, seen.pk == key.sighting_pk)
        .join(schema.sources, source.pk == key.source_pk)
        .join(
            schema.versions,
            (version.sighting_pk == seen.pk) & (version.n == seen.version),
        )
        .order_by(seen.pk)
    )


def _past(
    connection: sa.Connection,
    row: SourceRow,
    hits: Sequence[sa.Row[Any]],
    now: datetime,
) -> dict[int, frozenset[str]]:
    """Read the recent former versions of items that have changed more than once.

    While their source goes to and fro nothing new is kept of it, so that all versions
    grow old; then the old ones count too.
    """
    version, seen = schema.versions.c, schema.sightings.c
    flipped = row.standing.flipped_at
    flipping = flipped is not None and flipped > now - _RECENT
    pks = sorted({hit.pk for hit in hits if hit.version > 2})
    past: dict[int, set[str]] = {}
    for start in range(0, len(pks), CHUNK):
        query = (
            sa.select(version.sighting_pk, version.fingerprint)
            .join(schema.sightings, seen.pk == version.sighting_pk)
            .where(
                version.sighting_pk.in_(pks[start : start + CHUNK]),
                version.n > seen.version - _MOST_PAST,
            )
        )
        if not flipping:
            query = query.where(version.at > now - _RECENT)
        for pk, fingerprint in connection.execute(query):
            past.setdefault(pk, set()).add(fingerprint)
    return {pk: frozenset(prints) for pk, prints in past.items()}


def _known(
    hit: sa.Row[Any], source_pk: int, past: Mapping[int, frozenset[str]]
) -> Known:
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
        guid=hit.guid,
        given=hit.given_at,
        number=own_number(hit.facts),
        state=hit.state,
        missing=hit.missing,
        check_at=hit.check_at,
        past=past.get(hit.pk, frozenset()),
        flip=hit.flip,
        flip_since=hit.flip_since,
    )


def has_items(connection: sa.Connection, row: SourceRow) -> bool:
    """Say whether a source has ever shown an item."""
    one = sa.select(schema.sightings.c.pk).where(schema.sightings.c.source_pk == row.pk)
    return connection.scalar(one.limit(1)) is not None


def recent_links(connection: sa.Connection, source_pk: int) -> list[str]:
    """List where the latest items of a source lead, as they were shown."""
    version, seen = schema.versions.c, schema.sightings.c
    query = (
        sa.select(version.link)
        .join(schema.sightings, seen.pk == version.sighting_pk)
        .where(seen.source_pk == source_pk, seen.state != "held", version.n == 1)
        .order_by(seen.published_at.desc())
        .limit(_RECENT_LINKS)
    )
    return list(connection.scalars(query))


def _dates_taken(
    connection: sa.Connection, row: SourceRow, moments: Collection[datetime]
) -> set[datetime]:
    """List the dates that are taken near these moments.

    A day about each: one second after another of it may be taken, since of many items
    only the day is known, or they were all put in at once.
    """
    seen = schema.sightings.c
    near = sa.or_(*(seen.published_at.between(*span) for span in _spans(moments)))
    dates = sa.select(seen.published_at).where(seen.source_pk == row.pk, near)
    return set(connection.scalars(dates))


def _spans(moments: Collection[datetime]) -> list[tuple[datetime, datetime]]:
    """Cover these moments, and a day about each, with few spans of time."""
    times = sorted(set(moments))
    gap = {n: times[n] - times[n - 1] for n in range(1, len(times))}
    widest = sorted(gap, key=lambda n: gap[n], reverse=True)[: _MOST_SPANS - 1]
    cuts = sorted(n for n in widest if gap[n] > 2 * _DAY)
    ends = zip([0, *cuts], [*cuts, len(times)], strict=True)
    return [(times[a] - _DAY, times[b - 1] + _DAY) for a, b in ends]
