"""who asked: requests by unit key, selection and day."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "unit_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "unit", "selection", name=op.f("pk_unit_days")),
    )
