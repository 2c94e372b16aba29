"""second names of old items, each sighting's place in the window, emptied feeds."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the step."""
    op.add_column("sources", sa.Column("emptied_since", _MOMENT, nullable=True))
