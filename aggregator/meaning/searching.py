"""Words to be searched, and what somebody asks for: the same words of both.

Each database cuts texts its own way, so neither is asked to: what it gets is words of
``a-z0-9`` with a space between. A document's number is the words it is made of.
"""

import re

from aggregator.meaning.text import fold
from aggregator.model.search import Sought

MAX_ASKED = 500  # characters of a question that are read
MAX_WORDS = 16  # words of a question that are looked for
MAX_WORD = 40  # characters of one word: longer ones are no words but data

_WORD = re.compile(f"[a-z0-9]{{1,{MAX_WORD}}}")
_QUOTES = re.compile('"([^"]*+)"?')
_PIECE = re.compile(r"\S++")


def words_of(text: str) -> list[str]:
    """List the folded words of a text in their order; overlong ones in parts."""
    return _WORD.findall(fold(text))


def searchable(text: str) -> str:
    """Make the form of a text that is stored for searching."""
    return " ".join(words_of(text))


def read_question(text: str) -> Sought:
    """Read what was typed into a search box; there is nothing that it refuses.

    ``"…"`` is a phrase, ``word*`` a prefix; all must be found. What has several words
    without a space, such as ``1161/SGDĐT-QLT``, is a phrase too. Other signs mean
    nothing.
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
            (prefixes if piece.endswith("*") else phrases)[words] = None
    return Sought(phrases=tuple(phrases), prefixes=tuple(prefixes))
