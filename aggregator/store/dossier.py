"""All that is known of one notice: its places, texts, versions, labels and why.

Read-only and bounded, whatever the notice's state; the list stands in `preview`.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.model import Because
from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Event
from aggregator.model import Level
from aggregator.model import Reference
from aggregator.store import schema
from aggregator.store.columns import NOW_SHOWN
from aggregator.store.columns import levels_of
from aggregator.store.faces import facts_of

SHOWN = ("shown", "maybe_withdrawn")  # the states in which feeds carry a notice
MAX_VERSIONS = 10  # of one sighting, newest first
MAX_ROWS = 200  # places, keys or labels of one notice
_notice = schema.notices.c
_seen = schema.sightings.c
_version = schema.versions.c
_source = schema.sources.c


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
    references: tuple[Reference, ...] = ()


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


def state_of(of_notice: str, of_place: str) -> str:
    """Join the two states of a notice at a place: what is not shown is stronger."""
    return of_place if of_notice == "shown" else of_notice


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
        .join(schema.versions, NOW_SHOWN)
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
