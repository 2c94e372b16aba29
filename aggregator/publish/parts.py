"""What all forms of a feed share: the channel, links, texts, terms, dates.

One notice says the same in every form; only the spelling differs.
"""

import re
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension
from feedgen.ext.base import BaseExtension
from feedgen.ext.dc import DcEntryExtension
from feedgen.ext.dc import DcExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model import CATEGORY_LABELS
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import LEVEL_LABELS
from aggregator.model import LEVEL_SLUGS
from aggregator.model import Enclosure
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.view import Selection
from aggregator.publish.view import category_label
from aggregator.publish.view import level_label
from aggregator.publish.words import fit_for_xml
from aggregator.publish.words import plain
from aggregator.publish.words import publish_title
from aggregator.publish.words import shorten

GENERATOR = "school-feed-aggregator"
MAX_CHANNEL_TITLE = 64  # characters; Moodle cuts longer ones
MAX_SUMMARY = 300  # characters
CORRECTED = "Đính chính"
ANY_FILE = "application/octet-stream"  # the type of a file of no known type
NEVER = datetime(2020, 1, 1, tzinfo=UTC)  # the date of a feed in which nothing was
_DCTERMS = "http://purl.org/dc/terms/"
_CREDENTIALS = re.compile(r"^(https?://)[^/?#]*@")


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
        self_url=base + selection.address(suffix),
        description=publish_title(
            f"{settings.site.title}: {what}, {levels}, {who.name}"
        ),
    )


def authority_label(notice: Notice, settings: Settings) -> str:
    """Name who published a notice, as briefly as it allows."""
    authority = settings.authorities.get(notice.authority)
    return publish_title(authority.label if authority else notice.authority)


def article_link(notice: Notice, settings: Settings) -> str:
    """Link to the article at its source; to our page where it has none."""
    if notice.link and notice.state != "withdrawn":
        return notice.link  # of what is hidden it leads elsewhere: see `loss`
    return f"{settings.site.base_url}/items/{notice.id}"


def without_credentials(url: str) -> str:
    """Leave out the name and password with which a source lets us in."""
    return _CREDENTIALS.sub(r"\1", url)


def description(notice: Notice, settings: Settings) -> str:
    """Give the clean text, and links to the files that it does not link to itself.

    What was corrected says so first.
    """
    html = fit_for_xml(notice.html).strip()
    html = html or escape(publish_title(notice.title, notice.text))
    files = [f for f in notice.enclosures if escape(f.url) not in html]
    words = correction_of(notice, settings)
    mark = f"<p>{words}</p>" if words else ""
    return mark + html + "".join(_file_link(file) for file in files)


def is_corrected(notice: Notice) -> bool:
    """Say whether its text came again, and is told still."""
    return notice.version > 1 and notice.gone is None


def correction_of(notice: Notice, settings: Settings) -> str:
    """Say that its source has corrected a notice, and on which day; "" if it has not.

    Readers keep what they had by its id: one that shows the new text alone would not
    tell that it is another.
    """
    if not is_corrected(notice):
        return ""
    return f"{CORRECTED} ngày {local(notice.updated, settings):%d/%m/%Y}."


def _file_link(file: Enclosure) -> str:
    url = escape(fit_for_xml(file.url))
    name = file.title or file.url.rsplit("/", 1)[-1].split("?")[0] or "Tệp đính kèm"
    link = f'<a href="{url}" rel="nofollow noopener">{escape(fit_for_xml(name))}</a>'
    return f"<p>Tệp: {link}</p>"  # no paper clip: old MySQL cannot hold it


def summary(notice: Notice, settings: Settings) -> str:
    """Give the beginning of the text, plain; the title where there is no text.

    What was corrected says so first.
    """
    text = publish_title(notice.title, notice.text) if not notice.text else notice.text
    text = f"{correction_of(notice, settings)} {text}"
    return shorten(plain(text), MAX_SUMMARY)


def terms(notice: Notice, settings: Settings) -> Iterator[dict[str, str]]:
    """List category, levels and authority as terms of their taxonomies."""
    base = settings.site.base_url
    for category in notice.categories:
        slug, label = CATEGORY_SLUGS[category], CATEGORY_LABELS[category]
        yield _term(slug, label, f"{base}/terms/category")
    if not notice.levels:
        yield _term("all", "Tất cả cấp học", f"{base}/terms/level")
    for level in Level:
        if level in notice.levels:
            slug, label = LEVEL_SLUGS[level], LEVEL_LABELS[level]
            yield _term(slug, label, f"{base}/terms/level")
    if is_corrected(notice):
        yield _term("dinh-chinh", CORRECTED, f"{base}/terms/state")
    label = authority_label(notice, settings)
    yield _term(notice.authority, label, f"{base}/terms/authority")


def _term(term: str, label: str, scheme: str) -> dict[str, str]:
    return {"term": term, "label": label, "scheme": scheme}


def local(moment: datetime, settings: Settings) -> datetime:
    """Put a moment into the site's zone, whole seconds."""
    return moment.astimezone(ZoneInfo(settings.site.timezone)).replace(microsecond=0)


def apart(notices: Sequence[Notice]) -> list[Notice]:
    """Date notices of one second a second apart, the order as it is.

    NukeViet 4.6 keys items by date and title and loses all but one of equal ones (C13).
    The later one is moved, and forward: a day without an hour stays that day.
    """
    moved = {}
    last = None
    for place in sorted(
        range(len(notices)), key=lambda place: (notices[place].published, -place)
    ):
        notice = notices[place]
        second = notice.published.replace(microsecond=0)
        if last is not None and second <= last:
            second = last + timedelta(seconds=1)
            updated = max(notice.updated, second)
            notice = replace(notice, published=second, updated=updated)
        moved[place], last = notice, second
    return [moved[place] for place in range(len(notices))]


# --- Dublin Core --------------------------------------------------------------


def register_dublin_core(feed: FeedGenerator) -> None:
    """Let a feed's entries carry `dc:` and `dcterms:`."""
    feed.register_extension("dc", DcExtension, DcEntryExtension)
    feed.register_extension("dcterms", _Terms, _EntryTerms)


def add_dublin_core(entry: FeedEntry, notice: Notice, settings: Settings) -> None:
    """Add Dublin Core: number and day of issue of a document, correction, deadline."""
    document = notice.document
    if document is not None and document.number:
        entry.dc.dc_identifier(plain(document.number))
    if document is not None and document.issued is not None:
        entry.dcterms.terms["issued"] = document.issued.isoformat()
    if is_corrected(notice):
        modified = local(notice.updated, settings).isoformat()
        entry.dcterms.terms["modified"] = modified
    if notice.deadline is not None:
        deadline = notice.deadline
        if isinstance(deadline, datetime):
            deadline = local(deadline, settings)
        entry.dcterms.terms["valid"] = deadline.isoformat()


class _Terms(BaseExtension):  # type: ignore[misc]
    """Declares the namespace of the DCMI terms, which feedgen does not know."""

    def extend_ns(self) -> dict[str, str]:
        return {"dcterms": _DCTERMS}


class _EntryTerms(BaseEntryExtension):  # type: ignore[misc]
    """Writes DCMI terms into an item."""

    def __init__(self) -> None:
        self.terms: dict[str, str] = {}

    def extend_atom(self, entry: Any) -> Any:
        """Write them into an Atom entry."""
        return self.extend_rss(entry)

    def extend_rss(self, entry: Any) -> Any:
        """Write them into an RSS item."""
        for name, value in self.terms.items():
            etree.SubElement(entry, f"{{{_DCTERMS}}}{name}").text = value
        return entry
