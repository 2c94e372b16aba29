"""School years, and the year in which a notice speaks where it has no date of its own.

A school year begins on 1 August and is two years, never a day. It is read in all forms
that are typed: `2020-2021`, `2020 – 2021`, `20192020`, `2020-21`, `2020 2021`.
"""

import re
from datetime import date

from aggregator.meaning.text import Aligned
from aggregator.model import Because

_SCHOOL_YEAR = re.compile(
    r"n(?<![a-z]n)am hoc ?:?"
    r" ?(?P<a>(?:19|20)\d\d)[ /-]{0,3}(?P<b>(?:19|20)\d\d|\d\d)(?!\d)"
)
_READ = 400  # characters of a text
# "năm 2021", but no aim: "đến năm 2030", "giai đoạn".
_YEAR = re.compile(r"(?i:năm) (?P<y>20\d\d)(?![\d/-])(?<!(?i:đến năm) \d{4})")
_ANY_YEAR = re.compile(r"2(?<!\d2)0\d\d(?![\d/])(?! ?-)(?<!den nam \d{4})")
_BEGINS = (8, 1)  # of a school year: month and day


def find_school_years(
    title: Aligned, text: Aligned
) -> tuple[tuple[str, ...], tuple[Because, ...]]:
    """Read the school years that a title names, else the first one of its text."""
    for where, read in (("title", title), ("text", text)):
        found = _school_years(read)
        if found:
            named = list(found.items())[: None if where == "title" else 1]
            because = (Because(says="Năm học", saw=s, where=where) for _, s in named)
            return tuple(name for name, _ in named), tuple(because)
    return (), ()


def _school_years(text: Aligned) -> dict[str, str]:
    """Map each school year to the words that name it; 2020-2012 is a typing error."""
    found: dict[str, str] = {}
    if "nam hoc" not in text.folded:
        return found
    for match in _SCHOOL_YEAR.finditer(text.folded, 0, _READ):
        first, second = match["a"], match["b"]
        if (int(first) + 1) % 100 == int(second) % 100:
            name = f"{first}-{int(first) + 1}"
            found.setdefault(name, text.saw(*match.span()))
    return found


def year_begins(title: Aligned, text: Aligned, today: date) -> date | None:
    """Say from when on the year runs of which title and text speak; None: unsaid.

    For notices without a date of their own. What a title says goes before its text, a
    year before a school year, and both before a year that only stands in a date.
    """
    latest = today.year + 1  # what is aimed at lies further ahead
    # A slug has no dates: "viet nam 2011" is 20-11.
    spelled = [read for read in (title, text) if not read.original.isascii()]
    for read in spelled:
        years = [int(match["y"]) for match in _YEAR.finditer(read.original, 0, _READ)]
        if found := [year for year in years if year <= latest]:
            return date(max(found), 1, 1)
    if school := [name for read in spelled for name in _school_years(read)]:
        return date(int(max(school)[:4]), *_BEGINS)
    for read in spelled:
        years = [int(match[0]) for match in _ANY_YEAR.finditer(read.folded, 0, _READ)]
        if found := [year for year in years if year <= latest]:
            return date(max(found), 1, 1)
    return None
