"""Which other documents a notice names, and what it does to them.

Numbers inside texts are typed by hand, so what is found is a suggestion, not a key: who
reads looks the number up among what is stored. A number is a reference where it is not
the document's own; what is done to it is said by the nearest word before it, as listed
in facts.toml: "thay thế", "sửa đổi, bổ sung", "bãi bỏ", "đính chính", "căn cứ".
"""

import re
from collections.abc import Iterator

from aggregator.meaning.documents import DocumentRules
from aggregator.meaning.documents import issuer_of
from aggregator.meaning.symbols import Number
from aggregator.meaning.symbols import find_numbers
from aggregator.meaning.symbols import has_slashed
from aggregator.meaning.symbols import mended
from aggregator.meaning.text import Aligned
from aggregator.model import Because
from aggregator.model import Reference

MOST = 20  # references kept of one notice
_BEFORE = 120  # characters before a number in which its word may stand
_AFTER = 60
_SAYS = {
    "replaces": "Thay thế văn bản",
    "amends": "Sửa đổi, bổ sung văn bản",
    "abolishes": "Bãi bỏ văn bản",
    "corrects": "Đính chính văn bản",
    "refers": "Nhắc đến văn bản",
}
_CLAUSE_END = re.compile(r"[;\n]|\.(?= |$)")
# "được thay thế bởi …": it is this other one that acts.
_PASSIVE = re.compile(r" ?(?:,? ?bo sung ?)?(?:boi|bang)(?![a-z])")
_GONE = re.compile(r"[^;\n]*?(?<![a-z])(?:(?:duoc|bi) bai bo|het hieu luc)(?![a-z])")
_ABOUT = re.compile(r"v(?<![a-z]v)(?:/v|e viec)(?![a-z])")


def find_references(
    title: Aligned, text: Aligned, *, own: str, rules: DocumentRules
) -> tuple[tuple[Reference, ...], tuple[Because, ...]]:
    """Read what other documents title and text name, each once, with its reason.

    Args:
        own: The document's own number, or "".
    """
    found: dict[str, tuple[Reference, Because]] = {}
    for where, read in (("title", title), ("text", text)):
        if not has_slashed(read.original):
            continue
        for number, kind in _named(mended(read), own, rules):
            known = found.get(number.value)
            if known and (known[0].kind != "refers" or kind == "refers"):
                continue
            because = Because(says=_SAYS[kind], saw=number.saw, where=where)
            found[number.value] = (_reference(kind, number.value, rules), because)
            if len(found) == MOST:
                break
    return (
        tuple(reference for reference, _ in found.values()),
        tuple(because for _, because in found.values()),
    )


def _reference(kind: str, number: str, rules: DocumentRules) -> Reference:
    return Reference(kind=kind, number=number, issuer=issuer_of(number, rules))


def _named(
    text: Aligned, own: str, rules: DocumentRules
) -> Iterator[tuple[Number, str]]:
    """Yield the numbers that are not the own one, with what is done to each."""
    reached, last = 0, ""
    for number in find_numbers(text.original):
        start = max(reached, number.start - _BEFORE)
        gap = _last_clause(text.folded[start : number.start])
        same_clause = start == reached and len(gap) == number.start - start
        kind = _kind(gap, text.folded[number.end : number.end + _AFTER], rules)
        if same_clause:
            kind = _in_a_row(kind, last, gap)
        reached = number.end
        last = "own" if number.value == own else kind or "refers"
        if last != "own":
            yield number, last


def _last_clause(before: str) -> str:
    start = 0
    for end in _CLAUSE_END.finditer(before):
        start = end.end()
    return before[start:]


def _kind(before: str, after: str, rules: DocumentRules) -> str:
    """Say what the words around a number do to it; "" where none says it."""
    if _GONE.match(after):
        return "abolishes"
    kind = ""
    for deed in rules.deeds.finditer(before):
        said = rules.kinds[deed[0]]
        if said == "none":
            continue
        if _PASSIVE.match(before, deed.end()):
            said = "refers"
        # What a draft would do is not done yet.
        kind = "refers" if "du thao" in before[: deed.start()] else said
    return kind


def _in_a_row(kind: str, last: str, gap: str) -> str:
    """Weigh the number before in the same clause.

    A list shares its word: "thay thế Quyết định A và Quyết định B". And where A is
    another's document "về việc thay thế B", it is A that replaces B.
    """
    if not kind:
        return last if last != "own" else ""
    return "refers" if last == "refers" and _ABOUT.search(gap) else kind
