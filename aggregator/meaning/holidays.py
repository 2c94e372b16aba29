"""Tell the days on which Vietnam's offices work, and when its schools are on holiday.

The days are data (holidays.toml). Of years whose Tết is not there, only the days of the
sun's calendar are known. Nothing is hidden or refused by them: they only keep silence
over Tết from looking like a fault.
"""

from collections.abc import Iterator
from datetime import date
from datetime import timedelta
from functools import cache

from aggregator.meaning.rules import Table
from aggregator.meaning.rules import read_rules

_FILE = "holidays.toml"
_DAY = timedelta(days=1)
_FRIDAY = 4


def is_working_day(day: date) -> bool:
    """Say whether offices work: Monday to Friday, and no public holiday of Vietnam."""
    return day.weekday() <= _FRIDAY and day not in _days_off(day.year)


def is_school_holiday(day: date) -> bool:
    """Say whether schools are closed, in summer or around Tết (as we assume)."""
    summer = read_rules(_FILE)["summer"]
    in_summer: bool = summer["first"] <= f"{day:%m-%d}" <= summer["last"]
    return in_summer or day in _tet(day.year, "tet_schools")


@cache
def _days_off(year: int) -> frozenset[date]:
    singles = read_rules(_FILE)["single"]
    days = {day for rule in singles for day in _days(rule, year)}
    for day in sorted(days):
        if day.weekday() > _FRIDAY:
            days.add(_instead(day, days))
    # Tết's own days hold a weekend already: nothing is made up for it.
    return frozenset(days) | _tet(year, "tet_offices")


def _days(rule: Table, year: int) -> Iterator[date]:
    if "days" in rule:
        yield from (day for day in rule["days"] if day.year == year)
    elif rule.get("since", year) <= year <= rule.get("until", year):
        month, day = map(int, rule["day"].split("-"))
        yield date(year, month, day)


def _instead(holiday: date, taken: set[date]) -> date:
    """Find the working day that is free for a holiday on a weekend."""
    day = holiday
    while day.weekday() > _FRIDAY or day in taken:
        day += _DAY
    return day


@cache
def _tet(year: int, width: str) -> frozenset[date]:
    """List the days around a year's Tết; none of a year that the file does not know."""
    rules = read_rules(_FILE)
    days = range(-rules[width]["before"], rules[width]["after"] + 1)
    tets = (tet for tet in rules["tet"] if tet.year == year)
    return frozenset(tet + n * _DAY for tet in tets for n in days)
