"""When a source is due again: a table, and what must hold for every source."""

from datetime import datetime
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake.politeness import JITTER
from aggregator.intake.politeness import LONGEST_RETRY
from aggregator.intake.politeness import jitter_of
from aggregator.intake.politeness import next_due
from aggregator.intake.politeness import retry_wait
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

intervals = st.timedeltas(min_value=SECOND, max_value=timedelta(days=7))
counts = st.integers(min_value=1, max_value=100_000)
shares = st.floats(min_value=0, max_value=1)
limits = st.none() | st.datetimes(
    min_value=datetime(2026, 11, 19), max_value=datetime(2026, 11, 23)
).map(lambda moment: moment.replace(tzinfo=NOW.tzinfo))


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(1, 1), (2, 5), (3, 15), (4, 30), (5, 60), (6, 60), (1_000_000, 60)],
)
def test_failures_are_tried_again_soon_then_hourly(failures: int, minutes: int) -> None:
    assert retry_wait(failures) == minutes * MINUTE
    assert next_due(NOW, 15 * MINUTE, failures=failures) == NOW + minutes * MINUTE


@pytest.mark.parametrize(
    ("values", "minutes"),
    [
        ({}, 15),
        ({"jitter": 1.0}, 15 * (1 + JITTER)),
        ({"limited_until": NOW + 5 * MINUTE}, 15),
        ({"limited_until": NOW + 20 * MINUTE}, 20),
        ({"limited_until": NOW - MINUTE}, 15),
        ({"failures": 1, "limited_until": NOW + 20 * MINUTE}, 20),
        ({"failures": 9, "limited_until": NOW + 24 * 60 * MINUTE}, 24 * 60),
    ],
    ids=[
        "well",
        "well-with-jitter",
        "hint-sooner",
        "hint-later",
        "hint-past",
        "first-failure-with-hint",
        "hint-beyond-an-hour",
    ],
)
def test_due_is_the_later_of_our_wait_and_the_servers(
    values: dict[str, float], minutes: float
) -> None:
    assert next_due(NOW, 15 * MINUTE, **values) == NOW + minutes * MINUTE


def test_a_failing_daily_source_is_not_left_for_a_day() -> None:
    assert next_due(NOW, timedelta(days=1), failures=1) == NOW + MINUTE


@given(intervals, st.integers(min_value=0, max_value=100_000), limits, shares)
def test_never_before_what_a_server_asked(
    every: timedelta, failures: int, limit: datetime | None, share: float
) -> None:
    due = next_due(NOW, every, failures=failures, limited_until=limit, jitter=share)
    assert due > NOW
    assert limit is None or due >= limit


@given(intervals, counts, shares)
def test_a_retry_is_never_over_an_hour_but_for_jitter(
    every: timedelta, failures: int, share: float
) -> None:
    longest = LONGEST_RETRY * (1 + JITTER)
    assert next_due(NOW, every, failures=failures, jitter=share) <= NOW + longest


@given(intervals, shares)
def test_a_working_source_keeps_its_interval(every: timedelta, share: float) -> None:
    wait = next_due(NOW, every, jitter=share) - NOW
    assert every <= wait <= every * (1 + JITTER) + SECOND


@given(st.lists(counts, min_size=2), intervals)
def test_more_failures_never_mean_sooner(failures: list[int], every: timedelta) -> None:
    waits = [next_due(NOW, every, failures=count) for count in sorted(failures)]
    assert all(sooner <= later for sooner, later in pairwise(waits))


@given(st.lists(shares, min_size=2), intervals)
def test_more_jitter_never_means_sooner(parts: list[float], every: timedelta) -> None:
    waits = [next_due(NOW, every, jitter=part) for part in sorted(parts)]
    assert all(sooner <= later for sooner, later in pairwise(waits))


@given(st.text())
def test_jitter_is_a_share_and_always_the_same(name: str) -> None:
    assert 0 <= jitter_of(name) < 1
    assert jitter_of(name) == jitter_of(name)


def test_jitter_spreads_a_city() -> None:
    places = sorted(jitter_of(f"phuong-{n}") for n in range(200))
    gaps = [later - sooner for sooner, later in pairwise(places)]
    assert max(gaps) < 0.1
