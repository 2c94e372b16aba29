"""when a place of a notice was taken away, and in which month it came.

Filled in from the changes (withdrawn by its source) and from the labels (hidden by a
person); what was held before was never shown, and is not said to be gone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_GONE = sa.text("gone_at IS NOT NULL")
_FILL = (
    """UPDATE sightings SET gone_at = (
        SELECT max(changes.at) FROM changes
        WHERE changes.notice_id = sightings.notice_id AND changes.kind = 'withdrawn'
    ) WHERE state = 'withdrawn'""",
    """UPDATE sightings SET gone_at = (
        SELECT max(labels.from_at) FROM labels
        WHERE labels.notice_id = sightings.notice_id AND labels.facet = 'state'
        AND labels.value = 'hidden' AND labels.to_at IS NULL
    ) WHERE state = 'hidden' AND NOT EXISTS (
        SELECT 1 FROM labels
        WHERE labels.notice_id = sightings.notice_id AND labels.facet = 'hold'
    )""",
)


def upgrade() -> None:
    """Make the step: seconds for a million items."""
    op.add_column("sightings", sa.Column("gone_at", sa.DateTime(timezone=True)))
    for statement in _FILL:
        op.execute(statement)
    op.create_index(
        "ix_sightings_gone",
        "sightings",
        ["authority", "gone_at"],
        sqlite_where=_GONE,
        postgresql_where=_GONE,
    )
    op.create_index(
        op.f("ix_sightings_authority_category_first_seen_at"),
        "sightings",
        ["authority", "category", "first_seen_at"],
    )
