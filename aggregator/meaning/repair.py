"""Vietnamese that was read in a wrong encoding: known, undone, or only suspected.

Three ruins are met in feeds: the old one-byte encoding TCVN3 (ABC) and the two-byte
VNI, both read as Latin-1, and Latin-1 read as windows-1258. A reading is believed where
the words it mends were no Vietnamese before and are afterwards, and hardly one is the
other way round; where that shows but is too little to be sure, the text stays as it is.
"""

import re
import unicodedata
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from html import unescape
from operator import attrgetter
from typing import NamedTuple

from aggregator.meaning.syllables import is_syllable

_TCVN3 = str.maketrans(
    "¡¢£¤¥¦§¨©ª«¬\xad®µ¶·¸¹»¼½¾ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ",
    "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
)
# VNI writes the letter, then a mark; of these pairs the marks, and what they make.
_VNI_MARKS = {
    **{vowel: "øùûõï" for vowel in "aeouyôö"},
    "a": "øùûõïâáàåãäêéèúüë",
    "e": "øùûõïâáàåãä",
    "o": "øùûõïâáàåãä",
}
_VNI_MADE = {
    "a": "àáảãạâấầẩẫậăắằẳẵặ",
    "e": "èéẻẽẹêếềểễệ",
    "o": "òóỏõọôốồổỗộ",
    "u": "ùúủũụ",
    "y": "ỳýỷỹ",
    "ô": "ờớởỡợ",
    "ö": "ừứửữự",
}
_VNI_PAIRS = {
    vowel + mark: made
    for vowel, marks in _VNI_MARKS.items()
    for mark, made in zip(marks, _VNI_MADE[vowel], strict=False)
}
_VNI_SINGLE = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
# In a text of which a part is right already these are what they seem: hoà, có, ô.
_NOT_HALF = frozenset({"oà", "oá", "oã", "ô", "ó", "ò"})

# What windows-1258 reads as marks on the letter before: "vì" becomes "v́".
_LOST_VOWELS = {"\u0301": "ì", "\u0323": "ò", "\u0300": "Ì", "\u0309": "Ò"}
_CONSONANTS = "bcdđghklmnpqrstvxBCDĐGHKLMNPQRSTVX"
_TO_LATIN = str.maketrans("ăươĂƯƠ", "ãýõÃÝÕ")
_FROM_VNI_SINGLE = str.maketrans("ĩịĨỊ", "óòÓÒ")  # converted once too often: PHỊNG
_MORE_LIKELY = {"ư": "ý", "Ư": "Ý", "lư": "lý", "Lư": "Lý", "LƯ": "LÝ"}
# A soft hyphen is TCVN3's ư, and often dropped on the way.
_WITHOUT_U = {"nh": "như", "Nh": "Như", "ngời": "người", "Ngời": "Người"}
_WITHOUT_U |= {"dới": "dưới", "Dới": "Dưới", "cời": "cười", "lới": "lưới"}

_WORD = re.compile("[A-Za-z¡-ɏ\u0300-\u036f\u1e00-\u1eff]+")
_OURS = re.compile("[ĂăĐđƠơƯưẠ-ỹ]")  # letters that neither TCVN3 nor VNI ever shows
_EDGES = "".join(map(chr, (*range(0xA1, 0xC0), 0xD7, 0xF7)))
_INNER_SYMBOL = re.compile("(?<=[A-Za-z])[¨-¬\xad®µ¶¸¹»-¾](?=[A-Za-z])")
_UNIT = re.compile("µ[A-Za-z]|[A-Za-z]{1,2}[·×÷][A-Za-z]")  # 10 µm, 5 N·m
_ACRONYM = re.compile("[A-ZĐ]{2,}")
_READ = 20_000  # characters of a text that are judged

_STRANGE = "¡-¬\xad®µ-¹»-¾ÄÅÆÇËÎÏÑÖ×ØÛÜßäåæçëîïñö÷øûüþŕĺńćśźǵḱṕḿǹṇṭḍṃḅḥḳḷṛṣṿ"
_STRANGE += "\u0300\u0301\u0303\u0309\u0323"
# One class to be sought, then what makes it strange: most texts have none.
_TELLTALE = re.compile(
    f"[{_STRANGE}ÂâÊêÕõÙùĂăỊịƯư]"
    f"(?:(?<=[{_STRANGE}])|(?<=[AEOaeo][ÂâÊêÕõÙù])|(?<=[Ăă])(?![CMNPTcmnpt])"
    "|(?<=[Ịị])(?=[Nn][Gg])|(?<=[KUku][Ưư]))"
)


class Reading(NamedTuple):
    """One way to read a text anew: its name, and whether the words bear it out."""

    kind: str  # "tcvn3", "vni" or "cp1258"
    certain: bool
    gain: int  # words that it mends, less those it spoils
    undo: Callable[[str], str]


def is_strange(text: str) -> bool:
    """Say at a glance whether a text has what sound Vietnamese never has."""
    return not text.isascii() and _TELLTALE.search(text) is not None


def repaired(text: str) -> str:
    """Undo the damage to a plain text, where it is certain; else leave it alone."""
    reading = _reading(text)
    return reading.undo(text) if reading and reading.certain else text


def suspected(text: str) -> str:
    """Name the damage that a text shows, be it certain or not; "" of a sound one."""
    reading = _reading(text)
    return reading.kind if reading else ""


def is_ruined(html: str) -> bool:
    """Say whether the text of a document is surely ruined."""
    reading = _reading(_MARKUP.sub(" ", html[:_READ]))
    return reading is not None and reading.certain


def repaired_markup(html: str) -> str:
    """Undo the damage to the text of an HTML document; tags stay as they are."""
    parts = _TAG.split(html)  # text, tag, text, tag …, text
    texts = [_REFERENCE.sub(_letter, part) for part in parts[::2]]
    # Old paragraphs may stand beside new ones: first those without a letter of ours.
    old = [part for part in texts if not (part.isascii() or _OURS.search(part))]
    mended = _mended_together(old)
    mended |= _mended_together([mended.get(part, part) for part in texts])
    if not mended:
        return html
    for place, part in enumerate(texts):
        part = mended.get(part, part)
        parts[2 * place] = mended.get(part, part)
    return "".join(parts)


def _mended_together(texts: list[str]) -> dict[str, str]:
    """Judge texts as one; give what becomes of each, or nothing where unsure."""
    reading = _reading(" ".join(texts))
    if not reading or not reading.certain:
        return {}
    return {text: reading.undo(text) for text in texts if not text.isascii()}


_TAG = re.compile("(<[^<>]*>)")
_MARKUP = re.compile("<[^<>]*>|&[a-z]{1,8};")
_REFERENCE = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")


def _letter(found: re.Match[str]) -> str:
    letter = unescape(found[0])
    return letter if len(letter) == 1 and "\xa0" < letter < "\ud800" else found[0]


# --- Judging ------------------------------------------------------------------


def _reading(text: str) -> Reading | None:
    if not is_strange(text):
        return None
    text = unicodedata.normalize("NFC", text[:_READ])
    if not is_strange(text):
        return None
    judged = (_judged(text, *way) for way in _ways(text))
    return max(filter(None, judged), key=attrgetter("certain", "gain"), default=None)


def _ways(text: str) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Yield the readings that can be: none of the old ones leaves letters of ours."""
    if _OURS.search(text):
        yield "cp1258", _from_cp1258
        yield "vni", _from_half_vni
    else:
        yield "tcvn3", _from_tcvn3
        yield "vni", _from_vni
        yield "cp1258", _from_cp1258


def _judged(text: str, kind: str, undo: Callable[[str], str]) -> Reading | None:
    """Hold the words of a text against what a reading makes of them."""
    good: set[str] = set()
    bad: set[str] = set()
    same = foreign = 0
    for word in set(_WORD.findall(text)):
        mended = undo(word)
        if mended == word:
            foreign += word[1:].islower() and not is_syllable(word)
        elif not (_ACRONYM.fullmatch(mended) or _UNIT.fullmatch(word)):
            after, before = is_syllable(mended), is_syllable(word.strip(_EDGES))
            if after and before:
                same += 1
            else:
                (good if after else bad).add(word)
    if len(good) < max(1, 2 * len(bad)):
        return None
    proven = any(_is_proof(word, kind, text) for word in good)
    sure = len(good) >= max(4 * len(bad), same / 2, 0 if proven else 3 * foreign)
    enough = proven or len(good) > 1
    return Reading(kind, sure and enough, len(good) - len(bad), undo)


def _is_proof(word: str, kind: str, text: str) -> bool:
    """Say whether a word that is mended has what no language writes so."""
    if kind == "tcvn3":
        return bool(_INNER_SYMBOL.search(word))
    return bool(_MARKED.search(word) if kind == "cp1258" else _OURS.search(text))


# --- The readings ---------------------------------------------------------------


def _from_tcvn3(text: str) -> str:
    small = _WORD.sub(_tcvn3_word, text)
    return small.upper() if not re.search("[a-z]", text) else small


def _tcvn3_word(found: re.Match[str]) -> str:
    """Read one word; its marked capitals are in the typeface, not in the bytes."""
    written = found[0]
    word = written.translate(_TCVN3)
    if len(re.findall("[A-Z]", written)) > 1 and not re.search("[a-z]", written):
        return word.upper()
    if is_syllable(word):
        return _WITHOUT_U.get(word, word)
    longer = re.sub("(?<!ư)(?=[ơờởỡớợ])", "ư", word, count=1)
    return longer if is_syllable(longer) else _WITHOUT_U.get(word, word)


def _vni_table(*, half: bool) -> tuple[re.Pattern[str], dict[str, str]]:
    small = _VNI_PAIRS | _VNI_SINGLE
    if half:
        small = {code: made for code, made in small.items() if code not in _NOT_HALF}
    table = small | {code.upper(): made.upper() for code, made in small.items()}
    table |= {code.capitalize(): made.upper() for code, made in small.items()}
    longest_first = sorted(table, key=len, reverse=True)
    return re.compile("|".join(longest_first)), table


_VNI = _vni_table(half=False)
_HALF_VNI = _vni_table(half=True)


def _from_vni(text: str) -> str:
    pattern, table = _VNI
    return pattern.sub(lambda found: table[found[0]], text)


def _from_half_vni(text: str) -> str:
    pattern, table = _HALF_VNI
    text = pattern.sub(lambda found: table[found[0]], text)
    return _WORD.sub(lambda found: _likelier(found[0], _FROM_VNI_SINGLE), text)


def _marked_consonants() -> tuple[re.Pattern[str], dict[str, str]]:
    table = {
        unicodedata.normalize("NFC", letter + mark): letter + vowel
        for letter in _CONSONANTS
        for mark, vowel in _LOST_VOWELS.items()
    }
    longest_first = sorted(table, key=len, reverse=True)
    return re.compile("|".join(longest_first)), table


_MARKED, _MARKED_TABLE = _marked_consonants()


def _from_cp1258(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    text = _MARKED.sub(lambda found: _MARKED_TABLE[found[0]], text)
    return _WORD.sub(_latin_word, text)


def _latin_word(found: re.Match[str]) -> str:
    """Write ã, ý, õ for ă, ư, ơ where only so the word is one."""
    word = _likelier(found[0], _TO_LATIN)
    return _MORE_LIKELY.get(word, word)


def _likelier(word: str, table: Mapping[int, int]) -> str:
    """Change letters of a word where only so it is one."""
    changed = word.translate(table)
    if changed == word or is_syllable(word) or not is_syllable(changed):
        return word
    return changed
