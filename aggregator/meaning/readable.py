"""Titles shouted in capitals, in a form that is easy to read; for display alone.

Which words are names cannot be known from capitals; the well-known ones are listed
here, and an editor sees the rest. Nothing is decided by what comes out of this.
"""

import re

from aggregator.meaning.syllables import is_syllable
from aggregator.meaning.syllables import parted

_SHOUTED = 0.7  # the least share of capitals among a title's letters
_WORD = re.compile(r"[^\W\d_]+(?:&[^\W\d_]+)*")
_ROMAN = re.compile("(?=[IVX])X{0,2}(?:IX|IV|V?I{0,3})")
_COUNTED = re.compile(r"(?:KỲ|KÌ|CẤP|HẠNG|QUÝ|LẦN|THỨ|KHÓA|KHOÁ|KỶ|PHẦN|ĐỢT|TẬP) \Z")
_BEGINS = re.compile(r"(?:\n\W*|[.!?]\s+|:\s*|[“\"‘])\Z")
_TONELESS = re.compile(r"[A-ZĐ&]+")  # what acronyms are written in

# Acronyms that could be words, and foreign words that are no acronyms.
_KEPT = frozenset({"AI", "UNESCO", "UNICEF", "STEM", "STEAM", "TOEIC"})
_FOREIGN = {
    word.upper(): word
    for word in (
        "Olympic Covid virus Corona online Internet Robotics robot Robocon video email"
        " Google Microsoft Facebook Zalo website Intel Violympic Wifi"
    ).split()
}
_NAMES = """
Việt Nam|Hồ Chí Minh|Hà Nội|Sài Gòn|Thủ Đức|Gia Định|Bác Hồ|Điện Biên Phủ|Hùng Vương
An Giang|Bà Rịa|Vũng Tàu|Bạc Liêu|Bắc Giang|Bắc Kạn|Bắc Ninh|Bến Tre|Bình Dương
Bình Định|Bình Phước|Bình Thuận|Cà Mau|Cao Bằng|Cần Thơ|Đà Nẵng|Đắk Lắk|Đắk Nông
Điện Biên|Đồng Nai|Đồng Tháp|Gia Lai|Hà Giang|Hà Nam|Hà Tĩnh|Hải Dương|Hải Phòng
Hậu Giang|Hòa Bình|Hưng Yên|Khánh Hòa|Kiên Giang|Kon Tum|Lai Châu|Lạng Sơn|Lào Cai
Lâm Đồng|Long An|Nam Định|Nghệ An|Ninh Bình|Ninh Thuận|Phú Thọ|Phú Yên|Quảng Bình
Quảng Nam|Quảng Ngãi|Quảng Ninh|Quảng Trị|Sóc Trăng|Sơn La|Tây Ninh|Thái Bình
Thái Nguyên|Thanh Hóa|Thừa Thiên|Huế|Tiền Giang|Trà Vinh|Tuyên Quang|Vĩnh Long
Vĩnh Phúc|Yên Bái|Bình Chánh|Bình Tân|Bình Thạnh|Cần Giờ|Củ Chi|Gò Vấp|Hóc Môn
Nhà Bè|Phú Nhuận|Tân Bình|Tân Phú|Côn Đảo|Nguyên đán|Trung thu|Phù Đổng
Bộ Giáo dục và Đào tạo|Sở Giáo dục và Đào tạo|Phòng Giáo dục và Đào tạo|Nhà giáo
Tiếng Việt|Tổ quốc|Quốc khánh|Thiếu niên Tiền phong|Cộng sản|Lê Quý Đôn|Lê Hồng Phong
Trần Đại Nghĩa|Nguyễn Du|Nguyễn Trãi|Nguyễn Huệ|Lê Lợi|Kim Đồng|Lê Văn Tám
Trần Hưng Đạo|Quang Trung|Võ Thị Sáu|Nguyễn Thị Minh Khai|Nguyễn Thượng Hiền
Phan Châu Trinh|Phan Bội Châu|Chu Văn An|Lý Thường Kiệt|Hai Bà Trưng|Võ Nguyên Giáp
"""
_BY_CAPITALS = {
    name.upper(): name
    for line in _NAMES.split("\n")
    for name in line.split("|")
    if name
}
_NAMED = re.compile(
    r"(?<!\w)(?:" + "|".join(sorted(_BY_CAPITALS, key=len, reverse=True)) + r")(?!\w)"
)


def readable(title: str) -> str:
    """Write a title of capitals as a sentence; acronyms and numerals stay.

    Any other title comes back as it is.
    """
    letters = sum(map(str.isalpha, title))
    if sum(map(str.isupper, title)) < max(_SHOUTED * letters, 2):
        return title
    named = _NAMED.sub(lambda found: _BY_CAPITALS[found[0]], title)
    return _WORD.sub(lambda found: _written(found, title), named)


def _written(found: re.Match[str], title: str) -> str:
    """Write one word; ``title`` is the whole, still in capitals."""
    word, before = found[0], title[max(0, found.start() - 12) : found.start()]
    if found.start() <= 12:
        before = "\n" + before
    if not word.isupper():  # a name, or never in capitals
        return word
    if word in _FOREIGN:
        return _begun(_FOREIGN[word], before)
    if _is_kept(word, before, title.isascii()):
        return word
    return _begun(parted(word.lower()), before)


def _begun(word: str, before: str) -> str:
    return word[0].upper() + word[1:] if _BEGINS.search(before) else word


def _is_kept(word: str, before: str, is_bare: bool) -> bool:
    """Say whether a word is an acronym or a numeral."""
    if _ROMAN.fullmatch(word) and (_COUNTED.search(before) or not is_syllable(word)):
        return not (word == "V" and before.endswith("/"))
    if not _TONELESS.fullmatch(word) or word in _KEPT:
        return word in _KEPT
    if len(word) == 1:  # "12 A", "A-Z", but not "y tế"
        return word not in "YO"
    if is_bare and len(word) > 3:  # all without marks: is it spoken, at least?
        return not re.search("[AEIOUY]", word)
    return not is_syllable(word)
