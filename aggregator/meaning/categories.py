"""What kind of notice it is, where its source does not say. Rules are data."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from aggregator.meaning.phrases import Phrase
from aggregator.meaning.phrases import Phrases
from aggregator.meaning.phrases import compile_phrases
from aggregator.meaning.rules import Table
from aggregator.meaning.rules import check_keys
from aggregator.meaning.rules import check_value
from aggregator.meaning.rules import read_rules
from aggregator.meaning.text import Aligned
from aggregator.meaning.text import fold
from aggregator.model import Because
from aggregator.model import Category

FILE = "categories.toml"
_KEYS = frozenset({"says", "words", "category", "where", "exact", "unless"})
# What may stand before a title's first word: a bracketed number, urgency.
_LEAD = re.compile(
    r"(?:\[[^\]]{0,60}\]|[\W\d_]|(?:hoa toc|thuong khan|khan)(?![a-z])){0,40}"
)
_INVITING = re.compile(r"(?<![a-z])(?:kinh moi|giay moi|thu moi)(?![a-z])")
_WHEN_LABEL = re.compile(r"thoi gian(?<![a-z]thoi gian) ?:")
_WHERE_LABEL = re.compile(r"dia diem(?<![a-z]dia diem) ?:")
_READ = 2_000  # characters of a text that are searched for an invitation
_ANNOUNCING = re.compile(r"\d[/-](?:\d{4}[/-])?TB-")


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule:
    """One rule of categories.toml, ready to be tried."""

    says: str
    category: Category
    head: bool
    exact: bool
    phrases: Phrases[None]
    unless: Phrases[None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRules:
    """All rules of categories.toml, in their order.

    ``anywhere`` holds the phrases of all that look anywhere in a title: most titles
    have none of them, which one search tells for all.
    """

    each: tuple[CategoryRule, ...]
    anywhere: Phrases[None]


@cache
def category_rules() -> CategoryRules:
    """Read categories.toml once."""
    return compile_categories(read_rules(FILE))


def compile_categories(table: Table) -> CategoryRules:
    """Make the rules of categories.toml ready.

    Raises:
        ConfigError: A rule has an unknown key or repeats a phrase.
    """
    rules = tuple(_compile_rule(row) for row in table["rule"])
    known = [rule.phrases.known.values() for rule in rules if not rule.head]
    words = {fold(phrase.words): phrase.words for row in known for phrase in row}
    return CategoryRules(each=rules, anywhere=_phrases(words.values(), ""))


def _compile_rule(row: Table) -> CategoryRule:
    check_keys(row, _KEYS, file=FILE)
    check_value(row, "where", ("head", "title"), FILE)
    check_value(row, "category", tuple(map(str, Category)), FILE)
    check_value(row, "exact", (True, False), FILE)
    unless = row.get("unless")
    return CategoryRule(
        says=row["says"],
        category=Category(row["category"]),
        head=row["where"] == "head",
        exact=row.get("exact", False),
        phrases=_phrases(row["words"], row["says"], exact=row.get("exact", False)),
        unless=_phrases(unless, row["says"]) if unless else None,
    )


def _phrases(words: Iterable[str], says: str, *, exact: bool = False) -> Phrases[None]:
    phrases: Iterator[Phrase[None]] = (Phrase(w, None, exact, says) for w in words)
    return compile_phrases(phrases, file=FILE)


def find_category(
    title: Aligned, text: Aligned, *, number: str, rules: CategoryRules
) -> tuple[Category, Because]:
    """Say what kind of notice it is, and why.

    Args:
        number: The document number that the title itself bears, or "".
    """
    inviting = _invitation(text, number)
    if inviting:
        return Category.INVITATION, inviting
    lead = lead_of(title)
    anywhere = rules.anywhere.stands_in(title)
    for rule in rules.each:
        saw = applies(rule, title, lead) if rule.head or anywhere else ""
        if saw:
            return rule.category, Because(says=rule.says, saw=saw, where="title")
    return _by_number(number)


def lead_of(title: Aligned) -> int:
    """Say where a title's first word begins."""
    lead = _LEAD.match(title.folded)
    return lead.end() if lead else 0


def applies(rule: CategoryRule, title: Aligned, lead: int) -> str:
    """Give the words for which a rule counts, or ""."""
    if rule.head:
        hit = rule.phrases.at(title, lead)
    else:
        hit = next(rule.phrases.find(title), None)
    if not hit or (rule.unless and any(rule.unless.find(title))):
        return ""
    return title.saw(hit.start, hit.end)


def _invitation(text: Aligned, number: str) -> Because | None:
    """Know an invitation by its symbol GM, or by its block of when and where."""
    if "/GM-" in number:
        return Because(says="Ký hiệu GM là giấy mời", saw=number, where="title")
    if not text.folded:
        return None
    head = text.folded[:_READ]
    if not (_WHEN_LABEL.search(head) and _WHERE_LABEL.search(head)):
        return None
    inviting = _INVITING.search(head)
    if inviting:
        saw = text.saw(*inviting.span())
        says = "Văn bản mời có thời gian và địa điểm"
        return Because(says=says, saw=saw, where="text")
    return None


_ELSE_NEWS = Because(says="Không có dấu hiệu của loại khác: tin tức", where="title")


def _by_number(number: str) -> tuple[Category, Because]:
    if not number:
        return Category.NEWS, _ELSE_NEWS
    if _ANNOUNCING.search(number):
        says = "Ký hiệu TB là thông báo"
        return Category.ANNOUNCEMENT, Because(says=says, saw=number, where="title")
    says = "Có số, ký hiệu văn bản"
    return Category.DOCUMENT, Because(says=says, saw=number, where="title")
