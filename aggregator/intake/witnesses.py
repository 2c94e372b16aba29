"""What says that an entry is a known item: witnesses, and what they are worth. Pure.

A guid counts only as far as it can be trusted: portals give one to another article, in
the same document or a later one, or number their entries by place. So each name by
which a known item is found needs a witness, and surer ones go before weaker ones.
"""

import re
from collections.abc import Callable
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from datetime import time
from datetime import timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from aggregator.intake.names import article_number
from aggregator.intake.names import has_own_link
from aggregator.intake.names import host_of
from aggregator.intake.names import last_part
from aggregator.intake.names import last_segment
from aggregator.intake.names import number_of
from aggregator.intake.names import page_of
from aggregator.intake.names import path_of
from aggregator.meaning.text import fold
from aggregator.model import Item
from aggregator.model import Known

# Clerks begin to count anew each year: 15/TB-SGDĐT of 2025 is not that of 2026.
NUMBER_HOLDS = timedelta(days=180)
_SAME_DAY = timedelta(days=1)  # and a zone lost in a move
_ALIKE = 0.5  # share of words that two titles of one document have in common
_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_WORD = re.compile(r"\w+")
# A long number, a hash, an address: not the place of an entry in its document.
_TELLING = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{4,}|[0-9a-f-]{16,}|\w\.\w+/.")


@dataclass(frozen=True, slots=True)
class Shared:
    """What several entries of one document have in common, and so tells nothing."""

    names: Collection[str] = ()  # that are the first of their entries
    pages: Collection[str] = ()
    dates: Collection[datetime] = ()


@dataclass(frozen=True)
class Pair:
    """An entry beside a known item that one of its names has found."""

    item: Item
    found: Known
    guid: bool  # it was found by its guid, which is one entry's alone
    shared: Shared = Shared()

    @cached_property
    def face(self) -> bool:
        """A reader sees the same."""
        return self.item.fingerprint in (self.found.fingerprint, self.found.flip)

    @cached_property
    def page(self) -> bool:
        """The links lead to the same page, and no other entry's does."""
        mine = page_of(self.item.link)
        return mine == page_of(self.found.link) != "" and mine not in self.shared.pages

    @cached_property
    def undiffering(self) -> bool:
        """The dates are the same, or one has none."""
        mine, other = self.item.given, self.found.given
        return mine is None or other is None or mine == other

    @cached_property
    def elsewhere(self) -> bool:
        """Both have links, to different pages."""
        mine, other = page_of(self.item.link), page_of(self.found.link)
        return bool(mine and other) and mine != other

    @cached_property
    def moved(self) -> bool:
        """The article's own part of the link is the same at another place."""
        mine = last_segment(self.item.link)
        return mine == last_segment(self.found.link) != ""

    @cached_property
    def path(self) -> bool:
        """The links differ by their hosts alone."""
        mine = path_of(self.item.link)
        alone = page_of(self.item.link) not in self.shared.pages
        return alone and mine == path_of(self.found.link) != ""

    @cached_property
    def article(self) -> bool:
        """The portal's own number of the article is the same."""
        mine = article_number(self.item.link)
        return mine == article_number(self.found.link) != ""

    @cached_property
    def host(self) -> bool:
        """The links stand at the same host."""
        return host_of(self.item.link) == host_of(self.found.link)

    @cached_property
    def other_article(self) -> bool:
        """The portal's own numbers say that these are two articles."""
        mine, other = article_number(self.item.link), article_number(self.found.link)
        return bool(mine and other) and mine != other

    @cached_property
    def title(self) -> bool:
        """The titles are the same to a reader who skips case and marks."""
        return fold(self.item.title) == fold(self.found.title) != ""

    @cached_property
    def untitled(self) -> bool:
        """Neither has a title."""
        return not self.item.title and not self.found.title

    @cached_property
    def similar(self) -> bool:
        """Half of the titles' words are the same."""
        mine, theirs = _words(self.item.title), _words(self.found.title)
        return bool(mine) and len(mine & theirs) >= _ALIKE * len(mine | theirs)

    @cached_property
    def counted(self) -> bool:
        """The titles give the same numbers: week 12 is not week 13."""
        mine, theirs = _words(self.item.title), _words(self.found.title)
        return not any(word.isdigit() for word in mine ^ theirs)

    @cached_property
    def date(self) -> bool:
        """The moments are the same, and exact enough to say something."""
        given = self.item.given
        same = given is not None and given == self.found.given
        return same and given not in self.shared.dates and not is_coarse(self.item)

    @cached_property
    def day(self) -> bool:
        """The dates are a day apart at most, or one has none."""
        mine, other = self.item.given, self.found.given
        return mine is None or other is None or abs(mine - other) <= _SAME_DAY

    @cached_property
    def number(self) -> bool:
        """The official document's number is the same, within the year."""
        mine = number_of(self.item)
        moment = self.item.given or self.found.published
        near = abs(moment - self.found.published) <= NUMBER_HOLDS
        return near and mine == fold(self.found.number) != ""

    @cached_property
    def telling(self) -> bool:
        """The guid does not look like a place in the document: `1`, `item-3`."""
        return bool(_TELLING.search(self.item.keys[0]))

    @cached_property
    def nameless(self) -> bool:
        """Neither has a guid: the link is all the name that they have."""
        return not self.item.guid and not self.found.guid

    @cached_property
    def own_page(self) -> bool:
        """The page is that of one article: its link is made from a number or title."""
        titles = _words(self.item.title) | _words(self.found.title)
        slug = _words(last_part(self.item.link))
        named = bool(slug) and len(slug & titles) * 2 >= len(slug)
        return named or article_number(self.item.link) != ""


# From the surest to the weakest; what fulfils none is another article. What is edited
# keeps its guid and page, or one of them and its date; links made from titles change
# with them, so then guid and date remain. A guid alone is worth nothing.
_WITNESSES: tuple[Callable[[Pair], bool], ...] = (
    lambda p: p.guid and p.face,
    lambda p: p.face and (p.page or p.undiffering),
    lambda p: p.guid and p.page,
    lambda p: p.page and (p.title or p.date),
    lambda p: p.guid and p.title and (p.moved or p.article or p.date),
    lambda p: p.title and p.path and p.day,  # at another host
    lambda p: p.guid and p.title and p.day and not p.elsewhere,
    lambda p: p.guid and p.title and p.telling and not p.other_article,
    lambda p: p.guid and p.untitled and not p.elsewhere,
    lambda p: p.guid and (p.moved or p.article or p.number),
    lambda p: p.guid and p.date and not p.other_article,
    lambda p: p.number and (p.date or p.similar),
    lambda p: p.article and p.host and (p.date or (p.similar and p.counted)),
    lambda p: p.guid and p.similar and p.telling and not p.other_article,
    lambda p: p.guid and p.similar and p.counted and p.day and not p.other_article,
    lambda p: p.page and p.nameless and p.own_page,
    lambda p: p.page and p.similar and p.counted and p.day,
)


def strength(pair: Pair) -> int | None:
    """Say how sure it is that the two are one article, from 0 down; None: it is not."""
    return next((n for n, holds in enumerate(_WITNESSES) if holds(pair)), None)


def same_at_sibling(pair: Pair) -> bool:
    """Say whether another source of the portal shows this article."""
    placed = pair.page or pair.moved or pair.article or pair.date
    return pair.title and (placed or pair.face)


def repeats(item: Item, other: Item) -> bool:
    """Say whether a document lists one article twice under one name."""
    same = item.fingerprint == other.fingerprint and item.link == other.link
    if same and has_own_link(item):
        return True
    dated = item.given is not None and other.given is not None
    if fold(item.title) != fold(other.title) or (dated and item.given != other.given):
        return False
    if dated and not is_coarse(item):
        return True
    mine, theirs = page_of(item.link), page_of(other.link)
    return not mine or not theirs or mine == theirs


def is_coarse(item: Item) -> bool:
    """Say whether a date is that of a day, or of an hour, without the rest."""
    given = item.given
    if given is None or item.hour_only:
        return given is not None
    return given.time() == time() or given.astimezone(_VIETNAM).time() == time()


def _words(text: str) -> set[str]:
    return set(_WORD.findall(fold(text).replace("_", " ")))
