"""The sample stories and the offices that tell them.

Reads stories.toml, the only file of texts here. Any number of offices can tell the same
story: a story names kinds of offices, never an office.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from zlib import crc32

from aggregator.model import Authority
from aggregator.model import Category


class Kind(StrEnum):
    """What sort of office it is; stories.toml says which kinds tell a story."""

    SO = "so"
    PHONG = "phong"
    PHUONG = "phuong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A text with blanks (see ``texts.fill``), and when it was told."""

    office: tuple[Kind, ...]
    category: Category
    days_ago: int  # working stock: days before the start, or before the office's end
    title: str
    text: str  # HTML; of a document its trích yếu
    number: str = ""  # số, ký hiệu with {n} for what is counted
    image: bool = False
    file: bool = False  # has a PDF
    dissolved: bool = False  # told only by an office that has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An authority as it speaks of itself."""

    kind: Kind
    name: str
    short: str
    area: str  # what it looks after, such as a district or ward
    counter: int  # where its document numbers stand at the start
    since: date | None
    until: date | None
    ended: bool  # already dissolved when the portal started


_FIRST_NUMBER = {Kind.SO: 3100, Kind.PHONG: 900, Kind.PHUONG: 200}
_TYPE_WORDS = re.compile(
    r"(?:sở|phòng)\s+(?:giáo dục và đào tạo|gd\s*&?\s*đt|văn hóa\s*-\s*xã hội|vhxh)\s+",
    re.IGNORECASE,
)
_EDUCATION = re.compile(r"phòng\s+(?:giáo dục|gd)", re.IGNORECASE)


@cache
def load_stories() -> tuple[Story, ...]:
    """Read the bundled stories."""
    text = files(__package__).joinpath("stories.toml").read_text(encoding="utf-8")
    return tuple(_story(table) for table in tomllib.loads(text)["story"])


def stories_of(office: Office, category: Category) -> tuple[Story, ...]:
    """Choose what an office tells under a category."""
    return tuple(
        story
        for story in load_stories()
        if office.kind in story.office
        and story.category is category
        and (office.ended or not story.dissolved)
    )


def office_of(authority: Authority, *, today: date) -> Office:
    """Make an office of an authority as it stands on a day."""
    kind = _kind(authority)
    return Office(
        kind=kind,
        name=authority.name,
        short=authority.label,
        area=_TYPE_WORDS.sub("", authority.name).strip() or authority.name,
        # Spread, so that two offices do not send out the same numbers.
        counter=_FIRST_NUMBER[kind] + crc32(authority.id.encode()) % 97,
        since=authority.since,
        until=authority.until,
        ended=authority.until is not None and authority.until < today,
    )


def _kind(authority: Authority) -> Kind:
    if authority.parent is None:
        return Kind.SO
    return Kind.PHONG if _EDUCATION.match(authority.name) else Kind.PHUONG


def _story(table: Mapping[str, object]) -> Story:
    values = dict(table)
    kinds = values.pop("office")
    category = Category(str(values.pop("category")))
    assert isinstance(kinds, list)
    office = tuple(Kind(kind) for kind in kinds)
    return Story(office=office, category=category, **values)  # type: ignore[arg-type]
