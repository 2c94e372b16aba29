"""Lays out the sample portal: which feed of which host shows which columns.

Pure. It alone reads a source's URL and category.
"""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from typing import NamedTuple
from urllib.parse import quote
from urllib.parse import urlsplit

from aggregator.demo.columns import VIETNAM
from aggregator.demo.columns import Article
from aggregator.demo.columns import Column
from aggregator.demo.columns import Turn
from aggregator.demo.dialects import DIALECTS
from aggregator.demo.dialects import Dialect
from aggregator.demo.dialects import nukeviet
from aggregator.demo.nukeviet import LIMIT
from aggregator.demo.stories import Kind
from aggregator.demo.stories import Office
from aggregator.demo.stories import office_of
from aggregator.demo.stories import stories_of
from aggregator.model import CATEGORY_LABELS
from aggregator.model import Authority
from aggregator.model import Category
from aggregator.model import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A source as its host offers it: at one target (path and query), some columns."""

    source_id: str
    host: str
    target: str
    site: str  # how the office names its site
    category: Category | None
    columns: tuple[Column, ...]
    dialect: Dialect = nukeviet  # how its host writes news

    @property
    def is_laws(self) -> bool:
        """Say whether module laws writes it; else module news does."""
        return self.category is Category.DOCUMENT

    @property
    def label(self) -> str:
        """Name it for people."""
        return CATEGORY_LABELS[self.category] if self.category else "Tin tổng hợp"

    def newest(self, now: datetime) -> list[Article]:
        """List what it shows at a moment, newest first."""
        return newest_of(self.columns, now)


class _Key(NamedTuple):
    """Names a column: two sources that agree in it show the same articles."""

    host: str
    authority: str
    category: Category
    module: str


def lay_out(
    sources: Iterable[Source], authorities: Mapping[str, Authority], started: datetime
) -> tuple[Feed, ...]:
    """Give every source a feed, with columns of its own or shared ones."""
    listed = tuple(sources)
    today = started.astimezone(VIETNAM).date()
    offices = {
        id: office_of(authority, today=today) for id, authority in authorities.items()
    }
    columns = _columns(
        dict.fromkeys(k for s in listed for k in _keys(s)), offices, started
    )
    # Only alone on a host: feeds of one portal name an article alike.
    neighbours = Counter(host_of(source) for source in listed)
    alone = [s.id for s in listed if s.category is None and neighbours[host_of(s)] == 1]
    dialects = dict(zip(alone, cycle(DIALECTS), strict=False))
    return tuple(
        Feed(
            dialect=dialects.get(source.id, nukeviet),
            source_id=source.id,
            host=host_of(source),
            target=_target(source.url),
            site=offices[source.authority].name,
            category=source.category,
            columns=tuple(columns[key] for key in _keys(source)),
        )
        for source in listed
    )


def newest_of(columns: Iterable[Column], now: datetime) -> list[Article]:
    """Merge columns as one feed would, newest first."""
    told = [article for column in columns for article in column.newest(now)]
    told.sort(key=lambda article: article.published, reverse=True)
    return told[:LIMIT]


def host_of(source: Source) -> str:
    """Name the host that a source is on, in lower case."""
    return urlsplit(source.url).hostname or ""


def _keys(source: Source) -> list[_Key]:
    # A source whose items are sorted one by one carries every category as news.
    module = "laws" if source.category is Category.DOCUMENT else "news"
    categories = [source.category] if source.category else list(Category)
    host = host_of(source)
    return [_Key(host, source.authority, each, module) for each in categories]


def _columns(
    keys: Iterable[_Key], offices: Mapping[str, Office], started: datetime
) -> dict[_Key, Column]:
    listed = list(keys)
    turns = _turns(listed, offices)
    places = _places(listed)
    return {
        key: Column(
            office=offices[key.authority],
            category=key.category,
            module=key.module,
            place=places[key],
            turn=turns.get(key),
            started=started,
            stories=stories_of(offices[key.authority], key.category),
        )
        for key in listed
    }


def _turns(keys: Iterable[_Key], offices: Mapping[str, Office]) -> dict[_Key, Turn]:
    """Give out the ticks: every other one to the Sở, whose news every school shows."""
    alive = [key for key in keys if not offices[key.authority].ended]
    sides = [
        [key for key in alive if (offices[key.authority].kind is Kind.SO) is is_so]
        for is_so in (True, False)
    ]
    if not all(sides):
        return {key: Turn(place=i, places=len(alive)) for i, key in enumerate(alive)}
    return {
        key: Turn(place=2 * i + side, places=2 * len(mine))
        for side, mine in enumerate(sides)
        for i, key in enumerate(mine)
    }


def _places(keys: Iterable[_Key]) -> dict[_Key, int]:
    """Number the columns of each host, since ids are unique on a host."""
    taken: dict[str, int] = {}
    places: dict[_Key, int] = {}
    for key in keys:
        places[key] = taken.get(key.host, 0)
        taken[key.host] = places[key] + 1
    return places


def _target(url: str) -> str:
    """Spell path and query as they stand in a request line."""
    parts = urlsplit(url)
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    return quote(target, safe="/?%:@!$&'()*+,;=~[]")
