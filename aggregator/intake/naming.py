"""New and changed items are marked with the documents that they name. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from aggregator.meaning.marks import naming_marks
from aggregator.model import Item
from aggregator.model import Plan
from aggregator.model import SourceRow

Plans = Sequence[tuple[SourceRow, Plan]]


def with_naming(plans: Plans) -> list[tuple[SourceRow, Plan]]:
    """Give plans whose items are marked with what they name; most name nothing."""
    return [(row, _with_naming(row.source.authority, plan)) for row, plan in plans]


def _with_naming(authority: str, plan: Plan) -> Plan:
    items = [each.item for each in plan.new] + [each.item for each in plan.changed]
    if not any(item.meaning.references for item in items):
        return plan

    def naming(item: Item) -> tuple[int, ...]:
        return naming_marks(item.meaning.references, authority)

    return replace(
        plan,
        new=tuple(replace(each, naming=naming(each.item)) for each in plan.new),
        changed=tuple(replace(each, naming=naming(each.item)) for each in plan.changed),
    )
