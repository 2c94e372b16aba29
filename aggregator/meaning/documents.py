"""What names an official document: number and symbol, type, issuer, date of issue.

The forms are those of NĐ 30/2020/NĐ-CP and of the acts before it; the noise that is
mended is what stands in real titles. A number needs a symbol: 20/11 is a feast day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from aggregator.meaning.phrases import Phrase
from aggregator.meaning.phrases import Phrases
from aggregator.meaning.phrases import compile_phrases
from aggregator.meaning.rules import Table
from aggregator.meaning.rules import read_rules
from aggregator.meaning.text import Aligned
from aggregator.meaning.text import align
from aggregator.meaning.text import fold
from aggregator.model import Because
from aggregator.model import DocumentFacts

FILE = "facts.toml"

# Patterns begin with a digit, as `re` looks for that first; then what stands before it.
_PART = r"[A-ZĐ](?:[A-ZĐ&ƯÔ]|r(?=[A-ZĐ])|y(?=Đ)|(?<=TT)[rg]|(?<=CT)r)*(?![^\W\d_])"
_HYPHEN = r"(?:-|- | -)"
_SYMBOL = rf"{_PART}(?:(?:{_HYPHEN}|/){_PART}){{0,4}}"
_LEFT = r"\d(?<![\w/.,-]\d)"
_PARTY = "CT|NQ|QĐ|CV|KH|KL|TB|HD|BC"
_NUMBERS = re.compile(
    rf"(?P<n>{_LEFT}\d{{0,4}})(?:"
    rf"(?: ?/ ?(?P<year>(?:19|20)\d\d))? ?/ ?(?P<symbol>{_SYMBOL})(?![\w/])"
    rf"|-(?P<year2>(?:19|20)\d\d)-(?P<symbol2>{_SYMBOL})"
    rf"|(?<!\d{{5}})-(?P<symbol3>(?:{_PARTY})/{_PART})"
    rf"|(?<=\d\d)(?P<symbol4>[BSP]?GDĐT(?:-[A-ZĐ][A-ZĐ&r]*)?)(?![\w/]))"
)
# What a symbol without a second part must be to count: 3358/SGD&ĐT.
_ORGAN = re.compile(r"(?:[BSP]?GD&?ĐT|UBND|HĐND|VHXH|VPCP|BNV|BTC|BYT|TTg|CP)$")
_LEAST_CAPITALS = 3
_SCHOOLS = frozenset({"MN", "MG", "TH", "THCS", "THPT", "GDTX"})  # kinds, no organs
_WRONG = (
    *(("Ð", "Đ"), ("ð", "Đ")),
    *((dash, "-") for dash in "‐‑‒–—−"),
)
# Each with what a text must hold for it.
_MENDS = (
    ("&", re.compile(r"(?<=[A-ZĐ]) ?& ?(?=[A-ZĐ])"), "&"),
    ("GD", re.compile(r"(?<=GD) ?Đ ?T(?![^\W\d_])"), "ĐT"),
    ("GD", re.compile(r"GD&?D-?T(?![^\W\d_])"), "GDĐT"),
    ("/QD-", re.compile(r"(?<=/)QD(?=-)"), "QĐ"),
    ("/ND-CP", re.compile(r"(?<=/)ND(?=-CP)"), "NĐ"),
    ("HDND", re.compile(r"(?<![A-ZĐ])HDND(?![A-ZĐ])"), "HĐND"),
)
_ISSUED_LABEL = re.compile(
    r"ngay (?:ban hanh|ky|bh) ?: ?(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})"
)
_SOON = re.compile(
    r"[ ,;)\]]{0,3}(?:cua [^,;.\n]{1,60}? )?(?:ky |de )?ngay "
    r"(?P<d>\d{1,2}) ?(?:[/.-]| thang ) ?(?P<m>\d{1,2})"
    r" ?(?:[/.-]|,? nam ) ?(?P<y>\d{4})"
)
_LABELLED = re.compile(r": ?\n?\d")  # what every _OWN_LABEL with its number has
_SPELLED_DATE = re.compile(r"ngay \d{1,2} thang ")  # and what every _PLACE_DATE has
_PLACE_DATE = re.compile(
    r"(?:^|\n|, ?)ngay (?P<d>\d{1,2}) thang (?P<m>\d{1,2}) nam (?P<y>\d{4})"
)
_OWN_LABEL = re.compile(
    r"(?:^|[\n.;] ?)so(?: ?/? ?(?:ky|ki) ?hieu| hieu)? ?: ?$|(?:ky|ki) hieu ?: ?$"
)
# "Thông báo khẩn ngày 18/10/2020": nothing but its type and its date.
_TITLE_DATE = re.compile(
    r"\W*(?:[a-z]+ ){1,4}ngay (?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})\W*"
)
_TAIL_LENGTH = 110  # characters behind a number in which its date may stand
_HEAD_LENGTH = 600  # characters of the text in which a letter names itself
_LEAD = re.compile(r"[\W\d_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRules:
    """The tables of facts.toml that concern documents."""

    types: dict[str, str]
    openings: Phrases[str]
    reference: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number found: as it reads, as it stood, and where in the mended text."""

    value: str
    saw: str
    start: int
    end: int


@cache
def document_rules() -> DocumentRules:
    """Read facts.toml once."""
    return compile_documents(read_rules(FILE))


def compile_documents(table: Table) -> DocumentRules:
    """Make the tables that concern documents ready."""
    openings = [
        Phrase(words, kind) for kind, rows in table["words"].items() for words in rows
    ]
    before = "|".join(map(fold, table["references"]["before"]))
    kinds = {fold(kind) for kind in table["types"].values()}
    between = "|".join(sorted(kinds | set(map(fold, table["references"]["between"]))))
    return DocumentRules(
        types=dict(table["types"]),
        openings=compile_phrases(openings, file=FILE),
        reference=re.compile(rf"(?<![a-z])(?:{before})(?: (?:{between})){{0,4}}[ :]*$"),
    )


def mend_numbers(text: str) -> str:
    """Undo what typing and scanning do to numbers: ``GD Đ T``, ``Ð``, long dashes."""
    for wrong, right in _WRONG:
        text = text.replace(wrong, right)
    for needed, pattern, right in _MENDS:
        if needed in text:
            text = pattern.sub(right, text)
    return text


def find_numbers(text: str) -> Iterator[Number]:
    """Yield the document numbers in a mended text."""
    for match in _NUMBERS.finditer(text):
        symbol = _symbol(next(filter(None, match.group(*_SYMBOLS))))
        if not _is_symbol(symbol):
            continue
        number, year = match["n"], match["year"] or match["year2"]
        joint = "-" if match["symbol3"] else "/"
        value = f"{number}/{year}/{symbol}" if year else f"{number}{joint}{symbol}"
        yield Number(value=value, saw=match[0], start=match.start(), end=match.end())


_SYMBOLS = ("symbol", "symbol2", "symbol3", "symbol4")


def _symbol(text: str) -> str:
    """Close the gaps; ``HD/SGDĐT`` after a slash means ``HD-SGDĐT``."""
    parts = [part.strip() for part in re.split("[-/]", text)]
    if "/" in text and parts[0] in _PARTY.split("|") and parts[-1] in _PARTY_ORGANS:
        return text
    return "-".join(parts)


_PARTY_ORGANS = frozenset({"TU", "TW", "ĐU", "HU", "QU", "BTCTW", "BTGTU"})


def _is_symbol(symbol: str) -> bool:
    parts = re.split("[-/]", symbol)
    if len(parts) == 1:
        return bool(_ORGAN.search(symbol))
    if _SCHOOLS.issuperset(parts):
        return False
    return sum(char.isupper() for char in symbol) >= _LEAST_CAPITALS


def own_number(title: Aligned, rules: DocumentRules) -> Number | None:
    """Find the number a mended title bears itself, not one that it refers to."""
    for number in find_numbers(title.original):
        before = title.folded[max(0, number.start - 60) : number.start]
        if not rules.reference.search(before):
            return number
    return None


def labelled_number(head: Aligned) -> Number | None:
    """Find the number that the head of a letter gives: ``Số: 12/SGDĐT-VP``."""
    for number in find_numbers(head.original):
        before = head.folded[max(0, number.start - 24) : number.start]
        if _OWN_LABEL.search(before):
            return number
    return None


def issuer_of(number: str, rules: DocumentRules) -> str:
    """Name the organ as the symbol abbreviates it: SGDĐT, UBND, TTg."""
    symbol = number.rpartition("/")[2]
    if re.match(r"\d{1,4}-", number):  # 10-CT/TU
        return symbol
    head, _, rest = symbol.partition("-")
    if head not in rules.types or not rest:
        return head
    joint = head in {"TTLT", "NQLT"}
    return rest if joint or head == "NĐ" else rest.partition("-")[0]


def type_of(number: str, title: Aligned, rules: DocumentRules) -> str:
    """Say what type of document it is: from its symbol, else from how it opens."""
    if number:
        symbol = re.sub(r"^\d+[-/](?:\d{4}/)?", "", number)
        head = re.split("[-/]", symbol)[0]
        return rules.types.get(head, "công văn")
    lead = _LEAD.match(title.folded)
    hit = rules.openings.at(title, lead.end() if lead else 0)
    return hit.value if hit else ""


def find_document(
    title: Aligned, text: Aligned, rules: DocumentRules
) -> tuple[DocumentFacts, tuple[Because, ...]]:
    """Read what title and text tell of an official document; all may be empty."""
    where, body = "title", _mended(title)
    number = own_number(body, rules)
    head = Aligned(text.original[:_HEAD_LENGTH], text.folded[:_HEAD_LENGTH])
    if not number and _LABELLED.search(head.original):
        where, body = "text", _mended(head)
        number = labelled_number(body)
    value = number.value if number else ""
    type_ = type_of(value, title, rules)
    issued, reason = _issued(body, number, head)
    if type_ and not issued:
        issued, reason = _issued_by_title(title)
    because = [reason] if reason else []
    if number:
        says = "Số, ký hiệu văn bản"
        because.insert(0, Because(says=says, saw=number.saw, where=where))
    facts = DocumentFacts(
        number=value,
        type=type_,
        issuer=issuer_of(value, rules) if value else "",
        issued=issued,
    )
    return facts, tuple(because)


def _mended(text: Aligned) -> Aligned:
    mended = mend_numbers(text.original)
    return text if mended == text.original else align(mended)


def _issued(
    body: Aligned, number: Number | None, head: Aligned
) -> tuple[date | None, Because | None]:
    """Find the date of issue: beside the number, under a label, or over the letter."""
    for place, match, where in _issue_dates(body, number, head):
        day = _date(match) if match else None
        if match and day:
            saw = place.saw(*match.span())
            return day, Because(says="Ngày ban hành", saw=saw, where=where)
    return None, None


def _issued_by_title(title: Aligned) -> tuple[date | None, Because | None]:
    match = _TITLE_DATE.fullmatch(title.folded)
    day = _date(match) if match else None
    if match is None or day is None:
        return None, None
    saw = title.saw(match.start("d"), match.end("y"))
    return day, Because(says="Ngày ban hành", saw=saw, where="title")


def _issue_dates(
    body: Aligned, number: Number | None, head: Aligned
) -> Iterator[tuple[Aligned, re.Match[str] | None, str]]:
    if number:
        stop = number.end + _TAIL_LENGTH
        yield body, _SOON.match(body.folded, number.end, stop), "title"
    yield head, _ISSUED_LABEL.search(head.folded), "text"
    if _SPELLED_DATE.search(head.folded):
        yield head, _PLACE_DATE.search(head.folded), "text"


def _date(match: re.Match[str]) -> date | None:
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return None
