"""Put together what title, text and source say of a notice, each with its reason.

For levels the order is: what the source fixes; the words of the title, joined by those
of a letter's "Kính gửi"; the text; the division in the document's number; the reach of
the authority; else all. What is not said stays open: no item may be lost to a level.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from datetime import date
from datetime import datetime
from typing import NamedTuple

from aggregator.meaning.categories import find_category
from aggregator.meaning.days import SOME_DAY
from aggregator.meaning.days import find_impossible
from aggregator.meaning.documents import find_document
from aggregator.meaning.documents import find_told
from aggregator.meaning.events import LOOKS_BACK
from aggregator.meaning.events import find_day
from aggregator.meaning.events import find_event
from aggregator.meaning.facets import find_damage
from aggregator.meaning.facets import find_facets
from aggregator.meaning.levels import TEXT_LENGTH
from aggregator.meaning.levels import LevelRules
from aggregator.meaning.levels import Mark
from aggregator.meaning.levels import Named
from aggregator.meaning.levels import division_levels
from aggregator.meaning.levels import find_addressees
from aggregator.meaning.levels import find_levels
from aggregator.meaning.levels import first_sentence
from aggregator.meaning.levels import narrowed
from aggregator.meaning.levels import part
from aggregator.meaning.levels import union
from aggregator.meaning.numbers import is_one_of_a_school
from aggregator.meaning.reading import read_text
from aggregator.meaning.reading import read_title
from aggregator.meaning.references import find_references
from aggregator.meaning.rulebook import Rules
from aggregator.meaning.rulebook import rules_in
from aggregator.meaning.spam import find_spam
from aggregator.meaning.text import Aligned
from aggregator.meaning.times import find_deadline
from aggregator.meaning.times import item_time
from aggregator.meaning.years import find_school_years
from aggregator.meaning.years import year_begins
from aggregator.model import Because
from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Event
from aggregator.model import Level
from aggregator.model import Meaning
from aggregator.model import Reference
from aggregator.model import SourceHints


def understand(
    title: str,
    text: str,
    *,
    hints: SourceHints,
    now: datetime,
    published: datetime | None,
    timezone: str = "Asia/Ho_Chi_Minh",
    rules: Rules | None = None,
) -> Meaning:
    """Say what a notice means: category, levels, facts, and why.

    Args:
        title: Plain text; ``text`` as well, with its line ends where it has them.
        published: The item's own date, for days that are named without a year.
        rules: What ``rulebook.rules_in`` gave; those of this package if left out.
    """
    case = _Case(
        title=read_title(title),
        text=read_text(text),
        hints=hints,
        rules=rules or rules_in(None),
        near=item_time(published, now),
        dated=published is not None,
        timezone=timezone,
    )
    facts, document_why = find_document(case.title, case.text, case.rules.documents)
    category, category_why = _category(case, facts.number)
    levels, levels_why = _levels(case, facts.number)
    facets, facets_why = _facets(case)
    damage, damage_why = find_damage(title, text)
    facts, references, named_why = _named_documents(case, facts)
    deadline, event, times_why = _times(case, category)
    why = (category_why, *levels_why, *document_why, *facets_why, *damage_why)
    return Meaning(
        category=category,
        levels=levels,
        facets={**facets, **damage} if damage else facets,
        document=_worth_keeping(facts, category),
        deadline=deadline,
        event=event,
        references=references,
        because=(*why, *named_why, *times_why),
        hold=find_spam(case.title, case.text),
    )


class _Case(NamedTuple):
    """One notice to be understood, and all that is known beside it."""

    title: Aligned
    text: Aligned
    hints: SourceHints
    rules: Rules
    near: datetime
    dated: bool  # near is the item's own date, not merely today
    timezone: str


_Reasons = tuple[Because, ...]


def _category(case: _Case, number: str) -> tuple[Category, Because]:
    if case.hints.category:
        says = "Chuyên mục của nguồn tin"
        return case.hints.category, Because(
            says=says, saw=case.hints.category, where="source"
        )
    rules = case.rules.categories
    return find_category(case.title, case.text, number=number, rules=rules)


def _levels(case: _Case, number: str) -> tuple[frozenset[Level], _Reasons]:
    if case.hints.levels:
        says = "Cấp học mà nguồn tin quy định"
        return narrowed(case.hints.levels), (_given(says, case.hints.levels, "source"),)
    for where, named in _named(case, number):
        if named:
            return narrowed(union(named)), _distinct(where, named)
    if case.hints.authority_levels:
        says = "Không nêu cấp học: theo phạm vi của cơ quan"
        levels = case.hints.authority_levels
        return narrowed(levels), (_given(says, levels, "authority"),)
    return frozenset(), _FOR_ALL


_FOR_ALL = (Because(says="Không nêu cấp học: dành cho mọi cấp học", where="title"),)


def _named(case: _Case, number: str) -> Iterator[tuple[str, tuple[Mark, ...]]]:
    """Yield what names levels, the best evidence first; the rest waits to be asked."""
    rules = case.rules.levels
    title = find_levels(case.title, rules)
    if not case.text.folded:
        yield "title", title.marks
    else:
        yield from _named_with_text(title, case.text, rules)
    yield "title", division_levels(number, rules).marks


def _named_with_text(
    title: Named, text: Aligned, rules: LevelRules
) -> Iterator[tuple[str, tuple[Mark, ...]]]:
    sent_to = find_addressees(text, rules)
    sentence = find_levels(first_sentence(text), rules)
    if title.strong and not _are_of_kindergarten(title.strong, sentence.strong):
        yield "title", title.strong + sent_to
    yield "text", sent_to
    yield "text", sentence.strong
    yield "title", title.weak
    yield "text", sentence.weak
    yield "text", find_levels(part(text, 0, TEXT_LENGTH), rules).marks


def _are_of_kindergarten(title: tuple[Mark, ...], text: tuple[Mark, ...]) -> bool:
    """Say whether a text tells that a title's "lớp 5A4" is one of a kindergarten."""
    if not all(is_one_of_a_school(mark.saw) for mark in title):
        return False
    return union(text) == {Level.PRESCHOOL}


def _distinct(where: str, marks: tuple[Mark, ...]) -> _Reasons:
    """Write each rule once, with the first words it saw."""
    if len(marks) == 1:
        return (marks[0].because(where),)
    first = {mark.rule.says: mark for mark in reversed(marks)}
    return tuple(mark.because(where) for mark in reversed(first.values()))


def _given(says: str, levels: frozenset[Level], where: str) -> Because:
    saw = ", ".join(level for level in Level if level in levels)
    return Because(says=says, saw=saw, where=where)


def _named_documents(
    case: _Case, facts: DocumentFacts
) -> tuple[DocumentFacts, tuple[Reference, ...], _Reasons]:
    """Read the document that the notice is about, and others that it names."""
    if "/" not in case.title.original and "/" not in case.text.original:
        return facts, (), ()
    rules = case.rules.documents
    facts, told_why = find_told(case.title, case.text, facts, rules)
    references, why = find_references(
        case.title, case.text, own=facts.number if facts.own else "", rules=rules
    )
    return facts, references, (*told_why, *why)


def _facets(case: _Case) -> tuple[Mapping[str, tuple[str, ...]], _Reasons]:
    facets, because = find_facets(case.title, case.rules.facets)
    if "nam hoc" not in case.title.folded and "nam hoc" not in case.text.folded:
        return facets, because
    years, years_why = find_school_years(case.title, case.text)
    if not years:
        return facets, because
    return {**facets, "school_year": years}, (*because, *years_why)


_Times = tuple[date | datetime | None, Event | None, _Reasons]


def _times(case: _Case, category: Category) -> _Times:
    """Read deadline and event; most notices name no day, so nothing is sought."""
    in_title = SOME_DAY.search(case.title.folded)
    if not in_title and not (case.text.folded and SOME_DAY.search(case.text.folded)):
        return None, None, ()
    since = None
    if not case.dated:
        since = year_begins(case.title, case.text, case.near.date())
    event, event_why = _event(case, category, since)
    deadline, deadline_why = _deadline(case, since, event_why)
    if _names_its_day(deadline_why, event_why):
        event, event_why = None, ()
    never = find_impossible(("title", case.title), ("text", case.text))
    return deadline, event, (*deadline_why, *event_why, *never)


def _event(
    case: _Case, category: Category, since: date | None
) -> tuple[Event | None, _Reasons]:
    """Read when and where: fully of an invitation, of news the day that it names."""
    if category is Category.DOCUMENT:
        return None, ()
    if category is not Category.INVITATION:
        if case.dated:
            since = case.near.date() - LOOKS_BACK
        found = find_day(case.title, case.text, timezone=case.timezone, since=since)
        return found or (None, ())
    for where, text in (("text", case.text), ("title", case.title)):
        found = find_event(
            text, where=where, near=case.near, timezone=case.timezone, since=since
        )
        if found:
            return found
    found = find_day(
        case.title, case.text, timezone=case.timezone, since=since or case.near.date()
    )
    return found or (None, ())


def _deadline(
    case: _Case, since: date | None, event_why: _Reasons
) -> tuple[date | datetime | None, _Reasons]:
    """Read the deadline; words that already name the event are none."""
    for where, text in (("title", case.title), ("text", case.text)):
        found = find_deadline(text, near=case.near, timezone=case.timezone, since=since)
        if found and not any(found[1] in because.saw for because in event_why):
            return found[0], (Because(says="Hạn chót", saw=found[1], where=where),)
    return None, ()


def _names_its_day(deadline: _Reasons, event: _Reasons) -> bool:
    """Say whether an event is but the day of a deadline: "hạn chót ngày 15/6/2027"."""
    words = [because.saw for because in deadline]
    return bool(event) and all(
        any(because.saw in saw for saw in words) for because in event
    )


def _worth_keeping(facts: DocumentFacts, category: Category) -> DocumentFacts | None:
    """Keep facts that name a document: a number, or a type where it is a document."""
    told = facts.type or facts.issued or facts.abstract
    if facts.number or (category is Category.DOCUMENT and told):
        return facts
    announced = category is Category.ANNOUNCEMENT and facts.type and facts.issued
    return facts if announced else None
