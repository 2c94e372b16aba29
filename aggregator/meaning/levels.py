"""Which levels of education a notice concerns, and which words say so.

Rules are data (levels.toml). Nothing is guessed here: a text that names no level gives
no marks, and the caller lets the notice through to everybody.
"""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from functools import lru_cache
from typing import NamedTuple

from aggregator.meaning.numbers import NumberRules
from aggregator.meaning.numbers import find_ages
from aggregator.meaning.numbers import find_classes
from aggregator.meaning.numbers import find_subjects
from aggregator.meaning.numbers import read_numbers
from aggregator.meaning.phrases import Hit
from aggregator.meaning.phrases import Phrase
from aggregator.meaning.phrases import Phrases
from aggregator.meaning.phrases import compile_phrases
from aggregator.meaning.rules import Table
from aggregator.meaning.rules import check_keys
from aggregator.meaning.rules import check_value
from aggregator.meaning.rules import read_levels
from aggregator.meaning.rules import read_rules
from aggregator.meaning.text import Aligned
from aggregator.model import ALL_LEVELS
from aggregator.model import Because
from aggregator.model import Level

FILE = "levels.toml"
_KEYS = frozenset({"says", "words", "levels", "strength", "exact", "entrance"})
# The number of a document names its writer, not its readers: 3676/BGDĐT-GDMN.
_NUMBER = re.compile(
    r"\d\d{0,4}(?:[/-](?:19|20)\d\d)?[/-][a-z][a-z&]{0,14}(?:[-/][a-z&]{1,14}){1,4}"
)
_ADDRESSEES = re.compile(r"kinh gui(?<![a-z]kinh gui) ?:?")
_ADDRESSEES_END = re.compile(
    r"(?<![a-z])(?:can cu|thuc hien|nham|theo|ngay|de |so giao duc va dao tao thong)"
)
_ADDRESSEES_LENGTH = 500  # characters
_TO = re.compile(
    " (?:cho )?(?:den|toi) (?:het )?(?:(?:bac|cap|cac truong|truong) )?(?=[a-z])"
)
_DIGIT = re.compile(r"\d")
_NAME_LENGTH = 60  # characters; no level has a longer name
_STAIRS = tuple(level for level in Level if level is not Level.CONTINUING)
_SENTENCE_END = re.compile(r"[.!?;]\s|\n")
TEXT_LENGTH = 800  # characters of the text that are read for levels


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRule:
    """What one rule of levels.toml says."""

    says: str
    levels: frozenset[Level]
    weak: bool = False
    entrance: bool | str = False  # "classes": of entering a class only


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRules:
    """All rules of levels.toml, ready to be applied."""

    phrases: Phrases[LevelRule]
    numbers: NumberRules
    class_says: str
    range_says: str
    subject_says: str
    age_says: str
    entrance: Mapping[int, LevelRule]
    stages: Mapping[Level, int]
    offices: Phrases[LevelRule]
    divisions: Mapping[str, frozenset[Level]]
    division_says: str


class Mark(NamedTuple):
    """Levels named at one place, by which rule and in which words."""

    rule: LevelRule
    saw: str

    def because(self, where: str) -> Because:
        """Write the mark as a reason."""
        return Because(says=self.rule.says, saw=self.saw, where=where)


class Named(NamedTuple):
    """The levels that a text names, strongly or else weakly."""

    strong: tuple[Mark, ...] = ()
    weak: tuple[Mark, ...] = ()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Give the marks that count: weak ones only where nothing strong stands."""
        return self.strong or self.weak


_NOTHING = Named()


@cache
def level_rules() -> LevelRules:
    """Read levels.toml once."""
    return compile_rules(read_rules(FILE))


def compile_rules(table: Table) -> LevelRules:
    """Make the tables of levels.toml ready.

    Raises:
        ConfigError: A rule names an unknown level or key, or repeats another's words.
    """
    return LevelRules(
        phrases=compile_phrases(_read_phrases(table["rule"]), file=FILE),
        numbers=read_numbers(table),
        class_says=table["numbers"]["says"],
        range_says=table["ranges"]["says"],
        subject_says=table["subjects"]["says"],
        age_says=table["ages"]["says"],
        entrance={
            int(number): LevelRule(
                says=rule["says"], levels=read_levels(rule["levels"], file=FILE)
            )
            for number, rule in table["entrance"].items()
        },
        stages={Level(name): number for name, number in table["stages"].items()},
        offices=compile_phrases(_read_phrases([table["addressees"]]), file=FILE),
        divisions={
            name: read_levels(levels, file=FILE)
            for name, levels in table["divisions"].items()
            if name != "says"
        },
        division_says=table["divisions"]["says"],
    )


def _read_phrases(rows: Iterable[Table]) -> Iterator[Phrase[LevelRule]]:
    for row in rows:
        check_keys(row, _KEYS, file=FILE)
        check_value(row, "strength", ("weak", "strong"), FILE)
        check_value(row, "exact", (True, False), FILE)
        check_value(row, "entrance", (True, False, "classes"), FILE)
        rule = LevelRule(
            says=row["says"],
            levels=read_levels(row["levels"], file=FILE),
            weak=row.get("strength") == "weak",
            entrance=row.get("entrance", False),
        )
        for words in row["words"]:
            yield Phrase(words, rule, row.get("exact", False), rule.says)


def find_levels(text: Aligned, rules: LevelRules) -> Named:
    """Find every word of a text that names a level."""
    if not text.folded:
        return _NOTHING
    text = without_numbers(text)
    hits = list(rules.phrases.find(text))
    has_digits = _DIGIT.search(text.folded) is not None
    if not (hits or has_digits):
        return _NOTHING
    entrance = {hit.value.entrance for hit in hits} - {False}
    classes, subjects = [], []
    if has_digits:
        classes = list(_class_marks(text, rules, entrance=bool(entrance)))
        subjects = list(_subject_marks(text, rules))
    strong, weak = _sorted_marks(text, hits)
    if " den " in text.folded or " toi " in text.folded:
        strong += _ranges(text, hits, rules)
    if True in entrance and not classes:
        strong = [_entered(mark, rules) for mark in strong]
    strong += classes
    if entrance:
        strong = _without_upper(strong, rules)
    return Named(strong=tuple(strong), weak=(*weak, *subjects))


def _sorted_marks(
    text: Aligned, hits: Iterable[Hit[LevelRule]]
) -> tuple[list[Mark], list[Mark]]:
    """Make marks of what names levels: strong ones and weak ones."""
    strong: list[Mark] = []
    weak: list[Mark] = []
    for start, end, rule in hits:
        if rule.levels:
            (weak if rule.weak else strong).append(Mark(rule, text.saw(start, end)))
    return strong, weak


def without_numbers(text: Aligned) -> Aligned:
    """Blank out the numbers of documents."""
    if "/" not in text.folded:
        return text
    return Aligned(text.original, _NUMBER.sub(_blank, text.folded))


def _entered(mark: Mark, rules: LevelRules) -> Mark:
    """Read "tuyển sinh THPT" as entering class 10: it concerns the stage below, too."""
    if len(mark.rule.levels) > 1:
        return mark
    (level,) = mark.rule.levels
    stage = rules.stages.get(level)
    return Mark(rule=rules.entrance[stage], saw=mark.saw) if stage else mark


def _ranges(
    text: Aligned, hits: Iterable[Hit[LevelRule]], rules: LevelRules
) -> Iterator[Mark]:
    """Yield what stands between two levels: "từ mầm non đến THPT"."""
    for hit in hits:
        to = _TO.match(text.folded, hit.end)
        if to is None or len(hit.value.levels) != 1:
            continue
        (low,) = hit.value.levels
        end, high = _reached(text, to.end(), rules)
        between = _between(low, high)
        if len(between) > 2:
            rule = LevelRule(says=rules.range_says, levels=frozenset(between))
            yield Mark(rule, text.saw(hit.start, end))


def _between(low: Level, high: Level | None) -> tuple[Level, ...]:
    if low not in _STAIRS or high not in _STAIRS:
        return ()
    return _STAIRS[_STAIRS.index(low) : _STAIRS.index(high) + 1]


def _reached(text: Aligned, start: int, rules: LevelRules) -> tuple[int, Level | None]:
    """Read the level that stands at a place, by its name or by a class of it."""
    rest = part(text, start, start + _NAME_LENGTH)
    hit = rules.phrases.at(rest, 0)
    if hit and len(hit.value.levels) == 1:
        return start + hit.end, next(iter(hit.value.levels))
    number = next((each for each in find_classes(rest, rules.numbers)), None)
    if number and number.start == 0:
        return start + number.end, number.level
    return start, None


def _subject_marks(text: Aligned, rules: LevelRules) -> Iterator[Mark]:
    for found in find_subjects(text, rules.numbers):
        rule = _number_rule(rules.subject_says, found.number, found.level)
        yield Mark(rule, text.saw(found.start, found.end))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _class_marks(text: Aligned, rules: LevelRules, *, entrance: bool) -> Iterator[Mark]:
    """Yield what classes and ages say; entering a class concerns two levels (R1–R3)."""
    for found in find_classes(text, rules.numbers):
        if entrance and found.word != "cap" and found.number in rules.entrance:
            rule = rules.entrance[found.number]
        else:
            rule = _number_rule(rules.class_says, found.number, found.level)
        yield Mark(rule=rule, saw=text.saw(found.start, found.end))
    for found in find_ages(text, rules.numbers):
        rule = _number_rule(rules.age_says, found.number, found.level)
        yield Mark(rule=rule, saw=text.saw(found.start, found.end))


@lru_cache(maxsize=1_024)
def _number_rule(says: str, number: int, level: Level) -> LevelRule:
    return LevelRule(says=says.format(number=number), levels=frozenset({level}))


def _without_upper(marks: list[Mark], rules: LevelRules) -> list[Mark]:
    """Apply the end of R1: class 10 of a GDTX centre is no matter of the THPT."""
    tenth = rules.entrance[10]
    if not any(mark.rule is tenth for mark in marks):
        return marks
    others = union(mark for mark in marks if mark.rule is not tenth)
    if Level.CONTINUING not in others or Level.UPPER_SECONDARY in others:
        return marks
    lower = LevelRule(says=tenth.says, levels=frozenset({Level.LOWER_SECONDARY}))
    return [
        Mark(rule=lower, saw=mark.saw) if mark.rule is tenth else mark for mark in marks
    ]


def union(marks: Iterable[Mark]) -> frozenset[Level]:
    """Put together the levels of several marks."""
    marks = tuple(marks)
    if len(marks) == 1:
        return marks[0].rule.levels
    return frozenset(level for mark in marks for level in mark.rule.levels)


def find_addressees(text: Aligned, rules: LevelRules) -> tuple[Mark, ...]:
    """Read whom a letter addresses: what follows ``Kính gửi``."""
    match = _ADDRESSEES.search(text.folded)
    if not match:
        return ()
    start = match.end()
    end = _ADDRESSEES_END.search(text.folded, start, start + _ADDRESSEES_LENGTH)
    stop = end.start() if end else start + _ADDRESSEES_LENGTH
    addressees = part(text, start, stop)
    named = find_levels(addressees, rules).marks
    office = next(rules.offices.find(addressees), None) if named else None
    if not office:
        return named
    saw = addressees.saw(office.start, office.end)
    return (*named, Mark(rule=office.value, saw=saw))


def first_sentence(text: Aligned) -> Aligned:
    """Cut out the first sentence; a short opening as ``(TTXVN).`` is no sentence."""
    end = _SENTENCE_END.search(text.folded, 40, TEXT_LENGTH)
    return part(text, 0, end.start() if end else TEXT_LENGTH)


def part(text: Aligned, start: int, end: int) -> Aligned:
    """Cut a piece out of a text."""
    return Aligned(text.original[start:end], text.folded[start:end])


def division_levels(number: str, rules: LevelRules) -> Named:
    """Read the division that wrote a document from its number: a weak mark."""
    division = number.rpartition("-")[2]
    levels = rules.divisions.get(division)
    if not levels:
        return Named()
    rule = LevelRule(says=rules.division_says, levels=levels, weak=True)
    return Named(weak=(Mark(rule=rule, saw=number),))


def narrowed(levels: frozenset[Level]) -> frozenset[Level]:
    """Say "all" by the empty set: an item for all five levels is for everybody."""
    return frozenset() if levels == ALL_LEVELS else levels
