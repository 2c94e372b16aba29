"""Fills the blanks of a sample text: who speaks, numbers, days and school years.

Pure. It alone knows how Vietnamese offices write dates and school years.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from collections.abc import Mapping
from datetime import date
from datetime import timedelta

_BLANK = re.compile(r"\{([a-z_]+)([+-]\d+)?\}")
_SLUG_LENGTH = 80  # characters
_WEEKDAYS = ("Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy")


def fill(
    template: str, values: Mapping[str, str], *, day: date, markup: bool = False
) -> str:
    """Fill the blanks of a text that is published on a day.

    A blank is a name of ``values``, or one of ``ngay`` (27/11/2026), ``ngay_dai`` (the
    same in words), ``thu`` (thứ Sáu), ``nam``, ``nam_hoc`` and ``nam_hoc_toi``; a
    number of days after it (``{ngay+5}``) means the working day nearest to that.

    Args:
        markup: The text is HTML, so values are escaped.

    Raises:
        KeyError: The text has a blank that nothing fills.
    """

    def blank(match: re.Match[str]) -> str:
        name, shift = match.group(1), int(match.group(2) or 0)
        if name in _WORDS:
            return _WORDS[name](working_day(day, shift))
        return html.escape(values[name], quote=False) if markup else values[name]

    return _BLANK.sub(blank, template)


def working_day(day: date, shift: int) -> date:
    """Shift a day, and on from a weekend in the same direction; 0 leaves it alone."""
    moved = day + timedelta(days=shift)
    while shift and moved.weekday() >= 5:
        moved += timedelta(days=1 if shift > 0 else -1)
    return moved


def school_year(day: date, later: int = 0) -> str:
    """Name the school year of a day, as 2026-2027; it turns on 1 July."""
    first = day.year - (day.month < 7) + later
    return f"{first}-{first + 1}"


def unmarked(text: str) -> str:
    """Spell a text in ASCII, as people type it without a Vietnamese keyboard."""
    letters = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return letters.encode("ascii", "ignore").decode()


def slug(text: str) -> str:
    """Spell a text for an address: ASCII letters, digits and hyphens."""
    spelled = re.sub(r"[^a-z0-9]+", "-", unmarked(text).lower())
    return spelled[:_SLUG_LENGTH].strip("-")


def _long(day: date) -> str:
    # NĐ 30/2020/NĐ-CP: a zero before days below 10 and before months 1 and 2 only.
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"{day.day:02d} tháng {month} năm {day.year}"


def _weekday(day: date) -> str:
    return "Chủ nhật" if day.weekday() == 6 else f"thứ {_WEEKDAYS[day.weekday()]}"


_WORDS: Mapping[str, Callable[[date], str]] = {
    "ngay": lambda day: f"{day:%d/%m/%Y}",
    "ngay_dai": _long,
    "thu": _weekday,
    "nam": lambda day: str(day.year),
    "nam_hoc": school_year,
    "nam_hoc_toi": lambda day: school_year(day, 1),
}
