"""How notices look to a View: their face, their places, their facets; what is gone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Event
from aggregator.model import Notice
from aggregator.model import Place
from aggregator.model import Reference
from aggregator.model import View
from aggregator.store import schema
from aggregator.store.columns import chunks
from aggregator.store.columns import levels_of
from aggregator.store.labels import Label
from aggregator.store.labels import current_labels
from aggregator.store.scope import live
from aggregator.store.scope import version_of
from aggregator.store.scope import visible

_seen = schema.sightings.c
_ORDER = tuple(Category)
_NO_WORDS: Any = dict.fromkeys(("title", "link", "text", "html", "author", "guid"), "")


def notices_of(
    connection: sa.Connection, view: View, ids: Sequence[str]
) -> list[Notice]:
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
            *(_seen.source_pk, _seen.gone_at, live(view).label("live")),
        )
        .join(schema.notices, notice.id == _seen.notice_id)
        .join(schema.sources, source.pk == _seen.source_pk)
        .join(
            schema.versions,
            (version.sighting_pk == _seen.pk) & (version.n == version_of(view)),
        )
        .where(_seen.notice_id.in_(ids), *visible(view))
        .order_by(_seen.first_seen_at, _seen.pk)
    )


def _notice(rows: list[sa.Row[Any]], labels: Sequence[Label]) -> Notice:
    """Make one notice of the places an audience sees; the earliest is its face.

    What is gone at one place and stands at another stands; what is gone at all of them
    is told as gone, without a word of it where a person has hidden it.
    """
    standing = [row for row in rows if row.live]
    return _shown(standing, labels) if standing else _gone(rows, labels)


def _gone(rows: list[sa.Row[Any]], labels: Sequence[Label]) -> Notice:
    hidden = any(row.state == "hidden" for row in rows)
    gone = max(row.gone_at for row in rows)
    notice = _shown(rows, labels)
    if not hidden:
        return replace(notice, state="withdrawn", gone=gone)
    event = notice.event
    return replace(
        notice,
        state="hidden",
        gone=gone,
        # Days stay, so that a calendar can cancel its entry; no word does.
        **_NO_WORDS,
        event=Event(start=event.start, end=event.end) if event else None,
        document=None,
        enclosures=(),
        also_at=(),
        references=(),
        facets={},
    )


def _shown(rows: list[sa.Row[Any]], labels: Sequence[Label]) -> Notice:
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
        # On a past day it stood still.
        state="shown" if face.live and face.state == "withdrawn" else face.state,
        version=face.n,
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
