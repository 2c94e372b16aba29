"""Documents beside the one on a page: those that it names, and those that name it.

Numbers are typed by hand and come again each year: a link is a suggestion, and what is
not found is told as the number that it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.meaning.marks import KINDS
from aggregator.meaning.marks import kind_of
from aggregator.meaning.marks import named_mark
from aggregator.meaning.marks import naming_mark
from aggregator.model import DocumentFacts
from aggregator.model import Reference
from aggregator.store.engine import Connection
from aggregator.store.references import Marked
from aggregator.store.references import find_marked

MOST_MEANT = 3  # notices that one number may mean, the newest first
MOST_NAMING = 20  # notices that name the document


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Documents that an item names, and the kinds of what names it."""

    named: tuple[tuple[Reference, tuple[Marked, ...]], ...] = ()
    naming: tuple[tuple[str, Marked], ...] = ()  # the weightiest first


def read_links(
    connection: Connection,
    document: DocumentFacts | None,
    references: Sequence[Reference],
    *,
    notice: str,
    authority: str,
) -> Links:
    """Look up what an item names, and who names it, among what is shown.

    Args:
        document: What the item says of itself.
        notice: Its own id, which is never found.
    """
    wanted = {named_mark(each, authority): each for each in references}
    own = None
    if document is not None and document.own and document.number:
        own = naming_mark(document, authority)
    marks = [*wanted, *([own] if own is not None else [])]
    found = find_marked(connection, marks, but=notice)
    named = tuple(
        (each, tuple(m for m in found if m.mark == mark)[:MOST_MEANT])
        for mark, each in wanted.items()
    )
    naming = [
        (kind, each)
        for each in found
        if each.mark == own and (kind := kind_of(each.references, own, each.authority))
    ]
    naming.sort(key=lambda pair: KINDS.index(pair[0]))
    return Links(named=named, naming=tuple(naming[:MOST_NAMING]))
