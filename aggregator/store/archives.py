"""Months of a View: what was first seen in each, for archives (RFC 5005).

A month is named "2026-11", in the site's time zone. An archive has a version of its
own: what comes to the selection later does not touch it.
"""

import hashlib
import re
from datetime import date
from datetime import datetime
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from aggregator.model import Notice
from aggregator.model import View
from aggregator.store import schema
from aggregator.store.columns import chunks
from aggregator.store.faces import notices_of
from aggregator.store.scope import of_levels
from aggregator.store.scope import streams
from aggregator.store.scope import visible

_seen = schema.sightings.c
_MONTH = re.compile("20[0-9]{2}-(0[1-9]|1[0-2])")


def is_month(text: str) -> bool:
    """Say whether a text names a month of this century."""
    return _MONTH.fullmatch(text) is not None


def month_of(moment: datetime, timezone: str) -> str:
    """Name the month of a moment."""
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m}"


def bounds(month: str, timezone: str) -> tuple[datetime, datetime]:
    """Give the moments at which a month begins and is over."""
    year, number = int(month[:4]), int(month[5:])
    after = date(year + number // 12, number % 12 + 1, 1)
    zone = ZoneInfo(timezone)
    begin = datetime.combine(date(year, number, 1), time(), zone)
    return begin, datetime.combine(after, time(), zone)


def turned(
    changed_at: datetime | None, now: datetime, timezone: str
) -> datetime | None:
    """Say when a month of a selection last became an archive: a link is new then.

    Args:
        changed_at: When the selection last changed: later months have nothing.
    """
    if changed_at is None:
        return None
    turn = bounds(month_of(changed_at, timezone), timezone)[1]
    return turn if turn <= now else None


# --- What there is ------------------------------------------------------------


def neighbours(
    connection: sa.Connection, view: View, *, begin: datetime, end: datetime
) -> tuple[str, str]:
    """Name the nearest months with notices before and after a span; "": none."""
    first = _seen.first_seen_at
    older = _nearest(view, first < begin, first.desc())
    newer = _nearest(view, first >= end, first.asc())
    before = max(connection.scalars(older), default=None)
    after = min(connection.scalars(newer), default=None)
    return (
        month_of(before, view.timezone) if before else "",
        month_of(after, view.timezone) if after else "",
    )


def _nearest(
    view: View, where: sa.ColumnElement[bool], order: sa.ColumnElement[Any]
) -> sa.CompoundSelect[Any]:
    """Select the first moment of each stream, in an order: read from an index."""
    parts = [
        sa.select(_seen.first_seen_at)
        .where(*stream, where, of_levels(view.levels))
        .order_by(order)
        .limit(1)
        .subquery()
        for stream in streams(view)
    ]
    return sa.union_all(*(sa.select(part) for part in parts))


def month_stamp(connection: sa.Connection, view: View, month: str) -> str:
    """Say at which version an archive stands: a hash of what shapes its bytes."""
    ids = _ids(connection, view, month)
    found = hashlib.sha256()
    for chunk in chunks(sorted(ids)):
        query = sa.select(
            *(_seen.pk, _seen.notice_id, _seen.version, _seen.category),
            *(_seen.level_bits, _seen.state),
        ).where(_seen.notice_id.in_(chunk), *visible(view))
        for row in connection.execute(query.order_by(_seen.pk)):
            found.update(repr(tuple(row)).encode())
    return found.hexdigest()[:16]


def read_month(connection: sa.Connection, view: View, month: str) -> list[Notice]:
    """Read what a view's audience first saw in a month, newest published first."""
    notices = notices_of(connection, view, sorted(_ids(connection, view, month)))
    by_id = sorted(notices, key=lambda notice: notice.id)
    return sorted(by_id, key=lambda n: (n.published, n.first_seen), reverse=True)


def _ids(connection: sa.Connection, view: View, month: str) -> set[str]:
    begin, end = bounds(month, view.timezone)
    then = [_seen.first_seen_at >= begin, _seen.first_seen_at < end]
    parts = [
        sa.select(_seen.notice_id).where(*stream, *then, of_levels(view.levels))
        for stream in streams(view)
    ]
    return set(connection.scalars(sa.union_all(*parts)))
