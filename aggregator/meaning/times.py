"""Deadlines, and when and where an invitation asks people to be, from running text.

A day without a year is the one nearest to the item's own date, rather ahead of it than
behind. "Trước ngày X" is read as X, as people use it; the words are kept beside it.
"""

import re
from collections.abc import Iterator
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from zoneinfo import ZoneInfo

from aggregator.meaning.text import Aligned
from aggregator.model import Because
from aggregator.model import Event

_BEHIND = timedelta(days=60)  # a notice may still speak of a day that has just passed

# Patterns begin with what `re` finds quickly; then comes what may not stand before it.
_DAY = (
    r"(?P<d>\d(?<!\d\d)\d?)"
    r"(?: ?[/.-] ?(?P<m>\d{1,2})(?: ?[/.-] ?(?P<y>\d{4})| nam (?P<y2>\d{4}))?"
    r"| thang (?P<m2>\d{1,2})(?:,? nam (?P<y3>\d{4})| ?[/.-] ?(?P<y4>\d{4}))?)"
    r"(?![\d/])"
)
_CLOCK = (
    r"(?P<h>\d(?<!\d\d)\d?)(?: ?(?:h|g|gio)(?![a-z])|:(?=\d\d)) ?"
    r"(?:(?P<min>[0-5]\d)(?![\d/.-]))?(?: ?(?:phut|p)(?![a-z]))?"
    r"(?: ?(?P<half>sang|trua|chieu|toi)(?![a-z]))?"
)
_END_CLOCK = (
    r"(?: ?(?:den|-) ?(?P<eh>\d{1,2})(?: ?(?:h|g|gio)(?![a-z])|:(?=\d\d)) ?"
    r"(?P<emin>[0-5]\d)?(?: ?(?:phut|p)(?![a-z]))?)?"
)
_WEEKDAY = r"(?:thu (?:hai|ba|tu|nam|sau|bay|[2-7])|chu nhat|cn|t[2-7])"
_LINK = (
    r"[ ,;]{0,3}(?:(?P<half2>sang|trua|chieu|toi)[ ,]{1,2})?"
    rf"(?:(?:ngay )?\(?{_WEEKDAY}\)?[ ,]{{0,2}})?(?:\(?ngay )?"
)
_NO_CLOCK_LINK = r"(?:[ ,]{0,2}(?:va )?(?:luc|vao luc|vao hoi|hoi)? ?)"

# "trước ngày", "chậm nhất": the date follows at once.
_BEFORE = re.compile(
    r"(?:t(?<![a-z]t)ruoc|c(?<![a-z]c)ham nhat|m(?<![a-z]m)uon nhat"
    r"|h(?<![a-z]h)(?:an (?:chot|cuoi)|et han|et)|d(?<![a-z]d)en het)"
    r"(?: (?:la|den|vao|het|luc|truoc|cung)){0,3}[ :]{0,2}"
    rf"(?:{_CLOCK}{_LINK})?(?:{_WEEKDAY}[ ,]{{1,2}})?(?:ngay |hom )?{_DAY}"
)
# "Thời hạn nộp báo cáo: …", "gia hạn … đến ngày": some words may stand between.
_TERM = re.compile(
    r"(?:(?:t(?<![a-z]t)hoi han"
    r"|h(?<![a-z]h)(?:an (?:nop|dang ky|gui|chot|cuoi)|et han))"
    r"[^.;\n\d]{0,80}?(?<![a-z])"
    r"(?:tu (?:ngay )?[\d/.-]{1,10} (?:den|-)(?: het)?)?"
    r"|(?:g(?<![a-z]g)ia han|l(?<![a-z]l)ui)[^.;\n\d]{0,80}? (?:den|sang|toi)(?: het)?)"
    rf"[ :]{{0,2}}(?:{_CLOCK}{_LINK})?(?:ngay )?{_DAY}"
)
# What both need: words, then a day. They are sought first, as few texts have them.
_BEFORE_WORDS = ("truoc", "het", "ham nhat", "uon nhat", "han c")
_TERM_WORDS = (
    *("thoi han", "han nop", "han dang ky", "han gui", "han c", "het han"),
    *("gia han", "lui"),
)
_SOME_DAY = re.compile(r"\d(?: ?[/.-] ?| thang )\d")
# A period that ends is a deadline only where something is handed in.
_PERIOD = re.compile(r"(?<![a-z])tu (?:ngay )?\d[^;\n]{0,40}$")
_HANDING_IN = re.compile(r"(?<![a-z])(?:nop|gui|nhan|dang ky|bao cao|han|du thi|thu)\b")

_WHEN = (
    re.compile(rf"{_CLOCK}{_END_CLOCK}{_LINK}{_DAY}"),
    re.compile(rf"{_DAY}{_NO_CLOCK_LINK}{_CLOCK}{_END_CLOCK}"),
    re.compile(rf"{_LINK}{_DAY}"),
)
_TIME_LABEL = re.compile(
    r"(?:t(?<![a-z]t)hoi gian|v(?<![a-z]v)ao (?:luc|hoi)|l(?<![a-z]l)uc)(?![a-z]) ?:? ?"
)
_TIME_SPAN = 160  # characters behind the label in which its date must stand
_PLACE_LABEL = re.compile(
    r"dia diem(?:(?<![a-z]dia diem)(?: to chuc| hop)? ?: ?| tai ?:? ?)"
)
_PLACE_AT = re.compile(r"[ ,;.:()-]{0,4}tai(?: dia diem)? ?:? ")
_PLACE_END = re.compile(
    r"\n|;|\.(?= |$)|[ ,-]{0,3}(?<![a-z])(?:thanh phan|noi dung|chu tri|thoi gian|"
    r"kinh mong|tran trong|de nghi|dau moi|lien he|ghi chu)(?![a-z])"
)
_PLACE_LENGTH = 150  # characters
_READ = 4_000  # characters of a text that are searched


def find_deadline(
    text: Aligned, *, near: datetime, timezone: str
) -> tuple[date | datetime, str] | None:
    """Find the first deadline in a text, with the words that name it.

    Args:
        near: The item's own date, for days without a year.
    """
    for match in _deadlines(text.folded[:_READ]):
        day = _day(match, near.astimezone(ZoneInfo(timezone)).date())
        if day:
            saw = text.saw(*match.span())
            return _at_clock(day, match, timezone) or day, saw
    return None


def _deadlines(folded: str) -> Iterator[re.Match[str]]:
    """Yield what reads as a deadline, in order; ends of mere periods are left out."""
    if not _SOME_DAY.search(folded):
        return
    found: list[re.Match[str]] = []
    if any(word in folded for word in _BEFORE_WORDS):
        found += _BEFORE.finditer(folded)
    if any(word in folded for word in _TERM_WORDS):
        found += _TERM.finditer(folded)
    for match in sorted(found, key=re.Match.start):
        if not _ends_a_period(folded, match.start()):
            yield match


def _ends_a_period(folded: str, start: int) -> bool:
    before = folded[max(0, start - 120) : start]
    return bool(_PERIOD.search(before)) and not _HANDING_IN.search(before)


def _day(match: re.Match[str], today: date) -> date | None:
    """Read day, month and year of a match; None where no such day exists."""
    groups = match.groupdict()
    month = int(groups["m"] or groups["m2"])
    year = groups["y"] or groups["y2"] or groups["y3"] or groups["y4"]
    try:
        if year:
            return date(int(year), month, int(groups["d"]))
        return _nearest(int(groups["d"]), month, today)
    except ValueError:
        return None


def _nearest(day: int, month: int, today: date) -> date:
    """Choose the year of a day that names none.

    Raises:
        ValueError: The day does not exist.
    """
    this_year = date(today.year, month, day)
    if this_year < today - _BEHIND:
        return date(today.year + 1, month, day)
    last_year = this_year - timedelta(days=365)
    if last_year >= today - _BEHIND:  # 28 December, read on 3 January
        return date(today.year - 1, month, day)
    return this_year


def _at_clock(
    day: date, match: re.Match[str], timezone: str, *, hour: str = "h"
) -> datetime | None:
    """Put the time of day to a day, where the match has one that can be."""
    groups = match.groupdict()
    if not groups.get(hour):
        return None
    minute = groups["emin" if hour == "eh" else "min"]
    hours = _hours(int(groups[hour]), groups.get("half") or groups.get("half2") or "")
    if hours == 24 and not int(minute or 0):
        hours, minute, day = 0, "0", day + timedelta(days=1)
    if hours > 23:
        return None
    clock = datetime(day.year, day.month, day.day, hours, int(minute or 0))
    return clock.replace(tzinfo=ZoneInfo(timezone))


def _hours(hours: int, half: str) -> int:
    """Read "2 giờ chiều" as 14."""
    return hours + 12 if half in {"chieu", "toi"} and hours < 12 else hours


def find_event(
    text: Aligned, *, near: datetime, timezone: str
) -> tuple[Event, tuple[Because, ...]] | None:
    """Find when and where an invitation asks people to be.

    A day without a time of day gives midnight, the only start the model can say.
    """
    today = near.astimezone(ZoneInfo(timezone)).date()
    for match in _whens(text.folded[:_READ]):
        day = _day(match, today)
        if not day:
            continue
        zone = ZoneInfo(timezone)
        start = _at_clock(day, match, timezone) or _midnight(day, zone)
        end = _at_clock(day, match, timezone, hour="eh")
        place = _place(text, match.end())
        event = Event(
            start=start, end=end if end and end > start else None, place=place
        )
        return event, _event_reasons(text.saw(*match.span()), place)
    return None


# "từ ngày 13/4/2022": a day on which something happens, or from which it does.
_NAMED_DAY = re.compile(rf"n(?<![a-z]n)gay {_DAY}")
# "trước ngày", "Quyết định số 12/QĐ-UBND ngày": an end, the date of a document.
_NO_EVENT = re.compile(
    r"(?:(?<![a-z])(?:truoc|den|het|toi|sau|ky|ban hanh)|/[a-z&]+(?:-[a-z&]+)*"
    r"|/[a-z&-]+ cua [a-z ]{1,40}|^\W*(?:[a-z]+ ){1,4}) ?$"
)


def find_day(
    title: Aligned, *, near: datetime, timezone: str
) -> tuple[Event, tuple[Because, ...]] | None:
    """Find the first day on which something happens, as a title of news names it.

    A document's own date is none, nor is a term; without a year it is none either: news
    looks back as often as ahead.
    """
    if not _SOME_DAY.search(title.folded):
        return None
    for match in _NAMED_DAY.finditer(title.folded):
        before = title.folded[max(0, match.start() - 60) : match.start()]
        if _NO_EVENT.search(before):
            continue
        groups = match.groupdict()
        dated = groups["y"] or groups["y2"] or groups["y3"] or groups["y4"]
        day = _day(match, near.date()) if dated else None
        if day:
            saw = title.saw(*match.span())
            why = Because(says="Ngày diễn ra", saw=saw, where="title")
            return Event(start=_midnight(day, ZoneInfo(timezone))), (why,)
    return None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _event_reasons(saw: str, place: str) -> tuple[Because, ...]:
    when = Because(says="Thời gian mời", saw=saw, where="text")
    if not place:
        return (when,)
    return when, Because(says="Địa điểm mời", saw=place, where="text")


def _whens(folded: str) -> Iterator[re.Match[str]]:
    """Yield the times of a text: first those under a label, then any full one."""
    if not _SOME_DAY.search(folded):
        return
    for label in _TIME_LABEL.finditer(folded):
        stop = label.end() + _TIME_SPAN
        for form in _WHEN:
            found = form.search(folded, label.end(), stop)
            if found:
                yield found
                break
    for form in _WHEN[:2]:
        yield from form.finditer(folded)


def _place(text: Aligned, after: int) -> str:
    label = _PLACE_LABEL.search(text.folded)
    start = label or _PLACE_AT.match(text.folded, after)
    if not start:
        return ""
    stop = start.end() + _PLACE_LENGTH
    end = _PLACE_END.search(text.folded, start.end(), stop)
    return text.saw(start.end(), end.start() if end else stop).strip(" .,:-")


def item_time(published: datetime | None, now: datetime) -> datetime:
    """Say when an item speaks: when it was published, never later than now."""
    return min(published, now) if published else now.astimezone(UTC)
