"""Labels: category, levels and other facets, each with why, by whom, from and to when.

A label that no longer holds is ended, never removed: someone will ask what was shown
on a day, and why.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from aggregator.model import Meaning
from aggregator.store import schema

RULES = "rules"  # who gives labels that no person has given


class Label(NamedTuple):
    """A label that holds now; without a source it holds wherever the notice stands."""

    source_pk: int | None
    facet: str
    value: str


def values_of(meaning: Meaning) -> Iterator[tuple[str, str]]:
    """Yield what rules say as facets and values; levels are named, or "all"."""
    yield "category", str(meaning.category)
    for level in sorted(meaning.levels) or ("all",):
        yield "level", str(level)
    for facet, values in sorted(meaning.facets.items()):
        for value in values:
            yield facet, value


def label_rows(
    source_pk: int,
    notice: str,
    meaning: Meaning,
    now: datetime,
    *,
    fixed: Collection[str] = (),
) -> list[dict[str, object]]:
    """Write what the rules say of a notice at one source as rows, each with why.

    Args:
        fixed: Facets of which a person has spoken, and the rules are silent.
    """
    why = meaning.because  # in JSON a dataclass is written as its fields
    return [
        {
            "notice_id": notice,
            "source_pk": source_pk,
            "facet": facet,
            "value": value,
            "why": why if facet in ("category", "level") else (),
            "given_by": RULES,
            "from_at": now,
        }
        for facet, value in values_of(meaning)
        if facet not in fixed
    ]


def renew_labels(
    connection: sa.Connection,
    source_pk: int,
    notice: str,
    meaning: Meaning,
    now: datetime,
    *,
    fixed: Collection[str] = (),
) -> None:
    """End the labels that no longer hold and begin the new ones; keep the history."""
    label = schema.labels.c
    here = sa.and_(
        label.notice_id == notice,
        label.source_pk == source_pk,
        label.given_by == RULES,
        label.to_at.is_(None),
    )
    held = {
        (found.facet, found.value): found.pk
        for found in connection.execute(
            sa.select(label.pk, label.facet, label.value).where(here)
        )
    }
    fresh = label_rows(source_pk, notice, meaning, now, fixed=fixed)
    wanted = {(str(new["facet"]), str(new["value"])): new for new in fresh}
    ended = [pk for name, pk in held.items() if name not in wanted]
    if ended:
        over = sa.update(schema.labels).where(label.pk.in_(ended))
        connection.execute(over.values(to_at=now))
    begun = [new for name, new in wanted.items() if name not in held]
    if begun:
        connection.execute(sa.insert(schema.labels), begun)


def current_labels(
    connection: sa.Connection, notices: Sequence[str]
) -> Mapping[str, list[Label]]:
    """Read the labels that hold now, by notice."""
    label = schema.labels.c
    found: dict[str, list[Label]] = {}
    rows = connection.execute(
        sa.select(label.notice_id, label.source_pk, label.facet, label.value)
        .where(label.notice_id.in_(notices), label.to_at.is_(None))
        .order_by(label.pk)
    )
    for notice, *rest in rows:
        found.setdefault(notice, []).append(Label(*rest))
    return found
