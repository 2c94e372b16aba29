"""Notices held beside each other, to see which of them are one."""

from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What is decided of two notices that have something in common."""

    SAME = "same"
    MAYBE = "maybe"  # for an editor


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A notice as one source shows it, to be held beside another."""

    notice: str
    source_pk: int
    title: str
    text: str = ""  # its beginning
    number: str = ""  # of the official document that it is
    issued: date | None = None
    published: datetime
    marks: frozenset[int] = field(default_factory=frozenset)  # by which it was found


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Two notices that may be one."""

    notice: str
    other: str
    why: str  # "number", "title", or "both": a third one is each of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A proposal that waits for an editor, and what its two notices look like."""

    pk: int
    why: str
    at: datetime
    notices: tuple[str, str]
    titles: tuple[str, str]
    links: tuple[str, str]
    sources: tuple[str, str]
