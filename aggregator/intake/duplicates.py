"""One notice at several sources: what it is found by, and what proves it. Pure.

The Department's document stands on ten offices' portals, each with a guid and host of
its own. Copies are found by marks (number and issuer, page, title) and are one notice
only where something besides agrees. What is merely likely is proposed to an editor:
joining two notices wrongly hides one of them, and nobody would see it. Who joins is
`joining`.
"""

import re
from collections.abc import Iterable
from datetime import timedelta

from aggregator.intake.names import ends_in_number
from aggregator.intake.names import key_of
from aggregator.meaning.marks import mark
from aggregator.meaning.marks import own_mark
from aggregator.meaning.text import fold
from aggregator.model import Copy
from aggregator.model import Item
from aggregator.model import NewSighting
from aggregator.model import SourceRow
from aggregator.model import Verdict

# A number is its year's (NĐ 30/2020/NĐ-CP, Phụ lục I); a title comes again each term.
NUMBER_HOLDS = timedelta(days=180)
TITLE_HOLDS = timedelta(days=30)
SIMILAR = 0.8  # share of words that two texts have in common; from which they are one
LIKELY = 0.4  # … from which an editor is asked
TITLES_SIMILAR = 0.5
MOST_READ = 20_000  # characters of a text
_LEAST_WORDS, _LEAST_LETTERS = 5, 25  # of a title that says what it is about
_LEAST_TEXT = 20  # words; "see the file" says nothing of what it is about
_LEAST_TITLE = 4  # words beside number and date, for one title to stand in another
_WORD = re.compile(r"\w+")
# What tells one of a series from the next.
_ORDINAL = re.compile(
    r"(?<!\w)(tuan|dot|lan|quy|thang|hoc ky|vong) (?:thu )?(\d+|[ivx]+)(?!\w)"
)
_CAPITAL = "A-ZĐÀ-ÖØ-ÝĂĨŨƠƯ\u1ea0-\u1ef8"
_NAME = rf"(?:[{_CAPITAL}]\w*|\d+)(?:[ ]+[{_CAPITAL}]\w*){{0,3}}"
# Whose it is: two districts send out one form letter with their names in it.
_PLACE = re.compile(
    r"\b(?i:quận|huyện|phường|xã|thị trấn|thị xã|trường)[ ]+"
    r"(?:(?i:mầm non|mẫu giáo|tiểu học|thcs|thpt|th)[ ]+)?"
    rf"({_NAME})"
)


# --- Marks ----------------------------------------------------------------------


def marks_of(item: Item, authority: str) -> dict[str, int]:
    """Give what other copies of an item are found by: kind → hash, at most three."""
    marks = {}
    number = own_mark(item.meaning.document, authority)
    if number is not None:
        marks["number"] = number
    title = fold(item.title)
    page = _page(item, title)
    if page:
        marks["page"] = mark("page", page)
    if len(title) >= _LEAST_LETTERS and title.count(" ") >= _LEAST_WORDS - 1:
        marks["title"] = mark("title", title)
    return marks


def _page(item: Item, title: str) -> str:
    """Give the page of one article; "" if its link may lead to a list of them.

    What is an article's bears a number at its end, or the words of the title.
    """
    key = key_of(item.link)
    host, _, path = key.partition("#")[0].partition("/")
    if not path or key not in item.keys:  # else other entries have it too
        return ""
    page = f"{host.lower().removeprefix('www.')}/{path}"
    if "/ct/" in page or ends_in_number(page):
        return page
    if page.count("-") + page.count("_") < _LEAST_WORDS - 1:
        return ""
    slug = words(path.partition("?")[0].rstrip("/").rsplit("/", 1)[-1])
    own = len(slug) >= _LEAST_WORDS and len(slug & words(title)) * 2 >= len(slug)
    return page if own else ""


# --- Two copies -----------------------------------------------------------------


def copy_of(new: NewSighting, row: SourceRow, marks: Iterable[int] = ()) -> Copy:
    """Give what is held beside others of a new item."""
    document = new.item.meaning.document
    return Copy(
        notice=new.notice,
        source_pk=row.pk,
        title=new.item.title,
        text=new.item.text[:MOST_READ],
        number=document.number if document and document.own else "",
        issued=document.issued if document else None,
        published=new.published,
        marks=frozenset(marks),
    )


def same_notice(mine: Copy, other: Copy, shared: Iterable[str]) -> Verdict | None:
    """Decide whether two copies are one notice.

    Args:
        shared: The kinds of their marks that are the same.
    """
    rules = {"number": _by_number, "page": _by_page, "title": _by_title}
    found = [rules[kind](mine, other) for kind in shared]
    if Verdict.SAME in found:
        return Verdict.SAME
    return Verdict.MAYBE if Verdict.MAYBE in found else None


def _by_number(mine: Copy, other: Copy) -> Verdict | None:
    one_day = mine.issued == other.issued is not None
    contradicted = not one_day and None not in (mine.issued, other.issued)
    if abs(mine.published - other.published) > NUMBER_HOLDS and not one_day:
        return None
    alike = _one_title(mine, other) or overlap(mine.text, other.text) >= SIMILAR
    sure = alike and not contradicted and _ordinals_agree(mine, other)
    return Verdict.SAME if sure else Verdict.MAYBE


def _by_page(mine: Copy, other: Copy) -> Verdict | None:
    near = abs(mine.published - other.published) <= NUMBER_HOLDS
    alike = _share(words(mine.title), words(other.title)) >= TITLES_SIMILAR
    return Verdict.SAME if near and alike and _ordinals_agree(mine, other) else None


def _by_title(mine: Copy, other: Copy) -> Verdict | None:
    """Titles alone are no proof: ten offices each invite to their own meeting."""
    if abs(mine.published - other.published) > TITLE_HOLDS:
        return None
    share = overlap(mine.text, other.text)
    if share >= SIMILAR and _facts_agree(mine.text, other.text):
        return Verdict.SAME
    return Verdict.MAYBE if share >= LIKELY else None


def _one_title(mine: Copy, other: Copy) -> bool:
    """Say whether titles say the same, besides the number that both bear."""
    number = words(mine.number)
    one, two = (
        {word for word in words(each.title) - number if not word.isdigit()}
        for each in (mine, other)
    )
    least = min(len(one), len(two))
    if least < _LEAST_TITLE:
        return False
    stands_in = len(one & two) >= SIMILAR * least
    return stands_in or _share(one, two) >= TITLES_SIMILAR


def _ordinals_agree(mine: Copy, other: Copy) -> bool:
    """Week 12 is not week 13; who does not count weeks contradicts nobody."""
    one, two = _ordinals(mine.title), _ordinals(other.title)
    return all(one[word] == two[word] for word in one.keys() & two.keys())


def _ordinals(title: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for word, number in _ORDINAL.findall(fold(title)):
        found.setdefault(word, set()).add(number)
    return found


def _facts_agree(mine: str, other: str) -> bool:
    """Say whether numbers and places of one text all stand in the other one."""
    one, two = _facts(mine), _facts(other)
    return one <= two or two <= one


def _facts(text: str) -> set[str]:
    numbers = {word for word in words(text) if word.isdigit()}
    return numbers | {fold(place) for place in _PLACE.findall(text)}


def overlap(mine: str, other: str) -> float:
    """Give the share of words that two texts have in common; of hardly any, none."""
    one, two = words(mine), words(other)
    return _share(one, two) if min(len(one), len(two)) >= _LEAST_TEXT else 0.0


def _share(mine: set[str], other: set[str]) -> float:
    return len(mine & other) / len(mine | other) if mine and other else 0.0


def words(text: str) -> set[str]:
    """Take a text apart; case and marks make no difference."""
    return set(_WORD.findall(fold(text).replace("_", " ")))
