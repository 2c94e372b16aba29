"""The abstract of an official document (trích yếu): what it says it is about.

It is the wording behind "V/v" or "về việc", behind number and date in a title, or in
the "V/v" line of the letter itself; the introducing words are left out.
"""

import re

from aggregator.meaning.symbols import Number
from aggregator.meaning.text import Aligned

_LONGEST = 400  # characters
_ABOUT = re.compile(r"v(?<![a-z0-9]v)(?:/v|e viec)(?![a-z])[ :.,-]{0,3}")
_LABEL = re.compile(r"trich yeu(?: noi dung)? ?: ?\n?")
_LINE = re.compile(r"(?:^|\n) ?[(\"]?(?:v/v|ve viec)(?![a-z])[ :.,-]{0,3}")
_LINE_END = re.compile(r"\n|kinh gui ?:|\.(?= |$)|(?:ngay|nguoi) (?:ban hanh|ky) ?:")
_LEAD = re.compile(r"(?:(?:v/v|ve viec|ve|viec)(?![a-z])[ :.,-]{0,3})?")
_OPENS = re.compile(r"[^a-z0-9]{0,20}(?=ve[ :])")
# Behind a number: its organ and its date, in either order.
_TAIL = re.compile(
    r"[ \])>,.:;-]{0,4}"
    r"(?:(?:cua|do) [^,;:\n\d]{1,70}? ?(?=ngay|nam \d|ve (?!viec lam)|v/v))?"
    r"(?:[(,]? ?(?:ky |de )?ngay \d{1,2} ?(?:[/.-]|thang) ?\d{1,2}"
    r" ?(?:[/.-]|,? ?nam) ?\d{4}\)?)?"
    r"(?:[ ,]{0,2}nam \d{4}(?!\d))?"
    r"(?: (?:cua|do) [^,;:\n\d]{1,70}? (?=ve (?!viec lam)|v/v|huong dan|quy dinh"
    r"|ban hanh|phe duyet|cong bo|to chuc|trien khai|thuc hien|sua doi|thay the))?"
    r"[ ,.:;\])>-]{0,4}"
)


def find_abstract(
    title: Aligned, text: Aligned, *, number: Number | None, named: bool
) -> str:
    """Read the abstract out of a document's title, else out of its text, or give "".

    Args:
        number: The title's own number, as it stands in this (mended) title.
        named: Whether the title opens with the name of a type of document.
    """
    if number is not None:
        return _behind(title, number) or _in_text(text)
    return _introduced(title, named) or _in_text(text)


def _behind(title: Aligned, number: Number) -> str:
    """Read what stands behind the number, or between the type and the number."""
    tail = _TAIL.match(title.folded, number.end)
    start = tail.end() if tail else number.end
    told_of = title.folded.startswith(("duoc ", "da ", "vua ", "co hieu luc"), start)
    rest = "" if told_of else _subject(title, start)
    if len(rest.split()) > 1:
        return rest
    end = number.start - (3 if title.folded.endswith("so ", 0, number.start) else 0)
    about = _ABOUT.search(title.folded, 0, end)
    return _wording(title, about.end(), end) if about else ""


def _introduced(title: Aligned, named: bool) -> str:
    folded = title.folded
    opening = _OPENS.match(folded)
    if opening:
        return _subject(title, opening.end())
    about = _ABOUT.search(folded) if named else None
    return _wording(title, about.end(), len(folded)) if about else ""


def _in_text(text: Aligned) -> str:
    """Read the letter's "V/v" line, or what a list of documents calls Trích yếu."""
    folded = text.folded
    if not folded:
        return ""
    label = _LABEL.search(folded) if "trich yeu" in folded else None
    if label is None and ("v/v" in folded or "\nve viec" in folded):
        label = _LINE.search(folded)
    if label is None:
        return ""
    end = _LINE_END.search(folded, label.end(), label.end() + _LONGEST)
    return _subject(text, label.end(), end.start() if end else None)


def _subject(text: Aligned, start: int, end: int | None = None) -> str:
    """Cut the wording out, without the "V/v" or "Về" that introduces it."""
    lead = _LEAD.match(text.folded, start)
    end = len(text.folded) if end is None else end
    return _wording(text, lead.end() if lead else start, end)


def _wording(text: Aligned, start: int, end: int) -> str:
    return text.saw(start, min(end, start + _LONGEST)).strip(' .,:;-–[]"“”')
