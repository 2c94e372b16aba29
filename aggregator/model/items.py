"""Ours: entries made plain, clean and understood."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime

from aggregator.model.entries import Enclosure
from aggregator.model.meanings import Meaning


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
    hour_only: bool = False  # of its date, only the hour can be believed
    enclosures: tuple[Enclosure, ...] = ()
    author: str = ""
    tags: tuple[str, ...] = ()
    fingerprint: str = ""  # over what a reader sees, without dates
    words: str = ""  # by which it is found: see `meaning.searching.words_of`
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
    skip_hours: frozenset[int] = frozenset()  # 0 to 23, GMT
    skip_days: frozenset[int] = frozenset()  # 0 is Monday, GMT
    complete: bool = True
    cut: bool = False  # its end is missing: there was more
    strictly: bool = False  # read by the strict reader, not by feedparser
