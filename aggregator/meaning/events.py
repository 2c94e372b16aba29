"""When and where something is: what an invitation asks people to, what news tells of.

A day without a time of day gives midnight, the only start the model can say; of several
days the last one is the end.
"""

import re
from collections.abc import Iterator
from datetime import date
from datetime import datetime
from datetime import timedelta
from zoneinfo import ZoneInfo

from aggregator.meaning.days import CLOCK
from aggregator.meaning.days import DAY
from aggregator.meaning.days import END_CLOCK
from aggregator.meaning.days import FROM
from aggregator.meaning.days import LINK
from aggregator.meaning.days import SOME_DAY
from aggregator.meaning.days import WEEKDAY
from aggregator.meaning.days import at_clock
from aggregator.meaning.days import day_of
from aggregator.meaning.days import first_day_of
from aggregator.meaning.days import midnight
from aggregator.meaning.places import find_place
from aggregator.meaning.text import Aligned
from aggregator.meaning.times import BEHIND
from aggregator.model import Because
from aggregator.model import Event

_DAYS = FROM + DAY
_NO_CLOCK_LINK = (
    r"(?:[ ,]{0,2}(?:va )?(?:bat dau )?(?:tu |luc |vao luc |vao hoi |hoi )?)"
)
_WHEN = (
    re.compile(rf"{CLOCK}{END_CLOCK}{LINK}{_DAYS}"),
    re.compile(rf"{_DAYS}{_NO_CLOCK_LINK}{CLOCK}{END_CLOCK}"),
    re.compile(rf"{LINK}{_DAYS}"),
)
# "đến 17 giờ 00 ngày 12/3/2026", behind when it begins.
_UNTIL = re.compile(
    r"[ ,]{0,2}(?:den|-)(?: het)? ?"
    rf"(?:{CLOCK}{LINK})?(?:{WEEKDAY}[ ,]{{1,2}})?(?:ngay )?{DAY}"
)
_TIME_LABEL = re.compile(
    r"(?:t(?<![a-z]t)hoi (?:gian|diem)"
    r"(?! (?:thu |tiep )?(?:nop|nhan|gui|dang ky|ho so|phat hanh|bao cao))"
    r"|v(?<![a-z]v)ao (?:luc|hoi)|l(?<![a-z]l)uc)(?![a-z]) ?:? ?\n?"
)
_TIME_SPAN = 160  # characters behind the label in which its date must stand
# "vào sáng thứ Hai, ngày 25/11/2026": no clock, but half of a day.
_HALF_DAY = re.compile(
    r"[stc](?<![a-z][stc])(?:ang|rua|hieu|oi)[ ,]{1,2}"
    rf"(?:(?:ngay )?{WEEKDAY}[ ,]{{1,2}})?(?:ngay )?\(?{_DAYS}"
)
_HALVES = frozenset({"sáng", "trưa", "chiều", "tối"})  # "sang ngày", "tới ngày": no
_HALF_WORDS = ("sang", "trua", "chieu", "toi")
_ASKED_BACK = re.compile(
    r"(?<![a-z])(?:truoc|cham nhat|muon nhat|han|den het|xac nhan)[^.;\n]{0,12}$"
)
LOOKS_BACK = timedelta(days=183)  # news tells of the past as often as of the future
_READ = 4_000  # characters of a text that are searched

# "từ ngày 13/4/2022": a day on which something happens, or from which it does.
_NAMED_DAY = re.compile(rf"n(?<![a-z]n)gay \(?{_DAYS}")
# "trước ngày", "Quyết định số 12/QĐ-UBND ngày": an end, the date of a document.
_NO_EVENT = re.compile(
    r"(?:(?<![a-z])(?:truoc|den|het|toi|sau|ky|ban hanh)|/[a-z&]+(?:-[a-z&]+)*"
    r"|/[a-z&-]+ cua [a-z ]{1,40}"
    r"|^\W*(?!(?:[a-z]+ )?moi (?:hop|du|tham du))(?:[a-z]+ ){1,4}"
    r"(?<! tu )(?<! vao )) ?$"
)
# How news opens: "(GLO)- Sáng 9-11, Phòng Giáo dục … đã khai mạc".
_OPENING = re.compile(
    r"(?P<lead>\W*(?:\([^)\n]{1,40}\)\W{0,4}|[a-z]{2,15} ?- )?)(?:vao |trong )?"
    rf"(?=sang|trua|chieu|toi|ngay)(?:(?:sang|trua|chieu|toi)(?: nay)?,? ?)?"
    rf"(?:ngay )?\(?{_DAYS}"
)
_IN_SENTENCE = re.compile(
    r"(?:v(?<![a-z]v)ao|t(?<![a-z]t)rong|,)(?: buoi)? (?:(?:sang|trua|chieu|toi)[ ,]"
    rf"{{1,2}})?ngay \(?{_DAYS}(?=[ ,.)]|$)"
)
_WRITTEN = re.compile(
    r"(?:[^.;\n]|\.(?! )){0,120}?(?<![a-z])(?:ban hanh|(?:da|vua) ky(?! niem)|phat hanh"
    r"|ky (?:ban hanh|quyet dinh|van ban|cong van)|(?:co|ra|gui) (?:cong van|van ban"
    r"|quyet dinh|thong bao))"
)
# "(20/11/1982 - 20/11/2017)": the feast that is told of.
_FEAST = re.compile(r"\((\d{1,2}/\d{1,2})/\d{4} ?- ?(?=\1/)" + DAY)
_FEAST_DAY = re.compile(rf"n(?<![a-z]n)gay [^\d.;,\n]{{3,30}} \(?{DAY}(?=\W*$)")
_SENTENCE = 400  # characters


def find_event(
    text: Aligned,
    *,
    near: datetime,
    timezone: str,
    since: date | None = None,
    where: str = "text",
) -> tuple[Event, tuple[Because, ...]] | None:
    """Find when and where an invitation asks people to be.

    Args:
        near: The item's own date, for days without a year.
        since: From when on such days are counted instead, where the text says so.
    """
    if not SOME_DAY.search(text.folded, 0, _READ):
        return None
    since = since or near.astimezone(ZoneInfo(timezone)).date() - BEHIND
    for match in _whens(text):
        event = _event(match, since, timezone)
        if event is None:
            continue
        start, end, stop = event
        place = find_place(text, match.start(), stop)
        because = _reasons(text.saw(match.start(), stop), place, where)
        return Event(start=start, end=end, place=place), because
    return None


def _event(
    match: re.Match[str], since: date | None, timezone: str
) -> tuple[datetime, datetime | None, int] | None:
    """Read when a match begins and ends, and where its words end; None: no such day."""
    day = day_of(match, since)
    if day is None:
        return None
    first = first_day_of(match, day)
    begins = first or day
    start = at_clock(begins, match, timezone) or midnight(begins, timezone)
    end = (
        at_clock(day, match, timezone, hour="eh") if "eh" in match.groupdict() else None
    )
    if first and not end:
        end = midnight(day, timezone)
    later = _UNTIL.match(match.string, match.end()) if not first and not end else None
    last = day_of(later, since) if later else None
    if later and last and last >= begins:
        stop = at_clock(last, later, timezone) or midnight(last, timezone)
        return start, stop if stop > start else None, later.end()
    return start, end if end and end > start else None, match.end()


def _reasons(saw: str, place: str, where: str) -> tuple[Because, ...]:
    when = Because(says="Thời gian mời", saw=saw, where=where)
    if not place:
        return (when,)
    return when, Because(says="Địa điểm mời", saw=place, where=where)


def _whens(text: Aligned) -> Iterator[re.Match[str]]:
    """Yield the times of a text: under a label, then with a clock, then half a day."""
    folded = text.folded[:_READ]
    for label in _TIME_LABEL.finditer(folded):
        stop = label.end() + _TIME_SPAN
        for form in _WHEN:
            found = form.search(folded, label.end(), stop)
            if found:
                yield found
                break
    for form in _WHEN[:2]:
        for match in form.finditer(folded):
            if not _ASKED_BACK.search(
                folded[max(0, match.start() - 40) : match.start()]
            ):
                yield match
    for match in _HALF_DAY.finditer(folded):
        if _is_half_day(text, match):
            yield match


# --- News -----------------------------------------------------------------------


def find_day(
    title: Aligned,
    text: Aligned,
    *,
    timezone: str,
    since: date | None,
) -> tuple[Event, tuple[Because, ...]] | None:
    """Find the first day on which something happens, as news names it.

    It stands in the title, or where the first sentence says when. A document's own date
    is none, nor is a term.

    Args:
        since: From when on days without a year are counted; None: they are not read.
    """
    for where, read, days in (
        ("title", title, _title_days),
        ("text", text, _sentence_days),
    ):
        if not SOME_DAY.search(read.folded, 0, _SENTENCE):
            continue
        for match in days(read):
            found = _event(match, since, timezone)
            if found:
                start, end, stop = found
                lead = match.end("lead") if "lead" in match.groupdict() else 0
                saw = read.saw(max(lead, match.start()), stop)
                why = Because(says="Ngày diễn ra", saw=saw, where=where)
                return Event(start=start, end=end), (why,)
    return None


def _title_days(title: Aligned) -> Iterator[re.Match[str]]:
    for match in _NAMED_DAY.finditer(title.folded):
        if not _NO_EVENT.search(
            title.folded[max(0, match.start() - 60) : match.start()]
        ):
            yield match


def _sentence_days(text: Aligned) -> Iterator[re.Match[str]]:
    """Yield the days of a first sentence, the surest first."""
    folded = re.split(r"\n|\.(?= )", text.folded[:_SENTENCE])[0]
    opening = _OPENING.match(folded)
    if opening and not _WRITTEN.match(folded, opening.end()):
        yield opening
    if any(half in folded for half in _HALF_WORDS):
        for match in _HALF_DAY.finditer(folded):
            if _is_half_day(text, match):
                yield match
    if "ngay" in folded:
        yield from _named_in(folded)
    if "(" in folded:
        yield from _FEAST.finditer(folded)
    yield from _FEAST_DAY.finditer(folded)


def _named_in(folded: str) -> Iterator[re.Match[str]]:
    for match in _IN_SENTENCE.finditer(folded):
        before = folded[max(0, match.start() - 60) : match.start()]
        if not (_NO_EVENT.search(before) or _WRITTEN.match(folded, match.end())):
            yield match


def _is_half_day(text: Aligned, match: re.Match[str]) -> bool:
    """Tell "sáng ngày" from "sang ngày", "tối" from "tới"."""
    return re.split("[ ,]", text.original[match.start() :], 1)[0].lower() in _HALVES
