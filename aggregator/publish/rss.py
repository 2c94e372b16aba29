"""Notices → RSS 2.0, written by feedgen.

What consumers need stands in shared standards: title, link, description and pubDate in
every item (NukeViet reads nothing else), dc:creator alone for the author (WordPress),
`source` for where it comes from (RSS Best Practices 4.1.1.20.9), the first file as
enclosure and all of them as links in the text, one text for all readers.
"""

import re
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model import CATEGORY_LABELS
from aggregator.model import LEVEL_LABELS
from aggregator.model import Enclosure
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.view import Selection
from aggregator.publish.view import category_label
from aggregator.publish.view import level_label
from aggregator.publish.words import fit_for_xml
from aggregator.publish.words import publish_title
from aggregator.publish.words import shorten

CONTENT_TYPE = "application/rss+xml; charset=utf-8"
MAX_CHANNEL_TITLE = 64  # characters; Moodle cuts longer ones
TTL_MINUTES = 15
_DCTERMS = "http://purl.org/dc/terms/"
DOCS = "https://www.rssboard.org/rss-specification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a published feed says of itself."""

    title: str
    page: str
    self_url: str
    description: str


def channel_of(settings: Settings, selection: Selection, suffix: str) -> Channel:
    """Describe the feed of a selection; ``suffix`` names its form."""
    base = settings.site.base_url
    who = settings.authorities[selection.audience]
    what = category_label(selection)
    levels = level_label(selection)
    return Channel(
        title=shorten(
            publish_title(f"{what} – {levels} – {who.label}"), MAX_CHANNEL_TITLE
        ),
        page=base + selection.path + selection.query,
        self_url=f"{base}{selection.path}.{suffix}{selection.query}",
        description=publish_title(
            f"{settings.site.title}: {what}, {levels}, {who.name}"
        ),
    )


def render_rss(
    notices: Sequence[Notice],
    *,
    settings: Settings,
    selection: Selection,
    changed_at: datetime | None,
) -> bytes:
    """Write a selection as RSS 2.0: the same bytes while nothing changed.

    Args:
        changed_at: When the selection last changed; never the present moment.
    """
    feed = FeedGenerator()
    feed.register_extension("dc", *_dublin_core(), atom=False, rss=True)
    feed.register_extension("dcterms", _Terms, _EntryTerms, atom=False, rss=True)
    _head(feed, settings, selection, changed_at)
    for notice in notices:
        entry = feed.add_entry(order="append")
        _fill(entry, notice, settings)
    return bytes(feed.rss_str(pretty=True))


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
    feed.generator("school-feed-aggregator")
    feed.ttl(TTL_MINUTES)
    if changed_at is not None:
        feed.lastBuildDate(_local(changed_at, settings))
    else:
        # feedgen would write the present moment, and the bytes would never rest.
        feed.lastBuildDate(datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC")))


def _fill(entry: FeedEntry, notice: Notice, settings: Settings) -> None:
    site = settings.site
    authority = settings.authorities.get(notice.authority)
    who = authority.label if authority else notice.authority
    entry.guid(f"urn:uuid:{notice.id}", permalink=False)
    entry.title(publish_title(notice.title, notice.text))
    entry.link(href=fit_for_xml(article_link(notice, settings)))
    entry.description(description(notice))
    entry.pubDate(_local(notice.published, settings))
    entry.source(
        url=_without_credentials(fit_for_xml(notice.source_url)),
        title=publish_title(notice.source_title, who),
    )
    entry.category(list(_terms(notice, who, site.base_url)))
    entry.dc.dc_creator(publish_title(who))
    for file in notice.enclosures[:1]:
        kind = fit_for_xml(file.type) or _ANY_FILE
        entry.enclosure(fit_for_xml(file.url), str(max(file.length, 0)), kind)
    _document_facts(entry, notice, settings)


_ANY_FILE = "application/octet-stream"
_CREDENTIALS = re.compile(r"^(https?://)[^/?#]*@")


def article_link(notice: Notice, settings: Settings) -> str:
    """Link to the article at its source; to our page where it has none."""
    if notice.link and notice.state != "withdrawn":
        return notice.link
    return f"{settings.site.base_url}/items/{notice.id}"


def _without_credentials(url: str) -> str:
    """Leave out the name and password with which a source lets us in."""
    return _CREDENTIALS.sub(r"\1", url)


def description(notice: Notice) -> str:
    """Give the clean text, and links to the files that it does not link to itself."""
    html = fit_for_xml(notice.html).strip()
    html = html or escape(publish_title(notice.title, notice.text))
    files = [f for f in notice.enclosures if escape(f.url) not in html]
    return html + "".join(_file_link(file) for file in files)


def _file_link(file: Enclosure) -> str:
    url = escape(fit_for_xml(file.url))
    name = file.title or file.url.rsplit("/", 1)[-1].split("?")[0] or "Tệp đính kèm"
    link = f'<a href="{url}" rel="nofollow noopener">{escape(fit_for_xml(name))}</a>'
    return f"<p>Tệp: {link}</p>"  # no paper clip: old MySQL cannot hold it


def _terms(notice: Notice, who: str, base: str) -> Iterator[dict[str, str]]:
    for category in notice.categories:
        yield _term(CATEGORY_LABELS[category], f"{base}/terms/category")
    if not notice.levels:
        yield _term("Tất cả cấp học", f"{base}/terms/level")
    for level in Level:
        if level in notice.levels:
            yield _term(LEVEL_LABELS[level], f"{base}/terms/level")
    yield _term(publish_title(who), f"{base}/terms/authority")


def _term(label: str, scheme: str) -> dict[str, str]:
    return {"term": label, "label": label, "scheme": scheme}


def _document_facts(entry: FeedEntry, notice: Notice, settings: Settings) -> None:
    """Add Dublin Core for an official document: number, day of issue, deadline."""
    document = notice.document
    if document is not None and document.number:
        entry.dc.dc_identifier(fit_for_xml(document.number))
    if document is not None and document.issued is not None:
        entry.dcterms.terms["issued"] = document.issued.isoformat()
    if notice.deadline is not None:
        deadline = notice.deadline
        if isinstance(deadline, datetime):
            deadline = _local(deadline, settings)
        entry.dcterms.terms["valid"] = deadline.isoformat()


def _local(moment: datetime, settings: Settings) -> datetime:
    return moment.astimezone(ZoneInfo(settings.site.timezone)).replace(microsecond=0)


def _dublin_core() -> tuple[type[Any], type[Any]]:
    from feedgen.ext.dc import DcEntryExtension
    from feedgen.ext.dc import DcExtension

    return DcExtension, DcEntryExtension


class _Terms(BaseExtension):  # type: ignore[misc]
    """Declares the namespace of the DCMI terms, which feedgen does not know."""

    def extend_ns(self) -> dict[str, str]:
        return {"dcterms": _DCTERMS}


class _EntryTerms(BaseEntryExtension):  # type: ignore[misc]
    """Writes DCMI terms into an item."""

    def __init__(self) -> None:
        self.terms: dict[str, str] = {}

    def extend_rss(self, entry: Any) -> Any:
        for name, value in self.terms.items():
            etree.SubElement(entry, f"{{{_DCTERMS}}}{name}").text = value
        return entry
