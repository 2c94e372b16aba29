"""Numbers and symbols of official documents (số, ký hiệu), wherever they stand.

The forms are those of NĐ 30/2020/NĐ-CP and of the acts before it; the noise that is
mended is what stands in real titles. A number needs a symbol: 20/11 is a feast day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.meaning.text import Aligned
from aggregator.meaning.text import align

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
    ("&#", re.compile(r"&#(?:x0{0,4}2[fF]|0{0,4}47);"), "/"),  # escaped twice
)
# What every number has; few texts have it.
_SLASHED = re.compile(r"/ ?[A-ZĐÐ]")
_MAYBE = re.compile(r"\d(?: ?/|-|&|[BSP]?GD)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number found: as it reads, as it stood, and where in the mended text."""

    value: str
    saw: str
    start: int
    end: int


def may_have_number(text: str) -> bool:
    """Say at a glance whether a title could hold a number; often it could not."""
    return _MAYBE.search(text) is not None


def has_slashed(text: str) -> bool:
    """Say at a glance whether a text could hold a number with a slash."""
    return "/" in text and _SLASHED.search(text) is not None


def mend_numbers(text: str) -> str:
    """Undo what typing and scanning do to numbers: ``GD Đ T``, ``Ð``, long dashes."""
    return _closed(_respelled(text))


def mended(text: Aligned) -> Aligned:
    """Mend the numbers of a text and keep both its forms aligned."""
    respelled = _respelled(text.original)
    closed = _closed(respelled)
    if closed != respelled:
        return align(closed)
    # One letter for one, and such as fold to the same: no need to fold again.
    same = respelled == text.original
    return text if same else Aligned(respelled, text.folded)


def _respelled(text: str) -> str:
    for wrong, right in _WRONG:
        if wrong in text:
            text = text.replace(wrong, right)
    return text


def _closed(text: str) -> str:
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
