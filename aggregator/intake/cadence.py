"""When a source is wont to publish, as its own items tell. Pure arithmetic.

Two habits are learned. The hours of the day say when asking often is worth it; the
days say how long silence may last before it is worth a look. Both fade: the hours by
halving, the days because only the latest are kept.
"""

import math
from collections.abc import Iterable
from collections.abc import Iterator
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from aggregator.meaning.holidays import is_school_holiday
from aggregator.meaning.holidays import is_working_day
from aggregator.model import Cadence

SLOTS = 7 * 24
MOST_DAYS = 60  # of publication that are remembered
FADES_AT = 400  # publications in all slots; then each slot is halved

LEAST_PUBLICATIONS = 20  # for the hours to be believed
LEAST_SPAN = timedelta(days=14)  # that they must have been gathered in

LEAST_DAYS = 8  # of publication, for silence to mean anything
LEAST_QUIET_SPAN = timedelta(days=28)
LEAST_QUIET = 5  # days that count; less is never silence
QUIET_FACTOR = 1.5  # times the longest silence so far
LONGEST_LOOK = timedelta(days=400)  # back and ahead: a year and its neighbours

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SATURDAY = 5


# --- Learning -----------------------------------------------------------------


def learned(cadence: Cadence, moments: Iterable[datetime], *, timezone: str) -> Cadence:
    """Take in when new items were published.

    A date without a time, midnight to the second, tells the day but no hour.

    Args:
        moments: Aware.
        timezone: That of the source.
    """
    zone = ZoneInfo(timezone)
    local = [moment.astimezone(zone) for moment in moments]
    slots = list(cadence.slots) if _has_slots(cadence) else [0] * SLOTS
    for moment in local:
        if moment.time() != time():
            slots[moment.weekday() * 24 + moment.hour] += 1
    while sum(slots) > FADES_AT:
        slots = [count // 2 for count in slots]
    days = {*cadence.days, *(moment.date() for moment in local)}
    return Cadence(slots=tuple(slots), days=tuple(sorted(days)[-MOST_DAYS:]))


def _has_slots(cadence: Cadence) -> bool:
    return len(cadence.slots) == SLOTS


# --- Hours --------------------------------------------------------------------


def is_awake(cadence: Cadence, moment: datetime, *, timezone: str) -> bool:
    """Say whether a source is wont to publish around that hour.

    An hour too early or too late is still near enough; the days from Monday to Friday
    are taken for alike. Of whom little is known, everything is expected.
    """
    if not _hours_are_known(cadence):
        return True
    local = moment.astimezone(ZoneInfo(timezone))
    return any(_published(cadence, local + n * _HOUR) for n in (-1, 0, 1))


def next_awake(cadence: Cadence, moment: datetime, *, timezone: str) -> datetime:
    """Find the first whole hour at which a source is awake; at once, if it is now."""
    if is_awake(cadence, moment, timezone=timezone):
        return moment
    local = moment.astimezone(ZoneInfo(timezone))
    # In UTC, where no hour is left out or comes twice.
    hour = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    for n in range(1, SLOTS + 1):
        if is_awake(cadence, hour + n * _HOUR, timezone=timezone):
            return (hour + n * _HOUR).astimezone(moment.tzinfo)
    return moment


def _hours_are_known(cadence: Cadence) -> bool:
    if not _has_slots(cadence) or sum(cadence.slots) < LEAST_PUBLICATIONS:
        return False
    return bool(cadence.days) and cadence.days[-1] - cadence.days[0] >= LEAST_SPAN


def _published(cadence: Cadence, local: datetime) -> bool:
    day = local.weekday()
    alike = range(_SATURDAY) if day < _SATURDAY else (day,)
    return any(cadence.slots[each * 24 + local.hour] for each in alike)


# --- Silence ------------------------------------------------------------------


def quiet_at(cadence: Cadence, *, timezone: str) -> datetime | None:
    """Say from when on silence would be longer than is this source's habit.

    None where too little is known, or where it publishes so rarely that silence of over
    a year would say nothing. Days on which offices or schools are closed do not count.
    """
    days = [day for day in cadence.days if day > cadence.days[-1] - LONGEST_LOOK]
    if len(days) < LEAST_DAYS or days[-1] - days[0] < LEAST_QUIET_SPAN:
        return None
    gaps = [sum(map(_counts, _after(a, b - a))) for a, b in pairwise(days)]
    left = max(LEAST_QUIET, math.ceil(QUIET_FACTOR * max(gaps)))
    for day in _after(days[-1], LONGEST_LOOK):
        left -= _counts(day)
        if not left:
            start = datetime.combine(day + _DAY, time(), ZoneInfo(timezone))
            return start.astimezone(UTC)
    return None


def _after(day: date, span: timedelta) -> Iterator[date]:
    """List the days after one, to the end of a span."""
    return (day + n * _DAY for n in range(1, span.days + 1))


def _counts(day: date) -> bool:
    return is_working_day(day) and not is_school_holiday(day)
