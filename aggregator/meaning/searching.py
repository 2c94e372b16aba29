"""Words to be searched, and what somebody asks for: the same words of both.

Each database cuts texts its own way, so neither is asked to: what it gets is words of
``a-z0-9`` with a space between. A document's number is the words it is made of.
"""

import re
from functools import lru_cache

from aggregator.meaning.text import fold
from aggregator.model.search import Sought

MAX_ASKED = 500  # characters of a question that are read
MAX_WORDS = 16  # words of a question that are looked for
MAX_WORD = 40  # characters of one word: longer ones are no words but data
MAX_READ = 20_000  # characters of a notice's text, of which the store keeps 2,000 words
MIN_PREFIX = 2  # letters: every notice has a word that begins with any one letter

_WORD = re.compile(f"[a-z0-9]{{1,{MAX_WORD}}}")
_QUOTES = re.compile('"([^"]*+)"?')
_PIECE = re.compile(r"\S++")
_REMEMBERED = 30  # characters of a piece that may come again; the rest is addresses


def searchable(text: str) -> str:
    """Make the form of a text that is stored for searching: its words, folded.

    A language has few syllables, so what each piece gives is remembered: folding a
    whole text costs two to three times as much.
    """
    pieces = text.split()
    longest = max(map(len, pieces), default=0)
    words_of = _remembered if longest <= _REMEMBERED else _words_of
    return " ".join(filter(None, map(words_of, pieces)))


def words_of(title: str, number: str, text: str) -> str:
    """Make the words by which a notice is found: of its title, number and text."""
    return searchable(f"{title}\n{number}\n{text[:MAX_READ]}")


def _words_of(piece: str) -> str:
    return _remembered(piece) if len(piece) <= _REMEMBERED else _folded_words(piece)


def _folded_words(piece: str) -> str:
    return " ".join(_WORD.findall(fold(piece)))


_remembered = lru_cache(maxsize=16_384)(_folded_words)


def read_question(text: str) -> Sought:
    """Read what was typed into a search box; there is nothing that it refuses.

    ``"…"`` is a phrase, ``word*`` a prefix; all must be found. What has several words
    without a space, such as ``1161/SGDĐT-QLT``, is a phrase too. Other signs mean
    nothing, nor does ``*`` after a single letter: that is a word like others.
    """
    # `si*` begins `sinh`: it is no end of a word, where folding makes y of i.
    asked = fold(text[:MAX_ASKED].replace("*", "0*")).replace("0*", "*")
    pieces = list(_QUOTES.findall(asked))
    pieces += _PIECE.findall(_QUOTES.sub(" ", asked))
    phrases: dict[tuple[str, ...], None] = {}
    prefixes: dict[tuple[str, ...], None] = {}
    room = MAX_WORDS
    for piece in pieces:
        words = tuple(_WORD.findall(piece)[:room])
        room -= len(words)
        if words:
            begins = piece.endswith("*") and len("".join(words)) >= MIN_PREFIX
            (prefixes if begins else phrases)[words] = None
    return Sought(phrases=tuple(phrases), prefixes=tuple(prefixes))
