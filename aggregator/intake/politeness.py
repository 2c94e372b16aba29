"""When to ask a source again. Pure arithmetic; the answer is kept as a column.

A working source is asked at its interval. A failing one is asked soon at first (a
restart, a moment's overload), then less often, but at least every hour: an official
source is never given up.
"""

import zlib
from datetime import datetime
from datetime import timedelta

FIRST_RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
LONGEST_RETRY = timedelta(hours=1)
JITTER = 0.05  # of the wait, so that a city's sources spread out


def next_due(
    now: datetime,
    every: timedelta,
    *,
    failures: int = 0,
    limited_until: datetime | None = None,
    jitter: float = 0.0,
) -> datetime:
    """Say when a source is due again.

    Args:
        every: The interval wanted while all is well.
        failures: Failed attempts in a row; 0 means that this one went well.
        limited_until: What a server's Retry-After asked for; never undercut.
        jitter: From 0 to 1; how much of the longest jitter is added.
    """
    wait = retry_wait(failures) if failures else every
    due = now + wait * (1 + JITTER * jitter)
    return max(due, limited_until) if limited_until else due


def retry_wait(failures: int) -> timedelta:
    """Say how long to wait after so many failures in a row."""
    if failures <= len(FIRST_RETRIES):
        return FIRST_RETRIES[failures - 1]
    doublings = min(failures - len(FIRST_RETRIES), 10)
    longer: timedelta = FIRST_RETRIES[-1] * 2**doublings
    return min(longer, LONGEST_RETRY)


def jitter_of(source_id: str) -> float:
    """Give a source its place between 0 and 1, always the same."""
    return zlib.crc32(source_id.encode()) / 2**32
