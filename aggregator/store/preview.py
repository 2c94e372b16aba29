"""What editors look at: all that came in, whatever its state, and one notice's history.

Read-only and bounded: these pages are public, so no address may cost more than a page
of rows. Feeds never read here; `views` decides what they show.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from aggregator.model import ALL_LEVELS
from aggregator.model import Because
from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Event
from aggregator.model import Level
from aggregator.model import Reach
from aggregator.store import schema
from aggregator.store.items import bits_of
from aggregator.store.items import levels_of
from aggregator.store.views import _facts as facts_of
from aggregator.store.views import end_of_day

PAGE = 50  # rows on one page of the list
MAX_COUNT = 1_000  # notices that are counted; beyond it is "more than"
MAX_LOOKED = 2_000  # notices looked at for words, for one page
MAX_CHARACTERS = 4_000_000  # of their texts: half a second of folding
MAX_VERSIONS = 10  # of one sighting, newest first
MAX_ROWS = 200  # places, keys or labels of one notice
SHOWN = ("shown", "maybe_withdrawn")  # the states in which feeds carry a notice
_BATCH = 100  # texts held at once
_BEGINNING = 300  # characters of a text, for those without a title
_ORDER = tuple(Category)
_notice = schema.notices.c
_seen = schema.sightings.c
_version = schema.versions.c
_source = schema.sources.c
_NOW_SHOWN = (_version.sighting_pk == _seen.pk) & (_version.n == _seen.version)


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
    total: int | None = None  # None: beyond MAX_COUNT, or not counted
    looked_at: int | None = None  # notices whose words were read for this page


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What is known of a notice at one source."""

    pk: int
    source: str
    source_url: str
    feed_id: str
    feed_title: str
    authority: str
    category: Category
    levels: frozenset[Level]  # empty: all
    guid: str
    link: str
    first_seen: datetime
    published: datetime
    state: str
    version: int
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a sighting said from a moment on: ours, and as its source wrote it."""

    n: int
    at: datetime
    given: datetime | None
    title: str
    link: str
    html: str
    text: str
    author: str
    enclosures: tuple[Enclosure, ...]
    raw: Mapping[str, Any]
    document: DocumentFacts | None = None
    deadline: date | datetime | None = None
    event: Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A label that holds or held, and why; without a source it held everywhere."""

    facet: str
    value: str
    source: str | None
    why: tuple[Because, ...]
    given_by: str
    from_at: datetime
    to_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One notice, whatever its state, every place where it stands, and its labels."""

    id: str
    first_seen: datetime
    published: datetime
    own_state: str  # of the notice as a whole, beside that of each place
    sightings: tuple[Sighting, ...]  # the earliest first
    labels: tuple[Given, ...]  # those that hold first

    @property
    def face(self) -> Sighting:
        """Give the place that readers see first; the first of all if they see none."""
        return min(self.sightings, key=lambda place: place.state not in SHOWN)

    @property
    def state(self) -> str:
        """Say how it stands for readers: hidden as a whole, or as its face is."""
        return state_of(self.own_state, self.face.state)


# --- The list -----------------------------------------------------------------


def source_names(connection: sa.Connection) -> list[str]:
    """List every source that ever was, also those that left the file."""
    return list(connection.scalars(sa.select(_source.id).order_by(_source.id)))


def read_listing(
    connection: sa.Connection,
    wanted: Wanted,
    *,
    before: str | None = None,
    matches: Callable[[str], bool] | None = None,
) -> Listing | None:
    """Read what came in, newest first seen first; None where ``before`` is no notice.

    Args:
        before: The id after which the page begins.
        matches: Says of a notice's title, number and text whether it is looked for.
    """
    start = connection.execute(
        sa.select(schema.notices).where(_notice.id == before)
    ).one_or_none()
    if before is not None and start is None:
        return None
    bound = PAGE if matches is None else MAX_LOOKED
    ids = list(connection.scalars(_ids_query(wanted, start, bound + 1)))
    found, looked = ids[:bound], min(len(ids), bound)
    if matches is not None:
        found, looked = _search(connection, wanted, ids[:bound], matches)
    return Listing(
        rows=_received(connection, wanted, found),
        older=ids[looked - 1] if looked < len(ids) else None,
        total=_count(connection, wanted) if matches is None else None,
        looked_at=None if matches is None else looked,
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
        begin = end_of_day(wanted.day - timedelta(days=1), wanted.timezone)
        end = end_of_day(wanted.day, wanted.timezone)
        conditions += [_notice.first_seen_at >= begin, _notice.first_seen_at < end]
    places = _places(wanted)
    if places:
        conditions.append(_notice.id.in_(sa.select(_seen.notice_id).where(*places)))
    return conditions


def _places(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """Say what one place must meet; nothing where nothing was asked."""
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.source is not None:
        named = sa.select(_source.pk).where(_source.id == wanted.source)
        conditions.append(_seen.source_pk == named.scalar_subquery())
    if wanted.reach is not None:
        conditions.append(sa.or_(*(_reached(r, wanted) for r in wanted.reach)))
    if wanted.levels != ALL_LEVELS:
        conditions.append(_seen.level_bits.op("&")(bits_of(wanted.levels)) != 0)
    if len(wanted.categories) < len(Category):
        names = [str(category) for category in wanted.categories]
        conditions.append(_seen.category.in_(names))
    return conditions


def _reached(reach: Reach, wanted: Wanted) -> sa.ColumnElement[bool]:
    own = _seen.authority == reach.authority
    if reach.until is None:
        return own
    return own & (_seen.published_at < end_of_day(reach.until, wanted.timezone))


def _search(
    connection: sa.Connection,
    wanted: Wanted,
    ids: Sequence[str],
    matches: Callable[[str], bool],
) -> tuple[list[str], int]:
    """Look for words, notice by notice, until a page is full or enough was read."""
    found: list[str] = []
    looked = characters = 0
    for start in range(0, len(ids), _BATCH):
        texts = _texts(connection, wanted, ids[start : start + _BATCH])
        for id_ in ids[start : start + _BATCH]:
            if len(found) == PAGE or characters > MAX_CHARACTERS:
                return found, looked
            looked, characters = looked + 1, characters + len(texts[id_])
            found += [id_] if matches(texts[id_]) else []
    return found, looked


def _texts(
    connection: sa.Connection, wanted: Wanted, ids: Sequence[str]
) -> dict[str, str]:
    texts = dict.fromkeys(ids, "")
    rows = connection.execute(
        sa.select(_seen.notice_id, _version.title, _version.facts, _version.text)
        .join(schema.versions, _NOW_SHOWN)
        .where(_seen.notice_id.in_(ids), *_places(wanted))
    )
    for row in rows:
        texts[row.notice_id] += f"{row.title} {_number(row.facts)} {row.text} "
    return texts


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
        .join(schema.versions, _NOW_SHOWN)
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


def state_of(of_notice: str, of_place: str) -> str:
    """Join the two states of a notice at a place: what is not shown is stronger."""
    return of_place if of_notice == "shown" else of_notice


# --- One notice ---------------------------------------------------------------


def read_dossier(connection: sa.Connection, notice_id: str) -> Dossier | None:
    """Read a notice, its places and its labels, whatever its state."""
    notice = connection.execute(
        sa.select(schema.notices).where(_notice.id == notice_id)
    ).one_or_none()
    if notice is None:
        return None
    rows = connection.execute(_sightings_query(notice_id)).all()
    keys = _keys(connection, [row.pk for row in rows])
    return Dossier(
        id=notice_id,
        first_seen=notice.first_seen_at,
        published=notice.published_at,
        own_state=notice.state,
        sightings=tuple(_sighting(row, keys.get(row.pk, [])) for row in rows),
        labels=_labels(connection, notice_id),
    )


def _sightings_query(notice_id: str) -> sa.Select[Any]:
    return (
        sa.select(
            *(_seen.pk, _seen.authority, _seen.category, _seen.level_bits, _seen.guid),
            *(_seen.first_seen_at, _seen.published_at, _seen.state, _seen.version),
            *(_source.id.label("source"), _source.url, _source.feed_id),
            *(_source.feed_title, _version.link),
        )
        .join(schema.sources, _source.pk == _seen.source_pk)
        .join(schema.versions, _NOW_SHOWN)
        .where(_seen.notice_id == notice_id)
        .order_by(_seen.first_seen_at, _seen.pk)
        .limit(MAX_ROWS)
    )


def _keys(connection: sa.Connection, pks: Sequence[int]) -> dict[int, list[str]]:
    key = schema.keys.c
    found: dict[int, list[str]] = {}
    query = sa.select(key.sighting_pk, key.key).where(key.sighting_pk.in_(pks))
    for pk, name in connection.execute(query.order_by(key.since).limit(MAX_ROWS)):
        found.setdefault(pk, []).append(name)
    return found


def _sighting(row: sa.Row[Any], keys: Sequence[str]) -> Sighting:
    return Sighting(
        pk=row.pk,
        source=row.source,
        source_url=row.url,
        feed_id=row.feed_id,
        feed_title=row.feed_title,
        authority=row.authority,
        category=Category(row.category),
        levels=levels_of(row.level_bits),
        guid=row.guid,
        link=row.link,
        first_seen=row.first_seen_at,
        published=row.published_at,
        state=row.state,
        version=row.version,
        keys=tuple(keys),
    )


def read_versions(connection: sa.Connection, sighting: Sighting) -> tuple[Version, ...]:
    """Read the newest versions of a sighting, the newest first; never none."""
    rows = connection.execute(
        sa.select(schema.versions)
        .where(_version.sighting_pk == sighting.pk)
        .order_by(_version.n.desc())
        .limit(MAX_VERSIONS)
    )
    return tuple(_one_version(row) for row in rows)


def _one_version(row: sa.Row[Any]) -> Version:
    return Version(
        n=row.n,
        at=row.at,
        given=row.given_at,
        title=row.title,
        link=row.link,
        html=row.html,
        text=row.text,
        author=row.author,
        enclosures=tuple(Enclosure(**enclosure) for enclosure in row.enclosures),
        raw=row.raw,
        **facts_of(row.facts),
    )


def _labels(connection: sa.Connection, notice_id: str) -> tuple[Given, ...]:
    label = schema.labels.c
    rows = connection.execute(
        sa.select(schema.labels, _source.id.label("source"))
        .outerjoin(schema.sources, _source.pk == label.source_pk)
        .where(label.notice_id == notice_id)
        .order_by(label.to_at.is_not(None), label.from_at.desc(), label.pk)
        .limit(MAX_ROWS)
    )
    return tuple(
        Given(
            facet=row.facet,
            value=row.value,
            source=row.source,
            why=tuple(Because(**because) for because in row.why),
            given_by=row.given_by,
            from_at=row.from_at,
            to_at=row.to_at,
        )
        for row in rows
    )
