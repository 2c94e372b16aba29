"""Whether a word can be Vietnamese: how its syllables are built, and nothing else.

A syllable is an initial, a rhyme and a tone; of each there are few. So a word that was
read in the wrong encoding is seldom one by chance, and the right reading always is.
"""

import re
import unicodedata
from functools import lru_cache

_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_STOPPED_TONES = frozenset({"\u0301", "\u0323"})  # before c, ch, p, t: sắc and nặng
_STOPS = ("c", "ch", "p", "t")
_INITIAL = re.compile("(?:ch|gh|gi|kh|ngh|ng|nh|ph|qu|th|tr|[bcdđghklmnprstvx])?")
_RHYMES = frozenset(
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu"
    " ây e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu"
    " iêc iêm iên iêng iêp iêt iêu o oa oac oach oai oam oan oang oanh oao oap oat oay"
    " oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot ô ôc ôi ôm ôn"
    " ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uc ui um un ung up ut uân uâng uât uây uê uêch"
    " uênh uơ uôc uôi uôm uôn uông uôt uy uya uych uyên uyêt uyn uynh uyt uyu ư ưa ưc"
    " ưi ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu y yêm yên yêng yêt yêu".split()
)
_THIN = ("e", "ê", "i", "y")  # the vowels before which k, gh, ngh are written


@lru_cache(maxsize=8_192)
def is_syllable(word: str) -> bool:
    """Say whether a word, in whole capitals or small, is a Vietnamese syllable."""
    if not (word.islower() or word.isupper() or word[1:].islower()):
        return False
    parts = unicodedata.normalize("NFD", word.lower())
    tones = _TONES.findall(parts)
    if len(tones) > 1:
        return False
    plain = unicodedata.normalize("NFC", _TONES.sub("", parts))
    place = len(unicodedata.normalize("NFC", _TONES.split(parts)[0])) - 1
    return any(
        rhyme in _RHYMES
        and _fits(initial, rhyme)
        and _sounds(rhyme, tones)
        and (not tones or place - len(initial) in _bearers(rhyme))
        for initial, rhyme in _readings(plain)
    )


def _readings(plain: str) -> list[tuple[str, str]]:
    """Part initial and rhyme; "gì" is g and i, "già" is gi and a."""
    found = _INITIAL.match(plain)
    end = found.end() if found else 0
    readings = [(plain[:end], plain[end:])]
    if plain.startswith("gi"):
        readings.append(("g", plain[1:]))
    return readings


def _fits(initial: str, rhyme: str) -> bool:
    thin = rhyme.startswith(_THIN)
    if initial in ("k", "gh", "ngh"):
        return thin
    return not (initial in ("c", "ng") and thin)


def _bearers(rhyme: str) -> frozenset[int]:
    """Say on which letters of a rhyme its tone may stand: hòa or hoà, only huyền."""
    marked = max(map(rhyme.rfind, "ăâêôơ"))
    if marked >= 0:
        return frozenset({marked})
    vowels = len(rhyme.rstrip("cghmnpt"))
    if rhyme in ("oa", "oe", "uy"):
        return frozenset({0, 1})
    if vowels == len(rhyme):
        return frozenset({vowels // 3})
    return frozenset({vowels - 1})


def _sounds(rhyme: str, tones: list[str]) -> bool:
    if not rhyme.endswith(_STOPS):
        return True
    return bool(tones) and tones[0] in _STOPPED_TONES


_LONGEST = 40  # letters of a glued word that is taken apart


def parted(word: str) -> str:
    """Put spaces between syllables that were glued, ``Giáodục``; else no change."""
    if word.isascii() or len(word) > _LONGEST or is_syllable(word):
        return word
    return " ".join(_syllables(word)) or word


def _syllables(word: str) -> tuple[str, ...]:
    """Part a word into as few syllables as it can be, the longest first; () if none."""
    best: list[tuple[str, ...]] = [() for _ in range(len(word) + 1)]
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 7), end):
            before = best[start]
            if (before or not start) and is_syllable(word[start:end]):
                if not best[end] or len(before) + 1 <= len(best[end]):
                    best[end] = (*before, word[start:end])
    return best[-1]
