"""marks by which copies of a notice are found, proposals of pairs to an editor."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the step. What is stored already has no marks: its copies have come."""
    op.create_table(
        "marks",
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "sighting_pk",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("sightings.pk", name=op.f("fk_marks_sighting_pk")),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("mark", "sighting_pk", name=op.f("pk_marks")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "proposals",
        sa.Column("pk", _ID, nullable=False),
        *(_notice(name) for name in ("notice_id", "other_id")),
        sa.Column("why", sa.String(20), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_proposals")),
        sa.UniqueConstraint(
            "notice_id", "other_id", name=op.f("uq_proposals_notice_id_other_id")
        ),
    )
    op.create_index(
        op.f("ix_proposals_decided_at_at"), "proposals", ["decided_at", "at"]
    )


def _notice(name: str) -> sa.Column[str]:
    reference = sa.ForeignKey("notices.id", name=op.f(f"fk_proposals_{name}"))
    return sa.Column(name, sa.String(36), reference, nullable=False)
