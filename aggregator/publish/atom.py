"""Notices → Atom 1.0, written by feedgen, its faults mended here and only here.

feedgen 1.0 loses rel, type and length of an entry's links. What consumers need: the
first link is the article, with rel=alternate written out (NukeViet, Joomla), the text
in content of type html (NukeViet reads no summary), a plain summary (Drupal).
"""

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.fragments import Fragments
from aggregator.publish.history import NO_HISTORY
from aggregator.publish.history import History
from aggregator.publish.history import link_history
from aggregator.publish.loss import loss_of
from aggregator.publish.parts import ANY_FILE
from aggregator.publish.parts import GENERATOR
from aggregator.publish.parts import NEVER
from aggregator.publish.parts import add_dublin_core
from aggregator.publish.parts import apart
from aggregator.publish.parts import article_link
from aggregator.publish.parts import authority_label
from aggregator.publish.parts import channel_of
from aggregator.publish.parts import description
from aggregator.publish.parts import local
from aggregator.publish.parts import register_dublin_core
from aggregator.publish.parts import summary
from aggregator.publish.parts import terms
from aggregator.publish.parts import without_credentials
from aggregator.publish.placeholder import never_empty
from aggregator.publish.view import Selection
from aggregator.publish.words import fit_for_xml
from aggregator.publish.words import publish_title

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
_ATOM = "{http://www.w3.org/2005/Atom}"
_TOMBSTONES = "{http://purl.org/atompub/tombstones/1.0}"


def render_atom(
    notices: Sequence[Notice],
    *,
    settings: Settings,
    selection: Selection,
    changed_at: datetime | None,
    history: History = NO_HISTORY,
    fragments: Fragments | None = None,
) -> bytes:
    """Write a selection as Atom: the same bytes while nothing changed.

    Args:
        changed_at: When the selection last changed; never the present moment.
        history: Which archives stand beside it.
        fragments: Entries that were written before, of the same settings.
    """
    gone = [notice for notice in notices if notice.gone is not None]

    def make(notices: Sequence[Notice]) -> bytes:
        feed = FeedGenerator()
        register_dublin_core(feed)
        _head(feed, settings, selection, changed_at)
        link_history(
            feed, history, settings=settings, selection=selection, suffix="atom"
        )
        for notice in notices:
            _fill(feed.add_entry(order="append"), notice, settings)
        root = etree.fromstring(feed.atom_str())
        for element, notice in zip(root.findall(f"{_ATOM}entry"), notices, strict=True):
            _mend_links(element, notice, settings)
            if notice.source:
                _add_source(element, notice, settings)
        for notice in gone:
            _add_tombstone(root, notice, settings)
        etree.indent(root)
        return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))

    standing = [notice for notice in apart(notices) if notice.gone is None]
    shown = never_empty(standing, settings=settings, selection=selection)
    return (fragments or Fragments()).join(shown, tag="entry", make=make)


def _head(
    feed: FeedGenerator,
    settings: Settings,
    selection: Selection,
    changed_at: datetime | None,
) -> None:
    channel = channel_of(settings, selection, "atom")
    feed.id(settings.site.base_url + replace(selection, month="").address("atom"))
    feed.title(channel.title)
    feed.subtitle(channel.description)
    feed.author(name=publish_title(settings.site.title))
    feed.link(href=channel.page, rel="alternate", type="text/html")
    feed.link(href=channel.self_url, rel="self", type="application/atom+xml")
    feed.language(settings.site.language)
    feed.generator(GENERATOR)
    feed.updated(local(changed_at or NEVER, settings))


def _fill(entry: FeedEntry, notice: Notice, settings: Settings) -> None:
    entry.id(f"urn:uuid:{notice.id}")
    entry.title(publish_title(notice.title, notice.text))
    entry.published(local(notice.published, settings))
    entry.updated(local(notice.updated, settings))
    entry.author(name=authority_label(notice, settings))
    entry.content(description(notice, settings), type="html")
    entry.summary(summary(notice, settings))
    entry.link(href=fit_for_xml(article_link(notice, settings)))
    entry.category(list(terms(notice, settings)))
    add_dublin_core(entry, notice, settings)


def _mend_links(entry: Any, notice: Notice, settings: Settings) -> None:
    """Write the entry's links anew: the article first, then its files."""
    place = entry.index(entry.find(f"{_ATOM}link"))
    for link in entry.findall(f"{_ATOM}link"):
        entry.remove(link)
    for step, attributes in enumerate(_links(notice, settings)):
        entry.insert(place + step, etree.Element(f"{_ATOM}link", attributes))


def _links(notice: Notice, settings: Settings) -> Iterator[dict[str, str]]:
    href = fit_for_xml(article_link(notice, settings))
    yield {"href": href, "rel": "alternate", "type": "text/html"}
    for file in notice.enclosures:
        kind = fit_for_xml(file.type) or ANY_FILE
        link = {"href": fit_for_xml(file.url), "rel": "enclosure", "type": kind}
        yield link | ({"length": str(file.length)} if file.length > 0 else {})


def _add_tombstone(feed: Any, notice: Notice, settings: Settings) -> None:
    """Say that an entry is gone (RFC 6721 3); here it stands no more itself."""
    tombstone = etree.SubElement(
        feed,
        f"{_TOMBSTONES}deleted-entry",
        {
            "ref": f"urn:uuid:{notice.id}",
            "when": local(notice.gone or notice.updated, settings).isoformat(),
        },
        nsmap={"at": _TOMBSTONES[1:-1]},
    )
    comment = etree.SubElement(tombstone, f"{_TOMBSTONES}comment")
    comment.text = loss_of(notice, settings)


def _add_source(entry: Any, notice: Notice, settings: Settings) -> None:
    """Say which feed it was copied from (RFC 4287 4.2.11)."""
    source = etree.SubElement(entry, f"{_ATOM}source")
    url = without_credentials(fit_for_xml(notice.source_url))
    title = notice.source_title or authority_label(notice, settings)
    for name, text in (
        ("id", fit_for_xml(notice.source_feed_id) or url),
        ("title", publish_title(title)),
        ("updated", local(notice.first_seen, settings).isoformat()),
    ):
        etree.SubElement(source, f"{_ATOM}{name}").text = text
    link = {"href": url, "rel": "self"}
    etree.SubElement(source, f"{_ATOM}link", link)
