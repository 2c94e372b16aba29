"""Where people are asked to be: under a label, or behind or before the time."""

import re

from aggregator.meaning.text import Aligned

_LABEL = re.compile(
    r"d(?<![a-z]d)ia diem(?:[^:\n\d]{0,30}:[ \n]{0,2}| tai ?:? ?)"
    r"|n(?<![a-z]n)oi (?:hop|to chuc)[^:\n\d]{0,20}: ?|\ntai ?: ?"
)
_FORM = re.compile(
    r"h(?<![a-z]h)inh thuc[^:\n\d]{0,30}: ?(?=[^.;\n]{0,40}(?:truc tuyen|zoom|meet))"
    r"|(?<![a-z])(?=truc tuyen (?:qua|tren|bang) )"
)
_AT = re.compile(
    r"[ ,;.:()-]{0,4}(?:\([^)\n]{1,30}\)[ ,;.:-]{0,3})?tai(?: dia diem)? ?:? "
)
_BEFORE = re.compile(r"(?<![a-z])tai (?=([^.;:\n]{3,100}?)[ ,]{1,2}(?:vao |luc |$))")
_END = re.compile(
    r"\n|;|\.(?= |$)|[ ,-]{0,3}(?<![a-z])(?:(?:thanh phan|noi dung|chu tri|thoi gian|"
    r"kinh mong|rat mong|tran trong|de nghi|dau moi|lien he|ghi chu|trang phuc|luu y|"
    r"hinh thuc|thoi luong|de (?:hop|du|tham du|nghe|trien khai|trao doi)|yeu cau)"
    r"(?![a-z])|(?:vao )?(?:luc|hoi) \d|vao ngay|ngay \d)"
)
_LENGTH = 150  # characters
_LOOK = 140  # characters before the time


def find_place(text: Aligned, start: int, end: int) -> str:
    """Find the place of what happens at the time that stands from start to end."""
    folded = text.folded
    label = _LABEL.search(folded) or _AT.match(folded, end)
    if label:
        return _cut(text, label.end())
    before = list(_BEFORE.finditer(folded, max(0, start - _LOOK), start))
    if before:
        return text.saw(*before[-1].span(1)).strip(" .,:-")
    form = _FORM.search(folded) if "truc tuyen" in folded else None
    return _cut(text, form.end()) if form else ""


def _cut(text: Aligned, start: int) -> str:
    stop = start + _LENGTH
    end = _END.search(text.folded, start, stop)
    return text.saw(start, end.start() if end else stop).strip(" .,:-")
