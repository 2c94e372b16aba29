"""The words that step 0007 gave to what was stored before there was an index.

A copy of `meaning.searching.words_of` and of how `store.search` writes it, as they
were then, frozen: see `names_of_0003`.
"""

import re
from collections import Counter

from aggregator.store.migrations.names_of_0003 import fold

AT_ONCE = 1_000  # sightings
MAX_READ = 20_000
_MAX_WORDS = 2_000
_MAX_PLACES = 255
_NOBODYS = "·"
_ROW_BITS = 28
_WORD = re.compile("[a-z0-9]{1,40}")


def words_of(title: str, number: str, text: str) -> str:
    """Make the words by which a notice is found, as many as are kept."""
    folded = fold(f"{title}\n{number}\n{text[:MAX_READ]}")
    kept = _WORD.findall(folded)[:_MAX_WORDS]
    times: Counter[str] = Counter()
    for n, word in enumerate(kept):
        times[word] += 1
        if times[word] > _MAX_PLACES:
            kept[n] = _NOBODYS
    return " ".join(kept)


def place_of(seconds: int, pk: int) -> int:
    """Give a sighting's place: its date, in seconds since 1970, and its row."""
    return seconds << _ROW_BITS | pk


def ts_vector(words: str) -> str:
    """Write words and their places as PostgreSQL reads them."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words.split(), 1):
        places.setdefault(word, []).append(str(place))
    places.pop(_NOBODYS, None)
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())
