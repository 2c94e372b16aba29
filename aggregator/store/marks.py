"""Marks of sightings: by which copies are found, see `joins`; and who names whom, see
`references`.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from aggregator.store import schema
from aggregator.store.engine import insert
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


def add_marks(
    connection: sa.Connection, marked: Iterable[tuple[int, Iterable[int]]]
) -> None:
    """Keep further marks of known sightings; those they have already stay.

    Args:
        marked: The sighting's row, and its marks.
    """
    rows = [{"mark": mark, "sighting_pk": pk} for pk, marks in marked for mark in marks]
    if rows:
        statement = insert(connection, schema.marks)
        connection.execute(statement.on_conflict_do_nothing(), rows)
