"""Make title and text of a notice ready to be understood: cut, spaced out, folded.

Only the beginning of a text is read: what a notice is about stands there, and every
character costs.
"""

import re

from aggregator.meaning.syllables import parted
from aggregator.meaning.text import Aligned
from aggregator.meaning.text import align
from aggregator.meaning.text import separate

LONGEST_TITLE = 1_000  # characters that are read
LONGEST_TEXT = 800
# The end of an acronym with a small letter at once behind it; few texts have it.
_GLUED = re.compile(r"[CĐMNPT][DNSTX](?=[^\W\d_A-ZĐÀ-Ỹ]|[à-ỹđ])")
# More letters in a row than a Vietnamese word has: a space between two is missing.
_LONG = re.compile(r"[^\s!-@\[-`{-~]{7,}")

_NO_TEXT = Aligned("", "")


def read_title(title: str) -> Aligned:
    """Make a title ready: every run of white space is one space."""
    title = title[:LONGEST_TITLE]
    plain = title.strip() if _has_single_spaces(title) else " ".join(title.split())
    return align(_apart(plain))


def read_text(text: str) -> Aligned:
    """Make a text ready: the same, but line ends stay, one at a time."""
    return align(_apart(_plain(text[:LONGEST_TEXT]))) if text else _NO_TEXT


def _plain(text: str) -> str:
    if _has_single_spaces(text):
        return text.strip()
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(filter(None, lines))


def _has_single_spaces(text: str) -> bool:
    return text.isprintable() and "  " not in text  # of white space, only " " prints


def _apart(text: str) -> str:
    if _GLUED.search(text):
        text = separate(text)
    if not text.isascii() and _LONG.search(text):
        text = _LONG.sub(lambda found: parted(found[0]), text)
    return text
