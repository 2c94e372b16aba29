"""Today's rules applied to what is stored: what would move, and moving it."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aggregator.meaning.marks import naming_marks
from aggregator.meaning.rulebook import rules_in
from aggregator.meaning.searching import words_of
from aggregator.meaning.understanding import understand
from aggregator.model import Correction
from aggregator.model import Meaning
from aggregator.model import Settings
from aggregator.store.corrections import corrections_of
from aggregator.store.engine import Store
from aggregator.store.labels import values_of
from aggregator.store.marks import add_marks
from aggregator.store.relabel import Understood
from aggregator.store.relabel import kept_facts
from aggregator.store.relabel import relabel
from aggregator.store.relabel import understood

BATCH = 200  # items that are understood and saved together


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An item that is understood otherwise today."""

    was: Understood
    meaning: Meaning  # today's, with what a person has said of it
    fixed: frozenset[str] = frozenset()  # facets of which a person has spoken


def relabelled(
    store: Store,
    settings: Settings,
    *,
    now: datetime,
    dry: bool = False,
    notices: Collection[str] | None = None,
    passed: Callable[[int], None] = lambda count: None,
) -> Iterator[Moved]:
    """Understand stored items anew; yield each that moves, once it has.

    Args:
        dry: Only say what would move.
        notices: Of these alone.
        passed: Is told of each batch how many items it had.
    """
    last = 0
    while True:
        with store.read() if dry else store.write() as connection:
            found = understood(
                connection, after=last, limit=BATCH, notices=notices, lock=not dry
            )
            said = corrections_of(connection, {each.notice for each in found})
            moved = list(_moved(found, said, settings))
            if not dry:
                relabel(
                    connection,
                    [(m.was, m.meaning, m.fixed) for m in moved],
                    now,
                    words=_renumbered(moved),
                )
                add_marks(connection, map(_naming, moved))
        if not found:
            return
        last = found[-1].sighting
        passed(len(found))
        yield from moved


def _moved(
    found: list[Understood], said: dict[str, Correction], settings: Settings
) -> Iterator[Moved]:
    for was in found:
        if was.source not in settings.sources:
            continue  # it left the file, and what it declared with it
        correction = said.get(was.notice, Correction())
        meaning = understand(
            was.title,
            was.text,
            hints=settings.hints(was.source),
            now=was.at,
            published=was.given,
            timezone=settings.sources[was.source].timezone or settings.site.timezone,
            rules=rules_in(settings.rules),
        )
        each = Moved(was=was, meaning=correction.over(meaning), fixed=correction.facets)
        if differs(each):
            yield each


def _naming(moved: Moved) -> tuple[int, tuple[int, ...]]:
    """Give an item's row, and by what the documents that it names find it."""
    was, references = moved.was, moved.meaning.references
    return was.sighting, naming_marks(references, was.authority)


def _renumbered(moved: list[Moved]) -> dict[int, str]:
    """Give the words of what bears another number, by sighting: it is found by that."""
    words = {}
    for each in moved:
        was, document = each.was, each.meaning.document
        number = document.number if document else ""
        if number != was.facts.get("document", {}).get("number", ""):
            words[was.sighting] = words_of(was.title, number, was.text)
    return words


def differs(moved: Moved) -> bool:
    """Say whether anything is understood otherwise than it was."""
    was, meaning = moved.was, moved.meaning
    labels = {label for label in values_of(meaning) if label[0] not in moved.fixed}
    return (
        was.category != meaning.category
        or was.levels != meaning.levels
        or was.labels != labels
        or was.facts != kept_facts(meaning)
    )
