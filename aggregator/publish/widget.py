"""Notices → the data of a widget: the one source of script, iframe page and JSON.

Plain text only, so that a browser needs no parser for it; small, since each visitor of
each school's site loads it. The shape is a contract: ``v`` rises if it ever breaks.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from datetime import timedelta
from typing import Any

import orjson

from aggregator.model import CATEGORY_LABELS
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import LEVEL_SLUGS
from aggregator.model import Event
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.parts import article_link
from aggregator.publish.parts import authority_label
from aggregator.publish.parts import channel_of
from aggregator.publish.parts import local
from aggregator.publish.view import DEFAULT_LIMIT
from aggregator.publish.view import Selection
from aggregator.publish.words import fit_for_xml
from aggregator.publish.words import publish_title
from aggregator.publish.words import shorten

CONTENT_TYPE = "application/json; charset=utf-8"
VERSION = 1
NEW_DAYS = 3  # the day of publishing counts as the first
WIDGET_LIMIT = 10  # items, where an address does not say
MAX_FACT = 120  # characters of a number or a place


def render_widget(
    notices: Sequence[Notice],
    *,
    settings: Settings,
    selection: Selection,
    changed_at: datetime | None,
) -> bytes:
    """Write a selection as compact JSON: the same bytes while nothing changed."""
    return orjson.dumps(
        widget_data(
            notices, settings=settings, selection=selection, changed_at=changed_at
        )
    )


def widget_data(
    notices: Iterable[Notice],
    *,
    settings: Settings,
    selection: Selection,
    changed_at: datetime | None,
) -> dict[str, Any]:
    """Give what a widget shows, as plain values.

    Args:
        changed_at: When the selection last changed; never the present moment.
    """
    # The page for people shows its usual number of items, not the widget's few.
    whole = replace(
        selection, view=replace(selection.view, limit=DEFAULT_LIMIT)
    )  # one address of the page for all widgets of a selection
    channel = channel_of(settings, whole, "rss")
    return {
        "v": VERSION,
        "title": channel.title,
        "page": channel.page,
        "source": publish_title(settings.site.title),
        "updated": _moment(changed_at, settings) if changed_at else None,
        "items": [_item(notice, settings) for notice in notices],
    }


def _item(notice: Notice, settings: Settings) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": notice.id,
        "title": publish_title(notice.title, notice.text),
        "url": _link(notice, settings),
        "date": _moment(notice.published, settings),
        "new_until": _moment(new_until(notice.published, settings), settings),
        "category": CATEGORY_SLUGS[notice.category],
        "label": CATEGORY_LABELS[notice.category],
        "levels": [LEVEL_SLUGS[name] for name in Level if name in notice.levels],
        "authority": authority_label(notice, settings),
        "files": len(notice.enclosures),
    }
    if notice.document is not None and notice.document.number:
        told["number"] = _fact(notice.document.number)
    if notice.deadline is not None:
        end = notice.deadline
        told["deadline"] = (
            _moment(end, settings) if isinstance(end, datetime) else end.isoformat()
        )
    if notice.event is not None:
        told["event"] = _event(notice.event, settings)
    return told


def new_until(published: datetime, settings: Settings) -> datetime:
    """Say when a notice stops being new: the midnight that ends its third day there."""
    day = local(published, settings).replace(hour=0, minute=0, second=0)
    return day + timedelta(days=NEW_DAYS)


def _link(notice: Notice, settings: Settings) -> str:
    """Link to the article; never to what is not http(s), whatever came in."""
    link = fit_for_xml(article_link(notice, settings)).strip()
    if link.lower().startswith(("http://", "https://")):
        return link
    return f"{settings.site.base_url}/items/{notice.id}"


def _event(event: Event, settings: Settings) -> dict[str, str]:
    told = {"start": _moment(event.start, settings)}
    if event.end is not None:
        told["end"] = _moment(event.end, settings)
    if event.place:
        told["place"] = _fact(event.place)
    return told


def _fact(words: str) -> str:
    return shorten(publish_title(words), MAX_FACT)


def _moment(moment: datetime, settings: Settings) -> str:
    return local(moment, settings).isoformat()
