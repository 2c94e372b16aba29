"""Notices → JSON Feed 1.1, with what it has no word for under ``_aggregator``."""

from collections.abc import Iterator
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from aggregator.model import CATEGORY_LABELS
from aggregator.model import LEVEL_LABELS
from aggregator.model import Enclosure
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.loss import said_as_gone
from aggregator.publish.parts import ANY_FILE
from aggregator.publish.parts import CORRECTED
from aggregator.publish.parts import article_link
from aggregator.publish.parts import authority_label
from aggregator.publish.parts import channel_of
from aggregator.publish.parts import description
from aggregator.publish.parts import is_corrected
from aggregator.publish.parts import local
from aggregator.publish.parts import summary
from aggregator.publish.parts import without_credentials
from aggregator.publish.view import Selection
from aggregator.publish.words import plain
from aggregator.publish.words import publish_title

CONTENT_TYPE = "application/feed+json; charset=utf-8"
VERSION = "https://jsonfeed.org/version/1.1"


def render_json(
    notices: Sequence[Notice],
    *,
    settings: Settings,
    selection: Selection,
    changed_at: datetime | None,
) -> bytes:
    """Write a selection as JSON Feed: the same bytes while nothing changed."""
    channel = channel_of(settings, selection, "json")
    feed = {
        "version": VERSION,
        "title": channel.title,
        "home_page_url": channel.page,
        "feed_url": channel.self_url,
        "description": channel.description,
        "language": settings.site.language,
        "authors": [{"name": publish_title(settings.site.title)}],
        "items": [
            _item(said_as_gone(notice, settings, selection), settings)
            for notice in notices
        ],
    }
    return orjson.dumps(feed, option=orjson.OPT_INDENT_2)


def _item(notice: Notice, settings: Settings) -> dict[str, Any]:
    who = authority_label(notice, settings)
    item: dict[str, Any] = {
        "id": f"urn:uuid:{notice.id}",
        "url": article_link(notice, settings),
        "title": publish_title(notice.title, notice.text),
        "content_html": description(notice, settings),
        "summary": summary(notice, settings),
        "date_published": local(notice.published, settings).isoformat(),
        "date_modified": local(notice.updated, settings).isoformat(),
        "authors": [{"name": who}],
        "tags": [*_tags(notice)],
        "language": settings.site.language,
        "_aggregator": _ours(notice, settings),
    }
    if notice.enclosures:
        item["attachments"] = [_attachment(file) for file in notice.enclosures]
    return item


def _tags(notice: Notice) -> Iterator[str]:
    yield from (CATEGORY_LABELS[category] for category in notice.categories)
    yield from (LEVEL_LABELS[level] for level in Level if level in notice.levels)
    if is_corrected(notice):
        yield CORRECTED


def _attachment(file: Enclosure) -> dict[str, Any]:
    told: dict[str, Any] = {
        "url": file.url,
        "mime_type": file.type or ANY_FILE,
    }
    if file.title:
        told["title"] = plain(file.title)
    if file.length:
        told["size_in_bytes"] = file.length
    return told


def _ours(notice: Notice, settings: Settings) -> dict[str, Any]:
    """Tell what is known beyond the format: labels, document, dates, places."""
    told: dict[str, Any] = {
        "about": f"{settings.site.base_url}/feeds/",
        "categories": list(notice.categories),
        "levels": [level for level in Level if level in notice.levels],
        "authority": notice.authority,
        "source": {
            "id": notice.source,
            "url": without_credentials(notice.source_url),
            "title": plain(notice.source_title),
            "guid": notice.guid,
        },
        "also_at": [
            {"source": p.source, "authority": p.authority, "url": p.link}
            for p in notice.also_at
        ],
    }
    if is_corrected(notice):
        told["corrected"] = _moment(notice.updated, settings)
    if notice.gone is not None:
        told["state"] = notice.state
        told["gone"] = _moment(notice.gone, settings)
    document, event = notice.document, notice.event
    if document is not None:
        issued = document.issued.isoformat() if document.issued else None
        told["document"] = {
            "identifier": plain(document.number),
            "type": plain(document.type),
            "issuer": plain(document.issuer),
            "issued": issued,
        }
    if notice.deadline is not None:
        told["valid"] = _moment(notice.deadline, settings)
    if event is not None:
        end = _moment(event.end, settings) if event.end else None
        start = _moment(event.start, settings)
        told["event"] = {"start": start, "end": end, "place": plain(event.place)}
    return told


def _moment(moment: Any, settings: Settings) -> str:
    if isinstance(moment, datetime):
        return local(moment, settings).isoformat()
    return str(moment.isoformat())
