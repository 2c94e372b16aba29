"""What a View means in SQL: which places its audience may see, and as of when."""

from collections.abc import Collection
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from aggregator.model import Level
from aggregator.model import Reach
from aggregator.model import View
from aggregator.store import schema
from aggregator.store.columns import bits_of

_seen = schema.sightings.c
_SHOWN = ("shown", "maybe_withdrawn")
_MOST_STREAMS = 200  # fifty authorities in four categories
GONE_DAYS = 30  # so long feeds tell that something was taken away


def visible(view: View) -> list[sa.ColumnElement[bool]]:
    """Select the sightings that an audience may see.

    The empty text keeps databases from the index of places: others lead to fewer rows.
    """
    authority = _seen.authority + ""
    whole = [reach.authority for reach in view.reach if reach.until is None]
    parts = [reached(reach, view) for reach in view.reach if reach.until is not None]
    return [sa.or_(authority.in_(whole), *parts), *standing(view)]


def few_streams(view: View) -> bool:
    """Say whether it is worth while to read a view stream by stream."""
    return 0 < len(view.reach) * len(view.categories) <= _MOST_STREAMS


def streams(view: View) -> list[list[sa.ColumnElement[bool]]]:
    """Take a view apart: an authority and a category each, as indexes are.

    Where there are too many of them, nearly all there is is wanted: then it is one.
    """
    if not few_streams(view):
        names = [str(category) for category in view.categories]
        return [[*visible(view), (_seen.category + "").in_(names)]]
    return [
        [reached(reach, view), _seen.category == str(category), *standing(view)]
        for reach in view.reach
        for category in sorted(view.categories)
    ]


def reached(reach: Reach, view: View) -> sa.ColumnElement[bool]:
    own = _seen.authority == reach.authority
    if reach.until is None:
        return own
    return own & (_seen.published_at < end_of_day(reach.until, view.timezone))


def standing(view: View) -> list[sa.ColumnElement[bool]]:
    there = live(view)
    if view.gone_since is not None:
        there |= _seen.gone_at >= view.gone_since
    conditions: list[sa.ColumnElement[bool]] = [there]
    if view.on is not None:
        conditions.append(_seen.first_seen_at < end_of_day(view.on, view.timezone))
    return conditions


def live(view: View) -> sa.ColumnElement[bool]:
    """Select what stands; on a past day that is also what its source took away later.

    What a person has hidden is shown on no day.
    """
    stands = _seen.state.in_(_SHOWN)
    if view.on is None:
        return stands
    later = _seen.gone_at >= end_of_day(view.on, view.timezone)
    return stands | ((_seen.state == "withdrawn") & later)


def of_levels(levels: Collection[Level]) -> sa.ColumnElement[bool]:
    """Select what concerns one of some levels."""
    return _seen.level_bits.op("&")(bits_of(levels)) != 0


def told_since(day: date, timezone: str) -> datetime:
    """Say of which losses a feed tells on a day: those of the 30 days before it."""
    return end_of_day(day - timedelta(days=GONE_DAYS + 1), timezone)


def told_until(gone_at: datetime, timezone: str) -> datetime:
    """Say when a feed ceases to tell of a loss: at the end of its 30th day."""
    day = gone_at.astimezone(ZoneInfo(timezone)).date()
    return end_of_day(day + timedelta(days=GONE_DAYS), timezone)


def end_of_day(day: date, timezone: str) -> datetime:
    """Give the moment at which a day is over in a time zone."""
    midnight = datetime.combine(day + timedelta(days=1), time())
    return midnight.replace(tzinfo=ZoneInfo(timezone))


def version_of(view: View) -> sa.ColumnElement[int]:
    """Choose each sighting's version: today's, or the one of the day asked for."""
    if view.on is None:
        return _seen.version
    inner = schema.versions.alias("as_of")
    return (
        sa.select(sa.func.max(inner.c.n))
        .where(
            inner.c.sighting_pk == _seen.pk,
            inner.c.at < end_of_day(view.on, view.timezone),
        )
        .scalar_subquery()
    )
