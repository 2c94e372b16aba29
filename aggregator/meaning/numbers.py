"""Classes, stages and ages that a folded text names by number: "lớp 6-9", "5 tuổi"."""

import re
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.meaning.rules import Table
from aggregator.meaning.text import Aligned
from aggregator.meaning.text import fold
from aggregator.model import Level

_NUMBER = r"\d{1,2}(?:[a-z]\d{0,2})?(?![a-z0-9])"
_JOIN = r"(?: ?[,;&+/-] ?(?:va )?| va | den | toi | hoac )"
_WORDS = {"lop": ("lớp", "lop"), "khoi": ("khối", "khoi"), "cap": ("cấp", "cap")}
# Patterns begin with a letter, as `re` seeks that first; then what stands before it.
_CLASSES = re.compile(
    r"(?P<word>l(?<![a-z0-9]l)op|k(?<![a-z0-9]k)hoi|c(?<![a-z0-9]c)ap)"
    r"(?: lop| hoc)? ?(?=\d)"
    rf"(?P<list>{_NUMBER}(?:{_JOIN}(?:(?:lop|khoi|cap) )?{_NUMBER}){{0,14}})"
)
_STEP = re.compile(rf"(?P<join>{_JOIN})?(?P<again>lop |khoi |cap )?(?P<n>\d{{1,2}})\w*")
_OPEN = re.compile(r" tro (?:(?P<up>len)|xuong)(?![a-z])")  # "lớp 6 trở lên"
_COUNTED = re.compile(r"(?P<n>\d(?<=[a-z] \d)\d?)(?![\w/:%-]|[.,]\d)")
_SPAN = r"(?: ?- ?| (?:den|toi) (?:duoi |du )?)?"
_AGES = re.compile(
    r"(?:t(?<![a-z0-9]t)(?:re|hieu nhi)|b(?<![a-z0-9]b)e|c(?<![a-z0-9]c)hau"
    r"|l(?<![a-z0-9]l)op|m(?<![a-z0-9]m)au giao|h(?<![a-z0-9]h)oc sinh"
    r"|n(?<![a-z0-9]n)guoi hoc)"
    r"(?: (?:em|tu|duoi|nho|lua|trong|do|tuoi|mau|giao|du|tren|nha|tre)){0,4} "
    rf"(?P<low>\d{{1,2}})(?: (?:tuoi|thang))?{_SPAN}(?P<high>\d{{1,2}})?"
    r" ?(?P<unit>tuoi|thang tuoi|thang)(?![a-z0-9])"
)
_SECTION = re.compile(r"lop [2-5][a-z]\d{0,2}")
# What every class and every age has, and few texts have; sought first.
_NUMBERED = tuple((word, re.compile(rf"{word}(?: lop| hoc)? ?\d")) for word in _WORDS)
_UNIT = re.compile(rf"\d(?: (?:tuoi|thang))?{_SPAN} ?(?:tuoi|thang)")
_BAND = tuple[int, int, Level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A class or age found: where, which number (0 for ages), what it names."""

    start: int
    end: int
    word: str
    number: int
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRules:
    """What numbers of classes, stages and years of age stand for."""

    bands: dict[str, tuple[_BAND, ...]]
    ages: tuple[_BAND, ...]
    not_after: tuple[str, ...]
    not_before: re.Pattern[str]
    not_amount: re.Pattern[str]
    not_counting: re.Pattern[str]
    subjects: tuple[str, ...]
    not_subjects: re.Pattern[str]


def read_numbers(table: Table) -> NumberRules:
    """Read the tables ``numbers`` and ``ages`` of levels.toml."""
    numbers = table["numbers"]
    return NumberRules(
        bands={word: _bands(numbers[word]) for word in _WORDS},
        ages=_bands(table["ages"]["years"]),
        not_after=tuple(fold(word) + " " for word in numbers["not_after"]),
        not_before=_one_of(numbers["not_before"]),
        not_amount=_one_of(numbers["not_amount"]),
        not_counting=_one_of(numbers["not_counting"]),
        subjects=tuple(" " + fold(word) for word in table["subjects"]["words"]),
        not_subjects=_one_of(table["subjects"]["not_before"]),
    )


def _bands(rows: list[list[int | str]]) -> tuple[_BAND, ...]:
    return tuple((int(low), int(high), Level(str(name))) for low, high, name in rows)


def _one_of(words: list[str]) -> re.Pattern[str]:
    return re.compile(rf" ?(?:{'|'.join(map(fold, words))})(?![a-z0-9])")


def find_classes(text: Aligned, rules: NumberRules) -> Iterator[Numbered]:
    """Yield every class or stage that a text names, lists and ranges spelled out."""
    if not _may_name_class(text.folded):
        return
    for match in _CLASSES.finditer(text.folded):
        if _is_meant(text, match, rules):
            word, start = match["word"], match.start()
            for number, end in _read_list(text.folded, match, rules):
                for level in _levels_of(number, rules.bands[word]):
                    yield Numbered(
                        start=start, end=end, word=word, number=number, level=level
                    )


def _may_name_class(folded: str) -> bool:
    """Say at a glance whether a text could name a class or stage; most could not."""
    for word, form in _NUMBERED:  # quicker than any()
        if word in folded and form.search(folded):
            return True
    return False


def is_one_of_a_school(words: str) -> bool:
    """Say whether words name one class of one school, whose number may be an age.

    Kindergartens call a class of those of five "5A4"; a primary school's class 5 reads
    the same, so whose it is must be said by other words.
    """
    return _SECTION.fullmatch(fold(words)) is not None


def find_subjects(text: Aligned, rules: NumberRules) -> Iterator[Numbered]:
    """Yield the classes that stand behind a subject: "Toán 9"."""
    for match in _COUNTED.finditer(text.folded):
        end = match.start() - 1  # of the word before the number
        before = " " + text.folded[max(0, end - 31) : end]
        if not before.endswith(rules.subjects):
            continue
        if rules.not_subjects.match(text.folded, match.end()):
            continue
        number = int(match["n"])
        for level in _levels_of(number, rules.bands["lop"]):
            subject = max(filter(before.endswith, rules.subjects), key=len)
            yield Numbered(
                start=end + 1 - len(subject),
                end=match.end(),
                word="mon",
                number=number,
                level=level,
            )


def _is_meant(text: Aligned, match: re.Match[str], rules: NumberRules) -> bool:
    """Refuse "khỏi 10", "bão cấp 12", "cấp 3 tỷ" and "lớp 5 tuổi"."""
    word = match["word"]
    written = text.original[match.start() : match.start() + len(word)].lower()
    before = text.folded[max(0, match.start() - 12) : match.start()]
    return (
        written in _WORDS[word]
        and not (word == "cap" and before.endswith(rules.not_after))
        and not (word == "cap" and rules.not_amount.match(text.folded, match.end()))
        and not rules.not_before.match(text.folded, match.end())
    )


def _read_list(
    folded: str, match: re.Match[str], rules: NumberRules
) -> Iterator[tuple[int, int]]:
    """Yield the numbers of a list with the place where each ends."""
    last = 0
    for step in _STEP.finditer(folded, match.start("list"), match.end("list")):
        number, join = int(step["n"]), (step["join"] or "").strip()
        if join and not step["again"] and not _continues(last, number, join):
            return
        if last and not step["again"] and rules.not_counting.match(folded, step.end()):
            return
        if join in _RANGES and last < number <= 12:
            yield from ((between, step.end()) for between in range(last + 1, number))
        yield number, step.end()
        last = number
    open_end = _OPEN.match(folded, match.end())
    if open_end and last:
        ends = range(last + 1, 13) if open_end["up"] else range(1, last)
        yield from ((between, open_end.end()) for between in ends)


_RANGES = frozenset({"-", "den", "toi"})


def _continues(last: int, number: int, join: str) -> bool:
    """Tell "10/11/12" and "6-9" from "lớp 9/2" and "lớp 10 - 2 buổi"."""
    if join == "/":
        return number == last + 1 and number > 2
    return number > last or join not in _RANGES


def _levels_of(number: int, bands: tuple[_BAND, ...]) -> Iterator[Level]:
    return (level for low, high, level in bands if low <= number <= high)


def find_ages(text: Aligned, rules: NumberRules) -> Iterator[Numbered]:
    """Yield the levels whose years of age a text names: "trẻ 3-5 tuổi"."""
    if "tuoi" not in text.folded and "thang" not in text.folded:
        return
    if not _UNIT.search(text.folded):
        return
    for match in _AGES.finditer(text.folded):
        low, high = _span(match)
        for start, end, level in rules.ages:
            if min(high, end) > max(low, start):
                yield Numbered(
                    start=match.start(),
                    end=match.end(),
                    word="tuoi",
                    number=0,
                    level=level,
                )


def _span(match: re.Match[str]) -> tuple[float, float]:
    """Say from which year of age to which; a single age lasts one year."""
    years: Callable[[str], float] = (
        float if match["unit"] == "tuoi" else lambda months: float(months) / 12
    )
    low = years(match["low"])
    if match["high"]:
        return low, years(match["high"])
    if " duoi " in match[0]:
        return 0, low
    return low, low + 1
