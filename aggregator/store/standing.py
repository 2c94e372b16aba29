"""A source's standing as columns, and back: what is remembered between two pulls."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from aggregator.model import Cadence
from aggregator.model import Standing
from aggregator.model import Validators
from aggregator.model import Wishes

# Fields of Standing that are columns of the same name.
_PLAIN = (
    *("body_hash", "failures", "failing_since", "reason", "excused", "limited_until"),
    *("gap", "halvings", "last_full_at", "last_entries", "distrusted_at"),
    *("emptied_since", "redirect_to", "redirect_since", "learned_url", "quiet_at"),
    *("redates", "flipped_at", "feed_id", "feed_title", "generator"),
)

# What others may have written since the source was leased.
_CERTAIN = ("failures", "failing_since", "reason", "excused", "limited_until")


def standing_of(row: sa.Row[Any]) -> Standing:
    """Read a source's standing from its row."""
    return Standing(
        validators=Validators(etag=row.etag, last_modified=row.last_modified),
        wishes=_wishes(row.wishes),
        cadence=_cadence(row.cadence),
        **{name: getattr(row, name) for name in _PLAIN},
    )


def columns_of(standing: Standing, *, was: Standing) -> dict[str, Any]:
    """Write as columns what is new of a source's standing, and what must be certain.

    Args:
        was: How it stood when it was leased; others may have excused it since.
    """
    if standing is was:
        return {name: getattr(standing, name) for name in _CERTAIN}
    columns = {
        name: value
        for name in _PLAIN
        if (value := getattr(standing, name)) != getattr(was, name) or name in _CERTAIN
    }
    if standing.validators != was.validators:
        columns["etag"] = standing.validators.etag
        columns["last_modified"] = standing.validators.last_modified
    if standing.wishes != was.wishes:
        columns["wishes"] = {
            "ttl": standing.wishes.ttl_minutes,
            "hours": sorted(standing.wishes.skip_hours),
            "days": sorted(standing.wishes.skip_days),
        }
    if standing.cadence != was.cadence:
        columns["cadence"] = {
            "slots": list(standing.cadence.slots),
            "days": [day.isoformat() for day in standing.cadence.days],
        }
    return columns


def _wishes(kept: dict[str, Any]) -> Wishes:
    return Wishes(
        ttl_minutes=kept.get("ttl"),
        skip_hours=frozenset(kept.get("hours", ())),
        skip_days=frozenset(kept.get("days", ())),
    )


def _cadence(kept: dict[str, Any]) -> Cadence:
    return Cadence(
        slots=tuple(kept.get("slots", ())),
        days=tuple(date.fromisoformat(day) for day in kept.get("days", ())),
    )
