"""How a feed is linked to its archives (RFC 5005 4): one document for each month.

In RSS the links are atom:link in the channel (its appendix B). JSON Feed and calendars
have no word for it.
"""

from dataclasses import dataclass
from dataclasses import replace
from typing import Any

from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model import Settings
from aggregator.publish.view import DEFAULT_LIMIT
from aggregator.publish.view import Selection

_HISTORY = "http://purl.org/syndication/history/1.0"
_ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Where a document stands among the months of its selection; "": nothing there."""

    older: str = ""  # the nearest month before that has something: "2026-10"
    newer: str = ""  # of an archive: the nearest complete one after it


NO_HISTORY = History()


def archive_of(selection: Selection, month: str) -> Selection:
    """Give the selection of a month: what only a window knows is not in its address."""
    view = replace(selection.view, limit=DEFAULT_LIMIT, on=None)
    return replace(
        selection, view=view, month=month, placeholder=True, usual=DEFAULT_LIMIT
    )


def link_history(
    feed: FeedGenerator,
    history: History,
    *,
    settings: Settings,
    selection: Selection,
    suffix: str,
) -> None:
    """Let a feed tell where its archives are, and that it is one itself."""
    links = {}
    for rel, month in (
        ("prev-archive", history.older),
        ("next-archive", history.newer),
    ):
        if month:
            archive = archive_of(selection, month)
            links[rel] = settings.site.base_url + archive.address(suffix)
    if selection.month:
        current = archive_of(selection, "")
        links["current"] = settings.site.base_url + current.address(suffix)
    feed.register_extension("history", _Links)
    feed.history.links = links
    feed.history.kind = f"application/{suffix}+xml"
    feed.history.archive = bool(selection.month)


class _Links(BaseExtension):  # type: ignore[misc]
    """Writes what `link_history` was told into the feed, before its items."""

    def __init__(self) -> None:
        self.links: dict[str, str] = {}
        self.kind = ""
        self.archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY} if self.archive else {}

    def extend_rss(self, feed: Any) -> Any:
        """Write them into an RSS channel."""
        self._write(feed[0])
        return feed

    def extend_atom(self, feed: Any) -> Any:
        """Write them into an Atom feed."""
        self._write(feed)
        return feed

    def _write(self, parent: Any) -> None:
        for rel, href in self.links.items():
            link = {"rel": rel, "href": href, "type": self.kind}
            etree.SubElement(parent, f"{_ATOM}link", link)
        if self.archive:
            etree.SubElement(parent, f"{{{_HISTORY}}}archive")
