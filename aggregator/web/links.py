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
    return Links(
        named=_named(connection, references, notice, authority),
        naming=_naming(connection, document, notice, authority),
    )


def _named(
    connection: Connection,
    references: Sequence[Reference],
    notice: str,
    authority: str,
) -> tuple[tuple[Reference, tuple[Marked, ...]], ...]:
    wanted = {named_mark(each, authority): each for each in references}
    found = find_marked(connection, list(wanted), but=notice)
    return tuple(
        (each, tuple(m for m in found if m.mark == mark)[:MOST_MEANT])
        for mark, each in wanted.items()
    )


def _naming(
    connection: Connection,
    document: DocumentFacts | None,
    notice: str,
    authority: str,
) -> tuple[tuple[str, Marked], ...]:
    if document is None or not document.own or not document.number:
        return ()
    naming: dict[str, tuple[str, Marked]] = {}
    for acts in (True, False):
        mark = naming_mark(document, authority, acts=acts)
        for each in find_marked(connection, [mark], but=notice):
            kind = kind_of(each.references, mark, each.authority)
            if kind:
                naming.setdefault(each.id, (kind, each))
    told = sorted(naming.values(), key=lambda pair: KINDS.index(pair[0]))
    return tuple(told[:MOST_NAMING])
