"""What names an official document: number and symbol, type, issuer, date of issue.

The forms are those of NĐ 30/2020/NĐ-CP and of the acts before it; the noise that is
mended is what stands in real titles. A number needs a symbol: 20/11 is a feast day.
"""

import re
from dataclasses import dataclass
from dataclasses import replace
from functools import cache

from aggregator.meaning.abstracts import find_abstract
from aggregator.meaning.issuing import find_issued
from aggregator.meaning.levels import part
from aggregator.meaning.phrases import Phrase
from aggregator.meaning.phrases import Phrases
from aggregator.meaning.phrases import compile_phrases
from aggregator.meaning.rules import Table
from aggregator.meaning.rules import read_rules
from aggregator.meaning.symbols import Number
from aggregator.meaning.symbols import find_numbers
from aggregator.meaning.symbols import has_slashed
from aggregator.meaning.symbols import may_have_number
from aggregator.meaning.symbols import mended
from aggregator.meaning.text import Aligned
from aggregator.meaning.text import fold
from aggregator.model import Because
from aggregator.model import DocumentFacts

FILE = "facts.toml"

_OWN_LABEL = re.compile(
    r"(?:^|[\n.;] ?)so(?: ?/? ?(?:ky|ki) ?hieu| hieu)? ?: ?$|(?:ky|ki) hieu ?: ?$"
)
_LABELLED = re.compile(r": ?\n?\d")  # what every _OWN_LABEL with its number has
# "Trong Thông báo số 449/SGDĐT-GDPT về việc …": the title says the same behind it.
_AGREEING = 40  # characters
_BEFORE_ABOUT = re.compile(
    r"(?: (?:cua|ngay) [^;\n]{1,80}?)?[ ,]{1,2}(?:ve viec|v/v|viec|ve) "
)
# "Đó là chỉ đạo của UBND tỉnh tại Công văn số …": what the title says is this document.
_THAT_IS = re.compile(
    r"(?<![a-z])(?:do|day) la [^.;\n]{1,80} (?:tai|trong|cua) [a-z ]{2,30}$"
)
# Beside the names of types: "[KHẨN] CV của Sở số 12/SGDĐT-VP".
_HEAD_WORDS = (
    "so|ky hieu|van ban|cv|qd|kh|tb|khan|hoa toc|thuong khan|v/v|ve viec"
    r"|(?:cua|do) [a-z& ]{2,60}(?= so\W)"
)
_TAIL_AFTER = re.compile(r"\W*$")
_REPORTED = 300  # characters of a text that may say so
_HEAD_LENGTH = 600  # characters of the text in which a letter names itself
_LEAD = re.compile(r"[\W\d_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRules:
    """The tables of facts.toml that concern documents."""

    types: dict[str, str]
    openings: Phrases[str]
    reference: re.Pattern[str]
    head: re.Pattern[str]  # what stands before the own number a title begins with
    tail: re.Pattern[str]  # … that it ends with
    deeds: re.Pattern[str]  # what one document does to another
    kinds: dict[str, str]  # a deed's folded words → the kind of reference


@cache
def document_rules() -> DocumentRules:
    """Read facts.toml once."""
    return compile_documents(read_rules(FILE))


def compile_documents(table: Table) -> DocumentRules:
    """Make the tables that concern documents ready."""
    openings = [
        Phrase(words, kind) for kind, rows in table["words"].items() for words in rows
    ]
    before = "|".join(map(fold, table["references"]["before"]))
    kinds = {fold(kind) for kind in table["types"].values()}
    between = "|".join(sorted(kinds | set(map(fold, table["references"]["between"]))))
    deeds = {
        fold(words): kind
        for kind, rows in table["references"]["kinds"].items()
        for words in rows
    }
    named = "|".join(sorted(kinds))
    longest = "|".join(sorted(deeds, key=len, reverse=True))
    return DocumentRules(
        types=dict(table["types"]),
        openings=compile_phrases(openings, file=FILE),
        reference=re.compile(rf"(?<![a-z])(?:{before})(?: (?:{between})){{0,4}}[ :]*$"),
        head=re.compile(rf"\W*(?:(?:{named}|{_HEAD_WORDS})\W+)*"),
        tail=re.compile(rf"[(\[,;:-] ?(?:(?:{named}|cv|van ban) )?(?:so ?:? ?)?$"),
        deeds=re.compile(rf"(?<![a-z])(?:{longest})(?![a-z])"),
        kinds=deeds,
    )


def own_number(title: Aligned, rules: DocumentRules) -> Number | None:
    """Find the number a mended title bears itself, not one that it refers to."""
    for number in find_numbers(title.original):
        before = title.folded[max(0, number.start - 60) : number.start]
        if not rules.reference.search(before):
            return number
    return None


def _is_own(title: Aligned, number: Number, rules: DocumentRules) -> bool:
    """Say whether a title is that of the document whose number it bears.

    So it is where the title begins with it, but for the type, or ends with it behind a
    bracket or comma: "Tập huấn Thông tư 27/2020/TT-BGDĐT" is about another one.
    """
    if rules.head.fullmatch(title.folded, 0, number.start):
        return True
    before = title.folded[max(0, number.start - 40) : number.start]
    ends = _TAIL_AFTER.match(title.folded, number.end)
    return bool(ends and rules.tail.search(before))


def labelled_number(head: Aligned) -> Number | None:
    """Find the number that the head of a letter gives: ``Số: 12/SGDĐT-VP``."""
    for number in find_numbers(head.original):
        before = head.folded[max(0, number.start - 24) : number.start]
        if _OWN_LABEL.search(before):
            return number
    return None


def issuer_of(number: str, rules: DocumentRules) -> str:
    """Name the organ as the symbol abbreviates it: SGDĐT, UBND, TTg."""
    symbol = number.rpartition("/")[2]
    if re.match(r"\d{1,4}-", number):  # 10-CT/TU
        return symbol
    head, _, rest = symbol.partition("-")
    if head not in rules.types or not rest:
        return head
    joint = head in {"TTLT", "NQLT"}
    return rest if joint or head == "NĐ" else rest.partition("-")[0]


def type_of(number: str, title: Aligned, rules: DocumentRules) -> str:
    """Say what type of document it is: from its symbol, else from how it opens."""
    if number:
        symbol = re.sub(r"^\d+[-/](?:\d{4}/)?", "", number)
        head = re.split("[-/]", symbol)[0]
        return rules.types.get(head, "công văn")
    lead = _LEAD.match(title.folded)
    hit = rules.openings.at(title, lead.end() if lead else 0)
    return hit.value if hit else ""


def find_document(
    title: Aligned, text: Aligned, rules: DocumentRules
) -> tuple[DocumentFacts, tuple[Because, ...]]:
    """Read what title and text tell of an official document; all may be empty."""
    where, body, number = "title", title, None
    if may_have_number(title.original):
        body = mended(title)
        number = own_number(body, rules)
    in_title = number
    head = part(text, 0, _HEAD_LENGTH) if text.folded else text
    if not number and head.folded and _LABELLED.search(head.original):
        where, body = "text", mended(head)
        number = labelled_number(body)
    value = number.value if number else ""
    type_ = type_of(value, title, rules)
    issued, because = find_issued(
        body, number, where=where, text=head, named=bool(type_)
    )
    if number:
        because = (Because(says=_SAYS, saw=number.saw, where=where), *because)
    abstract = find_abstract(
        body if in_title else title, text, number=in_title, named=bool(type_)
    )
    if not (value or type_ or issued or abstract):
        return _NO_DOCUMENT, because
    facts = DocumentFacts(
        number=value,
        type=type_,
        issuer=issuer_of(value, rules) if value else "",
        issued=issued,
        abstract=abstract,
        own=in_title is None or _is_own(body, in_title, rules),
    )
    return facts, because


_NO_DOCUMENT = DocumentFacts()


def find_told(
    title: Aligned, text: Aligned, facts: DocumentFacts, rules: DocumentRules
) -> tuple[DocumentFacts, tuple[Because, ...]]:
    """Add the document that the text says the title is about, where there is one.

    It is reported of, so it is not the notice's own: copies are never found by it. That
    a text merely names a document is not enough: see `references`.

    Args:
        facts: What is known already; returned as it is where nothing is added.
    """
    if facts.number or not has_slashed(text.original[:_REPORTED]):
        return facts, ()
    body = mended(part(text, 0, _REPORTED))
    for number in find_numbers(body.original):
        if _is_told(title, body, number):
            issued, because = find_issued(
                body, number, where="text", text=body, named=False
            )
            found = replace(
                facts,
                number=number.value,
                type=type_of(number.value, title, rules),
                issuer=issuer_of(number.value, rules),
                issued=facts.issued or issued,
                own=False,
            )
            return found, (Because(says=_SAYS, saw=number.saw, where="text"), *because)
    return facts, ()


def _is_told(title: Aligned, body: Aligned, number: Number) -> bool:
    if _THAT_IS.search(body.folded[max(0, number.start - 140) : number.start]):
        return True
    about = _BEFORE_ABOUT.match(body.folded, number.end)
    lead = _TITLE_LEAD.match(title.folded)
    subject = title.folded[lead.end() if lead else 0 :][:_AGREEING]
    agrees = about and body.folded.startswith(subject, about.end())
    return bool(agrees) and len(subject) == _AGREEING


_TITLE_LEAD = re.compile(r"(?:(?:v/v|ve viec|viec|ve)[ :]{1,2})?")
_SAYS = "Số, ký hiệu văn bản"
