"""Days and times of day as Vietnamese write them in running text, and which year.

A day without a year is the first of its name since some day: see `find_deadline` and
`find_day` for which. A lunar day (`mùng 10/3 âm lịch`, `năm Ất Tỵ`) is never read as a
day of ours, and a day that does not exist is said to be so. In a range the first day
may leave out what the second says: `10 - 12/3`, `từ ngày 26 đến ngày 28.6-2017`.
"""

import re
from collections.abc import Iterator
from datetime import date
from datetime import datetime
from datetime import timedelta
from zoneinfo import ZoneInfo

from aggregator.meaning.text import Aligned
from aggregator.model import Because

EARLIEST, LATEST = 1900, 2199  # years; a typing error is no date

# Patterns begin with what `re` finds quickly; then comes what may not stand before it.
DAY = (
    r"(?P<d>\d(?<!\d\d)\d?)"
    r"(?: ?[/.-] ?(?P<m>\d{1,2})"
    r"(?: ?[/.-] ?(?P<y>\d{4})|,? nam (?P<y2>\d{4})"
    r"|(?:(?<=/\d)|(?<=/\d\d))/(?P<y5>\d\d))?"
    r"| thang (?P<m2>\d{1,2})(?:,? nam (?P<y3>\d{4})| ?[/.-] ?(?P<y4>\d{4}))?)"
    r"(?![\d/])(?! ?[.-] ?\d{1,2}(?:/| thang))"
)
CLOCK = (
    r"(?P<h>\d(?<!\d\d)\d?)(?: ?(?:h|g|gio)(?![a-z])|:(?=\d\d)) ?"
    r"(?:(?P<min>[0-5]\d)(?!\d|[/.-] ?\d{1,2}(?! ?(?:h|g|:)|\d)))?"
    r"(?: ?(?:phut|p|')(?![a-z]))?"
    r"(?: ?(?P<half>sang|trua|chieu|toi)(?![a-z]))?"
)
END_CLOCK = (
    r"(?: ?(?:den|-) ?(?P<eh>\d{1,2})(?: ?(?:h|g|gio)(?![a-z])|:(?=\d\d)) ?"
    r"(?P<emin>[0-5]\d)?(?: ?(?:phut|p|')(?![a-z]))?"
    r"(?: ?(?P<ehalf>sang|trua|chieu|toi)(?![a-z]))?)?"
)
WEEKDAY = r"(?:thu (?:hai|ba|tu|nam|sau|bay|[2-7])|chu nhat|cn|t[2-7])"
LINK = (
    r"[ ,;]{0,3}(?:\(?(?P<half2>sang|trua|chieu|toi)\)?[ ,]{1,2})?"
    rf"(?:(?:ngay )?\(?{WEEKDAY}\)?[ ,]{{0,2}})?(?:(?:cac )?\(?ngay )?"
)
# What makes the day behind it the last one of several.
FROM = (
    r"(?:(?P<d0>\d(?<!\d\d)\d?)(?:, ?\d{1,2}){0,5}"
    r"(?:(?: ?[/.-] ?| thang )(?P<m0>\d{1,2})"
    r"(?:(?: ?[/.-] ?|,? nam )(?P<y0>\d{4}))?)?"
    r" ?(?:-|,|va|den(?: het)?) ?"
    rf"(?:{WEEKDAY}[ ,]{{1,2}})?(?:ngay )?)?"
)
_LUNAR = re.compile(
    r"[ ,]{0,2}\(?(?:am lich|al(?![a-z]))"
    r"| nam (?:giap|at|binh|dinh|mau|ky|canh|tan|nham|quy) [a-z]"
)
_YEARS = ("y", "y2", "y3", "y4")

# What every day has, and a school year has not: 2026-2027.
SOME_DAY = re.compile(r"\d(?<!\d\d\d)(?: ?[/.-] ?| thang )\d")
_CLAIMED = re.compile(
    r"(?:n(?<![a-z]n)gay(?: (?:ban hanh|ky|bh))? ?:?"
    r"|(?:t(?<![a-z]t)ruoc|h(?<![a-z]h)et|c(?<![a-z]c)ham nhat|h(?<![a-z]h)an chot:?)"
    rf"(?: ngay)?) (?:{WEEKDAY}[ ,]{{1,2}})?{DAY}"
)
# What a day that may not exist has: over 28, or a month over 12.
_DOUBTFUL = re.compile(
    r"[0-9](?<![0-9][0-9])(?:"
    r"[0-9]? ?(?:[/.-]|thang) ?(?:1[3-9]|[2-9][0-9]|00)(?![0-9])"
    r"|(?:(?<=2)9|(?<=[3-9])[0-9]|(?<=0)0?) ?(?:[/.-]|thang) ?[0-9])"
)
_MOST_IMPOSSIBLE = 3


def year_of(match: re.Match[str]) -> int | None:
    """Read the year of a day that names one."""
    for name in _YEARS:
        if match[name]:
            return int(match[name])
    return 2000 + int(match["y5"]) if match["y5"] else None


def is_lunar(match: re.Match[str]) -> bool:
    """Say whether what follows a day makes it a lunar one."""
    return _LUNAR.match(match.string, match.end()) is not None


def day_of(match: re.Match[str], since: date | None) -> date | None:
    """Read the day of a match; None where no such day exists, or it is lunar.

    Args:
        since: Of days without a year the first since then; None: they are not read.
    """
    if is_lunar(match):
        return None
    month, year = int(match["m"] or match["m2"]), year_of(match)
    if year is None:
        return first_since(int(match["d"]), month, since) if since else None
    return some_day(year, month, int(match["d"]))


def some_day(year: int, month: int, day: int) -> date | None:
    """Give a day of the calendar; None where there is no such day."""
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if EARLIEST <= year <= LATEST else None


def first_since(day: int, month: int, since: date) -> date | None:
    """Choose the year of a day that names none: the first one since a day."""
    for year in (since.year, since.year + 1):
        found = some_day(year, month, day)
        if found and found >= since:
            return found
    return None


def first_day_of(match: re.Match[str], last: date) -> date | None:
    """Read the first day of a range whose last one is known; None: there is none."""
    if "d0" not in match.re.groupindex or not match["d0"]:
        return None
    groups = match.groupdict()
    month = int(groups["m0"] or last.month)
    year = int(groups["y0"] or last.year) - (not groups["y0"] and month > last.month)
    first = some_day(year, month, int(groups["d0"]))
    return first if first and first < last else None


def at_clock(
    day: date, match: re.Match[str], timezone: str, *, hour: str = "h"
) -> datetime | None:
    """Put the time of day to a day, where the match has one that can be."""
    if hour not in match.re.groupindex or not match[hour]:
        return None
    groups, last = match.groupdict(), hour == "eh"
    minute = groups["emin" if last else "min"]
    half = groups.get("ehalf" if last else "half") or groups.get("half2") or ""
    hours = _hours(int(groups[hour]), half)
    if not last and not half and groups.get("ehalf"):
        hours = _before_end(hours, groups)
    if hours == 24 and not int(minute or 0):
        hours, minute, day = 0, "0", day + timedelta(days=1)
    if hours > 23:
        return None
    clock = datetime(day.year, day.month, day.day, hours, int(minute or 0))
    return clock.replace(tzinfo=ZoneInfo(timezone))


def _hours(hours: int, half: str) -> int:
    """Read "2 giờ chiều" as 14, "1 giờ trưa" as 13."""
    if half == "trua":
        return hours + 12 if hours < 3 else hours
    return hours + 12 if half in {"chieu", "toi"} and hours < 12 else hours


def _before_end(hours: int, groups: dict[str, str]) -> int:
    """Read "2 giờ - 4 giờ chiều" as from 14, but "8 giờ - 4 giờ chiều" as from 8."""
    late = _hours(hours, groups["ehalf"])
    return late if late < _hours(int(groups["eh"]), groups["ehalf"]) else hours


def midnight(day: date, timezone: str) -> datetime:
    """Give the beginning of a day: that is how a day without a clock is told."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone))


def find_impossible(*places: tuple[str, Aligned]) -> tuple[Because, ...]:
    """Say which days do not exist though a text names them: ``ngày 31/02/2026``."""
    found = (reason for where, text in places for reason in _impossible(where, text))
    return tuple(reason for reason, _ in zip(found, range(_MOST_IMPOSSIBLE)))


def _impossible(where: str, text: Aligned) -> Iterator[Because]:
    if not _DOUBTFUL.search(text.folded):
        return
    for match in _CLAIMED.finditer(text.folded):
        # 35-40 may be anything; 2024 has every day that there can be.
        sure = "/" in match[0] or match["m2"] or year_of(match)
        month, day = int(match["m"] or match["m2"]), int(match["d"])
        exists = some_day(year_of(match) or 2024, month, day)
        if sure and not exists and not is_lunar(match):
            saw = text.saw(*match.span())
            yield Because(says="Ngày không có thật", saw=saw, where=where)
