"""Vietnamese text in one form: NFC for showing, folded for comparing.

The folded form has the same length as the form it was made from, letter for letter, so
a place found in the one is the same place in the other: no map has to be kept.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from functools import lru_cache

# Letters and signs that NFC leaves as they are, beside whatever else of them: what
# Vietnamese is written in. No marks to be composed, no spaces, nothing invisible.
LETTERS = (
    "\xa1-\xac\xae-\u02ff\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf"
    "\u2100-\u2125\u2190-\u21ff\u2500-\u27bf"
)
_ALL_PLAIN = re.compile(f"[\t\n\r\xa0 -~{LETTERS}]*+")
# C0 and C1 controls but tab and line ends, soft hyphen, zero-width and direction
# marks, byte order mark, lone surrogates: never meant by who typed a title.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
# Composing sorts the marks on one letter, in quadratic time: a letter of any language
# bears but a few, an attack thousands.
_MOST_MARKS = 8
_REMEMBERED = 500  # characters; titles are folded again and again, texts are not


@cache  # two of them, since the set of all marks is twenty times slower to look in
def _run_of_marks(last: int) -> re.Pattern[str]:
    """Match more marks in a row than any letter bears, up to a code."""
    codes = map(chr, range(0x300, last))
    marks = "".join(char for char in codes if unicodedata.combining(char))
    return re.compile(f"[{marks}][{marks}]{{{_MOST_MARKS},}}")


_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
_STRAY_MARKS = re.compile("[\u0300-\u036f]")
_BLANKS = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?[\n\r\v\f\x85\u2028\u2029][\s\x85]*")
# One sound, two spellings: kì/kỳ, lí/lý, quí/quý, qui định/quy định.
_I_FOR_Y = re.compile(r"i(?:(?<=\b[hklmst]i)|(?<=\bqui))\b")
# Typed without the space: "THCSvà". Only acronyms whose end is beyond doubt.
_GLUED = re.compile(
    r"\b(GDMN|GDTX|THCS|THPT|GDPT|S?P?B?GD&?ĐT|UBND)(?=[^\W\d_A-ZĐÀ-Ỹ]|[à-ỹđ])"
)

_LOOK_ALIKES = {
    **dict.fromkeys("“”„‟«»〝〞″", '"'),
    **dict.fromkeys("‘’‚‛ʼ`´′ʹ", "'"),
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("đĐÐðɖ", "d"),
}


def _base_letter(char: str) -> str:
    """Reduce one character to its base in lower case, or leave it as it is."""
    parts = unicodedata.normalize("NFKD", char)
    base = "".join(part for part in parts if not unicodedata.combining(part)).lower()
    return base if len(base) == 1 else char


def _fold_table() -> dict[int, str]:
    """List what becomes of each letter that folding changes: one for one."""
    ranges = (range(0x41, 0x5B), range(0xA0, 0x250), range(0x1E00, 0x2070))
    codes = [code for part in (*ranges, range(0xFF01, 0xFF5F)) for code in part]
    table = {code: _base_letter(chr(code)) for code in codes}
    table |= {ord(char): plain for char, plain in _LOOK_ALIKES.items()}
    table |= {ord("\t"): " ", 0xA0: " ", 0x3000: " "}
    return {code: plain for code, plain in table.items() if chr(code) != plain}


_FOLD = _fold_table()

# What Vietnamese is typed with, as bytes: folding those takes a seventh of the time.
_TYPED = "\0" + "".join(map(chr, range(0x20, 0x7F))) + "\t\n\r\xa0–“”‘’"
_TYPED += "".join(char for char in map(chr, range(0x1EA0, 0x1EFA)))
_TYPED += "àáâãèéêìíòóôõùúýăđĩũơưÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯ"
_TO_BYTES = codecs.charmap_build(_TYPED.ljust(256, "\ufffe"))
_FOLD_BYTES = _TYPED.translate(_FOLD).encode("latin-1").ljust(256, b"?")


@dataclass(frozen=True, slots=True)
class Aligned:
    """A text and its folded form; both have the same length."""

    original: str
    folded: str

    def saw(self, start: int, end: int) -> str:
        """Show the words that stand at a place, as they were written."""
        return self.original[start:end].strip()


def _few_marks(match: re.Match[str]) -> str:
    return match[0][:_MOST_MARKS]


def is_plain(text: str) -> bool:
    """Say whether a text is in its one form already, as can be seen at a glance."""
    return _ALL_PLAIN.fullmatch(text) is not None


def nfc(text: str) -> str:
    """Compose letters and marks; drop control and invisible characters."""
    return text if is_plain(text) else _composed(text)


def _composed(text: str) -> str:
    meant = _UNWANTED.sub("", text)
    runs = _run_of_marks(0x1F000 if _BEYOND_BMP.search(meant) else 0x10000)
    return unicodedata.normalize("NFC", runs.sub(_few_marks, meant))


def plain_spaces(text: str) -> str:
    """Make every run of white space one space, and none at the ends."""
    return " ".join(text.split())


def plain_lines(text: str) -> str:
    """Do the same but keep line ends, one at a time."""
    return _LINE_ENDS.sub("\n", _BLANKS.sub(" ", text)).strip()


def separate(text: str) -> str:
    """Put back the space that is missing after an acronym: ``THCSvà``."""
    return _GLUED.sub(r"\1 ", text)


def align(text: str) -> Aligned:
    """Fold a text and keep it beside its folded form."""
    original = text
    if not is_plain(text):
        original = _STRAY_MARKS.sub("", _composed(text))
    return Aligned(original, _I_FOR_Y.sub("y", _fold_letters(original)))


def _fold_letters(text: str) -> str:
    try:
        typed, _ = codecs.charmap_encode(text, "strict", _TO_BYTES)
    except UnicodeEncodeError:  # a letter that is rare in Vietnamese
        return text.translate(_FOLD)
    return typed.translate(_FOLD_BYTES).decode("latin-1")


def fold(text: str) -> str:
    """Make the key under which spellings of one text are equal.

    Case, tone marks, đ, i for y, kinds of quote, dash and space make no difference.
    """
    return _remembered(text) if len(text) <= _REMEMBERED else _folded(text)


def _folded(text: str) -> str:
    return align(plain_spaces(text)).folded


_remembered = lru_cache(maxsize=8_192)(_folded)  # all titles saved together
