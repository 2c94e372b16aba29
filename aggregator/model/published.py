"""What an audience sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime

from aggregator.model.entries import Enclosure
from aggregator.model.meanings import DocumentFacts
from aggregator.model.meanings import Event
from aggregator.model.meanings import Reference
from aggregator.model.names import Category
from aggregator.model.names import Level


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
    by_entry: bool = True  # the window takes what came last, not what is dated last
    gone_since: datetime | None = None  # also what was taken away from then on, as such


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
    references: tuple[Reference, ...] = ()
    state: str = "shown"
    version: int = 1  # how often its text has come, counted from 1
    # Since when its audience has it no more; of what a person has hidden (`state`), no
    # words are given.
    gone: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitUse:
    """How often a school that names itself asked for a selection on a day."""

    unit: str  # its key
    selection: str  # path and query of the address
    day: date  # in the site's zone
    requests: int
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewVersion:
    """How a selection stands: two equal versions have equal notices."""

    stamp: str
    changed_at: datetime | None  # None: nothing was ever stored for it
