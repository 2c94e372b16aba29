"""Real days of Vietnam's calendar, and what holds for every day."""

from datetime import date
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.meaning.holidays import is_school_holiday
from aggregator.meaning.holidays import is_working_day
from aggregator.meaning.rules import read_rules

RULES = read_rules("holidays.toml")
LUNAR_MONTH = 29.53


@pytest.mark.parametrize(
    "day",
    [
        "2024-01-01",
        "2024-02-08",  # Tết: 8 to 14 February
        "2024-02-14",
        "2024-04-18",  # Giỗ Tổ
        "2024-04-30",
        "2024-05-01",
        "2024-09-02",
        "2024-09-03",
        "2025-01-27",  # Tết: 25 January to 2 February
        "2025-01-31",
        "2025-04-07",
        "2025-09-01",
        "2026-02-16",  # Tết: 14 to 22 February
        "2026-02-20",
        "2026-04-27",  # for Giỗ Tổ on a Sunday
        "2026-09-01",
        "2026-09-02",
        "2026-11-24",
        "2027-04-16",
        "2027-05-03",  # for 1 May on a Saturday
        "2028-01-03",  # for 1 January on a Saturday
        "2033-05-02",  # for 30 April and 1 May on a weekend
        "2033-05-03",
        "2026-11-21",  # a Saturday
        "2026-11-22",
    ],
)
def test_offices_are_closed(day):
    assert not is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    "day",
    [
        "2024-01-02",
        "2024-02-07",
        "2024-02-15",
        "2024-09-04",
        "2024-11-25",
        "2025-01-24",
        "2025-02-03",
        "2025-09-03",
        "2025-11-24",  # a holiday from 2026 on
        "2026-02-13",
        "2026-02-23",
        "2026-09-03",
        "2026-11-20",  # Teachers' Day is a working day
        "2030-02-07",
        "2050-01-24",  # Tết, but of a year that the file does not know
    ],
)
def test_offices_work(day):
    assert is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-06-01", "2026-08-15"),
        ("2026-02-10", "2026-02-27"),
        ("2030-01-26", "2030-02-12"),
    ],
)
def test_schools_are_closed_from_and_to(first, last):
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    for n in range((ends - begins).days + 1):
        assert is_school_holiday(begins + timedelta(days=n))
    assert not is_school_holiday(begins - timedelta(days=1))
    assert not is_school_holiday(ends + timedelta(days=1))


def test_every_year_has_its_lunar_days():
    """Tết is between 20 January and 21 February, Giỗ Tổ two months and nine days on."""
    festivals = next(rule["days"] for rule in RULES["single"] if "days" in rule)
    assert [day.year for day in RULES["tet"]] == list(range(2024, 2041))
    for tet, festival in zip(RULES["tet"], festivals, strict=True):
        assert date(tet.year, 1, 20) < tet < date(tet.year, 2, 21)
        assert abs((festival - tet).days - 9 - 2 * LUNAR_MONTH) < 1
    for earlier, later in zip(RULES["tet"], RULES["tet"][1:], strict=False):
        months = (later - earlier).days / LUNAR_MONTH
        assert abs(months - round(months)) < 0.1
        assert round(months) in (12, 13)


@given(st.dates(max_value=date(9998, 12, 31)))
def test_no_two_weeks_without_a_working_day(day):
    days = [day + timedelta(days=n) for n in range(14)]
    assert any(map(is_working_day, days))
    assert not any(is_working_day(day) for day in days if day.weekday() > 4)
    assert isinstance(is_school_holiday(day), bool)
