"""When an official document was issued: beside its number, or in its head."""

import re
from collections.abc import Iterator
from datetime import date

from aggregator.meaning.levels import part
from aggregator.meaning.symbols import Number
from aggregator.meaning.text import Aligned
from aggregator.model import Because

_DATE = (
    r"(?P<d>\d{1,2}) ?(?:[/.-]|thang) ?(?P<m>\d{1,2})"
    r" ?(?:[/.-]|,? ?nam) ?(?P<y>\d{4})(?!\d)"
)
_LABEL = re.compile(rf"ngay (?:ban hanh|ky|bh|van ban) ?: ?\n?{_DATE}")
_SOON = re.compile(
    r"[ ,;)\]]{0,3}(?:cua [^,;.\n]{1,60}? ?)?[ (]{0,2}(?:ky |de |ban hanh )?ngay "
    rf"{_DATE}"
)
# "Ngày 26/8 năm 2021 Bộ … đã ban hành Công văn 3676/BGDĐT-GDMN"
_EARLIER = re.compile(
    rf"ngay {_DATE}[^.;\n\d]{{0,100}}? (?:ban hanh|ky|co|gui|phat hanh)"
    r"(?: [a-z]+){1,3} ?$"
)
_SPELLED = re.compile(r"ngay \d{1,2} thang ")  # what every _PLACE_DATE has
_PLACE_DATE = re.compile(rf"(?:^|\n|, ?)ngay (?=\d{{1,2}} thang){_DATE}")
# "Thông báo khẩn ngày 18/10/2020", "Quyết định ngày 5/3/2021 của UBND tỉnh về …"
_TITLE_DATE = re.compile(
    rf"\W*(?:[a-z]+ ){{1,4}}ngay {_DATE}(?=\W*$| (?:cua|ve) |,? ve viec|,? v/v)"
)
_TAIL_LENGTH = 110  # characters behind a number in which its date may stand
_REACH = 160  # characters before a number in which its date may stand


_Seen = tuple[Aligned, re.Match[str] | None]


def find_issued(
    body: Aligned, number: Number | None, *, where: str, text: Aligned, named: bool
) -> tuple[date | None, tuple[Because, ...]]:
    """Find the day of issue, and the words that say it.

    Args:
        body: The mended text in which the number stands, and where that is.
        text: The head of the notice's text.
        named: Whether the title opens with the name of a type of document.
    """
    if number is None and not named and "ngay" not in text.folded:
        return None, ()
    for place, match in _places(body, number, text, named=named):
        day = _day(match) if match else None
        if match and day:
            at = where if place is body else "text"
            saw = place.saw(*match.span()).lstrip(" ,;)]\n")
            return day, (Because(says="Ngày ban hành", saw=saw, where=at),)
    return None, ()


def _places(
    body: Aligned, number: Number | None, text: Aligned, *, named: bool
) -> Iterator[_Seen]:
    if number:
        stop = number.end + _TAIL_LENGTH
        yield body, _SOON.match(body.folded, number.end, stop)
    elif named:
        yield body, _TITLE_DATE.match(body.folded)
    if "ngay" not in text.folded:
        return
    yield text, _LABEL.search(text.folded)
    if _SPELLED.search(text.folded):
        yield text, _PLACE_DATE.search(text.folded)
    if number and number.saw in text.original:
        yield from _beside(text, text.original.index(number.saw), number)


def _beside(text: Aligned, start: int, number: Number) -> Iterator[_Seen]:
    """Look around the place where the text repeats the number."""
    before = part(text, max(0, start - _REACH), start)
    yield before, _EARLIER.search(before.folded)
    end = start + len(number.saw)
    yield text, _SOON.match(text.folded, end, end + _TAIL_LENGTH)


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return None
