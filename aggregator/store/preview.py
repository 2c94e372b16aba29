"""What editors look at: all that came in, whatever its state, newest first.

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
from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import Reach
from aggregator.store import schema
from aggregator.store.columns import NOW_SHOWN
from aggregator.store.columns import bits_of
from aggregator.store.columns import levels_of
from aggregator.store.dossier import SHOWN
from aggregator.store.dossier import state_of
from aggregator.store.scope import end_of_day

PAGE = 50  # rows on one page of the list
MAX_COUNT = 1_000  # notices that are counted; beyond it is "more than"
MAX_LOOKED = 2_000  # notices looked at for words, for one page
MAX_CHARACTERS = 4_000_000  # of their texts: half a second of folding
_BATCH = 100  # texts held at once
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
    total: int | None = None  # None: beyond MAX_COUNT, or not counted
    looked_at: int | None = None  # notices whose words were read for this page


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
        .join(schema.versions, NOW_SHOWN)
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
