"""When to ask a source again. Pure arithmetic; the answer is kept as a column.

A working source is asked at its interval, less often in hours in which it is not wont
to publish, and later where server or feed ask for that; but never so late that a notice
waits for over an hour, unless the feed names hours or days in which it is not read. A
failing one is asked soon at first (a restart, a moment's overload), then less often,
but at least every hour, or daily if it says that it is gone: an official source is
never given up.
"""

import zlib
from datetime import UTC
from datetime import datetime
from datetime import timedelta

from aggregator.errors import Reason
from aggregator.intake.cadence import is_awake
from aggregator.intake.cadence import next_awake
from aggregator.model import Cadence
from aggregator.model import Wishes

FIRST_RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
LONGEST_RETRY = timedelta(hours=1)
GONE_RETRY = timedelta(days=1)  # 410 is meant for ever (RFC 9110, 15.5.11)
EXCUSED_RETRY = timedelta(minutes=1)
SHORTEST = timedelta(minutes=1)  # that gaps make of an interval
LONGEST_HINT = timedelta(hours=1)
LONGEST_SLEEP = timedelta(hours=1)
LONGEST_REST = 5.0  # seconds
FIRST_LIMIT = timedelta(minutes=15)  # of a 429 that names none
LONGEST_LIMIT = timedelta(hours=1)
JITTER = 0.05  # of the wait, so that a city's sources spread out

_HOUR = timedelta(hours=1)
_HOURS = frozenset(range(24))
_DAYS = frozenset(range(7))
_MOST_DOUBLINGS = 10  # more change nothing, but their numbers grow


def next_due(
    now: datetime,
    every: timedelta,
    *,
    failures: int = 0,
    limited_until: datetime | None = None,
    fresh_for: timedelta | None = None,
    wishes: Wishes = Wishes(),
    cadence: Cadence = Cadence(),
    timezone: str = "Asia/Ho_Chi_Minh",
    halvings: int = 0,
    reason: str = "",
    excused: bool = False,
    jitter: float = 0.0,
) -> datetime:
    """Say when a source is due again.

    Args:
        every: The interval wanted while all is well.
        failures: Failed attempts in a row; 0 means that this one went well.
        limited_until: What a server's Retry-After asked for; never undercut.
        fresh_for: How long the server says that its answer stays fresh.
        wishes: What the feed asks for; a failing one is not heard.
        cadence: When it is wont to publish, in ``timezone``.
        halvings: Of the interval, after gaps.
        reason: errors.Reason of the failure.
        excused: Our own network is blamed for the failure, whatever its reason.
        jitter: From 0 to 1; how much of the longest jitter is added.
    """
    if failures or excused:
        wait = _failing_wait(failures, reason=reason, excused=excused)
        return _at_least(now + wait * (1 + JITTER * jitter), limited_until)
    wait = _hinted(_halved(every, halvings), every, fresh_for, wishes.ttl_minutes)
    if every < LONGEST_SLEEP and not halvings:
        wait = _asleep(now, wait, cadence, timezone)
    due = _at_least(now + wait * (1 + JITTER * jitter), limited_until)
    return _unskipped(due, wishes)


def _at_least(due: datetime, limited_until: datetime | None) -> datetime:
    return max(due, limited_until) if limited_until else due


# --- Failing ------------------------------------------------------------------


def _failing_wait(failures: int, *, reason: str, excused: bool) -> timedelta:
    if excused:
        return EXCUSED_RETRY
    return GONE_RETRY if reason == Reason.GONE else retry_wait(failures)


def retry_wait(failures: int) -> timedelta:
    """Say how long to wait after so many failures in a row."""
    if failures <= len(FIRST_RETRIES):
        return FIRST_RETRIES[failures - 1]
    doublings = failures - len(FIRST_RETRIES)
    return _doubled(FIRST_RETRIES[-1], doublings, LONGEST_RETRY)


def limit_unnamed(failures: int) -> timedelta:
    """Say how long to obey a limit (429) that names no time, after so many failures."""
    return _doubled(FIRST_LIMIT, max(failures - 1, 0), LONGEST_LIMIT)


def _doubled(wait: timedelta, doublings: int, longest: timedelta) -> timedelta:
    longer: timedelta = wait * 2 ** min(doublings, _MOST_DOUBLINGS)
    return min(longer, longest)


# --- Well ---------------------------------------------------------------------


def _halved(every: timedelta, halvings: int) -> timedelta:
    shorter: timedelta = every / 2 ** min(halvings, _MOST_DOUBLINGS)
    return max(shorter, min(every, SHORTEST))


def _hinted(
    wait: timedelta, every: timedelta, fresh_for: timedelta | None, ttl: int | None
) -> timedelta:
    """Wait as long as server and feed ask for, but not for over an hour more."""
    hint = max(fresh_for or timedelta(), timedelta(minutes=ttl or 0))
    return max(wait, min(hint, max(every, LONGEST_HINT)))


def _asleep(
    now: datetime, wait: timedelta, cadence: Cadence, timezone: str
) -> timedelta:
    """Wait longer while the source sleeps; what comes all the same waits an hour."""
    due = now + wait
    if is_awake(cadence, due, timezone=timezone):
        return wait
    awake = next_awake(cadence, due, timezone=timezone)
    return min(awake - now, max(wait, LONGEST_SLEEP))


def _unskipped(due: datetime, wishes: Wishes) -> datetime:
    """Move to the first moment that is not in skipHours or skipDays, both in GMT.

    Who skips all hours or all days says nothing, and is not heard.
    """
    hours, days = _HOURS - wishes.skip_hours, _DAYS - wishes.skip_days
    hours, days = hours or _HOURS, days or _DAYS
    moment = due.astimezone(UTC)
    while moment.hour not in hours or moment.weekday() not in days:  # 7 days at most
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    return moment.astimezone(due.tzinfo)


# --- Hosts and places ---------------------------------------------------------


def rest_after(took_seconds: float, least: float) -> float:
    """Say for how many seconds a host is left alone: as long as its answer took.

    Args:
        least: Seconds, for a host that answers fast.
    """
    return min(max(took_seconds, least), LONGEST_REST)


def jitter_of(source_id: str) -> float:
    """Give a source its place between 0 and 1, always the same."""
    return zlib.crc32(source_id.encode()) / 2**32
