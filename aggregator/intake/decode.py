"""Turn a document's bytes into text, whatever its server says of their encoding.

Pure. Portals declare encodings that they do not use, and use some that they do not
declare; what the bytes themselves show counts most.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator

from aggregator.meaning.repair import is_ruined

_MARKS = (
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),  # "<?xm" in EBCDIC
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.I)
# Encodings that a document may name. Python knows others (punycode, unicode_escape)
# that are none of documents, and slow or strange on hostile input.
_KNOWN = re.compile(
    r"(?:x-)?(?:utf|iso|latin|windows|cp|ibm|koi|mac|euc|ks|shift|s-?jis|big5|gb|hz|tis"
    r"|us-ascii|ascii|ebcdic)[\w.-]*",
    re.I,
)
_ALIASES = {
    "gb2312": "gb18030",
    "iso-8859-1": "cp1252",  # as browsers read it
    "us-ascii": "cp1252",
    "x-sjis": "shift_jis",
}
# These are written in ASCII's bytes alone, and look like UTF-8.
_SEVEN_BIT = re.compile(r"iso-2022-|utf-?7|hz", re.I)

# What XML forbids, and half characters.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def decoded(body: bytes, content_type: str = "") -> str:
    """Return the text, without what XML forbids and without blanks around it."""
    text = ILLEGAL.sub("", _text(body, content_type))
    return text.strip(" \t\r\n\ufeff")


def plain(body: bytes, content_type: str = "") -> str:
    """Return what ``decoded`` does, if this is sound UTF-8 beyond doubt, else "".

    What XML forbids is still in it: for a reader that refuses it.
    """
    if any(_SEVEN_BIT.match(name) for name in _named(body, content_type)):
        return ""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if "\ufffd" in text else text.strip(" \t\r\n\ufeff")


def _text(body: bytes, content_type: str) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    named = list(_named(body, content_type))
    for encoding in named:
        if _SEVEN_BIT.match(encoding):
            return body.decode(encoding, "replace")
    return _as_utf8(body) or _as_named(body, named) or _guessed(body)


def _named(body: bytes, content_type: str) -> Iterator[str]:
    """Name what HTTP says, then what the document says."""
    header = _CHARSET.search(content_type)
    declared = _DECLARED.search(body[:1_000])
    names = [header[1] if header else "", declared[1].decode() if declared else ""]
    for name in names:
        if _KNOWN.fullmatch(name):
            yield _ALIASES.get(name.lower(), name)


def _as_utf8(body: bytes) -> str:
    """Read as UTF-8 unless much of it is not; a torn last character is no reason."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if not broken:
        return text
    sound = sum(1 for char in text if char > "\x7f") - broken
    return text if sound >= 5 * broken else ""


def _as_named(body: bytes, names: list[str]) -> str:
    for name in names:
        try:
            return body.decode(name)
        except (UnicodeError, LookupError):
            continue
    return ""


# Encoding, the letters that betray it, their least share among what is not ASCII.
_BETRAYED = (
    ("cp1258", "[\u1ea0-\u1ef9]", 0.05),  # Vietnamese, once its marks are composed
    ("euc_kr", "[\uac00-\ud7a3]", 0.85),
    ("euc_jp", "[\u3040-\u30ff]", 0.2),
    ("shift_jis", "[\u3040-\u30ff]", 0.2),
    ("gb2312", "[\u4e00-\u9fff]", 0.7),
    ("big5", "[\u4e00-\u9fff]", 0.9),
)


def _guessed(body: bytes) -> str:
    western = body.decode("cp1252", "replace")
    if is_ruined(western):  # in an old encoding of Vietnamese, mended later
        return western
    for encoding, letters, share in _BETRAYED:
        text = unicodedata.normalize("NFC", body.decode(encoding, "replace"))
        foreign = [char for char in text if char > "\x7f"]
        if "\ufffd" in text or not foreign:
            continue
        if len(re.findall(letters, text)) >= share * len(foreign):
            return text
    return western
