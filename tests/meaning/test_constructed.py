"""Constructed phrases of every form of the field: the share that is read right.

They are no real notices: see tests/data/meaning/phrases.tsv. `-rP` shows the misses.
"""

import csv
from collections import Counter
from datetime import date
from datetime import datetime
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.meaning.dates import parse_date
from aggregator.meaning.days import find_impossible
from aggregator.meaning.documents import document_rules
from aggregator.meaning.documents import find_document
from aggregator.meaning.events import find_event
from aggregator.meaning.reading import read_text
from aggregator.meaning.reading import read_title
from aggregator.meaning.symbols import find_numbers
from aggregator.meaning.symbols import mend_numbers
from aggregator.meaning.times import find_deadline
from aggregator.meaning.years import find_school_years

FILE = Path(__file__).parents[1] / "data" / "meaning" / "phrases.tsv"
ZONE = "Asia/Ho_Chi_Minh"
LEAST = 200


def rows():
    with FILE.open(encoding="utf-8") as file:
        lines = (line for line in file if not line.startswith("#"))
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def near(row):
    day = row["near"] if row["near"] != "-" else "2021-06-25"
    return datetime.combine(date.fromisoformat(day), time(9), ZoneInfo(ZONE))


def halves(row):
    title, _, text = row["phrase"].replace("\\n", "\n").partition("|")
    return read_title(title), read_text(text)


def short(moment):
    whole_day = not isinstance(moment, datetime)
    return moment.isoformat() if whole_day else moment.isoformat()[:16]


def number(row):
    found = [each.value for each in find_numbers(mend_numbers(row["phrase"]))]
    return ",".join(found)


def issued(row):
    day = find_document(*halves(row), document_rules())[0].issued
    return day.isoformat() if day else ""


def deadline(row):
    text = read_text(row["phrase"].replace("\\n", "\n"))
    found = find_deadline(text, near=near(row), timezone=ZONE)
    return short(found[0]) if found else ""


def event(row):
    text = read_text(row["phrase"].replace("\\n", "\n"))
    found = find_event(text, near=near(row), timezone=ZONE)
    if not found:
        return ""
    told = found[0]
    end = f"/{short(told.end)}" if told.end else ""
    return f"{short(told.start)}{end}" + (f"@{told.place}" if told.place else "")


def impossible(row):
    found = find_impossible(("text", read_text(row["phrase"])))
    return ",".join(reason.saw for reason in found)


def school_year(row):
    return ",".join(find_school_years(*halves(row))[0])


def feed_date(row):
    found = parse_date(row["phrase"], timezone=ZONE)
    return found.isoformat() if found else ""


READERS = {
    "number": number,
    "issued": issued,
    "deadline": deadline,
    "event": event,
    "impossible": impossible,
    "school_year": school_year,
    "date": feed_date,
}


@pytest.mark.parametrize("kind", READERS)
def test_constructed_phrases_are_read_right(kind):
    asked = [row for row in rows() if row["kind"] == kind]
    misses = []
    for row in asked:
        got = READERS[kind](row) or "-"
        if got != row["expected"]:
            misses.append(f"{row['phrase']!r}: {row['expected']}, got {got}")
    share = 1 - len(misses) / len(asked)
    print(f"{kind}: {len(asked)} constructed phrases, {share:.3f} right", *misses)
    assert share >= 0.98, misses


def test_there_are_enough_phrases_of_known_kinds():
    kinds = Counter(row["kind"] for row in rows())
    assert kinds.keys() == READERS.keys()
    assert kinds.total() >= LEAST
    assert all(number >= 10 for number in kinds.values())
