"""an index of the few items that their documents miss, in place of one of all items."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_MISSED = sa.text("missing > 0")


def upgrade() -> None:
    """Make the step: seconds for a million items."""
    op.create_index(
        "ix_sightings_missed",
        "sightings",
        ["source_pk"],
        sqlite_where=_MISSED,
        postgresql_where=_MISSED,
    )
    op.drop_index(op.f("ix_sightings_source_pk_check_at"), "sightings")
