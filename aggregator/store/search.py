"""A question in each database's own words; both find the same.

What comes here is words of ``a-z0-9`` only, so nothing can be a command, and neither
database cuts words its own way: SQLite by ``tokenize='ascii'``, PostgreSQL by reading
a vector that is written here.
"""

from collections.abc import Sequence

from aggregator.model.search import Sought

MAX_WORDS = 2_000  # of one notice: PostgreSQL keeps 255 places of a word, to 16,383
_MAX_PLACES = 255


def fts5_query(sought: Sought) -> str:
    """Write a question for SQLite's MATCH."""
    parts = [f'"{" ".join(words)}"' for words in sought.phrases]
    parts += [f'"{" ".join(words)}" *' for words in sought.prefixes]
    return " AND ".join(parts)


def ts_query(sought: Sought) -> str:
    """Write a question to be cast to PostgreSQL's tsquery."""
    parts = [_followed(words) for words in sought.phrases]
    parts += [f"{_followed(words)}:*" for words in sought.prefixes]
    return " & ".join(f"({part})" for part in parts)


def _followed(words: Sequence[str]) -> str:
    return " <-> ".join(f"'{word}'" for word in words)


def cut(words: str) -> str:
    """Keep the beginning of a notice's words, as much as both databases can keep."""
    return " ".join(words.split(" ", MAX_WORDS)[:MAX_WORDS])


def ts_vector(words: str) -> str:
    """Write words and their places, to be cast to PostgreSQL's tsvector."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words.split(), 1):
        places.setdefault(word, []).append(str(place))
    return " ".join(
        f"'{word}':{','.join(at[:_MAX_PLACES])}" for word, at in places.items()
    )
