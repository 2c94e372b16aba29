"""what pulling remembers: hosts, incidents, absence, flips, redirects, habits."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the step."""
    _sources()
    _notices()
    _sightings()
    _hosts()
    _incidents()
    _outbox()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, _MOMENT, nullable=True)


def _sources() -> None:
    columns: list[sa.Column[Any]] = [
        _flag("excused"),
        _count("halvings"),
        _moment("last_full_at"),
        _count("last_entries"),
        _moment("distrusted_at"),
        _text("redirect_to"),
        _moment("redirect_since"),
        _text("learned_url"),
        _moment("quiet_at"),
        _count("redates"),
        _moment("flipped_at"),
        sa.Column("wishes", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("cadence", sa.JSON(), server_default="{}", nullable=False),
    ]
    for column in columns:
        op.add_column("sources", column)
    # What has shown something may be emptied, from the first pull on.
    op.execute(
        "UPDATE sources SET last_entries = (SELECT count(*) FROM sightings "
        "WHERE sightings.source_pk = sources.pk)"
    )
    op.create_index(op.f("ix_sources_host"), "sources", ["host"])


def _notices() -> None:
    # With a default, since SQLite would make the table anew to change it afterwards,
    # and may not drop the old one: others refer to it.
    op.add_column(
        "notices",
        sa.Column(
            "entered_at", _MOMENT, server_default="1970-01-01 00:00:00", nullable=False
        ),
    )
    op.execute("UPDATE notices SET entered_at = published_at")
    op.create_index(op.f("ix_notices_entered_at"), "notices", ["entered_at"])


def _sightings() -> None:
    columns: list[sa.Column[Any]] = [
        _count("missing"),
        _moment("check_at"),
        sa.Column("flip", sa.String(length=64), server_default="", nullable=False),
        _moment("flip_since"),
    ]
    for column in columns:
        op.add_column("sightings", column)
    op.create_index(
        op.f("ix_sightings_source_pk_check_at"), "sightings", ["source_pk", "check_at"]
    )


def _hosts() -> None:
    op.create_table(
        "hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("free_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column(
            "pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        _text("reason"),
        _text("detail"),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        _moment("closed_at"),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_opened_at"), "incidents", ["opened_at"])
    op.create_index(
        "uq_incidents_open",
        "incidents",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _outbox() -> None:
    """Several kinds share the table; each is asked for by itself."""
    op.drop_index(op.f("ix_outbox_done_at_due_at"), "outbox")
    op.create_index(
        op.f("ix_outbox_kind_done_at_due_at"), "outbox", ["kind", "done_at", "due_at"]
    )
