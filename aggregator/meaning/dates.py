"""The dates that feeds give, in every shape that portals write them.

A date is read by pieces: the clock and its zone are taken out wherever they stand, the
name of the weekday is dropped, and what is left must be a whole date in one known form.
So `Thứ Hai, 05/07/2021 08:00` and `8:00 20/11/2026` need no pattern of their own, and
text that merely contains a date is refused.

Which number is the day? A number over 12 decides by itself. Else `/` with the English
AM or PM is the American order that .NET prints (`7/5/2021 8:00:00 AM` is 5 July);
everything else is day first, as Vietnamese write (`day_first=False` turns that round).
A date that cannot be is None.

Which zone? That of an offset (`+0700`, `GMT+7`, `UTC+07:00`) or of a name (`ICT`, `Z`,
`GMT`, `EST`), behind the clock or in brackets; `+0700 ICT` says it twice, and the
offset counts. Every other date is in the zone given, which is the site's: ISO 8601
without zone, .NET's AM and PM, `SA` and `CH`, 24:00 (the next midnight there) and days
without a clock (midnight there). Seconds since 1970 are UTC.
"""

import re
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from datetime import timezone as fixed_zone
from datetime import tzinfo
from zoneinfo import ZoneInfo

from aggregator.meaning.text import fold

LONGEST = 100  # characters; no date needs more
EARLIEST = 1970  # .NET's 0001-01-01 and its like mean "no date"
LATEST = 2199

_EPOCH = re.compile(r"(\d{9,10}|\d{12,13})(?:\.\d{1,9})?", re.ASCII)
_BASIC_ISO = re.compile(
    r"(\d{4})(\d\d)(\d\d)(?:t(\d\d)(\d\d)(\d\d)?(.{0,6}))?", re.ASCII
)
_RFC_822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ((?:19[7-9]|20\d)\d) "
    r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d) (?:GMT|([+-])(0\d|1[0-3])([0-5]\d))",
    re.ASCII,
)
_T = re.compile(r"(?<=\d)t(?=\d)")
_PARENS = re.compile(r"\(([^()]*)\)")
_ZONE_WORDS = {
    **{"z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "ict": 7, "indochina time": 7},
    **{"est": -5, "edt": -4, "cst": -6, "cdt": -5},
    **{"mst": -7, "mdt": -6, "pst": -8, "pdt": -7},
    **{"cet": 1, "cest": 2, "msk": 3, "sgt": 8, "jst": 9},
}
_CLOCK = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})"
    r"(?: ?: ?(?P<minute>\d\d)(?: ?: ?(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
    r"| ?(?:h|g|gio)(?![a-z]) ?(?:(?P<minute_vi>\d\d)(?!\d))?(?: phut)?)"
    r"(?: ?(?P<half>am|pm|a\.m\.?|p\.m\.?|sa|ch|sang|trua|chieu|toi)(?![a-z]))?"
    rf" ?(?P<zone>(?P<name>(?:{'|'.join(_ZONE_WORDS)})(?![a-z]))?"
    r" ?(?P<offset>[+-] ?\d{1,2}(?::?\d\d)?)?(?![a-z0-9:]))?",
    re.ASCII,
)
_WEEKDAY = re.compile(
    r"(?:thu (?:hai|ba|tu|nam|sau|bay|[2-7](?= ?,| ngay))|chu nhat|cn|t[2-7]|"
    r"mon|tues?|wed|thurs?|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday)(?![a-z])[ ,.-]*"
)
_FILLER = re.compile(
    r"(?<![a-z])(?:ngay|luc|vao|at|on|gio viet nam|asia/ho_chi_minh|asia/saigon)"
    r"(?![a-z])"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january mot",
            "feb february hai",
            "mar march ba",
            "apr april tu bon",
            "may nam",
            "jun june sau",
            "jul july bay",
            "aug august tam",
            "sep sept september chin",
            "oct october muoi",
            "nov november muoimot",
            "dec december muoihai",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = r"(?:thang|thg|th)[ .]*(?P<m>\d{1,2}|muoi (?:mot|hai)|[a-z]{2,5})"
_YEAR = r"(?P<y>\d{4})"
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
        r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[ ,.-]*"
        r"(?P<m>[a-z]{3,9})[ ,.-]*(?P<y>\d{4}|\d\d)",
        r"(?P<m>[a-z]{3,9})[ .]*(?P<d>\d{1,2})(?:st|nd|rd|th)?[ ,]+(?P<y>\d{4})",
        rf"(?P<d>\d{{1,2}})[ ,.-]*{_MONTH}[ ,./-]*(?:nam )?{_YEAR}",
        rf"{_MONTH}[ ,]+(?P<d>\d{{1,2}})[ ,]+(?:nam )?{_YEAR}",
    )
)
_NUMERIC = re.compile(
    r"(?P<a>\d{1,2}) ?[-/.] ?(?P<b>\d{1,2}) ?[-/.] ?(?P<y>\d{4}|\d\d)", re.ASCII
)


def parse_date(raw: str, *, timezone: str, day_first: bool = True) -> datetime | None:
    """Read a feed's date as an aware time, or say None; never raise for its sake.

    Args:
        timezone: IANA name of the zone of dates that name none.
        day_first: How to read 05/07/2021 where nothing else decides.
    """
    if not raw or len(raw) > LONGEST:
        return None
    plain = _RFC_822.fullmatch(raw)
    if plain:
        return _from_rfc_822(plain)
    return _read(fold(raw), timezone=timezone, day_first=day_first)


def _from_rfc_822(match: re.Match[str]) -> datetime | None:
    """Read what most feeds write, as `_read` would in eight times the time."""
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    zone: tzinfo = UTC
    if sign:
        delta = timedelta(hours=int(hours), minutes=int(minutes))
        zone = fixed_zone(-delta if sign == "-" else delta)
    try:
        return datetime(
            int(year),
            _MONTHS[month.lower()],
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=zone,
        )
    except ValueError:
        return None


def _read(text: str, *, timezone: str, day_first: bool) -> datetime | None:
    epoch = _EPOCH.fullmatch(text)
    try:
        if epoch:
            return _from_epoch(epoch[1])
        return _from_pieces(_spell_out(text), ZoneInfo(timezone), day_first=day_first)
    except (ValueError, OverflowError):  # 31 February, minute 61, year 10000
        return None


def _from_epoch(digits: str) -> datetime:
    seconds = int(digits) / (1000 if len(digits) > 10 else 1)
    return datetime.fromtimestamp(seconds, UTC)


def _spell_out(text: str) -> str:
    """Write basic ISO 8601 as extended, and a zone in brackets without them."""
    basic = _BASIC_ISO.fullmatch(text)
    if basic:
        year, month, day, hour, minute, second, rest = basic.groups()
        clock = f" {hour}:{minute}:{second or '00'}{rest}" if hour else ""
        return f"{year}-{month}-{day}{clock}"
    return _PARENS.sub(_zone_only, _T.sub(" ", text))


def _zone_only(match: re.Match[str]) -> str:
    """Keep ``(GMT+7)`` as it tells the zone; drop any other comment."""
    words = match[1].strip()
    if words in _ZONE_WORDS or re.match(r"(?:gmt|utc)? ?[+-]\d", words):
        return words if words != "indochina time" else "ict"
    return " "


def _from_pieces(text: str, zone: tzinfo, *, day_first: bool) -> datetime | None:
    clock = _CLOCK.search(text)
    american = bool(clock and (clock["half"] or "")[:2] in _AMERICAN)
    rest = text
    if clock:
        rest = text[: clock.start()] + " " + _after_clock(text[clock.end() :])
        zone = _zone(clock, zone)
    rest = _WEEKDAY.sub("", _FILLER.sub(" ", rest).strip(" ,.-"), count=1)
    rest = " ".join(rest.split()).strip(" ,.-|")
    day = _whole_date(rest, month_first=american or not day_first)
    if day is None:
        return None
    return _with_clock(day.replace(tzinfo=zone), clock)


_AMERICAN = frozenset({"am", "pm", "a.", "p."})


def _after_clock(text: str) -> str:
    """Drop a zone's name that only repeats its offset: ``+0700 ICT``."""
    word = text.strip()
    return "" if word in _ZONE_WORDS or word.startswith(("gmt+", "utc+")) else text


def _zone(clock: re.Match[str], zone: tzinfo) -> tzinfo:
    """Take the zone that stands behind a clock, else the one given.

    Raises:
        ValueError: The offset is of no zone.
    """
    name, offset = clock["name"], clock["offset"]
    if not offset:
        return UTC if name and not _ZONE_WORDS[name] else _named(name, zone)
    digits = offset.replace(" ", "").replace(":", "")
    hours, minutes = (digits[1:-2], digits[-2:]) if len(digits) > 3 else (digits[1:], 0)
    delta = timedelta(hours=int(hours), minutes=int(minutes))
    if delta > timedelta(hours=14):
        raise ValueError(offset)
    return fixed_zone(-delta if digits[0] == "-" else delta)


def _named(name: str | None, zone: tzinfo) -> tzinfo:
    return fixed_zone(timedelta(hours=_ZONE_WORDS[name])) if name else zone


def _whole_date(text: str, *, month_first: bool) -> datetime | None:
    numeric = _NUMERIC.fullmatch(text)
    if numeric:
        return _numeric_date(numeric, month_first=month_first)
    for form in _FORMS:
        match = form.fullmatch(text)
        month = _month(match["m"]) if match else None
        if match and month:
            return _day(_year(match["y"]), month, int(match["d"]))
    return None


def _numeric_date(match: re.Match[str], *, month_first: bool) -> datetime:
    first, second = int(match["a"]), int(match["b"])
    if second > 12 or (month_first and first <= 12):
        first, second = second, first
    return _day(_year(match["y"]), second, first)


def _month(text: str) -> int | None:
    return int(text) if text.isdecimal() else _MONTHS.get(text.replace(" ", ""))


def _year(text: str) -> int:
    """Read a year; two digits as RFC 2822, 4.3 does: from 1950 to 2049."""
    year = int(text)
    if len(text) == 2:
        year += 2000 if year < 50 else 1900
    return year


def _day(year: int, month: int, day: int) -> datetime:
    if not EARLIEST <= year <= LATEST:
        raise ValueError(year)
    return datetime(year, month, day)


def _with_clock(day: datetime, clock: re.Match[str] | None) -> datetime:
    """Put the time of day to a date; 24:00 is the next midnight, :60 is :59."""
    if not clock:
        return day
    minute = int(clock["minute"] or clock["minute_vi"] or 0)
    second = min(int(clock["second"] or 0), 60)
    hour = _hour(int(clock["hour"]), clock["half"] or "")
    if hour == 24 and not minute and not second:
        return day + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=min(second, 59))


_AFTERNOON = frozenset({"pm", "p.", "ch", "to"})  # first letters: chiều, tối
_MORNING = frozenset({"am", "a.", "sa"})  # SA, sáng


def _hour(hour: int, half: str) -> int:
    """Turn a twelve-hour clock into one of 24; 14:00 PM stays what it says."""
    if half[:2] in _AFTERNOON and hour < 12:
        return hour + 12
    if half[:2] in _MORNING and hour == 12:
        return 0
    return hour
