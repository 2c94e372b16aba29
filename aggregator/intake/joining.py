"""New items of several documents that are copies of one notice become its places. Pure.

What came first is what others join: the stored, then in the documents' order.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace

from aggregator.intake.duplicates import copy_of
from aggregator.intake.duplicates import marks_of
from aggregator.intake.duplicates import same_notice
from aggregator.model import Copy
from aggregator.model import NewSighting
from aggregator.model import Plan
from aggregator.model import Proposal
from aggregator.model import SourceRow
from aggregator.model import Verdict

MOST_PROPOSED = 3  # of one new item

Plans = Sequence[tuple[SourceRow, Plan]]


_New = tuple[NewSighting, SourceRow]  # a copy yet to be made: few are ever met


@dataclass(slots=True)
class _Known:
    """All copies that were met, and at which sources their notices stand."""

    by_mark: dict[int, list["Copy | _New"]]
    places: dict[str, set[int]]
    proposed: dict[tuple[str, str], Proposal] = field(default_factory=dict)

    def add(self, copy: "Copy | _New", marks: Iterable[int]) -> None:
        for mark in marks:
            self.by_mark.setdefault(mark, []).append(copy)


def marked(plans: Plans) -> list[dict[str, int]]:
    """Give the marks of all that is new, in the order of the documents."""
    return [
        marks_of(new.item, row.source.authority)
        for row, plan in plans
        for new in plan.new
    ]


def join(
    plans: Plans,
    marks: Sequence[Mapping[str, int]],
    stored: Sequence[Copy],
    places: Mapping[str, Iterable[int]],
) -> tuple[list[tuple[SourceRow, Plan]], list[Proposal]]:
    """Let new items that are copies of a notice be further places of it.

    A source that shows a notice already shows no second copy of it, since its own names
    have told the two apart.

    Args:
        marks: See `marked`.
        stored: What these marks have found.
        places: The rows of the sources at which the notices of those stand.
    """
    known = _Known({}, {notice: set(pks) for notice, pks in places.items()})
    for copy in stored:
        known.add(copy, copy.marks)
    for row, plan in plans:
        for each in plan.new:
            if not each.minted:  # another source of its portal has it
                known.places.setdefault(each.notice, set()).add(row.pk)
    rest = iter(marks)
    joined = []
    for row, plan in plans:
        new = tuple(_joined(each, row, next(rest), known) for each in plan.new)
        joined.append((row, replace(plan, new=new) if new else plan))
    return joined, list(known.proposed.values())


def _joined(
    new: NewSighting, row: SourceRow, marks: Mapping[str, int], known: _Known
) -> NewSighting:
    new = replace(new, marks=tuple(marks.values()))
    if new.item.meaning.hold is not None:
        return new
    if new.minted and any(mark in known.by_mark for mark in new.marks):
        new = _found(new, row, marks, known)
    known.places.setdefault(new.notice, set()).add(row.pk)
    known.add((new, row), new.marks)
    return new


def _found(
    new: NewSighting, row: SourceRow, marks: Mapping[str, int], known: _Known
) -> NewSighting:
    """Find the notice that a new item is a copy of; keep what it may be, too."""
    mine = copy_of(new, row)
    same: dict[str, Copy] = {}
    maybe: dict[str, str] = {}
    for other, kinds in _met(marks, known):
        if row.pk in known.places[other.notice]:
            continue
        verdict = same_notice(mine, other, kinds)
        if verdict is Verdict.SAME:
            same.setdefault(other.notice, other)
        elif verdict is Verdict.MAYBE:
            maybe.setdefault(other.notice, kinds[0])
    first = next(iter(same.values()), None)
    if first is not None:
        new = replace(new, notice=first.notice, minted=False, published=first.published)
        maybe = dict.fromkeys(list(same)[1:], "both") | maybe
    for notice in [each for each in maybe if each != new.notice][:MOST_PROPOSED]:
        _propose(new.notice, notice, maybe[notice], known)
    return new


def _met(marks: Mapping[str, int], known: _Known) -> list[tuple[Copy, list[str]]]:
    """List the copies that share marks, each with the kinds of these, as they came."""
    kinds: dict[int, list[str]] = {}
    met: dict[int, Copy | _New] = {}
    for kind, mark in marks.items():
        for found in known.by_mark.get(mark, ()):
            met[id(found)] = found
            kinds.setdefault(id(found), []).append(kind)
    return [
        (found if isinstance(found, Copy) else copy_of(*found), kinds[id_])
        for id_, found in met.items()
    ]


def _propose(notice: str, other: str, why: str, known: _Known) -> None:
    first, second = sorted((notice, other))
    proposal = Proposal(notice=first, other=second, why=why)
    known.proposed.setdefault((first, second), proposal)
