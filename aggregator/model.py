"""All values that travel between rooms. Frozen; no I/O; imports nothing of ours.

An *entry* is what a source wrote, untrusted. An *item* is the same made ours:
normalized, cleaned, understood. A *notice* is what is published; an item seen at one
source is a *sighting* of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime
from datetime import timedelta
from enum import StrEnum


class Category(StrEnum):
    """What kind of notice it is. The order is that of the address table."""

    NEWS = "news"
    ANNOUNCEMENT = "announcement"
    DOCUMENT = "document"
    INVITATION = "invitation"


class Level(StrEnum):
    """A level of education. The order is that of the address table."""

    PRESCHOOL = "preschool"
    PRIMARY = "primary"
    LOWER_SECONDARY = "lower_secondary"
    UPPER_SECONDARY = "upper_secondary"
    CONTINUING = "continuing"


ALL_LEVELS = frozenset(Level)

CATEGORY_SLUGS: Mapping[Category, str] = {
    Category.NEWS: "tin-tuc",
    Category.ANNOUNCEMENT: "thong-bao",
    Category.DOCUMENT: "van-ban",
    Category.INVITATION: "thu-moi",
}
CATEGORY_LABELS: Mapping[Category, str] = {
    Category.NEWS: "Tin tức",
    Category.ANNOUNCEMENT: "Thông báo",
    Category.DOCUMENT: "Văn bản",
    Category.INVITATION: "Thư mời",
}
LEVEL_SLUGS: Mapping[Level, str] = {
    Level.PRESCHOOL: "mam-non",
    Level.PRIMARY: "tieu-hoc",
    Level.LOWER_SECONDARY: "thcs",
    Level.UPPER_SECONDARY: "thpt",
    Level.CONTINUING: "gdtx",
}
LEVEL_LABELS: Mapping[Level, str] = {
    Level.PRESCHOOL: "Mầm non",
    Level.PRIMARY: "Tiểu học",
    Level.LOWER_SECONDARY: "THCS",
    Level.UPPER_SECONDARY: "THPT",
    Level.CONTINUING: "GDTX",
}


# --- What feeds.toml says -----------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who publishes: a Sở, Phòng, ward or cluster, with its place in the tree."""

    id: str
    name: str
    short: str = ""
    parent: str | None = None
    also: tuple[str, ...] = ()
    levels: frozenset[Level] = frozenset()
    since: date | None = None
    until: date | None = None
    successors: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name it as briefly as it allows."""
        return self.short or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed that is read. Its id is a slug and never changes (else ``was``)."""

    id: str
    url: str
    authority: str
    category: Category | None = None  # None: classified item by item ("auto")
    levels: frozenset[Level] = frozenset()  # empty: classified item by item
    every: timedelta = timedelta(minutes=15)
    was: tuple[str, ...] = ()
    timezone: str | None = None
    ca_file: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """How the service names itself to the world."""

    title: str
    base_url: str
    contact: str = ""
    timezone: str = "Asia/Ho_Chi_Minh"
    language: str = "vi"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """Limits of fetching that an operator may set."""

    allow_private: tuple[str, ...] = ()  # networks, in CIDR notation
    timeout: timedelta = timedelta(seconds=30)  # for one whole answer
    concurrency: int = 32  # requests under way at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of feeds.toml, checked."""

    path: str
    site: Site
    authorities: Mapping[str, Authority]
    sources: Mapping[str, Source]
    fetch: FetchSettings = FetchSettings()


# --- Fetching -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """ETag and Last-Modified: opaque, sent back exactly as they came."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document as it came: decompressed bytes and what HTTP said of them."""

    url: str  # where it stood after redirects
    body: bytes
    status: int = 200
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    validators: Validators = Validators()
    wire_bytes: int = 0  # received, before decompression
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server said 304."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    wire_bytes: int = 0
    seconds: float = 0.0


# --- Theirs: entries ----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """An attached file: absolute URL, media type, length in bytes (0: not known)."""

    url: str
    type: str = ""
    length: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as its source wrote it, already decoded from XML, else untouched."""

    guid: str = ""
    link: str = ""
    title: str = ""
    title_is_html: bool = False  # the format declares the title as HTML
    summary: str = ""  # HTML or text, as given
    content: str = ""  # the fuller HTML, where the feed has both
    is_html: bool = True  # whether summary and content are HTML
    base: str = ""  # what relative addresses inside are relative to
    author: str = ""
    tags: tuple[str, ...] = ()
    published: str = ""  # date text, raw
    updated: str = ""  # date text, raw
    published_parsed: datetime | None = None  # what the library made of it (aware)
    updated_parsed: datetime | None = None
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A feed document as read: what it says of itself, and its entries in order."""

    entries: tuple[Entry, ...]
    id: str = ""
    title: str = ""
    link: str = ""
    generator: str = ""
    language: str = ""
    ttl_minutes: int | None = None
    complete: bool = True  # False: its end is missing or it is ill-formed


# --- Meaning ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """Why a label was given: the rule, the words it saw, and where it saw them."""

    says: str
    saw: str = ""
    where: str = ""  # "title", "text", "source" or "authority"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What names an official document (NĐ 30/2020/NĐ-CP)."""

    number: str = ""  # số/ký hiệu, normalized: 1161/SGDĐT-QLT
    type: str = ""  # công văn, quyết định, kế hoạch, thông tư …
    issuer: str = ""
    issued: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """When and where an invitation asks people to be."""

    start: datetime
    end: datetime | None = None
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHints:
    """What is known of the source before a title is read; all of it is evidence."""

    category: Category | None = None
    levels: frozenset[Level] = frozenset()  # fixed by the source
    authority_levels: frozenset[Level] = frozenset()  # reach of its authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a notice says. Empty ``levels`` means all levels."""

    category: Category = Category.NEWS
    levels: frozenset[Level] = frozenset()
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    document: DocumentFacts | None = None
    deadline: date | datetime | None = None
    event: Event | None = None
    because: tuple[Because, ...] = ()


# --- Ours: items --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry made ours. Plain title and text, clean HTML, aware date."""

    keys: tuple[str, ...]  # guid first where there is one, else the link; never empty
    guid: str
    title: str
    link: str  # absolute http(s), or ""
    html: str  # clean: only what the table in intake.sanitize allows
    text: str  # the same without markup
    given: datetime | None  # the date its source gives it
    enclosures: tuple[Enclosure, ...] = ()
    author: str = ""
    tags: tuple[str, ...] = ()
    fingerprint: str = ""  # over what a reader sees, without dates
    meaning: Meaning = Meaning()
    raw: Mapping[str, object] = field(default_factory=dict)  # the entry, for later


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """An entry that could not be used, and why."""

    position: int  # in the document, from 0
    reason: str  # "empty", "too_many", "broken"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A document read, cleaned and understood: what the pipeline stores.

    The number of entries is ``len(items) + len(rejections)``.
    """

    items: tuple[Item, ...]
    rejections: tuple[Rejection, ...] = ()
    feed_id: str = ""
    feed_title: str = ""
    generator: str = ""
    ttl_minutes: int | None = None
    complete: bool = True


# --- Reconciling --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A sighting in the store that one of a document's keys has found."""

    key: str
    sighting: int  # its row
    notice: str
    own: bool  # seen at this very source, not at another of the same portal
    fingerprint: str
    title: str
    link: str
    version: int
    published: datetime
    category: Category
    levels: frozenset[Level]  # empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSighting:
    """An item first seen at this source; perhaps of a notice known elsewhere."""

    item: Item
    key: str
    notice: str
    minted: bool  # the notice itself is new
    published: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSighting:
    """A known item that a reader now sees differently."""

    item: Item
    known: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one document means for the store. It balances: see ``entries``."""

    new: tuple[NewSighting, ...] = ()
    changed: tuple[ChangedSighting, ...] = ()
    unchanged: int = 0
    duplicate: int = 0
    rejected: tuple[Rejection, ...] = ()
    gap: bool = False  # nothing overlaps with what was known

    @property
    def entries(self) -> int:
        """Count the document's entries: each is in exactly one part of the plan."""
        stored = len(self.new) + len(self.changed) + self.unchanged
        return stored + self.duplicate + len(self.rejected)


class Outcome(StrEnum):
    """How one attempt at a source ended."""

    PULLED = "pulled"  # a new document, read and stored
    NOT_MODIFIED = "not_modified"  # the server said 304
    SAME_BODY = "same_body"  # 200 with the bytes of last time
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a source, accounted for."""

    at: datetime
    outcome: Outcome
    status: int | None = None
    reason: str = ""  # errors.Reason, where it failed
    detail: str = ""
    wire_bytes: int = 0
    seconds: float = 0.0
    plan: Plan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source as the store holds it when somebody takes it up."""

    pk: int
    source: Source
    portal: str
    validators: Validators = Validators()
    body_hash: str = ""
    failures: int = 0
    failing_since: datetime | None = None
    gap: bool = False
    feed_id: str = ""
    feed_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a source stands after an attempt: what is written beside the items."""

    attempt: Attempt
    due_at: datetime
    failures: int = 0
    limited_until: datetime | None = None
    validators: Validators = Validators()
    body_hash: str = ""
    feed_id: str = ""
    feed_title: str = ""
    generator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source as an operator sees it."""

    id: str
    url: str
    authority: str
    state: str  # new ok failing limited quiet gap off
    last_try: datetime | None = None
    last_ok: datetime | None = None
    last_changed: datetime | None = None
    last_new_item: datetime | None = None
    failing_since: datetime | None = None
    next_due: datetime | None = None
    reason: str = ""
    detail: str = ""
    last_attempt: Mapping[str, object] | None = None


# --- Published ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """An authority whose items an audience reads, perhaps only up to a day."""

    authority: str
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which notices. There is no default for levels: nobody can forget them."""

    audience: str
    reach: tuple[Reach, ...]
    levels: frozenset[Level]  # ALL_LEVELS: no restriction
    categories: frozenset[Category]
    limit: int = 30
    own: bool = False
    timezone: str = "Asia/Ho_Chi_Minh"
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A source at which a notice was seen."""

    source: str
    authority: str
    category: Category
    link: str
    guid: str
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice as an audience sees it: its face, its labels, its places."""

    id: str  # bare UUID
    title: str
    link: str
    published: datetime
    first_seen: datetime
    updated: datetime
    category: Category  # that of the face
    categories: tuple[Category, ...]
    levels: frozenset[Level]  # empty: all
    authority: str
    source: str
    source_url: str
    source_title: str
    guid: str
    source_feed_id: str = ""  # what the source's feed calls itself (atom:id)
    text: str = ""
    html: str = ""
    author: str = ""
    also_at: tuple[Place, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    document: DocumentFacts | None = None
    deadline: date | datetime | None = None
    event: Event | None = None
    state: str = "shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewVersion:
    """How a selection stands: two equal versions have equal notices."""

    stamp: str
    changed_at: datetime | None  # None: nothing was ever stored for it
