"""Marks of sightings, by which copies of a notice are found: see `joins`."""

from collections.abc import Iterable

import sqlalchemy as sa

from aggregator.store import schema
from aggregator.store.engine import write_many


def write_marks(
    connection: sa.Connection, marked: Iterable[tuple[int, Iterable[int]]]
) -> None:
    """Keep the marks of new sightings, in the order of the table: that is quicker.

    Args:
        marked: The sighting's row, and its marks.
    """
    rows = sorted((mark, pk) for pk, marks in marked for mark in marks)
    write_many(
        connection,
        schema.marks,
        [{"mark": mark, "sighting_pk": pk} for mark, pk in rows],
    )
