"""What a source's dates tell of its habits: real days, and what holds for all."""

from collections.abc import Iterable
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake.cadence import FADES_AT
from aggregator.intake.cadence import LEAST_PUBLICATIONS
from aggregator.intake.cadence import MOST_DAYS
from aggregator.intake.cadence import SLOTS
from aggregator.intake.cadence import is_awake
from aggregator.intake.cadence import learned
from aggregator.intake.cadence import next_awake
from aggregator.intake.cadence import quiet_at
from aggregator.model import Cadence

TIMEZONE = "Asia/Ho_Chi_Minh"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TWO_WEEKS = (date(2026, 11, 2), date(2026, 11, 16))

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),
    max_value=datetime(2040, 1, 1),
    timezones=st.just(UTC),
)
day_sets = st.sets(st.dates(date(2022, 1, 1), date(2030, 12, 31)), max_size=MOST_DAYS)
zones = st.sampled_from(
    [TIMEZONE, "UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"]
)


def at(text: str) -> datetime:
    """Read a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(TIMEZONE))


def publishing(*slots: tuple[int, int], days: Iterable[date] = TWO_WEEKS) -> Cadence:
    """Make the cadence of who publishes on these weekdays (0 is Monday) and hours."""
    counts = [0] * SLOTS
    for weekday, hour in slots:
        counts[weekday * 24 + hour] = LEAST_PUBLICATIONS
    return Cadence(slots=tuple(counts), days=tuple(days))


# --- Learning -----------------------------------------------------------------


def test_moments_are_counted_in_local_hours_and_days():
    cadence = learned(
        Cadence(),
        [at("2026-11-20 08:30"), at("2026-11-16 23:59").astimezone(UTC)],
        timezone=TIMEZONE,
    )
    assert {n: c for n, c in enumerate(cadence.slots) if c} == {23: 1, 4 * 24 + 8: 1}
    assert cadence.days == (date(2026, 11, 16), date(2026, 11, 20))


def test_date_without_a_time_tells_the_day_only():
    cadence = learned(Cadence(), [at("2026-11-20 00:00")], timezone=TIMEZONE)
    assert sum(cadence.slots) == 0
    assert cadence.days == (date(2026, 11, 20),)
    after = learned(cadence, [at("2026-11-20 00:00:01")], timezone=TIMEZONE)
    assert sum(after.slots) == 1


def test_only_the_latest_days_are_kept():
    first = at("2026-01-01 09:00")
    cadence = learned(
        Cadence(days=(date(1999, 1, 1),)),
        [first + n * DAY for n in range(MOST_DAYS)],
        timezone=TIMEZONE,
    )
    assert cadence.days[0] == date(2026, 1, 1)
    assert len(cadence.days) == MOST_DAYS
    assert learned(cadence, [at("1999-01-01 09:00")], timezone=TIMEZONE).days == (
        cadence.days
    )


def test_old_habits_fade():
    cadence = learned(Cadence(), [at("2026-11-20 08:30")] * FADES_AT, timezone=TIMEZONE)
    assert sum(cadence.slots) == FADES_AT
    more = learned(cadence, [at("2026-11-20 15:30")], timezone=TIMEZONE)
    assert sum(more.slots) == FADES_AT // 2
    assert more.slots[4 * 24 + 15] == 0


@given(st.lists(moments, max_size=1_500), zones)
def test_what_is_learned_stays_small(found, timezone):
    cadence = learned(Cadence(), found, timezone=timezone)
    assert len(cadence.slots) == SLOTS
    assert sum(cadence.slots) <= FADES_AT
    assert list(cadence.days) == sorted(set(cadence.days))
    assert len(cadence.days) <= MOST_DAYS
    assert learned(cadence, [], timezone=timezone) == cadence


# --- Hours --------------------------------------------------------------------

MONDAY_MORNING = publishing((0, 9))


@pytest.mark.parametrize(
    ("cadence", "moment", "awake"),
    [
        (MONDAY_MORNING, "2026-11-23 09:30", True),
        (MONDAY_MORNING, "2026-11-23 08:00", True),
        (MONDAY_MORNING, "2026-11-23 10:59", True),
        (MONDAY_MORNING, "2026-11-23 07:59", False),
        (MONDAY_MORNING, "2026-11-23 11:00", False),
        (MONDAY_MORNING, "2026-11-27 09:30", True),
        (MONDAY_MORNING, "2026-11-28 09:30", False),
        (MONDAY_MORNING, "2026-11-29 09:30", False),
        (publishing((5, 9)), "2026-11-28 09:30", True),
        (publishing((5, 9)), "2026-11-29 09:30", False),
        (publishing((5, 9)), "2026-11-27 09:30", False),
        (publishing((2, 23)), "2026-11-28 00:30", True),
        (publishing((2, 23)), "2026-11-29 00:30", False),
        (publishing((6, 0)), "2026-11-28 23:30", True),
    ],
    ids=[
        *("the hour", "the hour before", "the hour after", "too early", "too late"),
        *("any weekday", "not Saturday", "not Sunday"),
        *("Saturday", "not the Sunday", "not the Friday"),
        *("over midnight", "not the next midnight", "before midnight"),
    ],
)
def test_awake_around_the_hours_of_its_kind_of_day(cadence, moment, awake):
    assert is_awake(cadence, at(moment), timezone=TIMEZONE) is awake
    assert is_awake(cadence, at(moment).astimezone(UTC), timezone=TIMEZONE) is awake


@pytest.mark.parametrize(
    "cadence",
    [
        Cadence(),
        publishing((0, 9), days=()),
        publishing((0, 9), days=(date(2026, 11, 2), date(2026, 11, 15))),
        Cadence(slots=(0,) * (SLOTS - 1) + (LEAST_PUBLICATIONS - 1,), days=TWO_WEEKS),
        Cadence(slots=(99,), days=TWO_WEEKS),
    ],
    ids=["nothing", "no days", "13 days", "19 publications", "not a week"],
)
def test_always_awake_while_little_is_known(cadence):
    night = at("2026-11-22 03:17")
    assert is_awake(cadence, night, timezone=TIMEZONE)
    assert next_awake(cadence, night, timezone=TIMEZONE) == night


@pytest.mark.parametrize(
    ("moment", "awake"),
    [
        ("2026-11-23 09:30", "2026-11-23 09:30"),
        ("2026-11-23 03:17", "2026-11-23 08:00"),
        ("2026-11-20 11:00", "2026-11-23 08:00"),
    ],
)
def test_it_wakes_at_a_whole_hour(moment, awake):
    found = next_awake(MONDAY_MORNING, at(moment), timezone=TIMEZONE)
    assert found == at(awake)


@given(moments, st.sets(st.integers(0, SLOTS - 1), min_size=1), zones)
def test_it_always_wakes_within_a_week(moment, slots, timezone):
    cadence = publishing(*(divmod(slot, 24) for slot in slots))
    awake = next_awake(cadence, moment, timezone=timezone)
    assert moment <= awake <= moment + 7 * DAY + HOUR
    assert is_awake(cadence, awake, timezone=timezone)
    if awake != moment:
        assert not is_awake(cadence, moment, timezone=timezone)
        assert awake - moment <= HOUR or not is_awake(
            cadence, awake - HOUR, timezone=timezone
        )


# --- Silence ------------------------------------------------------------------


def days(first: str, *, every: int, count: int) -> tuple[date, ...]:
    start = date.fromisoformat(first)
    return tuple(start + n * every * DAY for n in range(count))


def workdays(first: str, last: str) -> tuple[date, ...]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    every = (start + n * DAY for n in range((end - start).days + 1))
    return tuple(day for day in every if day.weekday() < 5)


@pytest.mark.parametrize(
    ("found", "quiet"),
    [
        (days("2026-09-07", every=7, count=11), "2026-11-28"),
        (workdays("2026-09-14", "2026-11-13"), "2026-11-21"),
        (workdays("2026-01-05", "2026-02-09"), "2026-03-07"),
        (workdays("2026-04-06", "2026-05-29"), "2026-08-22"),
        (days("2026-10-03", every=7, count=8), "2026-12-04"),
    ],
    ids=[
        "weekly: 8 days, 24/11 does not count",
        "daily: a week",
        "daily, then Tết",
        "daily, then summer",
        "each Saturday",
    ],
)
def test_silence_is_longer_than_the_habit_from(found, quiet):
    moment = quiet_at(Cadence(days=found), timezone=TIMEZONE)
    assert moment == at(quiet)
    assert moment.tzinfo is UTC


def test_silence_over_tet_is_no_habit_of_being_silent():
    found = workdays("2026-01-05", "2026-02-09") + workdays("2026-03-02", "2026-03-13")
    assert quiet_at(Cadence(days=found), timezone=TIMEZONE) == at("2026-03-21")


@pytest.mark.parametrize(
    "found",
    [
        (),
        days("2026-09-07", every=7, count=7),
        days("2026-09-07", every=3, count=10),
        days("2010-01-05", every=200, count=30),
        days("2026-01-05", every=1, count=8)[:7] + (date(2026, 12, 31),),
    ],
    ids=["none", "seven days", "27 days' span", "twice a year", "one long silence"],
)
def test_no_silence_without_a_habit(found):
    assert quiet_at(Cadence(days=found), timezone=TIMEZONE) is None


def test_what_is_over_a_year_ago_is_no_habit():
    old = days("2010-01-05", every=200, count=20)
    found = days("2026-09-07", every=7, count=11)
    both = quiet_at(Cadence(days=old + found), timezone=TIMEZONE)
    assert both == quiet_at(Cadence(days=found), timezone=TIMEZONE)


@given(day_sets, zones)
def test_silence_is_never_told_within_five_working_days(found, timezone):
    cadence = Cadence(days=tuple(sorted(found)))
    moment = quiet_at(cadence, timezone=timezone)
    assert moment == quiet_at(cadence, timezone=timezone)
    if moment is not None:
        begins = moment.astimezone(ZoneInfo(timezone))
        assert (begins.hour, begins.minute) == (0, 0)
        assert begins.date() >= cadence.days[-1] + 6 * DAY
