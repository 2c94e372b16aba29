"""Real titles, labelled by a person: how often the rules agree. `-rP` shows misses.

Rows that a second reader could label otherwise count half. "All" counts as the five
levels, so that an item missing from a level's feed is an error of recall.
"""

import csv
import os
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest

from aggregator.meaning.understanding import understand
from aggregator.model import ALL_LEVELS
from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import SourceHints

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("AGGREGATOR_TITLES", CHECKOUT / "../shared/titles"))
TITLES = FOLDER / "titles.tsv"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not TITLES.is_file(), reason="titles.tsv is not there: set AGGREGATOR_TITLES"
    ),
]


@pytest.fixture(scope="module")
def rows():
    with TITLES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read(row, *, with_text):
    text = row["first_sentence"] if with_text and row["first_sentence"] != "-" else ""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return understand(row["title"], text, hints=SourceHints(), now=now, published=None)


def weight(row):
    return 0.5 if row["doubtful"] == "y" else 1.0


def expected(row):
    if row["levels"] == "all":
        return ALL_LEVELS
    return frozenset(map(Level, row["levels"].split(",")))


@dataclass(frozen=True, kw_only=True)
class Score:
    f1: float
    recall: float
    exact: float


def score(rows, *, with_text=False):
    right = missing = extra = exact = 0.0
    for row in rows:
        want, got = expected(row), read(row, with_text=with_text).levels or ALL_LEVELS
        right += weight(row) * len(want & got)
        missing += weight(row) * len(want - got)
        extra += weight(row) * len(got - want)
        exact += weight(row) * (want == got)
        if want != got:
            print(f"{row['title']!r}: {sorted(want)}, got {sorted(got)}")
    result = Score(
        f1=2 * right / (2 * right + missing + extra),
        recall=right / (right + missing),
        exact=exact / sum(map(weight, rows)),
    )
    print(len(rows), "titles:", result)
    return result


def test_levels_that_the_title_alone_decides(rows):
    result = score([row for row in rows if row["evidence"] == "T"])
    assert result.f1 >= 0.99
    assert result.recall >= 0.99
    assert result.exact >= 0.97


def test_levels_of_titles_without_marks(rows):
    result = score(
        [r for r in rows if r["evidence"] == "T" and r["form"].startswith("slug")]
    )
    assert result.f1 >= 0.98


def test_levels_that_the_first_sentence_decides(rows):
    """Rows whose sentence could not be had say nothing and are left out."""
    result = score(
        [r for r in rows if r["evidence"] == "S" and r["first_sentence"] != "-"],
        with_text=True,
    )
    assert result.f1 >= 0.86
    assert result.recall >= 0.95


def test_no_level_is_lost_over_all_rows(rows):
    assert score(rows, with_text=True).recall >= 0.98


def test_categories(rows):
    right = 0.0
    for row in rows:
        got = read(row, with_text=True).category
        right += weight(row) * (got == Category(row["category"]))
        if got != row["category"]:
            print(f"{row['title']!r}: {row['category']}, got {got}")
    share = right / sum(map(weight, rows))
    print("category:", share)
    assert share >= 0.95


def test_numbers_that_stand_in_titles(rows):
    """A number that is only in a report's text is another document's: not taken."""
    misses = []
    for row in rows:
        document = read(row, with_text=False).document
        got, want = document.number if document else "", row["doc_number"]
        lost = not got and want != "-" and want in row["title"]
        if lost or (got and got != want):
            misses.append((row["title"], want, got))
    print(misses)
    assert not misses


def test_dates_of_issue_that_stand_in_titles(rows):
    found = [(row, read(row, with_text=False).document) for row in rows]
    issued = [(row, doc.issued) for row, doc in found if doc and doc.issued]
    assert issued
    assert all(row["issued_date"] == day.isoformat() for row, day in issued)
