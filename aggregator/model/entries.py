"""Theirs: entries as their sources wrote them, untrusted."""

from dataclasses import dataclass
from datetime import datetime


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
    skip_hours: frozenset[int] = frozenset()  # 0 to 23, GMT
    skip_days: frozenset[int] = frozenset()  # 0 is Monday, GMT
    complete: bool = True  # False: its end is missing or it is ill-formed
    cut: bool = False  # its end is missing: there was more
    strictly: bool = False  # read by the strict reader, not by feedparser
