"""Rules that could never count: said of a rule file when it is loaded.

Each phrase is read as if it were a title. If its own rule does not count there, or
another one always comes first, an officer who wrote it would wait for it in vain.
"""

from collections.abc import Iterator

from aggregator.errors import Problem
from aggregator.meaning.categories import CategoryRule
from aggregator.meaning.categories import CategoryRules
from aggregator.meaning.categories import applies
from aggregator.meaning.categories import lead_of
from aggregator.meaning.facets import Facet
from aggregator.meaning.facets import facet_words
from aggregator.meaning.levels import LevelRule
from aggregator.meaning.levels import LevelRules
from aggregator.meaning.levels import find_levels
from aggregator.meaning.levels import without_numbers
from aggregator.meaning.phrases import Phrases
from aggregator.meaning.reading import read_title
from aggregator.meaning.rules import Table
from aggregator.meaning.text import Aligned

_HIGHEST = 99  # numbers have two digits
_NEVER = "không bao giờ có tác dụng / can never count"


def _problem(key: str, why: str, hint: str = "") -> Problem:
    return Problem(file="", key=key, problem=f"{_NEVER}: {why}", hint=hint)


# --- Levels -------------------------------------------------------------------


def check_levels(rules: LevelRules, table: Table) -> Iterator[Problem]:
    """Yield what can never count in levels.toml."""
    for row in table["rule"]:
        yield from _unseen(row, rules.phrases)
        yield from _outshone(row, rules)
        yield from _idle(row, rules.phrases)
    yield from _unseen(table["addressees"], rules.offices)
    yield from _dead_numbers(table)
    yield from _dead_entrances(rules, table)
    for name in rules.divisions:
        if not name.isalpha():
            why = f"ký hiệu “{name}” không đứng cuối số / no number ends so"
            yield _problem(f"divisions.{name}", why, "GDTrH")


def _unseen(row: Table, phrases: Phrases[LevelRule]) -> Iterator[Problem]:
    """Say which phrases are not found even where they stand alone."""
    for words in row["words"]:
        title = read_title(words)
        hits = [hit.value.says for hit in phrases.find(without_numbers(title))]
        if row["says"] not in hits:
            others = ", ".join(f"“{name}”" for name in hits)
            why = f"“{words}” được đọc thành / is read as “{title.original}”"
            yield _problem(f"“{row['says']}”.words", f"{why} {others}".strip())


def _outshone(row: Table, rules: LevelRules) -> Iterator[Problem]:
    """Name weak phrases that bring along what is strong, and so never count."""
    if row.get("strength") != "weak":
        return
    for words in row["words"]:
        strong = find_levels(read_title(words), rules).strong
        if strong:
            other = strong[0]
            why = f"“{words}” chứa / holds “{other.saw}” (“{other.rule.says}”)"
            hint = "quy tắc mạnh luôn thắng / what is strong always wins"
            yield _problem(f"“{row['says']}”.words", why, hint)


def _idle(row: Table, phrases: Phrases[LevelRule]) -> Iterator[Problem]:
    """Name a rule that only hides shorter words, and has none to hide."""
    if row["levels"] or row.get("entrance"):
        return
    if not any(_hides(read_title(words), phrases) for words in row["words"]):
        why = (
            "không nêu cấp học, cũng không che cụm từ nào / names no level, hides none"
        )
        yield _problem(f"“{row['says']}”", why)


def _hides(title: Aligned, phrases: Phrases[LevelRule]) -> bool:
    """Say whether another phrase stands within this one."""
    cuts = [place for place, char in enumerate(title.folded) if not char.isalnum()]
    starts = [place + 1 for place in cuts]
    parts = [Aligned(title.original[:end], title.folded[:end]) for end in cuts]
    return any(phrases.at(title, start) for start in starts) or any(
        any(phrases.find(part)) for part in parts
    )


def _dead_numbers(table: Table) -> Iterator[Problem]:
    numbers = table["numbers"]
    lists = [("numbers", name) for name in numbers if name.startswith("not_")]
    for name, key in (*lists, ("subjects", "words"), ("subjects", "not_before")):
        if not all(word.strip() for word in table[name][key]):
            yield _problem(f"{name}.{key}", "từ rỗng / an empty word")
    for key, top, bands in (
        *((f"numbers.{word}", _HIGHEST + 1, numbers[word]) for word in _BANDS),
        ("ages.years", _HIGHEST, table["ages"]["years"]),
    ):
        for low, high, name in bands:
            inside = low < high if key == "ages.years" else low <= high
            if not (inside and 0 <= low < top):
                yield _problem(key, f"[{low}, {high}, {name}]", '[1, 5, "primary"]')


_BANDS = ("lop", "khoi", "cap")


def _dead_entrances(rules: LevelRules, table: Table) -> Iterator[Problem]:
    """Name entrances to a class that no number is, and stages that enter none."""
    classes = {
        number
        for word in ("lop", "khoi")
        for low, high, _ in table["numbers"][word]
        for number in range(low, high + 1)
    }
    for number in rules.entrance:
        if number not in classes:
            why = f"không có lớp {number} / there is no class {number}"
            yield _problem(f"entrance.{number}", why)
    for level, number in rules.stages.items():
        if number not in rules.entrance:
            why = f"không có / there is no [entrance] {number}"
            yield _problem(f"stages.{level}", why)
    if 10 not in rules.entrance:  # R1 leaves the THPT out where GDTX is named
        yield _problem("entrance", "thiếu / lacks 10")


# --- Categories -----------------------------------------------------------------


def check_categories(rules: CategoryRules, table: Table) -> Iterator[Problem]:
    """Yield the rules of categories.toml of which no phrase could ever decide."""
    for place, (rule, row) in enumerate(zip(rules.each, table["rule"], strict=True)):
        reasons = [_hidden(words, rule, rules.each[:place]) for words in row["words"]]
        dead = [reason for reason in reasons if reason]
        if len(dead) == len(reasons):
            hint = "đưa lên trước, hoặc thêm unless / put it before, or add unless"
            yield _problem(f"“{rule.says}”", "; ".join(dict.fromkeys(dead)), hint)


def _hidden(words: str, rule: CategoryRule, before: tuple[CategoryRule, ...]) -> str:
    """Say why a phrase never decides, or ""."""
    title = read_title(words)
    if not applies(rule, title, lead_of(title)):
        return f"“{words}” không khớp chính nó / does not match itself"
    for other in before:
        if _always(other, rule) and applies(other, title, lead_of(title)):
            return f"“{other.says}” luôn đứng trước / always comes before (“{words}”)"
    return ""


def _always(other: CategoryRule, rule: CategoryRule) -> bool:
    """Say whether what hides a phrase by itself hides it in every title."""
    if other.unless or (other.exact and not rule.exact):
        return False
    return rule.head or not other.head


# --- Facets -----------------------------------------------------------------------


def check_facets(phrases: Phrases[Facet], table: Table) -> Iterator[Problem]:
    """Yield the phrases that are not found even where they stand alone."""
    for name, value, words in facet_words(table):
        hits = phrases.find(read_title(words))
        if Facet(name, value) not in [hit.value for hit in hits]:
            why = f"“{words}” không khớp chính nó / does not match itself"
            yield _problem(f"{name}.{value}", why)
