"""Constructed phrases of every form of the field: the share that is read right.

They are no real notices: see tests/data/meaning/phrases.toml. `-rP` shows the misses.
"""

import tomllib
from datetime import UTC
from datetime import datetime
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.meaning.dates import parse_date
from aggregator.meaning.understanding import understand
from aggregator.model import SourceHints

FILE = Path(__file__).parents[1] / "data" / "meaning" / "phrases.toml"
PHRASES = tomllib.loads(FILE.read_text(encoding="utf-8"))
ZONE = "Asia/Ho_Chi_Minh"
LEAST, SHARE = 200, 0.98


def read(row):
    near = row.get("near")
    published = near and datetime.combine(near, time(9), ZoneInfo(ZONE))
    return understand(
        row["title"],
        row.get("text", ""),
        hints=SourceHints(),
        now=datetime(2028, 1, 1, tzinfo=UTC),
        published=published,
    )


def short(moment):
    return moment.isoformat()[:16] if moment else ""


def event_of(row):
    event = read(row).event
    if event is None:
        return "", "", ""
    return short(event.start), short(event.end), event.place


def document_of(row, name):
    document = read(row).document
    return str(getattr(document, name) or "") if document else ""


def impossible_in(row):
    said = [b.saw for b in read(row).because if b.says == "Ngày không có thật"]
    return ",".join(said)


def feed_date(row):
    found = parse_date(row["raw"], timezone=ZONE)
    return found.isoformat() if found else ""


# A kind of phrase: what is read of it, and what that should be.
READERS = {
    "number": (lambda row: document_of(row, "number"), lambda row: row["number"]),
    "issued": (lambda row: document_of(row, "issued"), lambda row: row["issued"]),
    "deadline": (lambda row: short(read(row).deadline), lambda row: row["deadline"]),
    "event": (event_of, lambda row: (row["start"], row["end"], row["place"])),
    "impossible": (impossible_in, lambda row: row["impossible"]),
    "school_year": (
        lambda row: ",".join(read(row).facets.get("school_year", ())),
        lambda row: row["school_year"],
    ),
    "date": (feed_date, lambda row: row["feed_date"]),
}


@pytest.mark.parametrize("kind", READERS)
def test_constructed_phrases_are_read_right(kind):
    got, wanted = READERS[kind]
    rows = PHRASES[kind]
    misses = [
        f"{row.get('text') or row.get('title') or row['raw']!r}: "
        f"{wanted(row)}, got {got(row)}"
        for row in rows
        if got(row) != wanted(row)
    ]
    share = 1 - len(misses) / len(rows)
    print(f"{kind}: {len(rows)} constructed phrases, {share:.3f} right", *misses)
    assert share >= SHARE, misses


def test_there_are_enough_phrases_of_known_kinds():
    assert PHRASES.keys() == READERS.keys()
    assert sum(map(len, PHRASES.values())) >= LEAST
    assert all(len(rows) >= 10 for rows in PHRASES.values())
