"""Notices → RSS 2.0, written by feedgen.

What consumers need stands in shared standards: title, link, description and pubDate in
every item (NukeViet reads nothing else), dc:creator alone for the author (WordPress),
`source` for where it comes from (RSS Best Practices 4.1.1.20.9), the first file as
enclosure and all of them as links in the text, one text for all readers.
"""

from collections.abc import Sequence
from datetime import datetime

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.fragments import Fragments
from aggregator.publish.history import NO_HISTORY
from aggregator.publish.history import History
from aggregator.publish.history import link_history
from aggregator.publish.loss import said_as_gone
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
from aggregator.publish.parts import terms
from aggregator.publish.parts import without_credentials
from aggregator.publish.placeholder import never_empty
from aggregator.publish.view import Selection
from aggregator.publish.words import fit_for_xml
from aggregator.publish.words import publish_title

CONTENT_TYPE = "application/rss+xml; charset=utf-8"
TTL_MINUTES = 15
DOCS = "https://www.rssboard.org/rss-specification"


def render_rss(
    notices: Sequence[Notice],
    *,
    settings: Settings,
    selection: Selection,
    changed_at: datetime | None,
    history: History = NO_HISTORY,
    fragments: Fragments | None = None,
) -> bytes:
    """Write a selection as RSS 2.0: the same bytes while nothing changed.

    Args:
        changed_at: When the selection last changed; never the present moment.
        history: Which archives stand beside it.
        fragments: Items that were written before, of the same settings.
    """

    def make(notices: Sequence[Notice]) -> bytes:
        feed = FeedGenerator()
        register_dublin_core(feed)
        _head(feed, settings, selection, changed_at)
        link_history(
            feed, history, settings=settings, selection=selection, suffix="rss"
        )
        for notice in notices:
            entry = feed.add_entry(order="append")
            _fill(entry, notice, settings)
        return bytes(feed.rss_str(pretty=True))

    said = [said_as_gone(notice, settings, selection) for notice in apart(notices)]
    shown = never_empty(said, settings=settings, selection=selection)
    return (fragments or Fragments()).join(shown, tag="item", make=make)


def _head(
    feed: FeedGenerator,
    settings: Settings,
    selection: Selection,
    changed_at: datetime | None,
) -> None:
    channel = channel_of(settings, selection, "rss")
    feed.title(channel.title)
    feed.description(channel.description)
    feed.link(href=channel.self_url, rel="self", type="application/rss+xml")
    feed.link(href=channel.page)  # feedgen takes the last for the channel's own
    feed.language(settings.site.language)
    feed.docs(DOCS)
    feed.generator(GENERATOR)
    feed.ttl(TTL_MINUTES)
    # Unset, feedgen would write the present moment, and the bytes would never rest.
    feed.lastBuildDate(local(changed_at or NEVER, settings))


def _fill(entry: FeedEntry, notice: Notice, settings: Settings) -> None:
    who = authority_label(notice, settings)
    entry.guid(f"urn:uuid:{notice.id}", permalink=False)
    entry.title(publish_title(notice.title, notice.text))
    entry.link(href=fit_for_xml(article_link(notice, settings)))
    entry.description(description(notice, settings))
    entry.pubDate(local(notice.published, settings))
    if notice.source:
        entry.source(
            url=without_credentials(fit_for_xml(notice.source_url)),
            title=publish_title(notice.source_title, who),
        )
    entry.category(list(terms(notice, settings)))
    entry.dc.dc_creator(who)
    for file in notice.enclosures[:1]:
        kind = fit_for_xml(file.type) or ANY_FILE
        entry.enclosure(fit_for_xml(file.url), str(max(file.length, 0)), kind)
    add_dublin_core(entry, notice, settings)
