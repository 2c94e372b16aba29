"""What documents are found by: hashes of number and issuer, and of who names them.

A mark of a document's own number finds its copies, and what others mean who name it;
a mark of what is named finds those others. Who issued a number tells it from the same
number of another organ: of some organs there is one for all sources; of the others each
authority has its own, and who names such a number means that of its own authority.
"""

from collections.abc import Iterable
from hashlib import blake2b

from aggregator.meaning.text import fold
from aggregator.model import DocumentFacts
from aggregator.model import Reference

# Of these organs there is one each for all sources of a city; SGDĐT signs for its own.
# Every district has a PGDĐT and an UBND: there the authority says which one.
_ONE_OF_A_KIND = frozenset(
    "sgdđt sgd bgdđt bgd ttg cp vpcp qh ubtvqh tu tw bnv btc byt bca bgdvđt"
    " snv stc syt stttt skhcn bkhcn btttt blđtbxh blđ".translate({0x111: "d"}).split()
)
KINDS = ("replaces", "amends", "abolishes", "corrects", "refers")  # weightiest first


def mark(*parts: str) -> int:
    """Hash to what a database keeps as a whole number, above zero."""
    hashed = blake2b("\n".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(hashed, "big") >> 1


def own_mark(document: DocumentFacts | None, authority: str) -> int | None:
    """Give the mark of a document's own number; None: it has none.

    Args:
        authority: At whose source it stands.
    """
    if document is None or not document.own or not document.number:
        return None
    return mark("number", *_number(document.number, document.issuer, authority))


def named_mark(reference: Reference, authority: str) -> int:
    """Give the own mark of the document that a reference means."""
    return mark("number", *_number(reference.number, reference.issuer, authority))


def naming_mark(named: DocumentFacts | Reference, authority: str, *, acts: bool) -> int:
    """Give the mark that all share who name a document.

    Args:
        acts: Of those that replace, amend, abolish or correct it; else of those that
            only refer to it, which may be thousands.
    """
    kind = "changes" if acts else "names"
    return mark(kind, *_number(named.number, named.issuer, authority))


def naming_marks(references: Iterable[Reference], authority: str) -> tuple[int, ...]:
    """Give what an item is found by because of the documents that it names."""
    return tuple(sorted({_naming_mark(each, authority) for each in references}))


def kind_of(references: Iterable[Reference], naming: int, authority: str) -> str:
    """Say what an item does to the document of a mark; "" if it does not name it."""
    kinds = {e.kind for e in references if _naming_mark(e, authority) == naming}
    return next((kind for kind in KINDS if kind in kinds), "")


def _naming_mark(reference: Reference, authority: str) -> int:
    return naming_mark(reference, authority, acts=reference.kind != "refers")


def _number(number: str, issuer: str, authority: str) -> tuple[str, str]:
    """Give a number without what is typed now so, now so, and who gave it."""
    organ = fold(issuer).replace("&", "")  # SGD&ĐT is SGDĐT
    who = "" if organ in _ONE_OF_A_KIND else authority
    return fold(number).replace("&", ""), who
