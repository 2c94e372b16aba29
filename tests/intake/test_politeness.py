"""When a source is due again: a table, and what must hold for every source."""

from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake.politeness import GONE_RETRY
from aggregator.intake.politeness import JITTER
from aggregator.intake.politeness import LONGEST_REST
from aggregator.intake.politeness import LONGEST_RETRY
from aggregator.intake.politeness import jitter_of
from aggregator.intake.politeness import limit_unnamed
from aggregator.intake.politeness import next_due
from aggregator.intake.politeness import rest_after
from aggregator.intake.politeness import retry_wait
from aggregator.model import Cadence
from aggregator.model import Wishes
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


# --- Wishes, habits and halvings ----------------------------------------------

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Publishes on Mondays at 9:00 of Hồ Chí Minh City, which is 2:00 GMT.
_SLOTS = tuple(20 if n == 9 else 0 for n in range(168))
MORNINGS = Cadence(slots=_SLOTS, days=(date(2026, 11, 2), date(2026, 11, 16)))
NIGHT = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)  # 3:00 on Friday
DAWN = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)  # 7:30 on Friday


@pytest.mark.parametrize(
    ("every", "values", "minutes"),
    [
        (15, {"fresh_for": 30 * MINUTE}, 30),
        (15, {"fresh_for": 5 * MINUTE}, 15),
        (15, {"fresh_for": -5 * MINUTE}, 15),
        (15, {"fresh_for": 365 * DAY}, 60),
        (15, {"wishes": Wishes(ttl_minutes=30)}, 30),
        (15, {"wishes": Wishes(ttl_minutes=0)}, 15),
        (15, {"wishes": Wishes(ttl_minutes=999_999)}, 60),
        (15, {"wishes": Wishes(ttl_minutes=30), "fresh_for": 40 * MINUTE}, 40),
        (15, {"wishes": Wishes(ttl_minutes=40), "fresh_for": 30 * MINUTE}, 40),
        (180, {"fresh_for": 365 * DAY}, 180),
        (60, {"halvings": 1}, 30),
        (60, {"halvings": 3}, 7.5),
        (60, {"halvings": 99_999}, 1),
        (0.5, {"halvings": 3}, 0.5),
        (60, {"halvings": 2, "fresh_for": 20 * MINUTE}, 20),
        (60, {"halvings": 2, "fresh_for": 2 * DAY}, 60),
    ],
)
def test_well_it_waits_as_wanted_or_asked_for(
    every: float, values: dict[str, Any], minutes: float
) -> None:
    assert next_due(NOW, every * MINUTE, **values) == NOW + minutes * MINUTE


@pytest.mark.parametrize(
    ("now", "every", "values", "wait"),
    [
        (NIGHT, 15 * MINUTE, {}, HOUR),
        (NIGHT, 15 * MINUTE, {"jitter": 1.0}, HOUR * (1 + JITTER)),
        (NIGHT, 15 * MINUTE, {"halvings": 1}, 7.5 * MINUTE),
        (NIGHT, HOUR, {}, HOUR),
        (NIGHT, 15 * MINUTE, {"timezone": "UTC"}, HOUR),
        (DAWN, 15 * MINUTE, {}, 30 * MINUTE),
        (DAWN, 30 * MINUTE, {}, 30 * MINUTE),
        (DAWN, 15 * MINUTE, {"fresh_for": 45 * MINUTE}, 45 * MINUTE),
        (DAWN, 15 * MINUTE, {"cadence": Cadence()}, 15 * MINUTE),
        (DAWN + HOUR, 15 * MINUTE, {}, 15 * MINUTE),
        (NIGHT, 15 * MINUTE, {"failures": 1}, MINUTE),
    ],
    ids=[
        *("night", "jitter", "gap", "hourly", "in its own zone", "until it wakes"),
        *("awake when due", "hint", "nothing known", "awake", "failing"),
    ],
)
def test_a_sleeping_source_is_asked_hourly_until_it_wakes(
    now: datetime, every: timedelta, values: dict[str, Any], wait: timedelta
) -> None:
    values = {"cadence": MORNINGS, **values}
    assert next_due(now, every, **values) == now + wait


@pytest.mark.parametrize(
    ("hours", "days", "due"),
    [
        ({2}, (), "2026-11-20T01:15"),
        ({1}, (), "2026-11-20T02:00"),
        ({1, 2, 4}, (), "2026-11-20T03:00"),
        (set(range(24)) - {0}, (), "2026-11-21T00:00"),
        (set(range(24)), (), "2026-11-20T01:15"),
        ({1, 24, -5}, (), "2026-11-20T02:00"),
        ((), {4}, "2026-11-21T00:00"),
        ((), {4, 5, 6}, "2026-11-23T00:00"),
        ((), set(range(7)), "2026-11-20T01:15"),
        ({0, 1}, {4, 5}, "2026-11-22T02:00"),
        (set(range(24)), {4}, "2026-11-21T00:00"),
    ],
)
def test_skipped_hours_and_days_are_left_out(hours: Any, days: Any, due: str) -> None:
    wishes = Wishes(skip_hours=frozenset(hours), skip_days=frozenset(days))
    found = next_due(NOW, 15 * MINUTE, wishes=wishes)
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert next_due(NOW, 15 * MINUTE, wishes=wishes, failures=1) == NOW + MINUTE


@pytest.mark.parametrize(
    ("values", "wait"),
    [
        ({"failures": 1, "reason": "gone"}, DAY),
        ({"failures": 99, "reason": "gone"}, DAY),
        ({"failures": 5, "reason": "not_found"}, HOUR),
        ({"failures": 99, "excused": True}, MINUTE),
        ({"failures": 0, "excused": True}, MINUTE),
        ({"failures": 3, "reason": "gone", "excused": True}, MINUTE),
        ({"excused": True, "limited_until": NOW + HOUR}, HOUR),
        ({"failures": 1, "reason": "gone", "limited_until": NOW + 2 * DAY}, 2 * DAY),
        ({"failures": 1, "fresh_for": HOUR}, MINUTE),
        ({"failures": 1, "wishes": Wishes(ttl_minutes=60)}, MINUTE),
        ({"failures": 1, "halvings": 3}, MINUTE),
    ],
)
def test_a_failing_source_is_heard_in_its_limits_only(
    values: dict[str, Any], wait: timedelta
) -> None:
    assert next_due(NOW, 15 * MINUTE, **values) == NOW + wait


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, 15), (1, 15), (2, 30), (3, 60), (4, 60), (10**6, 60)]
)
def test_a_limit_without_a_time_grows_to_an_hour(failures: int, minutes: int) -> None:
    assert limit_unnamed(failures) == minutes * MINUTE


@pytest.mark.parametrize(
    ("took", "least", "rest"),
    [(0.0, 0.25, 0.25), (1.5, 0.25, 1.5), (30.0, 0.25, 5.0), (0.1, 9.0, LONGEST_REST)],
)
def test_a_host_rests_as_long_as_it_took(
    took: float, least: float, rest: float
) -> None:
    assert rest_after(took, least) == rest


# --- What holds for every source ----------------------------------------------

slot_counts = st.lists(st.sampled_from((0, 0, 0, 5)), min_size=168, max_size=168)
cadences = st.just(Cadence()) | slot_counts.map(
    lambda counts: Cadence(slots=tuple(counts), days=MORNINGS.days)
)
wished = st.builds(
    Wishes,
    ttl_minutes=st.none() | st.integers(min_value=0, max_value=999_999),
    skip_hours=st.frozensets(st.integers(min_value=0, max_value=23)),
    skip_days=st.frozensets(st.integers(min_value=0, max_value=6)),
)
asked = st.fixed_dictionaries(
    {
        "limited_until": limits,
        "fresh_for": st.none() | st.timedeltas(-DAY, 400 * DAY),
        "wishes": wished,
        "cadence": cadences,
        "timezone": st.sampled_from(["Asia/Ho_Chi_Minh", "UTC", "America/New_York"]),
        "halvings": st.integers(min_value=0, max_value=50),
        "reason": st.sampled_from(["", "gone", "limited", "timeout"]),
        "jitter": shares,
    }
)
moments = st.datetimes(
    min_value=datetime(2026, 11, 18), max_value=datetime(2026, 11, 26)
).map(lambda moment: moment.replace(tzinfo=UTC))


def is_skipped(moment: datetime, wishes: Wishes) -> bool:
    moment = moment.astimezone(UTC)
    hour = len(wishes.skip_hours) < 24 and moment.hour in wishes.skip_hours
    return hour or (len(wishes.skip_days) < 7 and moment.weekday() in wishes.skip_days)


@given(moments, intervals, st.integers(0, 1_000), st.booleans(), asked)
def test_after_now_after_the_limit_and_always_the_same(
    now: datetime, every: timedelta, failures: int, excused: bool, values: Any
) -> None:
    values = {**values, "failures": failures, "excused": excused}
    due = next_due(now, every, **values)
    assert due > now
    assert values["limited_until"] is None or due >= values["limited_until"]
    assert due == next_due(now, every, **values)


@given(moments, intervals, counts, st.booleans(), asked)
def test_failing_never_waits_over_an_hour_or_a_day_if_gone(
    now: datetime, every: timedelta, failures: int, excused: bool, values: Any
) -> None:
    longest = GONE_RETRY if values["reason"] == "gone" else LONGEST_RETRY
    latest = now + longest * (1 + JITTER)
    due = next_due(now, every, **{**values, "failures": failures, "excused": excused})
    assert due <= max(latest, values["limited_until"] or latest)


@given(moments, intervals, asked)
def test_well_never_waits_over_an_hour_but_for_skips(
    now: datetime, every: timedelta, values: Any
) -> None:
    latest = now + max(every, HOUR) * (1 + JITTER)
    latest = max(latest, values["limited_until"] or latest)
    due = next_due(now, every, **values)
    assert not is_skipped(due, values["wishes"])
    unskipped = Wishes(ttl_minutes=values["wishes"].ttl_minutes)
    assert next_due(now, every, **{**values, "wishes": unskipped}) <= latest
    assert due <= latest + 7 * DAY
    if due > latest:  # then all hours between are skipped
        hours = int((due - latest) / HOUR)
        between = [latest, *(due - n * HOUR for n in range(1, hours + 1))]
        assert all(is_skipped(moment, values["wishes"]) for moment in between)


@given(moments, intervals, asked)
def test_hints_never_shorten(now: datetime, every: timedelta, values: Any) -> None:
    values = {**values, "cadence": Cadence(), "wishes": Wishes()}
    asked_for = values.pop("fresh_for")
    plain = next_due(now, every, **values)
    assert next_due(now, every, fresh_for=asked_for, **values) >= plain
    values["wishes"] = Wishes(ttl_minutes=90)
    assert next_due(now, every, **values) >= plain
