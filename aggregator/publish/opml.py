"""Addresses of feeds → OPML 2.0: a reader takes them all in at once.

A selection's own list names its feed and one for each of its categories; the list of
everybody is a tree of them, as the authorities are one. Nothing in it is of the
present moment.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lxml import etree

from aggregator.model import CATEGORY_SLUGS
from aggregator.model import Authority
from aggregator.model import Category
from aggregator.model import Settings
from aggregator.publish.parts import channel_of
from aggregator.publish.view import Selection
from aggregator.publish.view import select
from aggregator.publish.words import publish_title

CONTENT_TYPE = "text/x-opml; charset=utf-8"


def render_selection(settings: Settings, selection: Selection) -> bytes:
    """List the feed of a selection, and one for each of its categories."""
    root, body = _document(channel_of(settings, selection, "rss").title)
    _add_feeds(body, settings, selection)
    return _bytes(root)


def render_everybody(settings: Settings) -> bytes:
    """List the feeds of every authority, as their tree is."""
    root, body = _document(publish_title(settings.site.title))
    children: dict[str | None, list[Authority]] = {}
    for authority in settings.authorities.values():
        children.setdefault(authority.parent, []).append(authority)
    ahead: list[tuple[Any, Authority]] = [(body, a) for a in children.get(None, [])]
    for parent, authority in ahead:  # grows while it is read
        label = publish_title(authority.name)
        group = etree.SubElement(parent, "outline", {"text": label, "title": label})
        _add_feeds(group, settings, select(settings, authority.id))
        ahead += [(group, child) for child in children.get(authority.id, [])]
    return _bytes(root)


def _document(title: str) -> tuple[Any, Any]:
    root = etree.Element("opml", {"version": "2.0"})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    return root, etree.SubElement(root, "body")


def _add_feeds(parent: Any, settings: Settings, selection: Selection) -> None:
    for each in (selection, *_of_each_category(selection)):
        channel = channel_of(settings, each, "rss")
        outline = {
            "type": "rss",
            "text": channel.title,
            "title": channel.title,
            "description": channel.description,
            "language": settings.site.language,
            "version": "RSS2",
            "xmlUrl": channel.self_url,
            "htmlUrl": channel.page,
        }
        etree.SubElement(parent, "outline", outline)


def _of_each_category(selection: Selection) -> Iterable[Selection]:
    chosen = [name for name in Category if name in selection.view.categories]
    if len(chosen) == 1:
        return
    for name in chosen:
        view = replace(selection.view, categories=frozenset((name,)))
        yield replace(selection, view=view, category=CATEGORY_SLUGS[name])


def _bytes(root: Any) -> bytes:
    etree.indent(root)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
