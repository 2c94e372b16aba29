"""Deadlines in running text, and the moment at which an item speaks.

"Trước ngày X" is read as X, as people use it; the words are kept beside it. A day
without a year is the one nearest to the item's own date, rather ahead than behind.
Of a deadline that was moved the new day counts.
"""

import re
from collections.abc import Iterator
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from zoneinfo import ZoneInfo

from aggregator.meaning.days import CLOCK
from aggregator.meaning.days import DAY
from aggregator.meaning.days import LINK
from aggregator.meaning.days import SOME_DAY
from aggregator.meaning.days import WEEKDAY
from aggregator.meaning.days import at_clock
from aggregator.meaning.days import day_of
from aggregator.meaning.text import Aligned

BEHIND = timedelta(days=60)  # a notice may still speak of a day that has just passed

_WHEN = rf"(?:{CLOCK}{LINK})?(?:{WEEKDAY}[ ,]{{1,2}})?(?:ngay |hom )?{DAY}"
# "trước ngày", "chậm nhất": the date follows at once.
_BEFORE = re.compile(
    r"(?:t(?<![a-z]t)(?:ruoc|re nhat)|c(?<![a-z]c)ham nhat|m(?<![a-z]m)uon nhat"
    r"|h(?<![a-z]h)(?:an (?:chot|cuoi|den)|et han|et)|d(?<![a-z]d)en het"
    r"|k(?<![a-z]k)hong (?:qua|(?:muon|tre|cham) hon))"
    r"(?: (?:la|den|vao|het|luc|truoc|cung)){0,3}[ :]{0,2}" + _WHEN
)
# "Thời hạn nộp báo cáo: …": some words, and the first day of a range, may come between.
_TERM = re.compile(
    r"(?:t(?<![a-z]t)hoi (?:han|(?:gian|diem) (?:thu |tiep )?"
    r"(?:nop|nhan|gui|dang ky|ho so|bao cao))"
    r"|h(?<![a-z]h)(?:an (?:nop|dang ky|gui|chot|cuoi|bao cao|hoan thanh)|et han))"
    r"[^.;\n\d]{0,80}?(?<![a-z])"
    r"(?:(?:tu )?(?:ngay )?\d[\d/.-]{0,9} ?(?:den|-)(?: het)? ?)?[ :]{0,2}" + _WHEN
)
# "gia hạn … đến ngày", "lùi … sang ngày": what was moved, and to when.
_MOVED = re.compile(
    r"(?:g(?<![a-z]g)ia han|l(?<![a-z]l)ui|k(?<![a-z]k)eo dai thoi|d(?<![a-z]d)oi"
    r" (?:thoi|han|lich|sang|den)|d(?<![a-z]d)ieu chinh (?:thoi|han))"
    r"[^.;\n/]{0,110}? ?(?<![a-z])(?:den|sang|toi|thanh)(?: truoc| het)?[ :]{1,2}"
    + _WHEN
)
# "từ ngày 04/5 đến 17h ngày 13/5, học sinh đăng ký dự thi"
_UNTIL = re.compile(rf"d(?<![a-z]d)en {_WHEN}")
# What each needs: words, then a day. They are sought first, as few texts have them.
_BEFORE_WORDS = ("truoc", "het", "ham nhat", "uon nhat", "re nhat", "han c", "han den")
_MORE_BEFORE_WORDS = ("khong qua", " hon ")
_TERM_WORDS = ("thoi han", "thoi gian", "thoi diem", "han ", "het han")
_MOVED_WORDS = ("gia han", "lui", "keo dai thoi", "doi ", "ieu chinh")
_OLD = re.compile(r"(?<![a-z])(?:han|thoi gian) (?:cu|truoc day|ban dau)(?![a-z])")
# A period that ends is a deadline only where something is handed in.
_PERIOD = re.compile(r"(?<![a-z])tu (?:ngay )?\d[^;\n]{0,40}$")
_HANDING_IN = re.compile(r"(?<![a-z])(?:nop|gui|nhan|dang ky|bao cao|han|du thi|thu)\b")
_LASTING = re.compile(
    r"(?<![a-z])(?:nghi|tam (?:dung|ngung|hoan)|hieu luc|ap dung|dien ra|trung bay)"
    r"(?![a-z])[^.;\n]{0,80}$"
)
# "học sinh sinh trước ngày": what is, not what is to be done.
_SINCE_THEN = re.compile(
    r"(?<![a-z])(?:(?<!hoc )(?<!thi )(?<!ve )(?<!tuyen )sinh|thanh lap"
    r"|tuyen dung|ban hanh|ky ket|bo nhiem|co mat) $"
)
_LOOK = 120  # characters around a day in which words decide what it is
_READ = 4_000  # characters of a text that are searched


def find_deadline(
    text: Aligned, *, near: datetime, timezone: str, since: date | None = None
) -> tuple[date | datetime, str] | None:
    """Find the deadline of a text, with the words that name it.

    Args:
        near: The item's own date, for days without a year.
        since: From when on such days are counted instead, where the text says so.
    """
    if not SOME_DAY.search(text.folded, 0, _READ):
        return None
    since = since or near.astimezone(ZoneInfo(timezone)).date() - BEHIND
    for match in _deadlines(text.folded[:_READ]):
        day = day_of(match, since)
        if day:
            saw = text.saw(*match.span())
            return at_clock(day, match, timezone) or day, saw
    return None


def _deadlines(folded: str) -> Iterator[re.Match[str]]:
    """Yield what reads as a deadline: those that were moved, then as they stand."""
    if any(word in folded for word in _MOVED_WORDS):
        for match in _MOVED.finditer(folded):
            if _hands_in(folded, match.start(), match.end()):
                yield match
    found: list[re.Match[str]] = []
    if any(word in folded for word in _BEFORE_WORDS + _MORE_BEFORE_WORDS):
        found += _BEFORE.finditer(folded)
    if any(word in folded for word in _TERM_WORDS):
        found += _TERM.finditer(folded)
    for match in sorted(found, key=re.Match.start):
        if _is_due(folded, match):
            yield match
    if " den " in folded and _HANDING_IN.search(folded):
        yield from (m for m in _UNTIL.finditer(folded) if _closes(folded, m))


def _hands_in(folded: str, start: int, end: int) -> bool:
    before = folded[max(0, start - _LOOK) : end]
    return bool(_HANDING_IN.search(before))


def _is_due(folded: str, match: re.Match[str]) -> bool:
    """Say whether something is to be done by a day; ends of mere periods are left."""
    before = folded[max(0, match.start() - _LOOK) : match.start()]
    if _OLD.search(match[0]) or _SINCE_THEN.search(before):
        return False
    if _PERIOD.search(before):
        return bool(_HANDING_IN.search(before))
    lasts = match[0].startswith(("het", "den het")) and _LASTING.search(before)
    return not lasts


def _closes(folded: str, match: re.Match[str]) -> bool:
    """Say whether a period that ends is one in which something is handed in."""
    before = folded[max(0, match.start() - _LOOK) : match.start()]
    after = re.split(r"[.;\n]", folded[match.end() : match.end() + _LOOK])[0]
    near = _HANDING_IN.search(before) or _HANDING_IN.search(after)
    return bool(_PERIOD.search(before) and near)


def item_time(published: datetime | None, now: datetime) -> datetime:
    """Say when an item speaks: when it was published, never later than now."""
    return min(published, now) if published else now.astimezone(UTC)
