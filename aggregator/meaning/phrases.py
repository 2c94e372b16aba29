"""Find any of many written phrases in one pass over a folded text.

Phrases are written as an officer writes them. They are found whatever the case and
marks, with or without the space between their words, never inside a longer word; where
several could stand, the longest counts. The pattern is a tree of letters, so no text
can make it slow. It begins with the character before the phrase, as `re` finds one of a
set of characters far sooner than a place that only looks around.
"""

import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic
from typing import NamedTuple
from typing import TypeVar

from aggregator.errors import ConfigError
from aggregator.errors import Problem
from aggregator.meaning.text import Aligned
from aggregator.meaning.text import fold

Value = TypeVar("Value")

_BETWEEN = r"[\s_&-]{0,3}"
_SEPARATORS = re.compile(r"[\s_&-]+")
# Acronyms that clerks write with gaps, too: "GD Đ T", "GD - ĐT", "GD&ĐT".
_SPACED = re.compile("gddt|gdtx|gdmn|gdth(?!c)|gdpt")
_LEFT = r"[^a-z0-9]"  # one character, taken; before the whole text stands _EDGE
_EDGE = "\n"
_RIGHT = r"(?![a-z0-9])"

_TONES = "\u0300\u0301\u0303\u0309\u0323"  # huyền, sắc, ngã, hỏi, nặng
_NO_TONES = dict.fromkeys(map(ord, _TONES))

_LONGEST = 200  # characters; the pattern is a tree as deep as its phrases are long
_GAP = " "
_Tree = dict[str, "_Tree"]  # letter or gap → what may follow it; "" marks an end


class Hit(NamedTuple, Generic[Value]):
    """A phrase found: where it stands, and what it stands for."""

    start: int
    end: int
    value: Value


@dataclass(frozen=True, slots=True)
class Phrase(Generic[Value]):
    """One phrase to look for; ``exact``: it counts only with its own marks.

    ``rule`` names the rule it stands in, for whoever must put a mistake right.
    """

    words: str
    value: Value
    exact: bool = False
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Phrases(Generic[Value]):
    """Phrases made ready; see `compile_phrases`."""

    pattern: re.Pattern[str]
    known: Mapping[str, Phrase[Value]]  # by key, and by folded words

    def find(self, text: Aligned) -> Iterator[Hit[Value]]:
        """Yield the phrases in a text, but for those that stand within another one.

        Two may overlap: "thi tốt nghiệp THPT" is "thi tốt nghiệp", and more than that.
        """
        reached = 0
        for match in self.pattern.finditer(_EDGE + text.folded):
            if match.end(1) - 1 > reached:
                hit = self._hit(text, match)
                if hit:
                    reached = hit.end
                    yield hit

    def stands_in(self, text: Aligned) -> bool:
        """Say whether any phrase may stand in a text, whatever its marks."""
        return self.pattern.search(_EDGE + text.folded) is not None

    def at(self, text: Aligned, start: int) -> Hit[Value] | None:
        """Find a phrase that begins right at a place."""
        match = self.pattern.match(_EDGE + text.folded, start)
        return self._hit(text, match) if match else None

    def _hit(self, text: Aligned, match: re.Match[str]) -> Hit[Value] | None:
        found = match[1]
        phrase = self.known.get(found) or self.known[_key(found)]
        start, end = match.span(1)
        if (
            phrase.exact
            and _spelled(text.original[start - 1 : end - 1]) != phrase.words
        ):
            return None
        return Hit(start - 1, end - 1, phrase.value)


def _key(folded: str) -> str:
    return _SEPARATORS.sub("", folded)


@lru_cache(maxsize=1_024)
def _spelled(words: str) -> str:
    """Write words with their marks so that hoả and hỏa are equal: tones at the end."""
    plain = _SEPARATORS.sub(" ", words.lower())
    if plain.isascii():
        return plain
    return " ".join(_tone_last(word) for word in plain.split(" "))


def _tone_last(word: str) -> str:
    letters = unicodedata.normalize("NFD", word)
    tones = "".join(char for char in letters if char in _TONES)
    return letters.translate(_NO_TONES) + tones


def _grow(tree: _Tree, words: Iterable[str]) -> None:
    for letter in _GAP.join(words):
        tree = tree.setdefault(letter, {})
    tree[""] = {}


def _pattern(tree: _Tree) -> str:
    """Write a tree as a pattern: letters are tried first, then a gap, then the end."""
    ways = [
        (_BETWEEN if letter == _GAP else re.escape(letter)) + _pattern(below)
        for letter, below in sorted(tree.items(), reverse=True)
        if letter
    ]
    if "" in tree and ways:
        ways.append("")
    return f"(?:{'|'.join(ways)})" if len(ways) > 1 else "".join(ways)


def compile_phrases(phrases: Iterable[Phrase[Value]], *, file: str) -> Phrases[Value]:
    """Make phrases ready to be found.

    Raises:
        ConfigError: A phrase stands twice, so that one of the two could never count, or
            nothing is left of it once it is folded, or it is too long.
    """
    known: dict[str, Phrase[Value]] = {}
    tree: _Tree = {}
    for phrase in phrases:
        words = fold(phrase.words)
        if not _key(words) or len(words) > _LONGEST:
            raise ConfigError(_no_phrase(file, phrase))
        if _key(words) in known:
            raise ConfigError(_twice(file, phrase, known[_key(words)]))
        spelled = _spelled(phrase.words)
        ready = Phrase(spelled, phrase.value, phrase.exact, phrase.rule)
        known[_key(words)] = known[words] = ready
        _grow(tree, _SEPARATORS.split(_SPACED.sub(_with_gaps, words)))
    return Phrases(re.compile(f"{_LEFT}(?=({_pattern(tree)}{_RIGHT}))"), known)


def _with_gaps(acronym: re.Match[str]) -> str:
    end = acronym[0][2:]
    return "gd " + ("d t" if end == "dt" else end)


def _no_phrase(file: str, phrase: Phrase[Value]) -> Problem:
    return Problem(
        file=file,
        key=f"“{phrase.rule}”.words",
        problem="cụm từ rỗng hoặc quá dài / an empty phrase, or one too long:"
        f" “{phrase.words[:_LONGEST]}”",
        hint=f"≤ {_LONGEST}",
    )


def _twice(file: str, phrase: Phrase[Value], other: Phrase[Value]) -> Problem:
    return Problem(
        file=file,
        key=f"“{phrase.rule}”.words",
        problem=f"cụm từ “{phrase.words}” nằm trong hai quy tắc / stands in two rules:"
        f" “{other.rule}”, “{phrase.rule}”",
        hint="chỉ giữ một chỗ, không phân biệt hoa, dấu, khoảng cách / keep it in one"
        " rule; case, marks and spaces make no difference",
    )
