"""Undo what one CMS writes wrong. Pure; knows items, not documents.

NukeViet up to 4.5 writes ``gmdate('D, j M Y H:m:s')``, and ``m`` is the month: each of
its dates has the month where the minutes should be (feed_shapes.md 1, fact 1). They are
right to the hour. NukeViet 4.6 names itself alike, and its minutes are right.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC

from aggregator.model import Item

LEAST_DATES = 2  # one date may have such minutes by chance

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DATE = re.compile(
    r"\s*(?:[a-z]{3},\s*)?\d{1,2}\s+([a-z]{3})\s+\d{4}\s+\d\d:(\d\d):\d\d\s+GMT\s*",
    re.I | re.A,
)


def hours_believed(items: Iterable[Item], generator: str) -> list[Item]:
    """Cut dates to the hour where all of a NukeViet's have the month for minutes."""
    items = list(items)
    if "nukeviet" not in generator.lower():
        return items
    found = [_DATE.fullmatch(_date_text(item)) for item in items]
    dates = [date for date in found if date]
    if len(dates) < LEAST_DATES or not all(map(_has_month_for_minutes, dates)):
        return items
    return [_to_the_hour(i) if d else i for i, d in zip(items, found, strict=True)]


def _date_text(item: Item) -> str:
    return str(item.raw.get("published", ""))


def _has_month_for_minutes(date: re.Match[str]) -> bool:
    name, minutes = date[1].lower(), int(date[2])
    return name in _MONTHS and _MONTHS.index(name) + 1 == minutes


def _to_the_hour(item: Item) -> Item:
    if item.given is None:
        return item
    hour = item.given.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return replace(item, given=hour, hour_only=True)
