"""What a notice says, and why we think so."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime

from aggregator.model.names import Category
from aggregator.model.names import Level


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
    abstract: str = ""  # trích yếu: what it is about, without "V/v"
    own: bool = True  # this notice is that document; else it only reports of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Another document that a notice names, by its number as people type it."""

    kind: str  # replaces, amends, abolishes, corrects, refers
    number: str
    issuer: str = ""  # as the symbol abbreviates it


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """When and where something is, such as what an invitation asks people to.

    Midnight says that only the day is known.
    """

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
class Hold:
    """Why a notice waits for an editor and is not published by itself."""

    kind: str  # betting, foreign_text, foreign_links, flood
    because: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a notice says. Empty ``levels`` means all levels."""

    category: Category = Category.NEWS
    levels: frozenset[Level] = frozenset()
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    document: DocumentFacts | None = None
    deadline: date | datetime | None = None
    event: Event | None = None
    references: tuple[Reference, ...] = ()
    because: tuple[Because, ...] = ()
    hold: Hold | None = None
