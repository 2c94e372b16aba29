"""A source's declared category, contradicted by what it publishes. Pure.

Only a number that an item bears itself counts: its symbol says what kind of document
it is, whatever the title. Labels stay as declared; a person is told.
"""

from collections import Counter
from collections.abc import Sequence

from aggregator.model import Category
from aggregator.model import Meaning

LATEST = 10  # items of a document, of which …
CONTRADICTING = 8  # … so many say the same other thing


def contradicted(
    declared: Category | None, meanings: Sequence[Meaning]
) -> Category | None:
    """Say what the latest items of a source really are, if it is not what is declared.

    Args:
        declared: None: its items are classified one by one.
        meanings: Of its items, the newest first.
    """
    if declared is None or len(meanings) < CONTRADICTING:
        return None
    said = Counter(_by_symbol(each) for each in meanings[:LATEST])
    del said[None]
    for category, count in said.most_common(1):
        if count >= CONTRADICTING and _contradicts(category, declared):
            return category
    return None


def _by_symbol(meaning: Meaning) -> Category | None:
    number = meaning.document.number if meaning.document else ""
    if not number:
        return None
    if "/GM-" in number:  # giấy mời (NĐ 30/2020/NĐ-CP, Phụ lục III)
        return Category.INVITATION
    return Category.ANNOUNCEMENT if "/TB-" in number else Category.DOCUMENT


def _contradicts(said: Category | None, declared: Category) -> bool:
    """Offices announce by numbered letters, so that a document may be announced."""
    official = {Category.DOCUMENT, Category.ANNOUNCEMENT}
    return said is not declared and not {said, declared} <= official
